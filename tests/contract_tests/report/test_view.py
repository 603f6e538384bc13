"""The words of a report."""

from typing import get_args

from contract_tests.model import Because
from contract_tests.report.view import BECAUSE, REMEDY


def test_every_cause_has_its_words_and_a_remedy() -> None:
    """A run that is undecided for any cause can be told of."""
    assert set(BECAUSE) == set(REMEDY) == set(get_args(Because))

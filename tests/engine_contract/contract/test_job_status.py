"""The statuses of jobs stand in one place."""

from typing import get_args

from engine_contract.contract import load_contract
from engine_contract.contract.job_status import ACTIVE, STATUSES, Status


def test_statuses_are_all_that_the_type_has_and_hold_the_documented_one() -> None:
    """People are shown each of them, the page's `canceled` included; the active ones are among them."""
    assert set(STATUSES) == set(get_args(Status))
    assert len(STATUSES) == len(set(STATUSES))
    (documented,) = load_contract().response_schema["properties"]["status"]["enum"]
    assert documented in set(STATUSES) - ACTIVE
    assert set(STATUSES) > ACTIVE

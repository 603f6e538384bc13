"""The journal as people read it."""

import pytest

from engine_contract.console.interface import Entry
from engine_contract.console.journal_rows import outcome


@pytest.mark.parametrize(
    ("status", "of_a_cancel", "of_another"),
    [
        (101, "refused", "answered"),
        (200, "accepted", "answered"),
        (302, "refused", "answered"),
        (404, "refused", "answered"),
        (503, "failed", "failed"),
        (None, "failed", "failed"),
    ],
)
def test_outcome_of_a_cancel_and_of_another_request(status: int | None, of_a_cancel: str, of_another: str) -> None:
    """A refusal is a word for cancels: a login's redirect and an upgrade are answers."""
    entry = {"number": 1, "at_ms": 0, "duration_ms": 0, "method": "POST", "path": "/", "status": status}
    assert outcome(Entry(**entry)) == of_a_cancel  # type: ignore[arg-type]
    assert outcome(Entry(**entry, is_cancel=False)) == of_another  # type: ignore[arg-type]

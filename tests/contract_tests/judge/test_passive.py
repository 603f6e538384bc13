"""Cancels that somebody else sent: which requests are one."""

import pytest

from contract_tests.judge.route import before_operation, called_operation
from engine_contract.contract import load_contract


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("/workflow_engine/cancelJob", ""),
        ("/workflow_engine/cancel%4Aob", ""),
        ("/app/%77orkflow_engine/cancelJob", "/app"),
        ("/my%20app/workflow_engine/cancelJob", "/my%20app"),
        ("/workflow_engine%2FcancelJob", None),
        ("/workflow_engine/cancelJob/", None),
        ("/workflow_engine/canceljob", None),
        ("//workflow_engine/cancelJob", "/"),
        ("/cancelJob", None),
        ("", None),
    ],
)
def test_before_operation_any_spelling_is_the_operation(path: str, before: str | None) -> None:
    """Escapes of letters do not hide a cancel from the judge; an escaped slash is no part of its path."""
    assert before_operation(load_contract(), path) == before
    assert (called_operation([load_contract()], "POST", path) is not None) == (before == "")

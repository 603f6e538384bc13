"""What is left of a generated body or query."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Caller, Request
from contract_tests.safety.guard import Guard
from contract_tests.safety.neutralize import names_job, neutralize, neutralize_query
from engine_contract.contract import load_contract

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["job_id", "token", "$ne"]), below, max_size=4)
    ),
    max_leaves=12,
)


@given(ANY_JSON)
def test_any_body_passes_the_guard_and_keeps_its_fault(body: Any) -> None:
    """An inert body is one that the guard lets through, and it breaks the same rule as before, or none."""
    guard = Guard(load_contract())
    safe = neutralize(body, guard.mint)
    sent = _bytes(safe)
    request = Request("POST", load_contract().path, Caller(), (), sent)
    assert guard.objection(request) is None
    assert rule_broken_by(load_contract(), sent) == rule_broken_by(load_contract(), _bytes(body))
    assert names_job(safe) == names_job(body)


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text() | st.integers()) | st.none()))
def test_any_query_passes_the_guard(query: dict[str, Any]) -> None:
    """An inert query is one that the guard lets through."""
    guard = Guard(load_contract())
    safe = neutralize_query(query, guard.mint, lambda _name, _value: False)
    request = Request("POST", load_contract().path, Caller(), tuple(safe.items()))
    assert guard.objection(request) is None
    assert len(safe) == len(query)


def test_the_credential_stays_in_the_query() -> None:
    """A query credential is sent as it is, beside whatever was generated."""
    safe = neutralize_query({"token": "s3cret", "x": "y"}, lambda: "minted", lambda name, _value: name == "token")
    assert safe == {"token": "s3cret", "other_1": "minted"}


@pytest.mark.parametrize("body", [{"job_id": ""}, {"job_id": 5}, {"job_id": None}, {}, [], "id", None, b"{"])
def test_what_names_no_job(body: Any) -> None:
    """A body without a `job_id` that is a text names none."""
    assert not names_job(body)


def _bytes(document: Any) -> bytes:
    return json.dumps(document).encode()

"""The guard: nothing leaves that could touch a job which nobody gave."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.model import Caller, Request
from contract_tests.plan.plan import make_plan
from contract_tests.plan.scenario import Resources, fill
from contract_tests.safety.guard import Guard, login_request, probe_request, start_request
from contract_tests.safety.page_calls import page_calls
from engine_contract.contract import load_contract
from tests.support.pages import ASSET, TAG, operation_of

CONTRACT = load_contract()

OURS = ["4321abcdef694aa79dae47ad", "4430ceadbd694aa79994ad47"]
THEIRS = "5cb7b531d06c4eb89fd21b1c"
PIECES = st.sampled_from([*OURS, THEIRS, THEIRS[:-1], f"{THEIRS}0", "", "*", "%", ".*", "$ne", "4", "job_id", " "])
VALUES = st.recursive(
    PIECES | st.text() | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES | st.text(), inner, max_size=3),
    max_leaves=6,
)


def _guard(ids: list[str] | None = None, *, unsafe: bool = False) -> Guard:
    guard = Guard(CONTRACT, unsafe=unsafe)
    guard.supply(OURS if ids is None else ids)
    return guard


def _request(body: bytes | None, *, path: str = CONTRACT.path, query: tuple[tuple[str, str], ...] = ()) -> Request:
    return Request(CONTRACT.method, path, Caller(), query, body)


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for key, value in node.items() for text in (key, *_texts(value))]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [node] if isinstance(node, str) else []


@given(VALUES)
@settings(max_examples=400, deadline=None)
def test_no_json_body_with_a_foreign_value_leaves(document: Any) -> None:
    """A JSON body that passes holds no string but supplied ids, and no key that selects."""
    if _guard().objection(_request(json.dumps(document).encode())) is None:
        for text in _texts(document):
            assert text in {*OURS, ""} or (text.isidentifier() and "$" not in text and THEIRS not in text)
        assert THEIRS not in json.dumps(document)


@given(
    st.lists(
        PIECES | st.sampled_from(["{", "}", "[", "]", '"', ":", ",", "'", "\\u0034", "\x00", "&", "="]), max_size=12
    )
)
@settings(max_examples=400, deadline=None)
def test_no_text_with_a_foreign_value_leaves(pieces: list[str]) -> None:
    """A body that is not JSON passes only if nothing is left of it but punctuation once our ids are taken out."""
    body = "".join(pieces)
    if _guard().objection(_request(body.encode())) is None:
        assert THEIRS not in body
        rest = body
        for job_id in OURS:
            rest = rest.replace(job_id, "")
        assert not any(
            character.isalnum() for character in rest.replace("job_id", "").replace("\\u0034", "")
        ) or _is_json(body)


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "body",
    [
        {"job_id": THEIRS},
        {"job_id": [OURS[0], THEIRS]},
        {"job_id": "*"},
        {"job_id": "4"},
        {"job_id": {"$ne": None}},
        {"job_id": {"$gt": ""}},
        {"job_id": {"$eq": THEIRS}},
        {"job_id": {"$eq": {"$ne": None}}},
        {"job_id": {"$eq": OURS[0], "$ne": None}},
        {"job_id": OURS[0], "__proto__": {}},
        {"job_id": 5},
        {"job_id": OURS[0][:-1]},
        {"job_id": OURS[0].upper()},
        {"job_id": f"{THEIRS} "},
        {"job_id": f"{OURS[0]},{THEIRS}"},
        {"job_id": f"{OURS[0]},"},
        {"job_id": OURS[0], "role": THEIRS},
        {"job_id": "admin"},
        {"job_id": " "},
        THEIRS,
    ],
)
def test_what_is_kept_back(body: Any) -> None:
    """Foreign, cut, wildcard-like and operator values stay here; a cut id passes only when the run derived it."""
    assert _guard().objection(_request(json.dumps(body).encode()))


def test_a_second_equal_key_is_seen() -> None:
    """Of two equal keys an engine may take either, so both are looked at."""
    body = f'{{"job_id": "{THEIRS}", "job_id": "{OURS[0]}"}}'
    assert _guard().objection(_request(body.encode()))


def test_other_paths_and_queries_are_kept_back() -> None:
    """A foreign id in the query, or another operation's path, stays here."""
    guard = _guard()
    assert guard.objection(_request(None, query=(("job_id", THEIRS),)))
    assert guard.objection(_request(None, path="/workflow_engine/deleteJob"))
    assert guard.objection(_request(None, query=(("job_id", OURS[0]),))) is None


def test_derived_ids_need_long_ones() -> None:
    """Ids are cut and lengthened only where all supplied ones have 16 characters or more."""
    guard = _guard()
    cut = guard.derive(OURS[0], "cut-end")
    assert guard.objection(_request(json.dumps({"job_id": cut}).encode())) is None
    guard.supply(["short"])
    assert not guard.derivable
    assert guard.objection(_request(json.dumps({"job_id": cut}).encode()))
    with pytest.raises(ValueError, match="No id may be derived"):
        guard.derive(OURS[0], "cut-end")


@pytest.mark.parametrize(
    ("ids", "derivable"),
    [
        (["4321abcdef694aa79dae47ad"], True),
        (["00000000-0000-4000-8000-000000000017", "00000000-0000-4000-8000-000000000018"], True),
        ([f"nightly-backup-run-{number}" for number in range(10, 40)], False),
        ([f"{number}-nightly-backup-run" for number in range(10, 40)], False),
        (["10000000000000004200", "10000000000000004201"], False),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ"], True),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ0"], False),
        (["01ARZ3NDEKTSV4RRFFQ69G5FAV"], False),
    ],
)
def test_running_numbers_are_not_derived_from(ids: list[str], derivable: bool) -> None:  # noqa: FBT001 - expected
    """Ids that may hold a running number are neither cut nor lengthened: that could be a neighbour's."""
    assert _guard(ids).derivable is derivable


@pytest.mark.parametrize(
    ("ids", "has_case"),
    [(OURS, True), ([*OURS, "4" * 24], False), (["exact-uuid-0000-4000", "x"], False), (["ж" * 20, "я" * 20], False)],
)
def test_ids_change_case_only_where_each_is_another_then(ids: list[str], has_case: bool) -> None:  # noqa: FBT001 - expected
    """An id without letters in the other case is a job's own id, and would cancel it; a short one may be a neighbour's."""
    guard = _guard(ids)
    assert guard.has_case is has_case
    if not has_case:
        with pytest.raises(ValueError, match="No id may be derived"):
            guard.derive(ids[0], "other-case")


def test_minted_ids_are_as_long_as_the_longest() -> None:
    """Minted ids are 24 hex characters, or as long as the longest supplied id, and always others."""
    assert len(Guard(CONTRACT).mint()) == 24
    guard = _guard([*OURS, "a" * 40])
    assert len(guard.mint()) == 40
    assert guard.mint() != guard.mint()


@pytest.mark.parametrize(
    "ids", [OURS, ["123456", "99"], ["exact-uuid-0000-4000", "x"], ['q"\\uo', "ж" * 20], ["1e5", "0"]]
)
@pytest.mark.parametrize("unsafe", [False, True])
def test_the_whole_plan_passes(ids: list[str], unsafe: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Every request of a plan passes the guard, whatever the supplied ids look like."""
    guard = _guard(ids, unsafe=unsafe)
    resources = Resources(
        CONTRACT,
        CONTRACT.roles,
        ("apiread",),
        None,
        derivable=guard.derivable,
        has_case=guard.has_case,
        numeric=guard.numeric,
        unsafe=unsafe,
    )
    for scenario in make_plan(resources).scenarios:
        for step in scenario.steps:
            request = fill(step, ids[0] if scenario.valid_cancel else None, guard)
            assert guard.objection(request) is None, step


def test_guard_lets_out_a_login_and_the_probe_and_nothing_like_them() -> None:
    """A login is the very request that was registered; the probe is a GET of that path alone, without a body."""
    guard = Guard(CONTRACT, probe="/whoami?x=1")
    login = guard.log_in("admin@pronghorn", "secret")
    assert guard.objection(login) is None
    assert guard.objection(probe_request("/whoami?x=1", Caller("admin", "token"))) is None
    probe = probe_request("/whoami?x=1", Caller())
    for other in (
        login_request("admin@pronghorn", "another"),
        replace(login, path="/login/more"),
        replace(login, query=(("job_id", "x"),)),
        replace(login, caller=Caller("admin", "token")),
        replace(probe, method="POST"),
        replace(probe, path="/whoami/more"),
        replace(probe, query=(("x", "2"),)),
        replace(probe, body=b"{}"),
    ):
        assert guard.objection(other) is not None, other
    assert Guard(CONTRACT).objection(probe) is not None


def test_guard_lets_out_the_gets_of_a_page_with_their_values_and_nothing_like_them() -> None:
    """Of another page's operation the requests with the values given leave, whoever sends them; nothing else does."""
    values: dict[str, dict[str, Any]] = {"path": {"id": "a/1"}, "query": {"depth": 2}}
    asset = page_calls(operation_of(ASSET), values)
    guard = Guard(CONTRACT, pages=[asset, page_calls(operation_of(TAG), {"path": {"id": "a/1"}})])
    get = Request("GET", "/inventory/getAsset/a%2F1", Caller("admin", "token"), (("depth", "2"),))
    for right in (get, replace(get, caller=Caller()), replace(get, query=(("depth", "not-a-number"),))):
        assert guard.objection(right) is None, right
    for other in (
        *(replace(get, method=method) for method in ("POST", "PUT", "DELETE", "HEAD", "get")),
        *(replace(get, path=path) for path in ("/inventory/getAsset/b", "/inventory/getAsset/a/1", f"{get.path}/")),
        *(replace(get, query=query) for query in ((), (("depth", "3"),), (*get.query, ("id", "b")))),
        replace(get, body=b"{}"),
        replace(get, method="POST", path="/inventory/addTag/a%2F1", query=()),
        replace(get, path="/inventory/addTag/a%2F1", query=()),
    ):
        assert guard.objection(other) is not None, other
    assert Guard(CONTRACT).objection(get) is not None


def test_name_of_a_workflow_in_another_encoding_is_sent_as_its_bytes() -> None:
    """A terminal that writes Latin-1 gives bytes that are not UTF-8."""
    assert start_request("a\udcfcb", Caller()).path.endswith("/a%FCb")

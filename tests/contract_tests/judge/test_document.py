"""The judge of documents: each type, null and absence at every depth, and what is fine."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.judge.answers import judge_success
from contract_tests.judge.document import _project, identity_flaw, judge_document
from contract_tests.model import Caller, Exchange, Request, Response
from engine_contract import contract
from engine_contract.http.strict_json import NotJson, read_json

PAGE = contract.load_contract().response_examples["page"]
ABSENT = object()
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of the page's example below the root."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from _places(child, (*path, key))


def _with(path: tuple[Any, ...], value: Any) -> Any:
    document = copy.deepcopy(PAGE)
    node = document
    for key in path[:-1]:
        node = node[key]
    if value is ABSENT:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


def _pointer(path: tuple[Any, ...]) -> str:
    return "".join(f"/{key}" for key in path)


def _is_free(path: tuple[Any, ...]) -> bool:
    """Keys of maps and elements of arrays may be absent."""
    return (
        isinstance(path[-1], int)
        or (path[0] == "transitions" and len(path) < 4)
        or (path[0] == "tasks" and len(path) == 2)
    )


PLACES = list(_places(PAGE))
ASSUMED = {rule.field for rule in contract.load_rules() if rule.id.endswith(".present")}


@pytest.mark.parametrize("path", PLACES, ids=_pointer)
def test_null_breaks_the_rule_of_its_place(path: tuple[Any, ...]) -> None:
    """Null in place of any field, element or map value breaks a documented rule, and the pointer names the place."""
    (flaw,) = judge_document(contract.load_contract(), _with(path, None))
    assert flaw.pointer == _pointer(path)
    assert flaw.received == "null"
    assert contract.rule(flaw.rule).level == "documented"


@pytest.mark.parametrize(
    "path",
    [path for path in PLACES if (not _is_free(path) and len(path) > 1) or path[0] not in {"tasks", "transitions"}],
    ids=_pointer,
)
def test_absence_breaks_a_rule(path: tuple[Any, ...]) -> None:
    """The absence of a field breaks its rule: an assumed one where engines leave it out, else a documented one."""
    flaws = judge_document(contract.load_contract(), _with(path, ABSENT))
    if _is_free(path):
        assert flaws == []
        return
    (flaw,) = flaws
    assert "missing" in flaw.received
    place = tuple(
        "*"
        if isinstance(key, int)
        or (index == 1 and path[0] in {"tasks", "transitions"})
        or (index == 2 and path[0] == "transitions")
        else key
        for index, key in enumerate(path)
    )
    assert contract.rule(flaw.rule).is_assumed == (place in ASSUMED)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("metrics", "start_time"), 5.0),
        (("font_size",), 12.5),
        (("error",), []),
        (("tasks",), {}),
        (("transitions",), {}),
        (("transitions", "6a90"), {}),
        (("name",), ""),
        (("watchers",), []),
        (("groups",), ["default", None, {"a": 1}, 5]),
        (("created",), "2018-07-26T19:37:05Z"),
        (("created",), "2018-07-26T21:37:05.000123+02:00"),
        (("tasks", "0112"), PAGE["tasks"]["workflow_start"]),
        (("added",), None),
        (("tasks", "workflow_end", "added"), {"deep": [None]}),
        (("metrics", "run_time"), 10**30),
    ],
)
def test_what_is_fine(path: tuple[Any, ...], value: Any) -> None:
    """5.0 is an integer; empty arrays, maps and strings, added fields, and dates with or without a fraction are fine."""
    assert judge_document(contract.load_contract(), _with(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "rule_id"),
    [
        (("metrics", "start_time"), 5.5, "response.metrics.start_time"),
        (("metrics", "start_time"), "5", "response.metrics.start_time"),
        (("font_size",), True, "response.font_size"),
        (("created",), "2018-07-26 19:37:05Z", "response.created"),
        (("created",), "2018-07-26T19:37:05", "response.created"),
        (("created",), "yesterday", "response.created"),
        (("status",), "cancelled", "response.status"),
        (("watchers", 4), 5, "response.watchers"),
        (("tasks", "0112"), "a task", "response.tasks.task"),
        (("error", 1, "timestamp"), "1555471643117", "response.error.timestamp"),
        (("transitions", "6a90", "workflow_end", "state"), 1, "response.transitions.state"),
        (("tasks", "workflow_end", "metrics", "app", "version"), 123, "response.tasks.metrics.app.version"),
    ],
)
def test_what_is_not(path: tuple[Any, ...], value: Any, rule_id: str) -> None:
    """Another type breaks the rule of its place, at any depth and in every element."""
    assert [flaw.rule for flaw in judge_document(contract.load_contract(), _with(path, value))] == [rule_id]


@pytest.mark.parametrize(
    "document",
    [{"canceled_job": PAGE}, [PAGE], "text", None, 5, True, {}, {"error": "no"}, {"message": "ok"}, json.dumps(PAGE)],
)
def test_what_is_no_job(document: Any) -> None:
    """A wrapped job, or something else in its place, breaks one rule and is said once."""
    (flaw,) = judge_document(contract.load_contract(), document)
    assert flaw.rule == "response.document"


def test_wrapped_in_canceled_job_is_named() -> None:
    """A body wrapped in canceled_job breaks the contract with a message that says so."""
    (flaw,) = judge_document(contract.load_contract(), {"canceled_job": PAGE})
    assert "wrapped in 'canceled_job'" in flaw.received


def test_many_breaks_of_a_rule_are_one_flaw() -> None:
    """A rule broken in 2,000 tasks is told once, with their number."""
    task = {**PAGE["tasks"]["workflow_start"], "x": None}
    (flaw,) = judge_document(contract.load_contract(), _with(("tasks",), {str(number): task for number in range(1500)}))
    assert flaw.rule == "response.tasks.x"
    assert "1499 more places" in flaw.received


@given(JSON_VALUES)
@settings(max_examples=150, deadline=None)
def test_any_document_is_judged(document: Any) -> None:
    """Whatever JSON an engine sends, the judge says something of it and does not fail."""
    assert judge_document(contract.load_contract(), document)
    assert judge_document(contract.load_contract(), _with(("added",), document)) == []
    judge_document(contract.load_contract(), _with(("tasks", "key"), document))


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_judged(body: bytes) -> None:
    """Whatever bytes an engine sends with 200, the answer is found broken and the judge does not fail."""
    exchange = Exchange(Request("POST", "/", Caller()), "a valid request", Response(200, (), body))
    assert [item for item in judge_success(contract.load_contract(), exchange, "id") if item.finding]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1,}', "."),
        (b"{'a': 1}", "."),
        (b'{"a": 1} {"a": 2}', "."),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" * 200_000, "nested too deep"),
        (b"", "."),
        (b'{"a": 01}', "."),
    ],
)
def test_what_is_no_json(body: bytes, reason: str) -> None:
    """Strict JSON: no NaN, trailing comma, second document, byte order mark or broken UTF-8; the reason is told."""
    with pytest.raises(NotJson, match=reason):
        read_json(body)


@pytest.mark.parametrize("body", [rb'{"a": "\ud800"}', b'{"a": ' + b"9" * 5000 + b"}", b" [1e5]\r\n"])
def test_what_is_json_all_the_same(body: bytes) -> None:
    """An escaped lone surrogate, a very long integer and white space around are JSON."""
    read_json(body)


def test_identity() -> None:
    """The document's _id is the job's; a document without a usable _id is another rule's matter."""
    assert identity_flaw({"_id": "a"}, "a") is None
    assert identity_flaw({"_id": 5}, "a") is None
    assert identity_flaw({"_id": "b"}, "a")


def test_a_document_that_is_nested_deeper_than_can_be_read_is_not_judged() -> None:
    """The page sets no bound: what cannot be read here breaks nothing."""
    body = b'{"further": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    response = Response(200, (("content-type", "application/json"),), body)
    exchange = Exchange(Request("POST", "/", Caller("admin", "token")), "a valid request", response)
    judged = judge_success(contract.load_contract(), exchange, "a")
    assert [item.rule for item in judged if item.finding] == []
    assert "transport.json" not in {item.rule for item in judged}


@pytest.mark.parametrize(
    ("schema", "fits", "fits_not"),
    [
        ({"type": "array", "items": {}, "minItems": 1}, [1], []),
        ({"type": "array", "items": {}, "uniqueItems": True}, [1, "a"], [1, 1]),
        ({"type": "object", "minProperties": 1}, {"a": 1}, {}),
        ({"enum": [{"a": 1}]}, {"a": 1}, {"a": 2}),
        ({"not": {"type": "string"}}, {"a": 1}, "a"),
        (
            {
                "anyOf": [
                    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}},
                    {"type": "null"},
                ]
            },
            {"a": 1},
            {"a": "1"},
        ),
        ({"additionalProperties": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}}, {"x": {"a": 1}}, {"x": {}}),
        ({"type": "array", "items": {"allOf": [{"required": ["a"]}]}}, [{"a": 1, "b": 2}], [{"b": 2}]),
    ],
)
def test_words_of_a_page_that_speak_of_a_whole_value_see_all_of_it(schema: Any, fits: Any, fits_not: Any) -> None:
    """The judge leaves out what a schema does not describe, and nothing that these words count or compare."""
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid(_project(fits, schema))
    assert not validator.is_valid(_project(fits_not, schema))

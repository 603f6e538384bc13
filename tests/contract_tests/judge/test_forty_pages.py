"""The forty pages of the drafts' tests: right answers break nothing, wrong ones break a rule of their operation."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from contract_tests.judge.passive import JudgedCall, ObservedCall, PassiveJudge
from contract_tests.judge.route import called_operation
from contract_tests.model import Caller, Exchange, Request, Response
from engine_contract.contract import Operation
from tests.support.forty_pages import OPERATIONS, ROLES, body_of, path_of, query_of

SHOWN = [operation for operation in OPERATIONS if operation.response_examples]
OTHER: dict[str, Any] = {
    "string": 7,
    "integer": "x",
    "number": "x",
    "boolean": "x",
    "object": "x",
    "array": {"not": "a list"},
}


def judge(operation: Operation, document: Any, *, role: str | None = None, status: int = 200) -> JudgedCall:
    """Judge the page's own request with an answer, as a role of the page unless another is given."""
    role = role or next(iter(operation.roles), "admin")
    body = body_of(operation)
    sent = None if body is None else json.dumps(body).encode()
    query = tuple(query_of(operation).items())
    request = Request(operation.method, path_of(operation), Caller(role, "token"), query, sent)
    response = Response(status, (("Content-Type", "application/json"),), json.dumps(document).encode())
    return PassiveJudge().judge(ObservedCall(Exchange(request, "", response), operation, role))


Place = tuple[Any, ...]


def places(value: Any, schema: Mapping[str, Any], place: Place = ()) -> Iterator[tuple[Place, Any, Mapping[str, Any]]]:
    """Yield each place of a document that its schema describes."""
    yield place, value, schema
    if isinstance(value, dict):
        for key, child in value.items():
            below = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if isinstance(below, dict):
                yield from places(child, below, (*place, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, schema.get("items", {}), (*place, index))


def replaced(document: Any, place: Place, value: Any) -> Any:
    """Return the document with another value at a place."""
    if not place:
        return value
    changed = copy.deepcopy(document)
    node = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return changed


def odd(operation: Operation) -> Iterator[Any]:
    """Yield answers that differ from the page's example and are right."""
    shown = operation.response_example
    for place, value, schema in places(shown, operation.response_schema):
        if isinstance(value, dict) and schema.get("additionalProperties") is not False and "properties" in schema:
            yield replaced(shown, place, {**value, "added": {"by": None}})
        if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict) and value:
            yield replaced(shown, place, {f"{number}x": child for number, child in enumerate(value.values())})
        if isinstance(value, list) and value and not {"minItems", "maxItems", "uniqueItems"} & schema.keys():
            yield replaced(shown, place, [])
            yield replaced(shown, place, value * 3)


@pytest.mark.parametrize("operation", SHOWN, ids=lambda operation: operation.name)
def test_right_answers_of_a_page_break_nothing(operation: Operation) -> None:
    """The page's example, further fields, none or more elements, and other keys of a map are right."""
    for document in (operation.response_example, *odd(operation)):
        judged = judge(operation, document)
        assert judged.note is None
        assert judged.findings == (), document


@pytest.mark.parametrize("operation", SHOWN, ids=lambda operation: operation.name)
def test_request_of_a_page_is_a_call_of_its_operation_that_a_stranger_may_not_send(operation: Operation) -> None:
    """What a page shows is right by its own ledger; a caller whom it does not list may not have it."""
    assert called_operation(OPERATIONS, operation.method, path_of(operation)) is operation
    shown, status = operation.response_example, operation.response_status
    assert judge(operation, shown, status=status).findings == ()
    if operation.roles and operation.rule("roles.others") is not None:
        findings = judge(operation, shown, role="stranger", status=status).findings
        assert [rule.id for rule, _ in findings] == [f"{operation.rule_prefix}roles.others"]


@pytest.mark.parametrize("operation", SHOWN, ids=lambda operation: operation.name)
def test_wrong_answers_of_a_page_break_a_rule_of_its_operation(operation: Operation) -> None:
    """At each place another type, and each required field that is missing, break a rule; so does a role that may not."""
    shown = operation.response_example
    wrong = []
    for place, value, schema in places(shown, operation.response_schema):
        if isinstance(schema.get("type"), str) and "enum" not in schema:
            wrong.append(replaced(shown, place, OTHER[schema["type"]]))
        if isinstance(value, dict):
            wrong += [
                replaced(shown, place, {key: child for key, child in value.items() if key != name})
                for name in schema.get("required", ())
            ]
    for document in wrong:
        rules = {rule.id for rule, _ in judge(operation, document).findings}
        assert rules, document
        assert all(rule.startswith(f"{operation.name}/response.") for rule in rules), (rules, document)
    for role in ROLES:
        if operation.roles and role not in operation.roles:
            assert [rule.id for rule, _ in judge(operation, shown, role=role).findings] == [
                f"{operation.name}/roles.others"
            ]
    if operation.roles:
        assert [rule.id for rule, _ in judge(operation, {}, status=403).findings] == [
            f"{operation.name}/roles.{operation.roles[0]}"
        ]

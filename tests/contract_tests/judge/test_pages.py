"""Calls of an operation that only another page describes, judged as they pass: no code knows it, its ledger does."""

import json
from typing import Any

import pytest

from contract_tests.judge.passive import JudgedCall, ObservedCall, PassiveJudge
from contract_tests.judge.route import called_operation
from contract_tests.model import Caller, Exchange, Fault, Request, Response
from engine_contract.contract import Operation
from tests.support.pages import ASSET, TAG, operation_of

PATH = "/inventory/getAsset/a1"
RIGHT: dict[str, Any] = {"id": "a1", "name": "Pump", "size": 3, "tags": [{"key": "site", "value": "north"}]}


@pytest.fixture(scope="module")
def asset() -> Operation:
    """GET /inventory/getAsset/{id}, for two roles."""
    return operation_of(ASSET)


@pytest.fixture(scope="module")
def tag() -> Operation:
    """POST /inventory/addTag/{id} with a body, for one role."""
    return operation_of(TAG)


def judge(
    operation: Operation,
    status: int,
    document: Any = None,
    *,
    role: str = "admin",
    kind: str = "token",
    path: str = PATH,
    query: tuple[tuple[str, str], ...] = (),
    body: Any = None,
) -> JudgedCall:
    """Judge one call."""
    sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(operation.method, path, Caller(role or None, kind), query, sent)  # type: ignore[arg-type]
    response = Response(status, (("Content-Type", "application/json"),), json.dumps(document).encode())
    return PassiveJudge().judge(ObservedCall(Exchange(request, "", response), operation, role or None))


def test_success_that_fits_holds_the_rules_of_its_page(asset: Operation) -> None:
    """Route, role, status, type and each field of the document hold; the ids have the operation's name."""
    judged = judge(asset, 200, RIGHT, query=(("depth", "2"),))
    assert judged.findings == ()
    assert {item.rule for item in judged.judgements} >= {
        "getAsset/route.path",
        "getAsset/roles.admin",
        "getAsset/transport.status",
        "getAsset/transport.json",
        "getAsset/response.document",
        "getAsset/response.tags.entry.key",
    }
    assert {item.rule for item in judged.judgements} <= {rule.id for rule in asset.rules}


@pytest.mark.parametrize(
    "document",
    [
        {**RIGHT, "more": {"x": 1}},
        {**RIGHT, "size": 3.0},
        {**RIGHT, "tags": []},
        {**RIGHT, "tags": [{"key": "k", "value": "v", "since": 1}] * 3},
    ],
)
def test_document_that_is_odd_but_right_breaks_nothing(asset: Operation, document: Any) -> None:
    """Further fields, a whole number written as a fraction, and none or many elements fit the page."""
    assert judge(asset, 200, document).findings == ()


@pytest.mark.parametrize(
    ("document", "rule", "pointer"),
    [
        ({**RIGHT, "size": "3"}, "response.size", "/size"),
        ({**RIGHT, "tags": [{"key": "site", "value": 5}]}, "response.tags.entry.value", "/tags/0/value"),
        ({**RIGHT, "tags": {"site": "north"}}, "response.tags", "/tags"),
        ({"asset": RIGHT}, "response.document", "/asset"),
        ([RIGHT], "response.document", ""),
        ("a1", "response.document", ""),
        ({"id": "a1", "name": "Pump", "tags": []}, "response.size", "/size"),
    ],
)
def test_document_that_differs_breaks_the_rule_of_its_place(
    asset: Operation, document: Any, rule: str, pointer: str
) -> None:
    """The shape is judged at every depth, and a finding names the place."""
    ((broken, finding),) = judge(asset, 200, document).findings
    assert (broken.id, finding.pointer) == (f"getAsset/{rule}", pointer)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"role": "support"}, "roles.others"),
        ({"role": "", "kind": "none"}, "roles.none"),
        ({"role": "", "kind": "wrong"}, "roles.wrong"),
        ({"query": (("depth", "deep"),)}, "request.depth.type"),
    ],
)
def test_success_to_what_must_be_refused_breaks_the_rule(asset: Operation, changes: Any, rule: str) -> None:
    """Another role, no credential, a wrong one and a parameter of another type are refused; a 403 holds that."""
    assert [rule.id for rule, _ in judge(asset, 200, RIGHT, **changes).findings] == [f"getAsset/{rule}"]
    assert judge(asset, 403, {}, **changes).findings == ()


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"key": "site", "value": "north"}, None),
        ({"value": "north"}, "request.key.required"),
        ({"key": 5, "value": "north"}, "request.key.type"),
        ([], "request.body"),
        (b"{", "request.body"),
    ],
)
def test_body_is_judged_by_the_schema_of_its_page(tag: Operation, body: Any, rule: str | None) -> None:
    """A missing or mistyped parameter and a body that is not an object must be refused."""
    judged = judge(tag, 200, {"count": 1}, path="/inventory/addTag/a1", body=body)
    assert [rule.id for rule, _ in judged.findings] == ([] if rule is None else [f"addTag/{rule}"])


GROUP = """Summary
Update a group
Route
PUT /groups/:id
Parameters
| Name | Type | Required | Description |
| id | string | yes | ID of the group. |
| updates | object | yes | The updates. |
| owner.name | string | yes | Who owns it. |
| owner | object | no | Its owner. |
{"id": "5c1a", "updates": {"members": [{"id": "a"}], "limits": {"a": 1}, "free": 3}, "owner": {"name": "a"}}
{
  "type": "object",
  "properties": {
    "updates": {
      "type": "object",
      "properties": {
        "members": {
          "type": "array",
          "items": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
        },
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
        "note": {"type": ["string", "null"]}
      }
    },
    "reason": {"type": "string"}
  },
  "required": ["reason"]
}
Return
| Name | Type | Description |
| done | number | How many updates were done. |
2
"""


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, None),
        ({"updates": {"free": "other", "members": [], "note": None, "more": {}}}, None),
        ({"owner": {"name": "b", "more": 1}}, None),
        ({"updates": {"members": [{"id": "a"}, {}]}}, "request.updates.members.entry.id.required"),
        ({"updates": {"members": [{"id": 5}]}}, "request.updates.members.entry.id.type"),
        ({"updates": {"members": ["a"]}}, "request.updates.members.entry.type"),
        ({"updates": {"members": {}}}, "request.updates.members.type"),
        ({"updates": {"limits": {"a": 1, "0112": "x"}}}, "request.updates.limits.entry.type"),
        ({"updates": {"note": 1}}, "request.updates.note.type"),
        ({"updates": {"members": [{}]}, "reason": 1}, "request.reason.type"),
        ({"reason": "-"}, "request.reason.required"),
        ({"owner": {}}, "request.owner.name.required"),
        ({"owner": {"name": 1}}, "request.owner.name.type"),
    ],
)
def test_body_is_judged_at_every_depth_that_its_page_speaks_of(changes: Any, rule: str | None) -> None:
    """What JSON Schema and table say of parts of a parameter counts; what only the example shows is a choice."""
    body = {"updates": {}, "reason": "night shift"} | changes
    if rule == "request.reason.required":
        del body["reason"]
    judged = judge(operation_of(GROUP), 200, 2, path="/groups/a1", body=body)
    assert [rule.id for rule, _ in judged.findings] == ([] if rule is None else [f"groups/{rule}"])
    assert judge(operation_of(GROUP), 400, {}, path="/groups/a1", body=body).findings == ()


@pytest.mark.parametrize(
    ("status", "rule"),
    [(403, "roles.admin"), (405, "route.path"), (404, None), (400, None), (503, None), (500, "transport.status")],
)
def test_refusal_of_a_valid_call_says_only_what_it_shows(asset: Operation, status: int, rule: str | None) -> None:
    """A 404 may mean the id; a method that is not there, a role that may, and a failure break what the page says."""
    judged = judge(asset, status, {})
    assert [rule.id for rule, _ in judged.findings] == ([] if rule is None else [f"getAsset/{rule}"])


def test_call_without_an_answer_breaks_no_rule_that_its_ledger_lacks(asset: Operation) -> None:
    """The page says nothing of stability, and so neither does the judge."""
    exchange = Exchange(Request("GET", PATH, Caller("admin", "token")), "", None, Fault.DROPPED, "gone")
    assert PassiveJudge().judge(ObservedCall(exchange, asset, "admin")).judgements == ()


def test_called_operation_is_found_in_any_spelling(asset: Operation, tag: Operation) -> None:
    """An escaped letter is the same path, an escaped slash is part of a value; another base is another request."""
    for path, found in {
        "/inventory/getAsset/a1": asset,
        "/inventory/get%41sset/a%2Fb": asset,
        "/inventory/getAsset/a1/": None,
        "/base/inventory/getAsset/a1": None,
        "/inventory/getAsset": None,
    }.items():
        assert called_operation([tag, asset], "GET", path) is found, path
    assert called_operation([tag, asset], "POST", "/inventory/addTag/a1") is tag

"""`/_mock/openapi.json`: what it describes is what the mock serves."""

import json
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from mock_server.control.openapi import control_document
from mock_server.operations.refusals import SITUATIONS
from mock_server.store.behavior import Behavior
from tests.support.caller import PAGE_ID, ROUTE, Caller


def _schema(node: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema: `nullable` is a type."""
    if isinstance(node, list):
        return [_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    value = {key: _schema(item) for key, item in node.items() if key != "nullable"}
    return value | {"type": [value["type"], "null"]} if node.get("nullable") else value


def _check(name: str, value: object) -> None:
    """Raise ValidationError for a value that is not as a schema of the document says."""
    schemas = _schema(control_document()["components"]["schemas"])
    jsonschema_rs.validate({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}, value)


def test_the_document_is_valid_and_served(caller: Caller) -> None:
    """It is valid OpenAPI and has the operation beside the control API."""
    document = caller.client.get("/_mock/openapi.json").json()
    validate(document)
    assert document["servers"] == [{"url": str(caller.client.base_url).rstrip("/")}]
    assert ROUTE in document["paths"]


def test_every_method_is_described(caller: Caller) -> None:
    """Each path of the control API is there with the methods that the mock takes, and no other is described."""
    paths = control_document()["paths"]
    listed = caller.client.get("/_mock/nothing").json()["detail"].rpartition("there are ")[2].rstrip(".").split(", ")
    described = {path.removeprefix("/_mock/") for path in paths if path.startswith("/_mock/") and "{" not in path}
    assert described == set(listed)
    for path in filter(lambda path: path.startswith("/_mock/"), paths):
        answer = caller.client.request("OPTIONS", path.replace("{job_id}", PAGE_ID))
        allowed = {name.lower() for name in answer.headers["allow"].split(", ")} - {"head"}
        assert allowed == set(paths[path]) - {"parameters"}, path


def test_answers_are_as_described(caller: Caller) -> None:
    """Jobs of every status, lists, journal, behaviour and problems have the form that the document gives them."""
    for status in ("running", "paused", "error", "complete", "canceled", "incomplete"):
        made = caller.client.post("/_mock/jobs", json={"status": status}).json()
        _check("MadeJobs", made)
        _check("Job", caller.client.get(f"/_mock/jobs/{made['job_ids'][0]}").json())
    _check("CanceledJob", caller.cancel().json())
    _check("JobList", caller.client.get("/_mock/jobs").json())
    _check("Behavior", caller.arm(code=409, times=2, latency_ms=[1, 2]).json())
    _check("Job", caller.client.patch(f"/_mock/jobs/{PAGE_ID}", json={"status": "paused"}).json())
    _check("Clock", caller.client.get("/_mock/clock").json())
    _check("SessionList", caller.client.get("/_mock/sessions").json())
    _check("FoundJobs", _found(caller, "metrics.start_time"))
    _check("Caller", caller.client.get("/whoami", headers={"Authorization": "Bearer admin"}).json())
    _check("Health", caller.client.get("/_mock/health").json())
    _check("Refusal", caller.cancel(role="apiread").json())
    _check("LoginRefusal", caller.client.post("/login", json={"user": {"username": "nobody", "password": ""}}).json())
    form = {"grant_type": "client_credentials", "client_id": "admin", "client_secret": "any"}
    _check("Grant", caller.client.post("/oauth/token", data=form).json())
    _check("LoginRefusal", caller.client.post("/oauth/token", data=form | {"client_id": "nobody"}).json())
    _check("Problem", caller.client.get("/_mock/jobs/none").json())
    _check("Journal", caller.client.get("/_mock/requests").json())


def test_every_key_of_a_behaviour_is_described() -> None:
    """The behaviour's schema has the keys that `PUT /_mock/behavior` takes."""
    assert set(control_document()["components"]["schemas"]["Behavior"]["properties"]) == {*Behavior._fields}


def test_each_example_works_on_a_fresh_mock(caller: Caller) -> None:
    """Tools that import the document send its examples: each is taken, the session's header by each request too."""
    sent = 0
    for path, item in control_document()["paths"].items():
        for method, operation in item.items():
            parameters = [_resolved(one) for one in operation.get("parameters", ())]
            target = path
            for one in parameters:
                if one["in"] == "path":
                    target = target.replace(f"{{{one['name']}}}", one["example"])
            for media, content in operation.get("requestBody", {"content": {"": {}}})["content"].items():
                examples: dict[str, Any] = content.get("examples", {"one": {"value": content.get("example")}})
                body = next(one["value"] for one in examples.values())
                form = {"data": body} if media == "application/x-www-form-urlencoded" else {"json": body}
                role = {"Authorization": "Bearer admin"} if path not in {"/login", "/oauth/token"} else {}
                answer = caller.client.request(method, target, headers=role, **(form if media else {}))
                assert answer.status_code < 400, (method, path, answer.text)
                sent += 1
            takes_session = any(one["name"] == "Mock-Session" for one in parameters)
            assert takes_session == (
                operation["operationId"] not in {"listSessions", "health", "metrics", "readOpenapi"}
            )
    assert sent == 31


def test_requests_are_named_apart() -> None:
    """Each operation has a group, and a summary that is short, can name a file and is its own."""
    operations = [operation for item in control_document()["paths"].values() for operation in item.values()]
    summaries = [operation["summary"] for operation in operations]
    assert len(set(summaries)) == len(summaries)
    assert all(len(summary) <= 30 and not set(summary) & set('/\\:*?"<>|`') for summary in summaries)
    assert {tag for operation in operations for tag in operation["tags"]} == {
        "workflow_engine",
        "companions",
        "control",
    }


def test_bodies_of_requests_have_no_defaults() -> None:
    """A generator of types takes a property with a default for one that is always there, and asks callers for it."""
    document = control_document()
    asked = [
        content["schema"]
        for item in document["paths"].values()
        for operation in item.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    assert asked
    assert not [schema for schema in asked if '"default"' in json.dumps(_resolved(schema))]


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the document, with what its references stand for."""
    *_, kind, name = node.get("$ref", "//").split("/")
    if name:
        return _resolved(control_document()["components"][kind][name])
    return {key: _resolved(value) if isinstance(value, dict) else value for key, value in node.items()}


def _found(caller: Caller, *fields: str) -> object:
    """Return the answer to a search for these fields of jobs."""
    sought = {"options": {"fields": dict.fromkeys(fields, 1)}}
    headers = {"Authorization": "Bearer admin"}
    return caller.client.post("/workflow_engine/jobs/search", json=sought, headers=headers).json()


def test_each_refusal_has_its_status(caller: Caller) -> None:
    """The operation lists the statuses with which this mock refuses, each with its situations."""
    answers = control_document()["paths"][ROUTE]["post"]["responses"]
    for situation, status in SITUATIONS.items():
        assert situation in answers[str(status)]["description"]
    assert str(caller.cancel(role="apiread").status_code) in answers


def test_a_form_that_is_not_described_is_found() -> None:
    """The check of this module itself: a job without its status is not as described."""
    with pytest.raises(jsonschema_rs.ValidationError):
        _check("JobLine", {"job_id": "x", "name": "y"})

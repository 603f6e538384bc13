"""`/_mock/openapi.json`: what it describes is what the mock serves."""

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
    assert document["servers"] == [{"url": "/"}]
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
    _check("Health", caller.client.get("/_mock/health").json())
    _check("Refusal", caller.cancel(role="apiread").json())
    _check("Problem", caller.client.get("/_mock/jobs/none").json())
    _check("Journal", caller.client.get("/_mock/requests").json())


def test_every_key_of_a_behaviour_is_described() -> None:
    """The behaviour's schema has the keys that `PUT /_mock/behavior` takes."""
    assert set(control_document()["components"]["schemas"]["Behavior"]["properties"]) == {*Behavior._fields}


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

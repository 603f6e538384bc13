"""The operation: who may, what is refused and how, and what becomes of the job."""

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema_rs
import pytest

from engine_contract.contract import load_contract
from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, ROUTE, Caller

FOUR = load_contract().roles


@pytest.mark.parametrize("role", FOUR)
def test_each_documented_role_cancels(mock: RunningMock, caller: Caller, role: str) -> None:
    """Each role of the page cancels a job, and gets that job's document, which passes the schema."""
    (job_id,) = mock.add_jobs()
    answer = caller.cancel(job_id, role=role)
    document = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (document["_id"], document["status"]) == (job_id, "canceled")
    jsonschema_rs.Draft4Validator(dict(load_contract().response_schema)).validate(document)


def _basic(user: str) -> str:
    return "Basic " + b64encode(f"{user}:any".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": "Bearer support"}, ""),
        ({"Authorization": "bearer   support"}, ""),
        ({"Authorization": _basic("support")}, ""),
        ({"Cookie": "a=b; token=support"}, ""),
        ({}, "?token=support"),
    ],
)
def test_a_credential_travels_in_four_ways(caller: Caller, headers: dict[str, str], query: str) -> None:
    """Bearer, Basic (any password), the cookie and the query parameter all carry a role."""
    answer = caller.client.post(ROUTE + query, headers=headers, json={"job_id": PAGE_ID})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "query", "status", "situation"),
    [
        ({}, "", 401, "no-credential"),
        ({"Authorization": "Bearer"}, "", 401, "wrong-credential"),
        ({"Authorization": "Bearer nobody"}, "", 401, "wrong-credential"),
        ({"Authorization": "Bearer ADMIN"}, "", 401, "wrong-credential"),
        ({"Authorization": "Token admin"}, "", 401, "wrong-credential"),
        ({"Authorization": "admin"}, "", 401, "wrong-credential"),
        ({"Authorization": "Basic admin"}, "", 401, "wrong-credential"),
        ({"Authorization": _basic("nobody")}, "", 401, "wrong-credential"),
        ({"Authorization": "Token x", "Cookie": "token=admin"}, "", 401, "wrong-credential"),
        ({"Cookie": "token="}, "", 401, "wrong-credential"),
        ({"Cookie": "token=nobody"}, "?token=admin", 401, "wrong-credential"),
        ({}, "?token=", 401, "wrong-credential"),
        ({}, "?xtoken=admin", 401, "no-credential"),
        ({"Authorization": "Bearer apiread"}, "", 403, "other-role"),
        ({"Authorization": _basic("operator")}, "", 403, "other-role"),
        ({"Cookie": "token=apiread"}, "", 403, "other-role"),
        ({}, "?token=operator", 403, "other-role"),
    ],
)
def test_nobody_else_may(caller: Caller, headers: dict[str, str], query: str, status: int, situation: str) -> None:
    """No, an empty, a wrong credential and one of unknown form are 401 with a challenge, other roles 403; the job stays."""
    answer = caller.client.post(ROUTE + query, headers=headers, json={"job_id": PAGE_ID})
    assert (answer.status_code, answer.json()["situation"]) == (status, situation)
    # Not Basic: a browser would open a window for it, over the screen that is being built.
    assert answer.headers.get("www-authenticate") == ('Bearer realm="workflow_engine"' if status == 401 else None)
    assert caller.cancel().status_code == 200


def test_two_credentials_that_differ_are_refused(caller: Caller) -> None:
    """Of two Authorization headers none is believed."""
    headers = [("Authorization", "Bearer nobody"), ("Authorization", "Bearer admin")]
    assert caller.client.post(ROUTE, headers=headers, json={"job_id": PAGE_ID}).status_code == 401


@pytest.mark.parametrize(
    ("body", "situation", "says"),
    [
        ({}, "missing-parameter", "Missing Params: job_id is required"),
        ({"id": PAGE_ID}, "missing-parameter", "job_id is required"),
        ({"job_id": None}, "bad-parameter", "job_id is null"),
        ({"job_id": 5}, "bad-parameter", "job_id is a number"),
        ({"job_id": True}, "bad-parameter", "job_id is a boolean"),
        ({"job_id": [PAGE_ID]}, "bad-parameter", "job_id is an array"),
        ({"job_id": {"$ne": None}}, "bad-parameter", "job_id is an object"),
        ({"job_id": ""}, "bad-parameter", "job_id is empty"),
        ([{"job_id": PAGE_ID}], "bad-body", "The body is an array"),
        (PAGE_ID, "bad-body", "The body is a string"),
        (None, "bad-body", "The body is null"),
    ],
)
def test_bad_parameters_are_refused_by_name(caller: Caller, body: Any, situation: str, says: str) -> None:
    """A bad parameter is a 400 problem that names the field and the reason, and says that it is assumed."""
    answer = caller.cancel(content=json.dumps(body).encode())
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert (problem["situation"], problem["field"]) == (situation, "job_id")
    assert says in problem["detail"]
    assert "assumed" in problem["assumed"]
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize("extra", [{"options": {}}, {"job_id2": "x", "a": [1, {"b": None}]}])
def test_further_properties_are_let_be(caller: Caller, extra: dict[str, Any]) -> None:
    """The request is open: what is not documented is not refused."""
    assert caller.cancel(json={"job_id": PAGE_ID, **extra}).status_code == 200


@pytest.mark.parametrize("job_id", ["0" * 24, PAGE_ID[:-1], PAGE_ID + "0", PAGE_ID.upper(), " " + PAGE_ID, "é" * 30])
def test_an_unknown_job_is_refused(caller: Caller, job_id: str) -> None:
    """The id of no job is 404, one that differs by a character included."""
    answer = caller.cancel(job_id)
    assert (answer.status_code, answer.json()["situation"]) == (404, "unknown-job")
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize("status", ["running", "paused", "error"])
def test_active_jobs_are_canceled_once(mock: RunningMock, caller: Caller, status: str) -> None:
    """Running, paused and errored jobs can be canceled; after that they are not active."""
    (job_id,) = mock.add_jobs(status=status)
    assert caller.cancel(job_id).json()["status"] == "canceled"
    again = caller.cancel(job_id)
    assert (again.status_code, again.json()["situation"]) == (409, "not-active")


@pytest.mark.parametrize("status", ["complete", "canceled", "incomplete"])
def test_finished_jobs_are_refused(mock: RunningMock, caller: Caller, status: str) -> None:
    """A job that has ended is 409, and the reason names its state."""
    (job_id,) = mock.add_jobs(status=status)
    answer = caller.cancel(job_id)
    assert answer.status_code == 409
    assert status in answer.json()["detail"]


def test_of_simultaneous_cancels_one_succeeds(mock: RunningMock, caller: Caller) -> None:
    """Of any number of simultaneous cancels of one job exactly one succeeds."""
    (job_id,) = mock.add_jobs()
    with ThreadPoolExecutor(16) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: caller.cancel(job_id), range(64)))
    assert statuses == [200] + [409] * 63


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_other_methods_do_not_cancel(caller: Caller, method: str) -> None:
    """Other methods are 405 with Allow, and leave the job as it was."""
    answer = caller.client.request(
        method, ROUTE, headers={"Authorization": "Bearer admin"}, json={"job_id": PAGE_ID}, params={"job_id": PAGE_ID}
    )
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize("path", ["/", "/x", "/workflow_engine", "/WORKFLOW_ENGINE/cancelJob", ROUTE + "/", "//"])
def test_other_paths_are_not_found(caller: Caller, path: str) -> None:
    """POST to any other path is no cancel; a slash at the end is not redirected to the operation."""
    answer = caller.client.post(path, headers={"Authorization": "Bearer admin"}, json={"job_id": PAGE_ID})
    assert answer.status_code in {404, 405}
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("", 200),
        ("text/html", 406),
        ("*/*, application/json;q=0", 406),
        ("image/png, application/json; q=0.0", 406),
    ],
)
def test_accept_is_honoured(caller: Caller, accept: str, status: int) -> None:
    """An Accept that excludes JSON is 406, and the job stays; any other is served."""
    assert caller.cancel(headers={"Accept": accept}).status_code == status
    assert caller.status() == ("canceled" if status == 200 else "running")


def test_the_documentations_job_is_always_there(caller: Caller) -> None:
    """The page's own example works as it stands."""
    example = dict(load_contract().request_example)
    answer = caller.cancel(json=example)
    assert answer.json()["_id"] == example["job_id"]


def test_head_has_no_body(caller: Caller) -> None:
    """A refused HEAD carries the headers alone."""
    answer = httpx.head(str(caller.client.base_url) + ROUTE)
    assert (answer.status_code, answer.content) == (405, b"")

"""Prism serves the spec, and stands as a validating proxy before the mock."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest

from engine_contract.contract import load_contract
from mock_server.serving.in_process import RunningMock
from tests.ecosystem.tools import SPEC, prism

ROUTE = load_contract().path
UNKNOWN = "0123456789ab4def8123abcd"

CREDENTIALS: dict[str, dict[str, Any]] = {
    "bearer": {"headers": {"Authorization": "Bearer support"}},
    "basic": {"headers": {"Authorization": f"Basic {b64encode(b'support:any').decode()}"}},
    "cookie": {"headers": {"Cookie": "token=support"}},
    "query": {"params": {"token": "support"}},
}


@pytest.fixture(scope="module")
def served(node_tools: None) -> Iterator[httpx.Client]:  # noqa: ARG001 - installed before
    with prism("mock", SPEC) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def proxied(node_tools: None, _mock: RunningMock) -> Iterator[httpx.Client]:  # noqa: ARG001 - installed before
    with prism("proxy", SPEC, _mock.url) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def _cancel(client: httpx.Client, job_id: Any, role: str | None = "admin", **options: Any) -> httpx.Response:
    headers = {} if role is None else {"Authorization": f"Bearer {role}"}
    headers |= options.pop("headers", {})
    return client.post(ROUTE, json={"job_id": job_id}, headers=headers, **options)


def _violations(answer: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.headers.get("sl-violations", "[]"))
    return found


@pytest.mark.parametrize("name", list(load_contract().response_examples))
def test_prism_serves_each_example(served: httpx.Client, name: str) -> None:
    """`prism mock` answers with each named example of the canceled job."""
    answer = _cancel(served, UNKNOWN, headers={"Prefer": f"example={name}"})
    assert answer.status_code == 200
    assert answer.json() == load_contract().response_examples[name]
    assert _violations(answer) == []


def test_prism_serves_documents_of_its_own(served: httpx.Client) -> None:
    """`prism mock` generates a document from the schemas, which fits them."""
    answer = _cancel(served, UNKNOWN, headers={"Prefer": "dynamic=true"})
    assert answer.status_code == 200
    jsonschema_rs.validate(dict(load_contract().response_schema), answer.json())


def test_prism_refuses_as_the_spec_says(served: httpx.Client) -> None:
    """`prism mock` asks for a credential and for job_id."""
    assert _cancel(served, UNKNOWN, role=None).status_code == 401
    assert _cancel(served, 5).status_code == 422


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
@pytest.mark.parametrize("accept", ["application/problem+json", "*/*"])
def test_prism_serves_a_refusal(served: httpx.Client, status: int, accept: str) -> None:
    """`Prefer: code=` gives a refusal, to a client that accepts problems as problem details."""
    answer = _cancel(served, UNKNOWN, headers={"Prefer": f"code={status}", "Accept": accept})
    assert answer.status_code == status
    kind = "text/plain" if accept == "*/*" else accept
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize("way", CREDENTIALS)
def test_the_proxy_finds_no_violation_in_a_cancel(proxied: httpx.Client, mock: RunningMock, way: str) -> None:
    """Each way of a credential: the mock's answer passes Prism's validating proxy."""
    (job_id,) = mock.add_jobs(1)
    answer = proxied.post(ROUTE, json={"job_id": job_id}, **CREDENTIALS[way])
    assert (answer.status_code, _violations(answer)) == (200, [])
    assert answer.json()["_id"] == job_id


def test_the_proxy_finds_no_violation_in_a_session(proxied: httpx.Client, mock: RunningMock) -> None:
    """Many jobs are canceled, again, by each role and by others: no answer of the mock violates the spec."""
    answers = []
    for role in (*load_contract().roles, "apiread", "operator"):
        for job_id in mock.add_jobs(10):
            answers += [_cancel(proxied, job_id, role), _cancel(proxied, job_id, role)]
    answers += [_cancel(proxied, UNKNOWN), _cancel(proxied, UNKNOWN, "nobody")]
    assert {answer.status_code for answer in answers} == {200, 401, 403, 404, 409}
    assert [found for answer in answers for found in _violations(answer)] == []


def test_the_proxy_would_find_one(proxied: httpx.Client, mock: RunningMock) -> None:
    """The check can fail: a wrong answer and a wrong request are violations, each on its side."""
    mock.behave(fault="wrong-type.status")
    (job_id,) = mock.add_jobs(1)
    assert {found["location"][0] for found in _violations(_cancel(proxied, job_id))} == {"response"}
    mock.behave()
    assert {found["location"][0] for found in _violations(_cancel(proxied, 5))} == {"request"}

"""Who may use the control API: pages of localhost read jobs, those that are named do more, and a refused call is told."""

import logging
from collections.abc import Iterator

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from mock_server.settings import SettingsError
from tests.support.caller import PAGE_ID, ROUTE, Caller
from tests.support.commands import mock_engine, started_mock

PAGE = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}
ASKS = {"Access-Control-Request-Headers": "mock-session, x-trace, traceparent"}
JOBS = ("/_mock/jobs?status=active", f"/_mock/jobs/{PAGE_ID}")


@pytest.mark.parametrize("path", JOBS)
def test_localhost_pages_read_jobs(caller: Caller, path: str) -> None:
    """A page of localhost lists and reads jobs in its session, and its preflight passes with any further header."""
    preflight = caller.client.options(path, headers={**PAGE, **ASKS, "Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == ASKS["Access-Control-Request-Headers"]
    answer = caller.client.get(path, headers={**PAGE, "Mock-Session": "mine"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]


def test_pages_of_cors_read_jobs_too() -> None:
    """An origin that --cors lets call the operation lists jobs; another does not."""
    with running_mock(Settings(cors=("https://app.example",))) as mock:
        statuses = [
            httpx.get(f"{mock.url}/_mock/jobs", headers={"Origin": origin}).status_code
            for origin in ("https://app.example", "https://evil.example")
        ]
    assert statuses == [200, 403]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_mock/jobs"),
        ("PUT", "/_mock/behavior"),
        ("GET", "/_mock/behavior"),
        ("GET", "/_mock/requests"),
        ("GET", "/_mock/jobsx"),
        ("GET", "/_mock/openapi.json"),
    ],
)
def test_the_rest_stays_closed(caller: Caller, method: str, path: str) -> None:
    """Whatever changes the mock or tells of others is closed to pages of localhost, preflight and request."""
    preflight = caller.client.options(path, headers={**PAGE, **ASKS, "Access-Control-Request-Method": method})
    assert [name for name in preflight.headers if name.startswith("access-control")] == []
    assert caller.client.request(method, path, headers=PAGE, json={}).status_code == 403


def test_a_rebound_name_reads_no_jobs(caller: Caller) -> None:
    """The check of `Host` holds for jobs as for all else."""
    assert caller.client.get("/_mock/jobs", headers={**PAGE, "Host": "evil.example"}).status_code == 403


def test_a_refused_call_is_told(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """The journal has each refused call, preflights too, with the reason; the terminal has each caller once."""
    with caplog.at_level(logging.WARNING, "mock_server"):
        for _ in range(3):
            caller.client.put("/_mock/behavior", headers={"Origin": "http://localhost:7777"}, json={"code": 500})
        caller.client.options(
            "/_mock/jobs", headers={"Origin": "http://localhost:7778", "Access-Control-Request-Method": "POST"}
        )
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("Refused: PUT /_mock/behavior of 'http://localhost:7777': The control API is closed to")
    entries = caller.journal()
    assert [entry["status"] for entry in entries] == [403, 403, 403, 204]
    assert {entry["situation"] for entry in entries} == {"control"}
    ports = [entry["reason"].partition("--control-origin http://localhost:")[2][:4] for entry in entries]
    assert ports == ["7777", "7777", "7777", "7778"]


@pytest.mark.parametrize("origin", ["null", "http://localhost;rm", "http://localhost:1'b", "https://evil.example"])
def test_an_origin_that_could_do_harm_is_not_put_into_the_option(caller: Caller, origin: str) -> None:
    """The sentence has an option to be pasted: what is not a plain origin of this machine is left out of it."""
    refused = caller.client.put("/_mock/behavior", headers={"Origin": origin}, json={"code": 500})
    assert "--control-origin ORIGIN opens it" in refused.json()["detail"]


def test_any_control_origin_is_refused() -> None:
    """`--control-origin '*'` is wrong usage, with the reason and what to do."""
    with (
        pytest.raises(SettingsError, match="any site that somebody visits"),
        running_mock(Settings(control_origins=("*",))),
    ):
        pass
    ended = mock_engine("--control-origin", "*")
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert "Name the origins of your pages" in ended.err


def test_a_named_origin_sends_any_header() -> None:
    """The preflight of an origin that --control-origin names passes with headers that the mock does not know."""
    with running_mock(Settings(control_origins=("http://localhost:5173",))) as mock:
        asked = {**PAGE, **ASKS, "Access-Control-Request-Method": "PATCH"}
        answer = httpx.options(f"{mock.url}/_mock/behavior", headers=asked)
    assert answer.headers["access-control-allow-headers"] == ASKS["Access-Control-Request-Headers"]
    assert "PATCH" in answer.headers["access-control-allow-methods"]


@pytest.fixture(scope="module")
def based() -> Iterator[str]:
    """A mock with a base path: the address that its first line names."""
    with started_mock("--base-path", "/iap") as (_, url):
        yield url


def test_the_base_path_carries_the_mocks_own_pages(based: str) -> None:
    """The first line has the base path; below it are control API, console and Swagger UI, and at the root as well."""
    assert based.endswith("/iap")
    for base in (based, based.removesuffix("/iap")):
        for path in (
            "/_mock/health",
            "/_mock/jobs",
            "/",
            "/_console/journal",
            "/ui",
            "/ui/swagger-ui.css",
            "/openapi.json",
        ):
            assert httpx.get(base + path).status_code == 200, base + path
    console = httpx.get(f"{based}/").text
    assert '"/iap/_console/journal"' in console
    assert 'href="/iap/ui"' in console
    assert 'url: "/iap/openapi.json"' in httpx.get(f"{based}/ui").text
    assert httpx.post(f"{based}/_mock/reset").status_code == 204


def test_a_path_without_the_base_path_is_told(based: str) -> None:
    """A 404 names the base path and where the operation is."""
    answer = httpx.post(based.removesuffix("/iap") + ROUTE, json={"job_id": PAGE_ID})
    assert answer.status_code == 404
    assert f"the --base-path is /iap, so it may be at /iap{ROUTE}" in answer.json()["detail"]

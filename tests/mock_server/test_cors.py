"""CORS: what a page of another origin may do, as headers and in a real browser."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import RunningMock, running_mock
from tests.support.caller import PAGE_ID, ROUTE, Caller
from tests.support.raw_server import answer_of, answering_server
from tests.support.requirements import CHROMIUM_FLAGS, need_chromium

PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, prefer, mock-session",
}


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "https://localhost",
        "http://app.localhost:8080",
        "http://localhost.:3000",
        "http://[::ffff:127.0.0.1]:1",
        "http://127.0.0.1:5173",
        "http://[::1]:80",
    ],
)
@pytest.mark.parametrize("path", [ROUTE, "/login", "/nope"])
def test_localhost_may_call(caller: Caller, origin: str, path: str) -> None:
    """A preflight of any localhost origin is granted with credentials, Prefer and Mock-Session, on every path."""
    answer = caller.client.options(path, headers={"Origin": origin, **PREFLIGHT})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"prefer", "mock-session", "authorization"} <= set(
        answer.headers["access-control-allow-headers"].lower().replace(",", "").split()
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://evil.example:80?localhost",
        "null",
        "http://xlocalhost",
    ],
)
def test_other_origins_may_not(caller: Caller, origin: str) -> None:
    """Other origins get no permission, and the request itself is served as it is."""
    assert (
        "access-control-allow-origin"
        not in caller.client.options(ROUTE, headers={"Origin": origin, **PREFLIGHT}).headers
    )
    answer = caller.cancel(headers={"Origin": origin})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "headers", [{}, {"Prefer": "code=503"}, {"Prefer": "code=401"}, {"Prefer": "fault=status-202"}]
)
def test_every_answer_can_be_read(caller: Caller, headers: dict[str, str]) -> None:
    """Successes, refusals and faults carry the headers, and expose those that a page reads."""
    answer = caller.cancel(headers={"Origin": "http://localhost:3000", **headers})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    exposed = answer.headers["access-control-expose-headers"]
    assert all(name in exposed for name in ("Preference-Applied", "Retry-After", "WWW-Authenticate"))


def test_a_page_that_may_not_call_is_told_on_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    """Its developer sees no more than a failed fetch: each origin is named once, with the option, and localhost never."""
    origins = ("http://app.test:5173", "null", "http://app.test:5173", "http://localhost:3000")
    with running_mock() as mock, caplog.at_level(logging.WARNING, "mock_server"):
        for origin in origins:
            httpx.options(mock.url + ROUTE, headers={"Origin": origin, **PREFLIGHT})
    assert [record.getMessage() for record in caplog.records] == [
        "Refused: a preflight of a page at 'http://app.test:5173'; --cors ORIGIN lets it call.",
        "Refused: a preflight of a page at 'null'; --cors '*' lets it call.",
    ]


def test_cors_names_further_origins() -> None:
    """--cors adds an origin; localhost stays, others stay out; * lets everybody in."""
    with running_mock(Settings(cors=("https://app.example/",))) as mock:
        for origin, is_let_in in (
            ("https://app.example", True),
            ("http://localhost", True),
            ("https://b.example", False),
        ):
            answer = httpx.post(mock.url + ROUTE, headers={"Origin": origin})
            assert (answer.headers.get("access-control-allow-origin") == origin) == is_let_in
    with running_mock(Settings(cors=("*",))) as mock:
        answer = httpx.post(mock.url + ROUTE, headers={"Origin": "https://b.example"})
        assert answer.headers["access-control-allow-origin"] == "https://b.example"


def test_a_preflight_is_no_request(caller: Caller) -> None:
    """A preflight is not in the journal and uses up nothing that is armed."""
    caller.arm(code=503, times=1)
    caller.client.options(ROUTE, headers={"Origin": "http://localhost:3000", **PREFLIGHT})
    assert caller.journal() == []
    assert caller.cancel().status_code == 503


PAGE = """<!doctype html><meta charset="utf-8"><title>app</title><script>
window.call = async (url, options) => {
  const answer = await fetch(url, {credentials: "include", ...options});
  const text = await answer.text();
  return {status: answer.status, text, applied: answer.headers.get("Preference-Applied"),
          retry: answer.headers.get("Retry-After"), challenge: answer.headers.get("WWW-Authenticate")};
};
</script>"""


@contextmanager
def chromium() -> Iterator[Any]:
    """A page in a real Chromium."""
    path = need_chromium()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser.new_page()
        finally:
            browser.close()


def test_a_page_in_a_real_browser_calls(mock: RunningMock) -> None:
    """A page of another origin in Chromium cancels, reads refusals and headers, uses Prefer and sessions, lists jobs, and cannot control."""
    html = answer_of("200 OK", PAGE.encode(), "Content-Type: text/html")
    body = f'{{"job_id": "{PAGE_ID}"}}'

    def options(**headers: str) -> dict[str, Any]:
        return {"method": "POST", "body": body, "headers": {"Content-Type": "application/json", **headers}}

    with answering_server(lambda _: html, host="localhost") as site, chromium() as page:
        page.goto(site.url)

        def call(path: str, **options: Any) -> dict[str, Any]:
            answer: dict[str, Any] = page.evaluate(
                "([url, options]) => window.call(url, options)", [mock.url + path, options]
            )
            return answer

        admin = {"Authorization": "Bearer admin"}
        refused = call(ROUTE, **options())
        assert (refused["status"], "Bearer" in refused["challenge"]) == (401, True)
        armed = call(ROUTE, **options(**admin, Prefer="code=503"))
        assert (armed["status"], armed["applied"], armed["retry"]) == (503, "code=503", "1")
        assert call(ROUTE, **options(**admin, **{"Mock-Session": "tab"}))["status"] == 200
        assert call(ROUTE, **options(**admin))["status"] == 200
        assert call(ROUTE, **options(**admin))["status"] == 409
        assert call("/nope")["status"] == 404
        login = options() | {"body": '{"user": {"username": "support", "password": "x"}}'}
        assert call("/login", **login)["text"] == "support"
        assert call("/_mock/jobs", method="GET", headers={"X-Trace": "1"})["status"] == 200
        for path, method in (("/_mock/jobs", "POST"), ("/_mock/behavior", "PUT"), ("/_mock/requests", "GET")):
            with pytest.raises(Exception, match="Failed to fetch"):
                call(path, method=method)
    assert [entry["status"] for entry in mock.requests()] == [401, 503, 200, 409, 404, 200, 403, 204, 403]
    assert [entry["status"] for entry in mock.requests(session="tab")] == [200]


def test_swagger_ui_tries_it_out(mock: RunningMock) -> None:
    """Swagger UI loads without the internet, authorises as a role, and its Try it out cancels a job."""
    with chromium() as page:
        foreign: list[str] = []
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith((mock.url, "data:", "blob:")) else foreign.append(request.url)
            ),
        )
        page.goto(f"{mock.url}/ui")
        page.click(".btn.authorize")
        bearer = page.locator(".auth-container", has_text="bearer").first
        bearer.locator("input").fill("support")
        bearer.locator("button.authorize").click()
        page.locator(".btn-done").first.click()
        page.click("#operations-workflow_engine-cancelJob .opblock-summary-control")
        page.click("#operations-workflow_engine-cancelJob .try-out__btn")
        page.click("#operations-workflow_engine-cancelJob button.execute")
        status = page.locator(".live-responses-table tbody .response-col_status").first
        status.wait_for()
        assert status.inner_text().strip().startswith("200")
        assert page.locator(".live-responses-table tbody").first.inner_text().count(PAGE_ID) >= 1
    assert foreign == []
    (entry,) = mock.requests()
    assert (entry["role"], entry["status"]) == ("support", 200)

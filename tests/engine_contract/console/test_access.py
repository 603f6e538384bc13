"""Who is kept out: pages of other sites, names that point here after DNS rebinding, and those without the token."""

import asyncio
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from engine_contract.console.access import Guard
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import Settings
from tests.engine_contract.console.live import Live, live_console
from tests.support.caller import PAGE_ID, Caller
from tests.support.raw_server import answer_of, raw_server

FORM = {"job_id": PAGE_ID, "role": "admin"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "own"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["cancel", "behavior", "jobs", "reset", "journal/1/pin"])
def test_forms_of_other_sites(mock: RunningMock, caller: Caller, headers: dict[str, str], path: str) -> None:
    """A form that is not sent by the console's own page changes nothing."""
    caller.cancel(role="operator")
    headers = {name: mock.url if value == "own" else value for name, value in headers.items()}
    response = caller.client.post(f"/_console/{path}", data={**FORM, "fault": "reset"}, headers=headers)
    assert response.status_code == 403
    assert response.text == "This form was sent by a page of another site. Only the console's own pages may do that.\n"
    assert caller.status() == "running"
    assert caller.client.get("/_mock/behavior").json() == {}
    assert len(caller.journal()) == 1


def test_a_real_page_of_another_origin(page: Page, mock: RunningMock, caller: Caller) -> None:
    """A browser that is led to send such a form is turned away."""
    other = mock.url.replace("127.0.0.1", "localhost")
    page.goto(f"{other}/")
    with page.expect_navigation():
        page.evaluate(
            """url => { const form = document.createElement('form'); form.method = 'post'; form.action = url;
            document.body.append(form); try { form.submit(); } catch {} location.href = '/_console/journal'; }""",
            f"{mock.url}/_console/reset",
        )
    caller.cancel()
    assert len(caller.journal()) == 1


def test_page_of_an_upstream_does_nothing_that_the_console_does(browser: Browser) -> None:
    """The application's pages are at the mock's address: there is no console, and the control API is closed to them."""
    application = answer_of("200 OK", b"<title>The application</title>", "Content-Type: text/html")
    with raw_server(application) as raw, running_mock(Settings(upstream=raw.url)) as mock, browser.new_context() as own:
        page = own.new_page()
        page.goto(f"{mock.url}/")
        assert page.title() == "The application"
        tried = page.evaluate(
            """async ([console, id]) => {
              const status = (url, how) => fetch(url, how).then(each => each.status, () => "not read");
              const form = {method: "POST", body: new URLSearchParams({job_id: id, role: "admin"})};
              const opaque = {...form, mode: "no-cors", credentials: "include"};
              const json = {"Content-Type": "application/json"};
              return [
                await status("/_console/"), await status("/_console/cancel", form),
                await status("/_mock/requests"), await status("/_mock/requests", {referrerPolicy: "no-referrer"}),
                await status("/_mock/reset", {method: "POST"}),
                await status(`/_mock/jobs/${id}`, {method: "PATCH", headers: json, body: '{"status": "complete"}'}),
                await status(`${console}/`), await status(`${console}/_console/cancel`, form),
                await status(`${console}/_console/cancel`, opaque),
                await status(`${console}/_mock/reset`, {...opaque, body: ""}),
                await status(`/_mock/jobs/${id}`),
              ];
            }""",
            [mock.console_url, PAGE_ID],
        )
        assert tried == [404, 404, 403, 403, 403, 403, "not read", "not read", "not read", 0, 200]
        assert "the console has a port of its own" in httpx.get(f"{mock.url}/_console/").json()["detail"]
        assert httpx.get(f"{mock.url}/_mock/jobs/{PAGE_ID}").json()["status"] == "running"
        page.goto(f"{mock.console_url}/")
        expect(page).to_have_title(re.compile("Mock engine"))
        asked = len(raw.requests)
        for path, status in (("/ui/", 200), ("/openapi.yaml", 200), ("/page.html", 404), ("/login", 200)):
            assert httpx.get(mock.console_url + path).status_code == status
        assert len(raw.requests) == asked
        assert page.evaluate("fetch('/_mock/reset', {method: 'POST'}).then(answer => answer.status)") == 204


def test_key_of_the_console_does_not_reach_an_upstream() -> None:
    """Cookies know no ports; programs use the control API as ever, and named origins do."""
    named = "http://localhost:4010"
    settings = Settings(upstream="http://127.0.0.1:9", control_token="t0ken", control_origins=(named,))
    with raw_server(answer_of("200 OK")) as raw, running_mock(replace(settings, upstream=raw.url)) as mock:
        cookies = {"Cookie": "a=1; console-key=s3cret; b=2"}
        assert httpx.get(f"{mock.url}/page", headers=cookies).status_code == 200
        assert raw.header("Cookie") == ["a=1; b=2"]
        known = {"Mock-Control-Token": "t0ken"}
        assert httpx.get(f"{mock.url}/_mock/requests", headers=known).status_code == 200
        pages = {**known, "Host": "localhost:4010", "Sec-Fetch-Site": "same-origin"}
        assert httpx.get(f"{mock.url}/_mock/requests", headers=pages).status_code == 200
        assert httpx.post(f"{mock.url}/_mock/reset", headers={**pages, "Origin": named}).status_code == 204
        refused = httpx.get(f"{mock.url}/_mock/requests", headers={**pages, "Host": "localhost"})
        assert (refused.status_code, "which are those of --upstream" in refused.json()["detail"]) == (403, True)
        assert httpx.get(f"{mock.console_url}/").status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4010", "127.0.0.1.evil.example", "[::ffff:1.2.3.4]", "10.0.0.7"]
)
@pytest.mark.parametrize("path", ["/", "/_console/journal", "/_console/journal.json", "/_console/static/console.js"])
def test_rebound_names(caller: Caller, host: str, path: str) -> None:
    """Nothing is shown under a name that is not this machine's."""
    response = caller.client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert response.text == f"Host {host} is not this console's; use the address that was printed at the start.\n"


@pytest.mark.parametrize("host", ["localhost:4010", "127.0.0.1", "[::1]:80", "mock", "app.localhost:1"])
def test_own_names(caller: Caller, host: str) -> None:
    """Names of this machine, and those without a dot, are its own."""
    assert caller.client.get("/", headers={"Host": host}).status_code == 200


def test_headers_of_every_answer(caller: Caller) -> None:
    """A strict policy: nothing inline, nothing from elsewhere, not in a frame, no text turned into markup."""
    for path in (
        "/",
        "/_console/journal.json",
        "/_console/job?id=none",
        "/_console/static/console.css",
        "/_console/none",
    ):
        headers = caller.client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_pages_have_nothing_inline(caller: Caller) -> None:
    """No page has an inline script, an inline style, or an address of another host."""
    caller.cancel()
    for path in ("/", f"/_console/job?id={PAGE_ID}", "/_console/journal/1", "/_console/behavior", "/_console/cancel"):
        text = caller.client.get(path).text
        assert "<script>" not in text
        assert " style=" not in text
        assert 'src="http' not in text


def test_the_token_is_asked_for(page: Page) -> None:
    """With a token the console opens to those who know it, and shows nothing before."""
    with live_console(Live(), guard=Guard(token="open sesame", asks="The key on the note")) as url:
        response = httpx.get(f"{url}/", trust_env=False)
        assert response.status_code == 401
        assert "Nightly" not in response.text
        assert httpx.get(f"{url}/journal.json", trust_env=False).status_code == 401
        response = httpx.post(
            f"{url}/login", data={"token": "sesame"}, headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False
        )
        assert response.status_code == 403
        page.goto(f"{url}/login")
        page.get_by_label("The key on the note").fill("open sesame")
        page.get_by_role("button", name="Open the console").click()
        expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert "sesame" not in str(cookie["value"])


def test_other_addresses_need_a_token() -> None:
    """On addresses other than loopback the console is closed without a token."""
    headers = {b"host": b"engine.example"}
    assert Guard("0.0.0.0", closed="It is closed.").objection("GET", headers) == "It is closed."  # noqa: S104 - closed there
    assert Guard("0.0.0.0", "secret").objection("GET", headers) is None  # noqa: S104 - asks for it


def test_large_and_broken_forms(caller: Caller) -> None:
    """A form that is too large is refused; one that is broken changes nothing."""
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    assert caller.client.post("/_console/cancel", content=b"a" * 100_000, headers=headers).status_code == 413
    assert caller.client.post("/_console/cancel", content=b"\xff%%%=&;", headers=headers).status_code == 400
    for address in (
        "/?offset=-5",
        "/?offset=x",
        "/_console/journal?before=-1",
        "/_console/journal.json?since=x",
        "/?status=odd",
    ):
        assert caller.client.get(address).status_code in {200, 400}
    assert caller.client.get("/?session=a b").status_code == 400
    assert caller.client.post("/").status_code == 404


def test_the_mock_starts_without_the_console() -> None:
    """The console is imported by the first request to it, not before, and so is what other requests alone need."""
    late = [
        *("engine_contract.console.flask_app", "engine_contract.text.masking.values"),
        *("mock_server.control.api", "mock_server.faults"),
    ]
    code = f"import sys; from mock_server.app import create_app; create_app(); print({{*{late}}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_pages_do_not_hold_up_the_mock(mock: RunningMock, caller: Caller) -> None:
    """While a page over many jobs is made, cancels are answered, each in a small part of the time that it takes."""
    mock.add_jobs(100_000)

    async def both() -> tuple[float, float, list[int]]:
        async with httpx.AsyncClient(base_url=mock.url, trust_env=False) as client:
            page: Any = asyncio.create_task(client.get("/?search=nothing+holds+this", timeout=30))
            longest, statuses = 0.0, []
            while not page.done():
                response = await client.post(
                    "/workflow_engine/cancelJob", json={"job_id": PAGE_ID}, headers={"Authorization": "Bearer admin"}
                )
                longest = max(longest, response.elapsed.total_seconds())
                statuses.append(response.status_code)
            assert page.result().status_code == 200
            return longest, page.result().elapsed.total_seconds(), statuses

    with ThreadPoolExecutor(1) as pool:  # the browser has a loop in this thread
        longest, whole, statuses = pool.submit(asyncio.run, both()).result()
    assert set(statuses) == {200, 409}
    assert len(statuses) > 5
    assert longest < whole / 2
    assert caller.status() == "canceled"

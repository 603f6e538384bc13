"""Who is kept out: pages of other sites, names that point here after DNS rebinding, and those without the token."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from engine_contract.console.access import Guard
from mock_server.serving.in_process import RunningMock
from tests.engine_contract.console.live import Live, live_console
from tests.support.caller import PAGE_ID, Caller

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


def test_the_mock_starts_without_flask() -> None:
    """Flask is imported by the first request to the console, not before."""
    code = (
        "import sys; from mock_server.app import create_app; create_app();"
        "assert not {'flask', 'flask.app', 'engine_contract.console.flask_app'} & set(sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


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

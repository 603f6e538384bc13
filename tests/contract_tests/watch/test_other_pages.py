"""Pages of the engine, and of other sites, in a real browser: what they can do to the console, and to the engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response

from tests import standin
from tests.support.raw_server import answer_of, answering_server
from tests.support.watching import ROUTE, Watching, watching

PAGE = answer_of("200 OK", b"<!doctype html><title>x</title><p>page", "Content-Type: text/html")

# As a script of the engine's page would try, with the console's port, and even with its key.
ATTACK = """async ({ pages, api, key, jobId }) => {
  const got = {};
  const attempt = async (name, action) => { try { got[name] = await action(); } catch (error) { got[name] = "blocked"; } };
  const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ job_id: jobId, role: "admin", confirm: jobId }) };
  const form = new URLSearchParams({ job_id: jobId, role: "admin", confirmed: jobId });
  await attempt("old place", async () => (await fetch("/_watch/api/cancel", json)).status);
  await attempt("read", async () => (await fetch(`${api}/entries`)).text());
  await attempt("read with the key", async () => (await fetch(`${api}/entries`, { headers: { Authorization: `Bearer ${key}` } })).text());
  await attempt("cancel", async () => (await fetch(`${api}/cancel`, json)).status);
  await attempt("page", async () => (await fetch(`${pages}/journal`, { credentials: "include" })).text());
  await attempt("script", async () => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${pages}/journal.json`; script.onload = () => done("loaded"); script.onerror = failed; document.head.append(script);
  }));
  await attempt("simple cancel", async () => (await fetch(`${api}/cancel`, { ...json, mode: "no-cors", headers: { "Content-Type": "text/plain" } })).text());
  await attempt("form", async () => (await fetch(`${pages}/cancel`, { method: "POST", mode: "no-cors", body: form })).text());
  await attempt("frame", async () => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument ? frame.contentDocument.body.textContent : "blocked"); } catch { done("blocked"); } };
    frame.src = `${pages}/`; document.body.append(frame);
  }));
  await attempt("window", async () => { const other = window.open(`${pages}/`); await new Promise((done) => setTimeout(done, 300)); return other.document.title; });
  return got;
}"""


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """A browser's tab, in which much goes wrong."""
    context = browser.new_context()
    context.set_default_timeout(8000)
    yield context.new_page()
    context.close()


def test_page_of_the_engine_neither_reads_the_console_nor_acts_through_it(visitor: Page) -> None:
    """Logged in as nobody or as anybody, its scripts get nothing of the console's origin, and no job is canceled."""
    with standin.serve() as engine, watching(engine.url, tokens={"admin": "admin"}) as watch:
        (job_id,) = engine.make_jobs(1)
        origin, _, key = watch.console.rpartition("/")
        visitor.goto(watch.url)
        got = visitor.evaluate(ATTACK, {"pages": watch.console, "api": f"{origin}/api", "key": key, "jobId": job_id})
        # An answer that the browser keeps from the page is an empty text.
        assert {name: text for name, text in got.items() if text not in ("blocked", "")} == {"old place": 404}
        assert engine.canceled == set()
        assert [entry.is_cancel for entry in watch.watch.journal.entries()].count(True) == 0


def _sent(engine: Any) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in engine.requests]


def test_name_that_was_rebound_opens_neither_port(visitor: Page) -> None:
    """A site whose name points here gets 421 for the engine and for the console; --allow-host names those that may."""
    allowed = frozenset({"qa.test"})
    with answering_server(lambda _request: PAGE) as engine, watching(engine.url, allow_hosts=allowed) as watch:
        for url in (watch.url, watch.console):
            for name, status in (("evil.test", 421), ("qa.test", 200), ("staging.localhost", 200)):
                response = visitor.goto(f"{url.replace('127.0.0.1', name)}/")
                assert response is not None
                assert (name, response.status) == (name, status)
        assert [request.partition(b" HTTP")[0] for request in engine.requests].count(b"GET /") == 2


def _cross(visitor: Page, watch: Watching) -> Response | None:
    """Try all that a page of another site can send to a watcher, then follow a link."""
    visitor.evaluate(
        """async (url) => {
          const tries = [fetch(url + "/post", { method: "POST", mode: "no-cors", body: "x" }), fetch(url + "/get", { mode: "no-cors" }),
            fetch(url + "/json", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" })];
          for (const name of ["img", "script", "iframe"]) tries.push(new Promise((done) => {
            const element = document.createElement(name);
            element.onload = element.onerror = done; element.src = `${url}/${name}`; document.body.append(element); }));
          tries.push(new Promise((done) => { const socket = new WebSocket(url.replace("http", "ws") + "/feed"); socket.onerror = socket.onclose = done; }));
          await Promise.allSettled(tries);
        }""",
        watch.url,
    )
    with visitor.expect_navigation():
        visitor.evaluate(
            """url => { const form = document.createElement("form"); form.method = "post"; form.action = url; document.body.append(form); form.submit(); }""",
            watch.url + ROUTE,
        )
    visitor.go_back()
    with visitor.expect_navigation() as led:
        visitor.evaluate("url => { location.href = url; }", f"{watch.url}/linked")
    return led.value


def test_page_of_another_site_cannot_use_a_credential_that_is_added(visitor: Page) -> None:
    """While --header is added it may link to the engine's pages, and nothing else it sends gets there."""
    with (
        answering_server(lambda _request: PAGE) as evil,
        answering_server(lambda _request: PAGE) as engine,
        watching(engine.url, headers={"Authorization": "Bearer s3cret"}) as watch,
    ):
        visitor.goto(evil.url.replace("127.0.0.1", "evil.test"))
        response = _cross(visitor, watch)
        assert response is not None
        assert response.status == 200
        assert {request.partition(b" HTTP")[0] for request in engine.requests} <= {b"GET /linked", b"GET /favicon.ico"}
        assert len([entry for entry in watch.watch.journal.entries() if entry.status is None]) >= 8


def test_page_of_another_site_passes_as_anywhere_while_nothing_is_added(visitor: Page) -> None:
    """Without a credential of the watcher's it can do what it can do to the engine itself, with its own `Origin`."""
    with (
        answering_server(lambda _request: PAGE) as evil,
        answering_server(lambda _request: PAGE) as engine,
        watching(engine.url) as watch,
    ):
        origin = evil.url.replace("127.0.0.1", "evil.test")
        visitor.goto(origin)
        _cross(visitor, watch)
        posts = [number for number, request in enumerate(engine.requests) if request.startswith(b"POST ")]
        assert posts
        assert {tuple(engine.header("origin", number)) for number in posts} == {(origin,)}

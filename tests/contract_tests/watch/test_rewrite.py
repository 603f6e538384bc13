"""An engine that names itself by absolute URLs: what is told of it, and what --rewrite makes of it."""

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.support.raw_server import RawRequest, answer_of, answering_server, raw_server
from tests.support.watching import ROUTE, watching


def serving(body: str, *headers: str, status: str = "200 OK", packed: str = "") -> bytes:
    """An answer with that body, packed as asked."""
    content = body.encode()
    if packed:
        content = gzip.compress(content) if packed == "gzip" else zlib.compress(content)
        headers = (*headers, f"Content-Encoding: {packed}")
    return answer_of(status, content, *headers)


HTML, SCRIPT, JSON = (f"Content-Type: {kind}" for kind in ("text/html", "text/javascript", "application/json"))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("The body of GET /x", lambda own: serving(f"<a href={own}/y>y</a>", HTML)),
        ("The body of GET /x", lambda own: serving(f"fetch('{own}/y')", SCRIPT, packed="gzip")),
        ("The body of GET /x", lambda own: serving(json.dumps({"api": own}).replace("/", "\\/"), JSON)),
        ("The body of GET /x", lambda own: serving(f"a {{ background: url({own}/y) }}", "Content-Type: text/css")),
        ("The Content-Security-Policy of GET /x", lambda own: serving("", f"Content-Security-Policy: img-src {own}", HTML)),
    ],
)  # fmt: skip
def test_what_names_the_engines_own_address_is_told_once(name: str, answer: Callable[[str], bytes]) -> None:
    """On the terminal, on each page of the console and in its API: which exchange, what it means, and the remedy."""
    with (
        answering_server(lambda request: answer(f"http://{request.header('Host')}")) as engine,
        watching(engine.url) as watch,
    ):
        assert watch.api().get("/about").json()["notice"] is None
        assert "own address" not in httpx.get(f"{watch.console}/").text
        for _ in range(2):
            httpx.get(f"{watch.url}/x")
        notice = (
            f"{name} names the engine's own address, {engine.url}: what a browser sends there passes the watcher by, "
            "unseen; start with --rewrite to change it in text bodies."
        )
        assert watch.said == [f"NOTE  {notice}"]
        assert watch.api().get("/about").json()["notice"] == notice
        assert "start with --rewrite" in httpx.get(f"{watch.console}/journal").text


@pytest.mark.parametrize(
    "answer",
    [
        lambda _own: serving("<a href=/y>y</a>", HTML),
        lambda own: serving(f"{own}/y", "Content-Type: application/octet-stream"),
        lambda own: serving(f'<a href="{own}/y">Found</a>', HTML, f"Location: {own}/y", status="302 Found"),
        lambda own: serving(f"{own}0/y http://evil.example", HTML),
    ],
)
def test_what_leads_nowhere_else_is_not_told(answer: Callable[[str], bytes]) -> None:
    """Paths, bytes, the body of a redirect that is followed through the watcher, and other addresses."""
    with (
        answering_server(lambda request: answer(f"http://{request.header('Host')}")) as engine,
        watching(engine.url) as watch,
    ):
        httpx.get(f"{watch.url}/x")
        assert watch.said == []


def test_bodies_are_unchanged_without_rewrite() -> None:
    """What passes is what the engine sent, byte by byte; its policy alone names the watcher."""
    with (
        answering_server(
            lambda request: serving(f"<a href={request.header('Host')}>", HTML, "X-Own: http://h")
        ) as engine,
        watching(engine.url) as watch,
    ):
        response = httpx.get(f"{watch.url}/x")
        assert response.text == f"<a href={engine.url.removeprefix('http://')}>"
        assert response.headers["content-length"] == str(len(response.content))


@pytest.mark.parametrize("packed", ["", "gzip", "deflate"])
def test_rewrite_changes_text_bodies(packed: str, tmp_path: Path) -> None:
    """Packed or not, the caller gets the watcher's address; journal and recording hold what the engine sent; nothing is told."""
    record = tmp_path / "all.har"
    with (
        answering_server(
            lambda request: serving(f"fetch('http://{request.header('Host')}/y')" * 5000, SCRIPT, packed=packed)
        ) as engine,
        watching(engine.url, record=record, rewrite=True) as watch,
    ):
        response = httpx.get(f"{watch.url}/x")
        assert response.text == f"fetch('{watch.url}/y')" * 5000
        assert "content-encoding" not in response.headers
        named = httpx.get(f"{watch.url.replace('127.0.0.1', 'localhost')}/x")
        assert named.text == f"fetch('{watch.url.replace('127.0.0.1', 'localhost')}/y')" * 5000
        assert watch.watch.journal.entries()[0].response.body == f"fetch('{engine.url}/y')" * 5000
        assert watch.said == []
        assert engine.header("accept-encoding") == ["gzip, deflate"]
    assert engine.url in json.loads(record.read_text())["log"]["entries"][0]["response"]["content"]["text"]


def test_rewrite_leaves_what_is_not_a_whole_text() -> None:
    """A cancel's answer, bytes of no text, a part, HEAD and an encoding that cannot be read pass as they are."""

    def answer(request: RawRequest) -> bytes:
        own = f"http://{request.header('Host')}/"
        kind = {"/bytes": "application/octet-stream"}.get(request.path, "text/html")
        status = "206 Partial Content" if request.path == "/part" else "200 OK"
        encoding = ("Content-Encoding: br",) if request.path == "/br" else ()
        return answer_of(status, own.encode(), f"Content-Type: {kind}", *encoding)

    with answering_server(answer) as engine, watching(engine.url, rewrite=True) as watch:
        for path in ("/bytes", "/part", "/br"):
            with httpx.stream("GET", watch.url + path) as response:
                assert b"".join(response.iter_raw()).decode() == f"{engine.url}/", path
                assert response.headers["content-length"] == str(len(engine.url) + 1)
        assert httpx.head(f"{watch.url}/x").headers["content-length"] == str(len(engine.url) + 1)
        assert httpx.post(watch.url + ROUTE, json={"job_id": "x"}).text == f"{engine.url}/"
        assert httpx.get(f"{watch.url}/x").text == f"{watch.url}/"
        assert watch.said[0].endswith("unseen; --rewrite does not reach it.")


def test_rewritten_body_that_breaks_off_is_cut_off() -> None:
    """Broken packing ends the answer as the engine's own break would, and the journal says why."""
    with (
        raw_server(answer_of("200 OK", b"not packed at all", HTML, "Content-Encoding: gzip")) as engine,
        watching(engine.url, rewrite=True) as watch,
    ):
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{watch.url}/x")
        assert "gzip is broken" in str(watch.watch.journal.entries()[0].reason)


def test_rewritten_stream_passes_as_it_comes() -> None:
    """An event is with the caller before the next one is sent, also where it names the engine."""
    received = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: http://")
        connection.sendall(f"{engine.url.removeprefix('http://')}/x\n\n".encode())
        assert received.wait(60)
        connection.sendall(b"data: end\n\n")

    with (
        raw_server(talk) as engine,
        watching(engine.url, rewrite=True) as watch,
        httpx.stream("GET", watch.url) as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == f"data: {watch.url}/x"
        received.set()
        assert list(lines) == ["", "data: end", ""]


def page(request: RawRequest) -> bytes:
    """An engine whose page names it in every way, and shows in its title what it could load."""
    own = f"http://{request.header('Host')}"
    match request.path:
        case "/absolute":
            html = (
                f"<!doctype html><base href='{own}/'><link rel=stylesheet href=a.css><script src='{own}/a.js'></script>"
            )
            return serving(html, HTML, f"Content-Security-Policy: default-src {own}; base-uri {own}")
        case "/policy":
            html = "<!doctype html><link rel=stylesheet href=a.css><script src=/a.js></script>"
            policy = (
                f"default-src 'none'; script-src {own}; style-src {own}; connect-src {own}; upgrade-insecure-requests"
            )
            return serving(html, HTML, f"Content-Security-Policy: {policy}")
        case "/a.js":
            where = "location.origin" if "/policy" in request.header("Referer") else f"'{own}'"
            return serving(f"fetch({where} + '/data').then((r) => r.text()).then((t) => document.title = t)", SCRIPT)
        case "/a.css":
            return serving("p { color: red }", "Content-Type: text/css")
    return serving("loaded", "Content-Type: text/plain")


@pytest.mark.parametrize(("path", "rewrite"), [("/policy", False), ("/policy", True), ("/absolute", True)])
def test_page_that_names_the_engine_loads_by_way_of_the_watcher(browser: Browser, path: str, rewrite: bool) -> None:  # noqa: FBT001
    """A policy of the engine's origin, with TLS demanded, lets the page load; with --rewrite <base> and scripts do too."""
    with answering_server(page) as engine, watching(engine.url, rewrite=rewrite) as watch:
        visitor = browser.new_page()
        seen: list[str] = []
        visitor.on("request", lambda request: seen.append(request.url))
        visitor.goto(watch.url + path)
        expect(visitor).to_have_title("loaded", timeout=60_000)
        visitor.close()
        assert {url.removeprefix(watch.url) for url in seen} - {"/favicon.ico"} == {path, "/a.css", "/a.js", "/data"}
        assert len(watch.said) == (0 if rewrite else 1)

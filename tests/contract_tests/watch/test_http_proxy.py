"""Requests and answers pass unchanged, but for what ties them to one address or connection."""

import gzip
import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.raw_server import answer_of, raw_server, read_message
from tests.support.watching import ROUTE, send_raw, watching

OK = answer_of("200 OK", b"fine", "Content-Type: text/plain")


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request that asks for the connection to be closed."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Connection: close", *headers]).encode() + b"\r\n\r\n" + body


def test_a_request_passes_byte_for_byte() -> None:
    """Path, query, headers in their order and the body arrive as they were sent; Host is the engine's."""
    body = bytes(range(256)) * 40
    with raw_server(OK) as engine, watching(engine.url) as watch:
        head = (
            "Host: 127.0.0.1:1", f"Content-Length: {len(body)}", "X-One: a", "X-Two: b", "X-One: c",
            "Accept-Encoding: br, zstd", "Content-Type: application/octet-stream", "Cookie: a=1; b=2",
        )  # fmt: skip
        send_raw(watch.address, request("PUT", "/a%2Fb/%C3%A4//c;d?x=%20y&&z=+", *head, body=body))
        lines = engine.head()
        assert lines[0] == "PUT /a%2Fb/%C3%A4//c;d?x=%20y&&z=+ HTTP/1.1"
        assert engine.header("host") == [urlsplit(engine.url).netloc]
        assert engine.header("content-length") == [str(len(body))]
        assert engine.header("transfer-encoding") == []
        assert [line.lower() for line in lines if line.lower().startswith("x-")] == ["x-one: a", "x-two: b", "x-one: c"]
        assert engine.header("accept-encoding") == ["br, zstd"]
        assert engine.header("cookie") == ["a=1; b=2"]
        assert engine.header("user-agent") == []
        assert engine.header("via") == []
        assert engine.body() == body


def test_a_chunked_request_stays_chunked() -> None:
    """A request without Content-Length gets none."""
    with raw_server(OK) as engine, watching(engine.url) as watch:
        chunks = b"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"
        send_raw(watch.address, request("POST", "/x", "Host: localhost", "Transfer-Encoding: chunked", body=chunks))
        assert engine.header("transfer-encoding") == ["chunked"]
        assert engine.header("content-length") == []
        parts = engine.body().split(b"\r\n")
        assert b"".join(parts[1::2]) == b"abcdefg"


def test_an_answer_passes_byte_for_byte() -> None:
    """A compressed body stays compressed, cookies stay apart, and no header is added or lost."""
    body = gzip.compress(b"x" * 50_000)
    response = answer_of(
        "203 Other", body, "Content-Encoding: gzip", "Date: Tue, 24 Nov 2026 00:00:00 GMT", "Server: engine/1",
        "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/; HttpOnly", 'ETag: W/"1"',
    )  # fmt: skip
    with raw_server(response) as engine, watching(engine.url) as watch:
        received = send_raw(watch.address, request("GET", "/", "Host: localhost"))
    head, _, content = received.partition(b"\r\n\r\n")
    assert content == body
    assert sorted(head.decode().lower().split("\r\n")[1:]) == sorted(
        [
            f"content-length: {len(body)}",
            "content-encoding: gzip",
            "date: tue, 24 nov 2026 00:00:00 gmt",
            "server: engine/1",
            "set-cookie: a=1; path=/",
            "set-cookie: b=2; path=/; httponly",
            'etag: w/"1"',
            "connection: close",
        ]
    )


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\n\r\nabcde", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", True),
    ],
    ids=["chunked", "until close", "with length"],
)
def test_bodies_of_any_framing_arrive(raw: bytes, whole: bool) -> None:  # noqa: FBT001 - parametrized
    """Chunked bodies, those that end with the connection, and those of a known length arrive whole."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(raw)

    with raw_server(talk) as engine, watching(engine.url) as watch:
        assert (httpx.get(watch.url).content == b"abcde") is whole


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "200 OK"])
def test_answers_without_a_body_pass(status: str) -> None:
    """HEAD keeps the length that it announces; 204 and 304 end where their head ends."""
    method = "HEAD" if status == "200 OK" else "GET"
    response = f"HTTP/1.1 {status}\r\nContent-Length: 7\r\nETag: x\r\n\r\n".encode()
    with raw_server(response) as engine, watching(engine.url) as watch, httpx.Client() as client:
        for _ in range(2):
            received = client.request(method, watch.url)
            assert received.status_code == int(status[:3])
            assert received.content == b""
            assert received.headers["etag"] == "x"
            if method == "HEAD":
                assert received.headers["content-length"] == "7"
        assert [item.partition(b" ")[0].decode() for item in engine.requests] == [method] * 2


def test_connections_are_kept() -> None:
    """One connection of a caller serves many requests, and so does one to the engine."""
    connections = []

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        connection.sendall(OK)
        while read_message(connection):
            connection.sendall(OK)

    with raw_server(talk) as engine, watching(engine.url) as watch:
        with socket.create_connection(watch.address, timeout=20) as caller:
            for _ in range(5):
                caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert read_message(caller).endswith(b"fine")
        assert len(connections) == 1


def test_a_large_answer_is_streamed() -> None:
    """An answer is passed on while it comes: its beginning is there before the engine sends its end."""
    import threading

    go_on = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n" + b"a" * 10_000_000)
        go_on.wait(20)
        connection.sendall(b"b" * 10_000_000)

    with raw_server(talk) as engine, watching(engine.url) as watch, httpx.stream("GET", watch.url) as response:
        size = 0
        for part in response.iter_raw():
            size += len(part)
            if size >= 10_000_000:
                go_on.set()
        assert size == 20_000_000


def test_hop_by_hop_headers_stay_on_their_hop() -> None:
    """What RFC 9110 has for one connection, and what `Connection` names, is not passed on; neither way."""
    response = answer_of("200 OK", b"", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "X-Kept: 1")
    with raw_server(response) as engine, watching(engine.url) as watch:
        received = send_raw(
            watch.address,
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nKeep-Alive: 5\r\n"
            b"Proxy-Connection: x\r\nUpgrade: h2c\r\nX-Kept: 2\r\n\r\n",
        ).lower()
        for name in ("x-mine", "te", "keep-alive", "proxy-connection", "upgrade"):
            assert engine.header(name) == []
        assert engine.header("x-kept") == ["2"]
    assert b"x-hop" not in received
    assert b"keep-alive" not in received
    assert b"x-kept: 1" in received


def test_origin_and_referer_of_the_watchers_pages_become_the_engines() -> None:
    """A page that came through the watcher may post: its Origin is the engine's; those of other sites stay."""
    with raw_server(OK) as engine, watching(engine.url) as watch:
        httpx.post(watch.url, headers={"Origin": watch.url, "Referer": f"{watch.url}/page?x"})
        assert engine.header("origin") == [engine.url]
        assert engine.header("referer") == [f"{engine.url}/page?x"]
        httpx.post(watch.url, headers={"Origin": "https://other.example"})
        assert engine.header("origin") == ["https://other.example"]


def test_a_base_path_is_put_before_each_path() -> None:
    """The watcher's root is the engine's base; a URL that names the operation stands for its base."""
    with raw_server(OK, "/base") as engine, watching(engine.url) as watch:
        httpx.get(f"{watch.url}/x?y=1")
        assert engine.head()[0] == "GET /base/x?y=1 HTTP/1.1"


def test_a_header_of_the_options_is_added() -> None:
    """`--header` goes with every request, in place of the caller's own, and shows nowhere."""
    with raw_server(OK) as engine, watching(engine.url, headers={"X-Gateway": "gateway-secret"}) as watch:
        httpx.get(watch.url, headers={"x-gateway": "mine"})
        assert engine.header("x-gateway") == ["gateway-secret"]


def test_the_held_answer_of_a_cancel_keeps_its_length() -> None:
    """A cancel's answer passes with its own Content-Length and bytes; a chunked one stays without."""
    document = json.dumps({"_id": "x"}).encode()
    with (
        raw_server(answer_of("200 OK", document, "Content-Type: application/json")) as engine,
        watching(engine.url) as watch,
    ):
        response = httpx.post(watch.url + ROUTE, json={"job_id": "x"})
        assert response.content == document
        assert response.headers["content-length"] == str(len(document))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with raw_server(chunked) as engine, watching(engine.url) as watch:
        response = httpx.post(watch.url + ROUTE, json={"job_id": "x"})
        assert response.content == b"{}"
        assert "content-length" not in response.headers


def test_a_cancel_answered_without_end_streams_on_unjudged() -> None:
    """An answer beyond the limit is passed on whole, not judged, and the journal says why."""
    size = 9 << 20

    def talk(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)

    with raw_server(talk) as engine, watching(engine.url) as watch:
        response = httpx.post(watch.url + ROUTE, json={"job_id": "x"}, timeout=30)
        assert len(response.content) == size
        assert "contract-violations" not in response.headers
        (entry,) = watch.watch.journal.entries()
        assert entry.reason == "Not judged: the answer is larger than 8 MiB."


def test_a_request_that_is_no_http_is_refused() -> None:
    """A header that HTTP does not allow is answered with 400 and the reason, and the watcher works on."""
    with raw_server(OK) as engine, watching(engine.url) as watch:
        received = send_raw(
            watch.address, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: a\x01b\r\n\r\n"
        )
        assert b" 400 " in received.split(b"\r\n")[0]
        assert httpx.get(watch.url).status_code == 200


@pytest.mark.parametrize("path", ["/x", ROUTE])
def test_a_caller_of_http_1_0_gets_a_length_in_place_of_chunks(path: str) -> None:
    """HTTP/1.0 has no chunks: an answer without a length is given one."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with raw_server(chunked) as engine, watching(engine.url) as watch:
        received = send_raw(watch.address, f"POST {path} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    head, _, body = received.partition(b"\r\n\r\n")
    assert body == b"abcde"
    assert b"content-length: 5" in head.lower()
    assert b"chunked" not in head.lower()


def test_a_cancel_is_answered_in_an_encoding_that_can_be_judged() -> None:
    """A browser's `br` and `zstd` are not asked for where the answer is judged, or searched for the engine's own address."""
    headers = {"Accept-Encoding": "gzip, deflate;q=0.5, br, zstd"}
    with raw_server(answer_of("200 OK", b"{}", "Content-Type: application/json")) as raw, watching(raw.url) as watch:
        httpx.post(watch.url + ROUTE, json={"job_id": "x"}, headers=headers)
        assert raw.header("Accept-Encoding") == ["gzip, deflate;q=0.5"]
        httpx.get(f"{watch.url}/ui", headers=headers)
        assert raw.header("Accept-Encoding") == ["gzip, deflate;q=0.5, br, zstd"]
        httpx.get(f"{watch.url}/ui.js", headers={**headers, "Sec-Fetch-Dest": "script"})
        assert raw.header("Accept-Encoding") == ["gzip, deflate;q=0.5"]


def test_marks_are_the_watchers_own() -> None:
    """An engine's own `Contract-Violations` does not pass for the watcher's."""
    response = answer_of(
        "404 Not Found", b"{}", "Content-Type: application/json", "Contract-Violations: response.status"
    )
    with raw_server(response) as raw, watching(raw.url) as watch:
        passed = httpx.post(watch.url + ROUTE, json={"job_id": "x"}, headers={"Authorization": "Bearer admin"})
    assert "contract-violations" not in passed.headers

"""The HTTP protocols of both programs: what callers send that is odd, and what they get."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from uvicorn.server import ServerState

from engine_contract.http import http_protocol
from engine_contract.http.server import Server
from mock_server.app import create_app
from mock_server.serving.server import bind, url_of
from mock_server.settings import Settings
from tests.support.caller import ROUTE
from tests.support.raw import GOOD, request, statuses, talk

BOTH = pytest.mark.parametrize(
    "make", [http_protocol.httptools_protocol, http_protocol.h11_protocol], ids=["httptools", "h11"]
)


@contextmanager
def _served(app: Any, settings: Settings, protocol: Any) -> Iterator[str]:
    ready = Event()
    server = Server(app, ready=ready.set, grace_s=0.5, http=protocol)
    bound = bind(settings)
    thread = Thread(target=server.run, args=(bound,), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield url_of(settings, bound[0])
    finally:
        server.stop()
        thread.join(20)


@BOTH
@pytest.mark.parametrize(("fault", "is_reset"), [("reset", True), ("truncated", False)])
def test_connection_is_broken_behind_middleware(make: Any, fault: str, is_reset: bool) -> None:  # noqa: FBT001
    """A fault that breaks the connection does so though a middleware wraps `receive` and `send`."""
    settings = Settings(port=0, fault=fault)
    app = create_app(settings)

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def wrapped_receive() -> Any:
            return await receive()

        async def wrapped_send(message: Any) -> None:
            await send(message)

        await app(scope, wrapped_receive, wrapped_send)

    with _served(middleware, settings, make()) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=5) as caller:
            caller.sendall(GOOD)
            received = b""
            try:
                while part := caller.recv(65536):
                    received += part
            except ConnectionResetError:
                assert is_reset
            else:
                assert not is_reset
                assert received.startswith(b"HTTP/1.1 200 ")


OFFER = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQ")


class _Connection(asyncio.Transport):
    """A connection without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = self.is_half_closed = self.is_paused = False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.is_half_closed = True

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the method, the path and the body; at `/early` before the body, and with a close."""
    is_early = scope["path"] == "/early"
    body, more = b"", not is_early
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    content = f"{scope['method']} {scope['path']} ".encode() + body
    headers = [(b"content-length", b"%d" % len(content)), *([(b"connection", b"close")] if is_early else [])]
    await send({"type": "http.response.start", "status": 413 if is_early else 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _exchange(make: Any, *packets: bytes, app: Any = _echo) -> _Connection:
    """Return the connection once these packets were read one after the other."""

    async def run() -> _Connection:
        config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", date_header=False, server_header=False)
        config.load()
        protocol, connection = make()(config=config, server_state=ServerState(), app_state={}), _Connection()
        protocol.connection_made(connection)
        for packet in packets:
            protocol.data_received(packet)
            for _ in range(6):
                await asyncio.sleep(0)
        for _ in range(20):
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        await asyncio.sleep(0)
        return connection

    return asyncio.run(run())


def _bodies(connection: _Connection) -> list[bytes]:
    """Return the bodies of the 200 responses."""
    return [part.partition(b"\r\n\r\n")[2] for part in connection.written.split(b"HTTP/1.1 200 OK")[1:]]


@BOTH
@pytest.mark.parametrize("offer", [b"h2c", b"TLS/1.0, HTTP/2.0", b"websocket"])
def test_offer_of_another_protocol_is_served_in_http_1(make: Any, offer: bytes) -> None:
    """A request with `Upgrade` keeps its body, with its length or in chunks, and the next one is served."""
    headers = tuple(header.replace(b"h2c", offer) for header in OFFER)
    chunked = b"\r\n".join([b"POST /x HTTP/1.1", b"Host: h", b"Transfer-Encoding: chunked", *headers, b"", b""])
    chunked += b"3\r\nabc\r\n0\r\n\r\n"
    data = request(b"abc", *headers, line=b"POST /x HTTP/1.1") + chunked + request(b"d", line=b"PUT /y HTTP/1.1")
    assert _bodies(_exchange(make, data)) == [b"POST /x abc", b"POST /x abc", b"PUT /y d"]


@BOTH
def test_offer_of_another_protocol_may_be_split_anywhere(make: Any) -> None:
    """Wherever the packet with an `Upgrade` is split, its body and the request behind it are read."""
    data = request(b"abc", *OFFER, line=b"POST /x HTTP/1.1") + request(b"d", line=b"PUT /y HTTP/1.1")
    for at in range(1, len(data)):
        assert _bodies(_exchange(make, data[:at], data[at:])) == [b"POST /x abc", b"PUT /y d"], at


def test_offer_of_another_protocol_is_seen_by_the_application() -> None:
    """The application gets the headers as they were sent."""
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend(scope["headers"])
        await _echo(scope, receive, send)

    _exchange(http_protocol.httptools_protocol, request(b"abc", *OFFER), app=app)
    assert (b"upgrade", b"h2c") in seen
    assert (b"connection", b"Upgrade, HTTP2-Settings") in seen


@BOTH
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: \r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nhOST: a_b.example:\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
    ],
)
def test_request_has_one_host(make: Any, head: bytes, status: int) -> None:
    """HTTP/1.1 without a `Host`, and any version with two, is 400 (RFC 9112, section 3.2)."""
    assert _exchange(make, head).written.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a@b", b"a,b c", b"http://a", b"a:b", b"\xff", b"[::1"])
def test_host_is_a_host(host: bytes) -> None:
    """A `Host` that is not a host with a port is 400."""
    sent = b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host
    assert _exchange(http_protocol.httptools_protocol, sent).written.startswith(b"HTTP/1.1 400 ")


@BOTH
def test_limit_of_a_head_counts_heads_alone(make: Any) -> None:
    """Requests that are pipelined behind large bodies are served, however the packets are cut."""
    data = request(b"x" * 32_000, line=b"POST /x HTTP/1.1") * 6
    for size in (len(data), 65_536, 33_333, 1_000):
        packets = [data[at : at + size] for at in range(0, len(data), size)]
        assert len(_bodies(_exchange(make, *packets))) == 6


@BOTH
def test_trailers_of_a_body_are_not_headers(make: Any) -> None:
    """A credential or a Host behind a chunked body is nobody's."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await _echo(scope, receive, send)
        seen.extend(name for name, _ in scope["headers"])

    head = b"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    for packets in (
        (head + b"Authorization: Bearer x\r\nHost: evil\r\n\r\n",),
        (head, b"Authorization: x\r\n", b"\r\n"),
    ):
        seen.clear()
        assert _bodies(_exchange(make, *packets, app=app)) == [b"POST /x abc"]
        assert sorted(seen) == [b"host", b"transfer-encoding"]


@BOTH
def test_trailers_beyond_the_limit_end_the_connection(make: Any) -> None:
    """Trailers without end are refused on the wire, in one packet or in many, and others are served."""
    settings = Settings(port=0)
    data = b"POST %b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" % ROUTE.encode()
    data += b"X-More: yes\r\n" * 15_000
    with _served(create_app(settings), settings, make()) as url:
        for size in (len(data), 4_096):
            written = talk(url, *(data[at : at + size] for at in range(0, len(data), size)), close=False)
            assert statuses(written) == [431 if make is http_protocol.httptools_protocol else 400]
        assert statuses(talk(url, GOOD)) == [200]


@pytest.mark.parametrize("size", [200_000, 30_000, 1_000])
@pytest.mark.parametrize("first", [b"", request(b"x" * 100)])
def test_head_beyond_the_limit_is_431(size: int, first: bytes) -> None:
    """A head that is too large is refused after what came before it, in one packet or in many, with an end or without."""
    for head in (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 40_000, b"GET /" + b"a" * 200_000):
        data = first + head + b" HTTP/1.1\r\n\r\n"
        packets = [data[at : at + size] for at in range(0, len(data), size)]
        written = _exchange(http_protocol.httptools_protocol, *packets).written
        assert statuses(written) == [*([200] if first else []), 431]
        assert b"larger than 64 KiB" in written


def test_bad_request_is_answered_after_those_before_it() -> None:
    """What is not HTTP behind a request does not take the place of that request's response."""
    for bad in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"):
        written = _exchange(http_protocol.httptools_protocol, request(b"abc") * 2 + bad + request(b"later")).written
        assert statuses(written) == [200, 200, 400]


def test_broken_body_is_400() -> None:
    """A request whose chunks are not chunks is answered, and its application hears that the caller is gone."""
    sent = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    connection = _exchange(http_protocol.httptools_protocol, sent)
    assert statuses(connection.written) == [400]


@BOTH
def test_early_response_reaches_a_caller_that_still_sends(make: Any) -> None:
    """A response that leaves before its request has arrived is followed by an end of writing; the rest is read."""
    whole = request(b"x" * 1_000_000, line=b"POST /early HTTP/1.1")
    connection = _exchange(make, *(whole[at : at + 65_536] for at in range(0, 600_000, 65_536)))
    assert statuses(connection.written) == [413]
    assert connection.is_half_closed
    assert not connection.is_closed
    assert not connection.is_paused


@BOTH
def test_early_response_reaches_callers_that_read_late(make: Any) -> None:
    """A caller that reads nothing until it has sent all gets the response, and no reset."""
    with _served(_echo, Settings(port=0), make()) as url:
        answer = talk(url, request(b"x" * 20_000_000, line=b"POST /early HTTP/1.1"), close=False, timeout=20)
    assert answer.endswith(b"\r\n\r\nPOST /early ")

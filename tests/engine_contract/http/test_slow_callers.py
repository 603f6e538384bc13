"""Connections on which half a request came are closed; slow uploads that live are not."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest

from engine_contract.http import http_protocol, server, slow_callers
from engine_contract.http.net import bind

HEAD = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n"
PROTOCOLS = pytest.mark.parametrize(
    "protocol", [http_protocol.httptools_protocol(), http_protocol.h11_protocol()], ids=["httptools", "h11"]
)


async def echo_size(_scope: Any, receive: Any, send: Any) -> None:
    """Answer with the size of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def answer_early(_scope: Any, _receive: Any, send: Any) -> None:
    """Answer before the body is read."""
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def served(app: Any, protocol: Any) -> Iterator[int]:
    """Serve an application; yield the port."""
    (bound,), is_ready = bind("127.0.0.1", 0), Event()
    running = server.Server(app, ready=is_ready.set, grace_s=0.1, http=protocol, lifespan="off")
    thread = Thread(target=running.run, kwargs={"sockets": [bound]})
    thread.start()
    is_ready.wait(5)
    try:
        yield bound.getsockname()[1]
    finally:
        running.stop()
        thread.join()


@pytest.fixture(autouse=True)
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second in place of a minute."""
    monkeypatch.setattr(slow_callers, "HEAD_S", 0.5)
    monkeypatch.setattr(slow_callers, "BODY_S", 0.5)
    monkeypatch.setattr(server, "_TICK_S", 0.05)


def received_until_closed(caller: socket.socket) -> tuple[bytes, float]:
    """Return what comes until the other side closes, and the seconds that this takes."""
    started, text = monotonic(), b""
    caller.settimeout(15)
    while part := caller.recv(65536):
        text += part
    return text, monotonic() - started


@PROTOCOLS
def test_half_a_request_is_closed(protocol: Any) -> None:
    """Half a head, half a body and nothing at all end the connection, and the caller is told but in the last case."""
    with served(echo_size, protocol) as port:
        callers = {text: socket.create_connection(("127.0.0.1", port)) for text in (b"", b"POST / HT", HEAD + b"abc")}
        for text, caller in callers.items():
            caller.sendall(text)
        for text, caller in callers.items():
            received, _ = received_until_closed(caller)
            assert received.startswith(b"HTTP/1.1 408 ") if text else received == b""
            caller.close()


@PROTOCOLS
def test_half_a_second_request_is_closed(protocol: Any) -> None:
    """On a connection that served a request, half a head or empty lines do not stay for ever either."""
    with served(echo_size, protocol) as port:
        for rest in (b"GET / HTTP/1.1\r\nHo", b"\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.sendall(HEAD + b"a" * 100)
                assert caller.recv(65536).startswith(b"HTTP/1.1 200 ")
                caller.sendall(rest)
                assert received_until_closed(caller)[1] < 12


@PROTOCOLS
def test_body_that_stops_after_an_early_answer_is_closed(protocol: Any) -> None:
    """A caller that stops to send once it was refused has its answer, and no connection."""
    with served(answer_early, protocol) as port, socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(HEAD + b"abc")
        received, _ = received_until_closed(caller)
        assert received.startswith(b"HTTP/1.1 413 ")


@PROTOCOLS
def test_slow_upload_that_lives_is_served(protocol: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload of which a part comes now and then may take longer than any limit."""
    monkeypatch.setattr(slow_callers, "BODY_S", 2.0)
    with served(echo_size, protocol) as port, socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(HEAD)
        for _ in range(20):
            sleep(0.11)  # the caller's pace
            caller.sendall(b"a" * 5)
        caller.settimeout(5)
        received = caller.recv(65536)
        assert received.startswith(b"HTTP/1.1 200 ")

"""The mock's HTTP protocols: what they hand to the application beside ASGI."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from engine_contract.http.server import Server
from mock_server.app import create_app
from mock_server.serving import http_protocol
from mock_server.serving.server import bind, url_of
from mock_server.settings import Settings
from tests.support.raw import GOOD


@contextmanager
def _served(app: Any, settings: Settings, protocol: Any) -> Iterator[str]:
    ready = Event()
    server = Server(app, ready=ready.set, grace_s=0.5, http=protocol)
    bound = bind(settings)
    thread = Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield url_of(settings, bound)
    finally:
        server.stop()
        thread.join(20)


@pytest.mark.parametrize(
    "make", [http_protocol.httptools_protocol, http_protocol.h11_protocol], ids=["httptools", "h11"]
)
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

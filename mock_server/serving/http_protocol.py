"""Uvicorn's HTTP protocol, bounded and silent."""

import logging
from asyncio import Transport
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, cast

from engine_contract.dependencies import require
from engine_contract.http.types import Receive, Scope, Send
from mock_server.operations.sending import TRANSPORT

MAX_HEAD_BYTES = 65_536
"""Bytes of a request's line and headers."""

FIRST_BYTE_S = 60.0
"""Seconds until a connection on which nothing came is closed."""

SILENT = logging.Logger("mock_server.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - outside the user's tree
"""Bad requests are the caller's business: they are answered, not logged."""

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\n"
    b"content-length: 40\r\nconnection: close\r\n\r\nThe request's headers exceed 64 KiB now.\n"
)


class Joined:
    """A connection's transport that writes once, at the turn's end, what is written within one turn of the loop.

    Uvicorn writes head and body of a response apart, each a system call that wakes the caller. Responses that
    leave together also bring requests that are read together.
    """

    __slots__ = ("_call_soon", "_held", "_transport")

    def __init__(self, transport: Any, call_soon: Callable[..., Any]) -> None:
        self._transport = transport
        self._call_soon = call_soon
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write after what was written before in this turn."""
        if not self._held:
            self._call_soon(self.flush)
        self._held.append(data)

    def close(self) -> None:
        """Close once all is written."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Write now what is held."""
        if self._held:
            data = b"".join(self._held)
            self._held.clear()
            self._transport.write(data)


def http_protocol() -> type[Any]:
    """Return the protocol class to serve with: on httptools where it is installed, else on h11."""
    return h11_protocol() if find_spec("httptools") is None else httptools_protocol()


def _require(module: str, protocol: str, *names: str) -> None:
    require(
        "uvicorn",
        *(f"{module}:{protocol}.{name}" for name in (*names, "access_log", "logger", "transport")),
        breaks="the mock's limits, its joined writes or its broken connections would be lost",
    )


def httptools_protocol() -> type[Any]:
    """Return the protocol class on httptools."""
    _require(
        "uvicorn.protocols.http.httptools_impl",
        "HttpToolsProtocol",
        "connection_made",
        "data_received",
        "eof_received",
        "loop",
        "on_headers_complete",
        "on_message_begin",
        "scope",
        "timeout_keep_alive_handler",
        "timeout_keep_alive_task",
    )
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Protocol(HttpToolsProtocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.logger = SILENT
            self.access_log = False
            self._head_size = 0
            self._in_head = True

        def connection_made(self, transport: Any) -> None:
            self.joined = Joined(transport, self.loop.call_soon)
            super().connection_made(cast("Transport", self.joined))
            self.timeout_keep_alive_task = self.loop.call_later(FIRST_BYTE_S, self.timeout_keep_alive_handler)

        def eof_received(self) -> None:
            # The transport closes once this returns.
            self.joined.flush()
            super().eof_received()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]
            self._in_head, self._head_size = True, 0

        def on_headers_complete(self) -> None:
            self._in_head = False
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._in_head and not self.transport.is_closing():
                # httptools itself takes headers without end.
                self._head_size += len(data)
                if self._head_size > MAX_HEAD_BYTES:
                    self.transport.write(_TOO_LONG)
                    self.transport.close()

    return Protocol


def h11_protocol() -> type[Any]:
    """Return the protocol class on h11."""
    _require("uvicorn.protocols.http.h11_impl", "H11Protocol", "app")
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(H11Protocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.logger = SILENT
            self.access_log = False
            self._served = self.app
            self.app = cast("Any", self._serve)

        async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self._served(
                cast("Any", {**scope, "extensions": {TRANSPORT: self.transport}}), receive, cast("Any", send)
            )

    return Protocol

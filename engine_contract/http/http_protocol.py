"""Uvicorn's HTTP protocol as both programs serve with it: bounded, silent, and fair to odd callers.

A request that offers another protocol is served in HTTP/1.1, a bad one is answered after those before it, and a
response that leaves before its request has arrived reaches the caller.
"""

import logging
import re
from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections.abc import Callable
from http import HTTPStatus
from importlib.util import find_spec
from itertools import chain
from typing import Any, cast

from engine_contract.dependencies import require
from engine_contract.http.slow_callers import Timed
from engine_contract.http.types import TRANSPORT, HeaderList, Receive, Scope, Send

MAX_HEAD_BYTES = 65_536
"""Bytes of a request's line and headers."""

FIRST_BYTE_S = 60.0
"""Seconds until a connection on which nothing came is closed."""

LINGER_S = 10.0
"""Seconds for which a caller is read that still sends when its response has left."""

SILENT = logging.Logger("engine_contract.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - outside the user's tree
"""Bad requests are the caller's business: they are answered, not logged."""

# RFC 9110, section 7.2: a name or an address, and a port; empty where the target has no authority.
_HOST = re.compile(rb"(?:\[[0-9A-Za-z:.%~_-]*\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?").fullmatch


class Joined:
    """A connection's transport that writes once, at the turn's end, what is written within one turn of the loop.

    Uvicorn writes head and body of a response apart, each a system call that wakes the caller. Responses that
    leave together also bring requests that are read together.

    A connection whose caller still sends is closed for writing first, and read for a while: a system that closes one
    with unread bytes resets it, and with that it takes the response from the caller.
    """

    __slots__ = ("_held", "_lingering", "_loop", "_transport", "is_read_to_the_end")

    def __init__(self, transport: Any, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._lingering: TimerHandle | None = None
        self.is_read_to_the_end: Callable[[], bool] = lambda: True
        """Says whether the caller has sent its request."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write after what was written before in this turn."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def is_closing(self) -> bool:
        """Return whether nothing more is written."""
        return self._lingering is not None or self._transport.is_closing()

    def close(self) -> None:
        """Close once all is written, and once the caller has read it."""
        self.flush()
        if self.is_read_to_the_end() or self._transport.is_closing():
            self._transport.close()
        elif self._lingering is None:
            self._lingering = self._loop.call_later(LINGER_S, self._transport.abort)
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._transport.resume_reading()

    def forget(self) -> None:
        """Take note that the connection has ended."""
        if self._lingering is not None:
            self._lingering.cancel()

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
        *(f"{module}:{protocol}.{name}" for name in (*names, *_SHARED)),
        "uvicorn.protocols.http.flow_control:FlowControl.read_paused",
        breaks="the limits, the joined writes, the broken connections or the last words to a caller would be lost",
    )


_SHARED = (
    *("access_log", "connection_lost", "connection_made", "cycle", "data_received", "eof_received", "flow"),
    *("handle_websocket_upgrade", "logger", "loop", "shutdown", "timeout_keep_alive_task", "transport"),
)


class _Ending(Timed):
    """The part that both protocols share: writes are joined, and a caller that still sends gets its response."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.logger = SILENT
        self.access_log = False

    def connection_made(self, transport: Any) -> None:
        self.joined = Joined(transport, self.loop)
        self.joined.is_read_to_the_end = self.is_read_to_the_end
        self.head_since = self.read_at = self.loop.time()
        super().connection_made(cast("Transport", self.joined))  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        self.joined.forget()
        super().connection_lost(exc)  # type: ignore[misc]

    def is_read_to_the_end(self) -> bool:
        """Return whether the caller has sent its request."""
        return self.cycle is None or not self.cycle.more_body

    def eof_received(self) -> None:
        # The transport closes once this returns.
        self.joined.flush()
        super().eof_received()  # type: ignore[misc]

    def handle_websocket_upgrade(self, *arguments: Any) -> None:
        self.joined.flush()
        self.transport = self.joined._transport  # noqa: SLF001 - another protocol takes it over
        super().handle_websocket_upgrade(*arguments)  # type: ignore[misc]

    def shutdown(self) -> None:
        """Wait for no caller when the server ends."""
        self.joined.is_read_to_the_end = lambda: True
        super().shutdown()  # type: ignore[misc]


def httptools_protocol() -> type[Any]:  # noqa: C901 - a class, which is made late: httptools may not be there
    """Return the protocol class on httptools."""
    _require(
        "uvicorn.protocols.http.httptools_impl",
        "HttpToolsProtocol",
        *("headers", "on_body", "on_headers_complete", "on_message_begin", "on_message_complete"),
        *("on_response_complete", "parser", "scope", "timeout_keep_alive_handler"),
        *("url", "_should_upgrade", "_unset_keepalive_if_required"),
    )
    import httptools
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class Protocol(_Ending, HttpToolsProtocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._head_size = 0
            """Bytes of the packets that the head which is being read has filled."""
            self._most_of_head = 0
            """As many bytes as the head can have, which the packet that is being read may end."""
            self._in_head = self._in_body = self._is_offer = False
            self._has_ended = False
            """Whether a message has ended within this packet."""
            self._offered: HeaderList | None = None
            """The headers of a request that offers another protocol, while it is read once more without the offer."""
            self._refusal = (400, "This is not a request in HTTP/1.1.")
            self._last_words = b""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.timeout_keep_alive_task = self.loop.call_later(FIRST_BYTE_S, self.timeout_keep_alive_handler)

        def is_read_to_the_end(self) -> bool:
            return not self._last_words and not self._in_head and super().is_read_to_the_end()

        def _should_upgrade(self) -> bool:
            return self.parser.get_method() == b"GET" and super()._should_upgrade()

        def is_in_body(self) -> bool:
            return self._in_body

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self.scope["extensions"] = {TRANSPORT: self.transport}
            self._in_head, self.head_since = True, self.read_at

        def on_headers_complete(self) -> None:
            self._in_head, self._in_body, self.head_since = False, True, None
            is_too_long = self._most_of_head > MAX_HEAD_BYTES and self._seen_of_head() > MAX_HEAD_BYTES
            self._is_offer = self.parser.should_upgrade()
            if self._offered is not None:
                # The list is the scope's.
                self.headers[:], self._offered = self._offered, None
            hosts = [value for name, value in self.headers if name == b"host"]
            if is_too_long:
                self._refuse(*_TOO_LONG)
            elif len(hosts) != 1 and (hosts or self.parser.get_http_version() == "1.1"):
                self._refuse(400, f"A request has one Host header; this one has {len(hosts)}.")
            elif hosts and not _HOST(hosts[0]):
                self._refuse(400, "The Host header is not a host with a port.")
            elif self.parser.get_method() == b"CONNECT":
                self._refuse(400, "CONNECT is for proxies; this is a server.")
            elif not self._is_offer:
                super().on_headers_complete()
                # Trailers follow: nobody may take them for headers (RFC 9110, section 6.5.1).
                self.headers = []
            elif self._should_upgrade():
                super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            if not self._is_offer:
                super().on_body(body)

        def on_message_complete(self) -> None:
            self._has_ended, self._in_body = True, False
            if not self._is_offer:
                super().on_message_complete()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self._last_words:
                self._say_last_words()

        def data_received(self, data: bytes) -> None:
            if self._last_words or self.joined.is_closing():
                return
            self._unset_keepalive_if_required()
            self.read_at, self.is_silent, self._has_ended = self.loop.time(), False, False
            self._most_of_head = self._head_size + len(data)
            try:
                self._feed(data)
                if self._in_head:
                    # httptools itself takes headers without end.
                    self._head_size = self._seen_of_head() if self._has_ended else self._head_size + len(data)
                    if self._head_size > MAX_HEAD_BYTES:
                        self._refuse(*_TOO_LONG)
                else:
                    self._head_size = 0
                    if self.headers and not self.parser.should_upgrade() and _size(self.headers) > MAX_HEAD_BYTES:
                        self._refuse(*_TOO_LONG)
            except httptools.HttpParserError:
                if self._in_head and self._seen_of_head() > MAX_HEAD_BYTES:
                    self._refusal = _TOO_LONG
                self._last_words = _last_words(*self._refusal)
                self._say_last_words()

        def _seen_of_head(self) -> int:
            return len(self.url) + _size(self.headers)

        def _feed(self, data: bytes) -> None:
            """Read on. Raise HttpParserError for what is not HTTP, or refused."""
            while True:
                try:
                    self.parser.feed_data(data)
                except httptools.HttpParserUpgrade as offer:
                    if self._should_upgrade():
                        self.handle_websocket_upgrade()
                        return
                    # httptools takes what follows for the other protocol, so that a request's body would be lost.
                    offered, data = self.headers, data[offer.args[0] :]
                    method, version = self.parser.get_method(), self.parser.get_http_version()
                    self.parser = httptools.HttpRequestParser(self)
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                    self._offered = offered
                    self.parser.feed_data(_without_offer(method, self.url, version, offered))
                else:
                    return

        def _refuse(self, status: int, text: str) -> None:
            self._refusal = (status, text)
            raise httptools.HttpParserError(text)

        def _say_last_words(self) -> None:
            """Refuse what came last once all before it is answered, and close."""
            cycle = self.cycle
            if cycle is not None and not cycle.response_complete:
                is_of_the_last = cycle.more_body and not self._in_head
                if not is_of_the_last or self.pipeline:
                    return
                # Its own body is broken, so that it cannot be answered otherwise.
                cycle.disconnected = True
                cycle.message_event.set()
                if cycle.response_started:
                    self._last_words = b""
            if self._last_words:
                self.transport.write(self._last_words)
            self.transport.close()

    return Protocol


def _size(headers: HeaderList) -> int:
    """Return the bytes of headers, with a colon, a blank and a line's end each."""
    return sum(map(len, chain.from_iterable(headers))) + 4 * len(headers)


_TOO_LONG = (431, f"The request's line and headers are larger than {MAX_HEAD_BYTES // 1024} KiB.")


def _last_words(status: int, text: str) -> bytes:
    """Return the response that ends a connection."""
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
    return f"{head}content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body


def _without_offer(method: bytes, target: bytes, version: str, headers: HeaderList) -> bytes:
    """Return the head of a request without the offer of another protocol."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode())]
    for name, value in headers:
        if name == b"connection":
            kept = [token for token in value.split(b",") if token.strip().lower() != b"upgrade"]
            lines.append(b"connection:" + b",".join(kept))
        elif name != b"upgrade":
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def h11_protocol() -> type[Any]:  # noqa: C901 - as above
    """Return the protocol class on h11."""
    _require("uvicorn.protocols.http.h11_impl", "H11Protocol", "app", "conn", "scope", "_should_upgrade")
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(_Ending, H11Protocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._served = self.app
            self.app = cast("Any", self._serve)

        def data_received(self, data: bytes) -> None:
            if self.joined.is_closing():
                return
            self.read_at, self.is_silent = self.loop.time(), False
            if not self._is_in_head():
                self.head_since = None
            elif self.head_since is None:
                self.head_since = self.read_at
            super().data_received(data)
            if not self._is_in_head():
                self.head_since = None

        def _is_in_head(self) -> bool:
            return str(self.conn.their_state) == "IDLE"

        def is_in_body(self) -> bool:
            return str(self.conn.their_state) == "SEND_BODY"

        def _should_upgrade(self) -> bool:
            return self.scope["method"] == "GET" and super()._should_upgrade()

        async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                scope = {**scope, "extensions": {TRANSPORT: self.transport}}
            await self._served(cast("Any", scope), receive, cast("Any", send))

    return Protocol

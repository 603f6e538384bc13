"""Connections whose callers sent half a request and no more: they are closed after a while.

The limits are those of nginx: a head has a time in which it must be there as a whole, a body has one between two
reads, so that a slow upload that lives is never cut off.
"""

from asyncio import AbstractEventLoop
from collections.abc import Iterable
from typing import Any

HEAD_S = 60.0
"""Seconds in which the first byte of a connection, or the whole head of a request, must come."""

BODY_S = 60.0
"""Seconds between two parts of a request's body."""

_TEXT = b"The rest of the request came too late.\n"
_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: text/plain\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TEXT), _TEXT)
)


def close_slow(connections: Iterable[Any]) -> None:
    """Close those connections that wait for the rest of a request for too long."""
    for connection in list(connections):
        if isinstance(connection, _Timed):
            connection.close_if_slow()


def timed(protocol: type[Any]) -> type[Any]:
    """Return uvicorn's protocol class with times in which a request must come."""
    base = _TimedHttpTools if hasattr(protocol, "on_message_begin") else _TimedH11
    return type("Protocol", (base, protocol), {})


class _Timed:
    """A connection that knows since when it waits for its caller."""

    cycle: Any
    flow: Any
    loop: AbstractEventLoop
    transport: Any
    timeout_keep_alive_task: Any

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        self._head_since: float | None = self.loop.time()
        self._read_at = self._head_since
        self._is_silent = True

    def data_received(self, data: bytes) -> None:
        self._read_at, self._is_silent = self.loop.time(), False
        super().data_received(data)  # type: ignore[misc]

    def _is_in_body(self) -> bool:
        raise NotImplementedError

    def close_if_slow(self) -> None:
        """Close the connection if the rest of a request does not come."""
        now, cycle = self.loop.time(), self.cycle
        is_answered = cycle is None or cycle.response_complete
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self._read_at = now  # it is not the caller for whom this waits
            return
        if self._is_in_body():
            is_slow = now - self._read_at > BODY_S and (is_answered or not cycle.response_started)
        elif self._head_since is not None:
            is_slow = now - self._head_since > HEAD_S and is_answered
        else:
            # Empty lines between requests end uvicorn's own limit.
            is_slow = is_answered and self.timeout_keep_alive_task is None and now - self._read_at > HEAD_S
        if is_slow:
            if not self._is_silent and not (self._is_in_body() and is_answered):
                self.transport.write(_TOO_SLOW)
            self.transport.close()


class _TimedHttpTools(_Timed):
    _in_body = False

    def on_message_begin(self) -> None:
        self._head_since = self.loop.time()
        super().on_message_begin()  # type: ignore[misc]

    def on_headers_complete(self) -> None:
        self._head_since, self._in_body = None, True
        super().on_headers_complete()  # type: ignore[misc]

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()  # type: ignore[misc]

    def _is_in_body(self) -> bool:
        return self._in_body


class _TimedH11(_Timed):
    conn: Any

    def data_received(self, data: bytes) -> None:
        if self._state() == "IDLE" and self._head_since is None:
            self._head_since = self.loop.time()
        super().data_received(data)
        if self._state() != "IDLE":
            self._head_since = None

    def _state(self) -> str:
        return str(self.conn.their_state)

    def _is_in_body(self) -> bool:
        return self._state() == "SEND_BODY"

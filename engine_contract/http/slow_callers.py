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
        if isinstance(connection, Timed):
            connection.close_if_slow()


class Timed:
    """A connection that knows since when it waits for its caller; the protocols say so as they read."""

    cycle: Any
    flow: Any
    loop: AbstractEventLoop
    transport: Any
    timeout_keep_alive_task: Any

    head_since: float | None
    """When a head began of which the rest has not come; None if there is no such head."""
    read_at: float
    """When the last bytes came."""
    is_silent = True
    """Whether nothing has come yet."""

    def is_in_body(self) -> bool:
        """Return whether a request's head has come and its body has not."""
        raise NotImplementedError

    def close_if_slow(self) -> None:
        """Close the connection if the rest of a request does not come."""
        now, cycle = self.loop.time(), self.cycle
        is_answered = cycle is None or cycle.response_complete
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.read_at = now  # it is not the caller for whom this waits
            return
        if self.is_in_body():
            is_slow = now - self.read_at > BODY_S and (is_answered or not cycle.response_started)
        elif self.head_since is not None:
            is_slow = now - self.head_since > HEAD_S and is_answered
        else:
            # Empty lines between requests end uvicorn's own limit.
            is_slow = is_answered and self.timeout_keep_alive_task is None and now - self.read_at > HEAD_S
        if is_slow:
            if not self.is_silent and not (self.is_in_body() and is_answered):
                self.transport.write(_TOO_SLOW)
            self.transport.close()

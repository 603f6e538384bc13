"""One connection to Redis that all requests of a process share.

Commands that are given in one turn of the event loop leave in one packet, and answers come back in their order:
a fraction of what a connection a request costs.
"""

import asyncio
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any, NamedTuple

from redis import RedisError, ResponseError
from redis.asyncio.connection import Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, ReadOnlyError, TryAgainError

from mock_server.store.redis_address import Address

CONNECT_S = 1.0
"""Seconds that a connection gets to stand, log-in included."""

WAIT_MS = 1000
"""Milliseconds that Redis's own replicas get to have a change."""

_LOOK_S = 0.1

# Answers of a Redis that cannot serve now, though its connection stands: it is another's replica by now, or is busy.
_UNFIT = (ReadOnlyError, ClusterDownError, TryAgainError)
_UNFIT_WORDS = ("MISCONF", "NOREPLICAS", "UNBLOCKED", "LATE", "BUSY ")


class LostError(Exception):
    """The connection is of no more use. A command that was on its way may have been carried out or not."""


class _Waiting(NamedTuple):
    """A command that was given; the one that asks for copies has no future of its own."""

    answer: asyncio.Future[Any] | None
    since: float


class Link:
    """A connection in use. Made by `open_link`."""

    def __init__(self, connection: Connection, *, copies: int, patience_s: float) -> None:
        self._connection = connection
        self._copies = copies
        self._patience_s = patience_s
        self._waiting: deque[_Waiting] = deque()
        self._unconfirmed: list[tuple[asyncio.Future[Any], Any]] = []
        self._unsent: list[bytes] = []
        self._has_unsent = asyncio.Event()
        self._reason = ""
        self.lost = asyncio.Event()
        """Set when the connection is of no more use."""
        self._tasks = [asyncio.create_task(run()) for run in (self._write, self._read, self._watch)]

    def call(self, *command: Any) -> asyncio.Future[Any]:
        """Send a command, and return a future of its answer. It raises redis-py's ResponseError, or LostError."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.lost.is_set():
            answer.set_exception(LostError(self._reason))
            return answer
        self._unsent.append(_pack(command))
        self._waiting.append(_Waiting(answer, monotonic()))
        self._has_unsent.set()
        return answer

    @property
    def reason(self) -> str:
        """Return why the connection is of no more use."""
        return self._reason

    def drop(self, reason: str) -> None:
        """Let go of the connection; tell callers that wait for an answer why."""
        if self.lost.is_set():
            return
        self._reason = reason
        self.lost.set()
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        pending = [waiting.answer for waiting in self._waiting if waiting.answer is not None]
        for answer in (*pending, *(answer for answer, _ in self._unconfirmed)):
            if not answer.done():
                answer.set_exception(LostError(reason))
        self._waiting.clear()
        self._unconfirmed.clear()

    async def close(self) -> None:
        """Drop it, and wait until nothing of it runs."""
        self.drop("the store was closed")
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(RedisError, OSError):
            await self._connection.disconnect(nowait=True)

    async def _write(self) -> None:
        try:
            while True:
                await self._has_unsent.wait()
                self._has_unsent.clear()
                if self._copies:
                    self._unsent.append(_pack(("WAIT", self._copies, WAIT_MS)))
                    self._waiting.append(_Waiting(None, monotonic()))
                packet, self._unsent = b"".join(self._unsent), []
                await self._connection.send_packed_command(packet, check_health=False)
        except (RedisError, OSError) as error:
            self.drop(str(error))

    async def _read(self) -> None:
        try:
            while True:
                try:
                    value = await self._connection.read_response(disable_decoding=True)
                except ResponseError as error:
                    value = error
                waiting = self._waiting.popleft()
                if waiting.answer is None:
                    self._confirm(value)
                elif _is_unfit(value):
                    self._waiting.appendleft(waiting)
                    self.drop(_sentence(value))
                    return
                elif self._copies:
                    self._unconfirmed.append((waiting.answer, value))
                else:
                    _settle(waiting.answer, value)
        except (RedisError, OSError, EOFError, asyncio.IncompleteReadError) as error:
            self.drop(_sentence(error))
        except IndexError:
            self.drop("it answered more than was asked")

    def _confirm(self, copies: Any) -> None:
        confirmed, self._unconfirmed = self._unconfirmed, []
        if isinstance(copies, int) and copies >= self._copies:
            for answer, value in confirmed:
                _settle(answer, value)
            return
        self._unconfirmed = confirmed
        self.drop(f"{copies} of {self._copies} replicas of Redis have the change")

    async def _watch(self) -> None:
        # One look at the oldest command in place of a timer for each.
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._waiting and monotonic() - self._waiting[0].since > self._patience_s:
                self.drop(f"no answer within {self._patience_s:g} s")
                return


async def open_link(address: Address, *, patience_s: float) -> Link:
    """Connect and log in. Raise LostError."""
    kind = SSLConnection if address.is_secure else Connection
    connection = kind(
        **address.options,
        protocol=2,
        socket_timeout=None,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
        client_name="mock-engine",
    )
    try:
        async with asyncio.timeout(CONNECT_S):
            await connection.connect()  # type: ignore[no-untyped-call, unused-ignore]
    except TimeoutError:
        await connection.disconnect(nowait=True)
        raise LostError(f"no answer within {CONNECT_S:g} s") from None
    except (RedisError, OSError) as error:
        await connection.disconnect(nowait=True)
        raise LostError(_sentence(error)) from None
    return Link(connection, copies=address.copies, patience_s=patience_s)


def _is_unfit(value: Any) -> bool:
    return isinstance(value, ResponseError) and (isinstance(value, _UNFIT) or str(value).startswith(_UNFIT_WORDS))


def _pack(command: tuple[Any, ...]) -> bytes:
    """Return the command as it is sent; redis-py's own way, which is made for more, takes four times as long."""
    words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
    return b"*%d\r\n%b" % (len(words), b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words]))


def _settle(answer: asyncio.Future[Any], value: Any) -> None:
    if answer.done():  # its caller was canceled
        return
    if isinstance(value, ResponseError):
        answer.set_exception(value)
    else:
        answer.set_result(value)


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__

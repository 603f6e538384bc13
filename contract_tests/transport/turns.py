"""Who may send next, where the number of requests at a time is bounded."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Gives a bounded number of turns at a time; whoever others wait for gets the next one."""

    def __init__(self, at_once: int) -> None:
        """Take the number of turns at a time."""
        self._free = at_once
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, first: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside; `first`: before those that wait already."""
        if self._free:
            self._free -= 1
        else:
            given = asyncio.get_running_loop().create_future()
            (self._first if first else self._others).append(given)
            try:
                await given
            except asyncio.CancelledError:
                if given.done() and not given.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        for waiting in (self._first, self._others):
            while waiting:
                given = waiting.popleft()
                if not given.done():
                    given.set_result(None)
                    return
        self._free += 1

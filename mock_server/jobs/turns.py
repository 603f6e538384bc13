"""Long work in the event loop, in turns with the other requests."""

from asyncio import sleep
from time import perf_counter

LONGEST_S = 0.01


class Turns:
    """Lets others be served when the work has taken long since they last were."""

    def __init__(self) -> None:
        self._since = perf_counter()

    async def give(self) -> None:
        """Let others be served if it is their turn."""
        if perf_counter() - self._since > LONGEST_S:
            await sleep(0)
            self._since = perf_counter()

"""Time as it would have passed on a machine that nobody else uses, for limits that are counted in seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

_NAP_S = 0.01


class Stopwatch:
    """Seconds since it was started, less what a thread that only sleeps woke up too late in that time."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._late = 0.0

    @property
    def seconds(self) -> float:
        """Return the seconds that have passed; a busy machine delays the sleeper as it delays what is measured."""
        return time.monotonic() - self._started - self._late

    def sleep_until(self, ended: Event) -> None:
        """Sleep, and write down how much too late it was."""
        while not ended.is_set():
            before = time.monotonic()
            ended.wait(_NAP_S)
            self._late += max(0.0, time.monotonic() - before - _NAP_S)


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Start a stopwatch for what another process does: this one's own work would make the sleeper late."""
    watch, ended = Stopwatch(), Event()
    thread = Thread(target=watch.sleep_until, args=(ended,), daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()

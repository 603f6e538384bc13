"""Signals that end a run: they raise while jobs and tokens are fetched, and cancel the run's task while it sends."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from functools import partial
from typing import NoReturn


class Stopped(KeyboardInterrupt):
    """A signal has come; `number` is its number."""

    def __init__(self, number: int) -> None:
        """Take the signal's number."""
        super().__init__(number)
        self.number = number


def _signals() -> list[int]:
    """Return the signals that end a run. Where SIGHUP is ignored, as by nohup, it stays so."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return [int(number) for number in numbers]


@contextlib.contextmanager
def signals_raise() -> Iterator[None]:
    """Raise Stopped where a signal comes, while inside."""

    def stop(number: int, _frame: object) -> NoReturn:
        raise Stopped(number)

    before = {}
    try:
        with contextlib.suppress(ValueError):  # in a thread there are no signals
            for number in _signals():
                before[number] = signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_cancel(task: "asyncio.Task[object] | None", received: list[int]) -> Iterator[None]:
    """Let signals cancel the task in place of ending the process, while inside; `received` gets their numbers."""
    loop = asyncio.get_running_loop()
    installed = []

    def stop(number: int) -> None:
        received.append(number)
        if task is not None:
            task.cancel()

    for number in _signals():
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # Windows, other threads
            loop.add_signal_handler(number, partial(stop, number))
            installed.append(number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)

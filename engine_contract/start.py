"""The start of a command: an interrupt while its modules load ends it with one line, as a later one does."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def ends_at_interrupt(name: str) -> Iterator[None]:
    """End the process at SIGINT, with a line and 130, without raising: code that is loading may swallow what is raised.

    A process that was told to ignore SIGINT, as one in the background is, goes on ignoring it.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        with suppress(OSError):
            os.write(2, f"{name}: interrupted.\n".encode())
        os._exit(130)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def draft_contract() -> None:
    """Load draft-contract and run it."""
    with ends_at_interrupt("draft-contract"):
        from engine_contract.draft_cli import main
    main()

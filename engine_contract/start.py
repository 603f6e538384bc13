"""The start of a command: how its modules are loaded."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Load a command's modules inside. An interrupt meanwhile ends the process with one line, as a later one does.

    It ends it with 130, and without raising: code that is loading may swallow what is raised. A process that was told to
    ignore SIGINT, as one in the background is, goes on ignoring it.
    """
    # Modules stay once they are loaded: by default the collector takes a tenth of a start to look through them again.
    gc.set_threshold(50_000, 20, 50)

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
    with loading("draft-contract"):
        from engine_contract.draft_cli import main
    main()

"""Standard streams that never end a command, as their reader may stop and their disk may be full.

Text that is written to them cannot act as a command of a CI system, whoever wrote it.
"""

import errno
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

from engine_contract.text.printable import without_commands

_READER_GONE = (errno.EPIPE, errno.EINVAL, errno.ESHUTDOWN)  # EINVAL is what Windows says of a pipe


class Outlet:
    """Writes to a stream, and nothing more once that failed; `failure` says why, None where its reader just stopped."""

    def __init__(self, stream: TextIO) -> None:
        """Take the stream to write to."""
        self.failure: str | None = None
        self._stream = stream
        self._is_open = True
        self._line = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write the text, if that is possible still."""
        if self._is_open:
            try:
                self._stream.write(without_commands(text, after=self._line))
            except (OSError, ValueError) as error:
                self._fail(error)
        self._line = (self._line + text).rpartition("\n")[2][-80:]
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write the texts one after another."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> "_Bytes":
        """The stream of bytes, for those who write UTF-8 themselves."""
        return _Bytes(self)

    def flush(self) -> None:
        """Write what is held back."""
        if self._is_open:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fail(error)

    def _fail(self, error: OSError | ValueError) -> None:
        self._is_open = False
        if isinstance(error, OSError) and error.errno not in _READER_GONE:
            self.failure = error.strerror or str(error)
        with suppress(OSError, ValueError):
            # Text that is held back would be written at the end of the process, and fail again.
            number = self._stream.fileno()
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - it is not a path of the user's
                os.dup2(nowhere.fileno(), number)


class _Bytes:
    """Writes bytes as the text that they are."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.flush = outlet.flush

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outlet._stream.buffer, name)  # noqa: SLF001 - its other half

    def write(self, data: bytes) -> int:
        self._outlet.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


def guard_streams() -> Outlet:
    """Guard standard output and standard error, and fill in those that are closed, standard input too. Return standard output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: no socket must get it
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for good
    for name in ("stdout", "stderr"):
        if not isinstance(stream := getattr(sys, name), Outlet):
            setattr(sys, name, Outlet(stream or open(os.devnull, "w", encoding="utf-8")))  # noqa: SIM115, PTH123 - for good
    return sys.stdout  # type: ignore[return-value]

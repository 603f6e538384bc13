"""The recording that watch-engine writes: a HAR file that is whole at every moment, and holds each exchange before its last byte is passed on.

A write into a file can be torn by a kill. So the entries go into two files of the same content by turns: the one that
bears the name of the recording is never written to. An entry is appended to the other one, which then takes over
the name in one step of the file system.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from engine_contract.private_files import create, draft_of
from engine_contract.version import kit_version

LARGE_BYTES = 256 << 10  # of bodies from which an entry is written in a thread

_TAIL = b"\n]}}\n"
_MAX_PENDING_BYTES = 64 << 20  # that wait for room on the disk
HAS_SECOND_NAMES = sys.platform != "win32"  # there an open file's name cannot be taken


class Recording:
    """One HAR file, open for more."""

    def __init__(self, path: Path, engine: str, *, tls_verified: bool = True) -> None:
        """Make the file. Raises SettingError where there is one already, or none can be made."""
        self.path = path
        self.failure: str | None = None
        """Why entries could not be written, as a sentence; None if all were."""
        self._lock = asyncio.Lock()
        self._spare, self._swap = draft_of(path), draft_of(path)
        head = {
            "version": "1.2",
            "creator": {"name": "watch-engine", "version": kit_version()},
            "comment": "All that passed watch-engine, without secrets.",
            "_engine": engine,
            "_tls_verified": tls_verified,
        }
        self._head = ('{"log": ' + json.dumps(head)[:-1] + ', "entries": [').encode()
        self._pending = b""
        """The text that the spare file lacks."""
        self._is_empty = True
        try:
            self._live = self._first()
        except FileExistsError:
            raise SettingError(
                f"--record {path}: there is a file already, and a recording is never written over. "
                "Give another name, or move the file away."
            ) from None
        except OSError as error:
            raise SettingError(f"--record {path}: the file cannot be made: {error.strerror or error}.") from None
        self._live_end = self._other_end = len(self._head)
        self._other = self._second()

    def _first(self) -> int:
        """Create the file that bears the name: whole from its first moment on. Raises FileExistsError."""
        if not HAS_SECOND_NAMES:
            return _create(self.path, self._head + _TAIL)
        handle = _create(self._swap, self._head + _TAIL)
        try:
            os.link(self._swap, self.path)
        except FileExistsError:
            os.close(handle)
            raise
        except OSError:  # a file system without second names
            os.close(handle)
            handle = _create(self.path, self._head + _TAIL)
        finally:
            self._swap.unlink()
        return handle

    def _second(self) -> int | None:
        """Open the file that entries are appended to; None if the file system has no second names."""
        if not HAS_SECOND_NAMES:
            return None
        try:
            os.link(self.path, self._swap)
            self._swap.unlink()
            return _create(self._spare, self._head + _TAIL)
        except OSError:
            return None

    async def append(self, entry: dict[str, Any], weight: int) -> None:
        """Write an entry down; `weight` is about its size. `failure` says why an entry could not be written."""
        async with self._lock:
            if weight < LARGE_BYTES:
                self._append(entry)
            else:
                await asyncio.to_thread(self._append, entry)

    def _append(self, entry: dict[str, Any]) -> None:
        data = (b"\n" if self._is_empty else b",\n") + json.dumps(entry).encode()
        missing = self._pending + data
        try:
            if self._other is None:
                _write(self._live, missing + _TAIL, self._live_end)
                self._live_end += len(missing)
                self._pending = b""
            else:
                _write(self._other, missing + _TAIL, self._other_end)
                self._take_over()
                self._live, self._other = self._other, self._live
                self._live_end, self._other_end = self._other_end + len(missing), self._live_end
                self._pending = data
        except OSError as error:
            self.failure = f"an exchange could not be written to {self.path}: {error.strerror or error}"
            if len(missing) > _MAX_PENDING_BYTES:
                return
            self._pending = missing  # with the next one, when there may be room again
        self._is_empty = False

    def _take_over(self) -> None:
        """Give the recording's name to the file that has just been written, and its own to the other."""
        self._swap.unlink(missing_ok=True)
        os.link(self.path, self._swap)
        self._spare.replace(self.path)
        self._swap.replace(self._spare)

    def close(self) -> None:
        """Leave one file behind."""
        for handle in (self._live, self._other):
            if handle is not None:
                os.close(handle)
        if self._other is not None:
            self._spare.unlink(missing_ok=True)
            self._swap.unlink(missing_ok=True)
        self._other = None


def _create(path: Path, data: bytes) -> int:
    handle = create(path)
    _write(handle, data, 0)
    return handle


def _write(handle: int, data: bytes, at: int) -> None:
    os.lseek(handle, at, os.SEEK_SET)
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
    os.ftruncate(handle, at + len(data))

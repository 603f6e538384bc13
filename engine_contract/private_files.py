"""Files that are whole or not there, that their owner alone may read, and whose writing follows no link.

Every file goes through here, since it may hold an engine's data.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import TextIO

MODE = 0o600


def draft_of(path: Path) -> Path:
    """Return a name beside `path` that nobody can guess."""
    return path.with_name(f".{path.name[:100]}.{token_hex(8)}.part")


def create(path: Path) -> int:
    """Create a file for its owner alone; return its handle. Raises FileExistsError, also where a link is at `path`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, MODE)


def is_special(path: Path) -> bool:
    """Return whether a device, pipe or socket is at `path`, or where a link there leads: it is not a file to replace."""
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of `path` once it is written; on an error `path` stays as it was.

    A link at `path` is replaced and not followed. Raises OSError where a device or pipe is there: for root, a file
    would take the place of `/dev/null` itself.
    """
    if is_special(path):
        raise OSError(errno.EINVAL, "It is a device or a pipe, not a file", str(path))
    draft = draft_of(path)
    handle = create(draft)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)

"""Text of files, commands and standard input, without a byte order mark."""

import errno
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import BinaryIO

MARK = "\ufeff"
MOST_BYTES = 256 << 20
"""Bytes of a file that is read at once. A device may have no end."""


def decode_text(data: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 where its mark says so, as PowerShell writes it. Raise UnicodeDecodeError."""
    return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")


def why_unread(error: Exception) -> str:
    """Return why a text could not be read, in words, and without a byte of it: it may be a secret."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not text in UTF-8 (byte {error.start})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def read_bounded(file: BinaryIO) -> bytes:
    """Return all that an open file, a pipe or a device holds. Raise OSError, also for more than MOST_BYTES."""
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it holds more than {MOST_BYTES >> 20} MiB")
    return data


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file. Raise OSError."""
    with path.open("rb") as file:
        return read_bounded(file)


def read_text(path: Path) -> str:
    """Return the text of a file. Raise OSError and UnicodeDecodeError."""
    return decode_text(read_bytes(path)).replace("\r\n", "\n")

"""Text of files, commands and standard input, without a byte order mark."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

MARK = "\ufeff"


def decode_text(data: bytes) -> str:
    """Return text in UTF-8, or in UTF-16 where its mark says so, as PowerShell writes it. Raise UnicodeDecodeError."""
    return data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")


def why_unread(error: Exception) -> str:
    """Return why a text could not be read, in words, and without a byte of it: it may be a secret."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not text in UTF-8 (byte {error.start})"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def read_text(path: Path) -> str:
    """Return the text of a file. Raise OSError and UnicodeDecodeError."""
    return decode_text(path.read_bytes()).replace("\r\n", "\n")

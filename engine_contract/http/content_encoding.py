"""A body without its content encoding, within bounds."""

import zlib
from collections.abc import Iterator
from typing import Any

from engine_contract.http.media_types import codec_of
from engine_contract.http.types import HeaderList, RawHeaders

# Before and after decompression: 2,000 tasks are about one million bytes, so no job fills this.
MAX_BODY_BYTES = 64 * 1024 * 1024
PART_BYTES = 64 * 1024
_GZIP_BEGINS = 0x1F
MAX_CODINGS = 5
"""Content encodings of one body, one upon the other; curl and urllib3 take as many."""
READABLE = frozenset({"identity", "gzip", "x-gzip", "deflate"})
_OTHERS = frozenset({"br", "zstd", "compress", "x-compress", "exi", "pack200-gzip", "aes128gcm", "dcb", "dcz"})
"""Registered content codings that are not undone here. Any other name, such as `UTF-8` or `none`, is not a coding:
clients take such a body as it is."""
_STEP_BYTES = 4096
"""Bytes that are unpacked at once: what follows a member is copied, and a body may have many small ones."""

_CODINGS = (READABLE | _OTHERS) - {"identity"}
_MEMBER = b"\x1f\x8b"


def only_readable(headers: RawHeaders) -> HeaderList:
    """Return a request's headers, with those content encodings alone accepted that can be read here."""
    kept = [(name, _readable_of(value) if name.lower() == b"accept-encoding" else value) for name, value in headers]
    # Without that header any coding is acceptable (RFC 9110, section 12.5.3).
    is_said = any(name.lower() == b"accept-encoding" for name, _ in kept)
    return kept if is_said else [*kept, (b"Accept-Encoding", b"identity")]


def _readable_of(accepted: bytes) -> bytes:
    parts = [part.strip() for part in accepted.decode("latin-1").split(",")]
    kept = [part for part in parts if part.partition(";")[0].strip().lower() in READABLE]
    return ", ".join(kept or ["identity"]).encode("latin-1")


def unreadable(encoding: str) -> str | None:
    """Return the first of a body's content encodings that cannot be read here, all if they are too many; else None."""
    names = _names(encoding)
    if len(names) > MAX_CODINGS:
        return ", ".join(names)
    return next((name for name in names if name not in READABLE), None)


def is_encoded(encoding: str) -> bool:
    """Return whether a `Content-Encoding` names a coding."""
    return bool(_names(encoding))


def unknown_coding(encoding: str) -> str | None:
    """Return the first name in a `Content-Encoding` that nobody knows: no coding, no charset, and not `none`."""
    names = (part.strip().lower() for part in encoding.split(","))
    return next(
        (name for name in names if name not in {"", "none", "identity", *_CODINGS} and not codec_of(name)), None
    )


def _names(encoding: str) -> list[str]:
    return [name for part in encoding.split(",") if (name := part.strip().lower()) in _CODINGS]


def decode_content(body: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return the decoded body, and an error if decoding stopped early."""
    names = _names(encoding)
    if len(names) > MAX_CODINGS:
        return body, f"it has {len(names)} content encodings, more than the {MAX_CODINGS} that are undone"
    left = MAX_BODY_BYTES
    for name in reversed(names):
        if not body:
            continue
        if name not in READABLE:
            return body, f"its content encoding {name[:40]} was not asked for"
        try:
            body, whole = _inflate(body, name, left)
        except zlib.error as error:
            return body, f"its content encoding {name} is broken: {error}"
        if not whole:
            is_large = len(body) > left
            reason = f"is larger than {MAX_BODY_BYTES // 2**20} MiB" if is_large else "ends before it is complete"
            return body, f"its {name} content {reason}"
        left -= len(body)  # of all encodings together
    return body, None


class Unpacker:
    """Undoes one content encoding of a body that comes in parts."""

    def __init__(self, name: str) -> None:
        """Take the encoding, which is one of READABLE."""
        self._name = name
        self._unpacker: Any = None

    def add(self, part: bytes) -> Iterator[bytes]:
        """Yield what a part holds, in parts. Raise ValueError for a body that is not in this encoding."""
        is_full = False
        while part or is_full:
            if self._name == "identity":
                yield part
                return
            if self._unpacker is not None and self._unpacker.eof:
                if self._name == "deflate" or part[0] != _GZIP_BEGINS:
                    return
                self._unpacker = None
            if self._unpacker is None:
                self._unpacker = zlib.decompressobj(_window(part, self._name))
            try:
                unpacked = self._unpacker.decompress(part, PART_BYTES)
            except zlib.error as error:
                raise ValueError(f"its content encoding {self._name} is broken: {error}") from error
            yield unpacked
            # The end of what a part holds may wait inside, with all of the part taken in.
            is_full = len(unpacked) == PART_BYTES and not self._unpacker.eof
            part = self._unpacker.unconsumed_tail or self._unpacker.unused_data


def _inflate(body: bytes, name: str, limit: int) -> tuple[bytes, bool]:
    window = _window(body, name)
    view, position, unpacked = memoryview(body), 0, bytearray()
    unpacker = zlib.decompressobj(window)
    while position < len(view):
        part = view[position : position + _STEP_BYTES]
        unpacked += unpacker.decompress(part, limit + 1 - len(unpacked))
        if len(unpacked) > limit:
            return bytes(unpacked), False
        position += len(part) - len(unpacker.unused_data)
        if unpacker.eof:
            # Gzip may have several members (RFC 1952, section 2.2); what else follows is padding.
            if view[position : position + 2] != _MEMBER:
                break
            unpacker = zlib.decompressobj(window)
    return bytes(unpacked), unpacker.eof


def _window(body: bytes, name: str) -> int:
    # "deflate" is zlib by the RFC and raw by the habit of some servers.
    raw_deflate = name == "deflate" and (
        body[0] & 0x0F != 8 or (len(body) > 1 and int.from_bytes(body[:2], "big") % 31)
    )
    return -zlib.MAX_WBITS if raw_deflate else zlib.MAX_WBITS | 32

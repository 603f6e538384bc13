"""Media types: what `Content-Type` and `Accept` say. Nothing else reads either."""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

CHARSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
}
"""Charsets in which a body is read → Python's codec. Others are refused: an open list would reach odd codecs."""

MAX_HEADER_CHARS = 8192
"""Characters of a header that are read."""

# A parameter ends at a semicolon, unless that stands in quotation marks.
_PARAMETER = re.compile(r';([^;="]*)(?:=([ \t]*"[^"\\]*(?:\\.[^"\\]*)*"[^;]*|[^;]*))?')


_MAX_CHARSET_CHARS = 40
# The time of these grows with the square of the text.
_SLOW_CODECS = frozenset({"idna", "punycode"})


def codec_of(charset: str) -> str | None:
    """Return Python's codec for a charset that somebody else names; None for one that is unknown or slow."""
    if not charset.isascii() or not charset.isprintable() or len(charset) > _MAX_CHARSET_CHARS:
        return None
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return None if name in _SLOW_CODECS else name


class ContentType(NamedTuple):
    """A media type in lower case, and its charset, None where none is given."""

    media: str
    charset: str | None

    @property
    def is_json(self) -> bool:
        """Return whether a body of this type is JSON."""
        return self.media in {"application/json", "text/json"} or (
            self.media.startswith("application/") and self.media.endswith("+json")
        )


@lru_cache(maxsize=256)
def read_content_type(header: bytes | str) -> ContentType:
    """Return media type and charset of a `Content-Type`."""
    text = header[:MAX_HEADER_CHARS] if isinstance(header, str) else header[:MAX_HEADER_CHARS].decode("latin-1")
    value = next((match[2] for match in _PARAMETER.finditer(text) if _is_charset(match)), None)
    charset = None if value is None else value.strip().strip("\"'").lower()
    if charset is not None and not charset.isprintable():
        charset = "unknown"  # Python looks up no codec of a name with a zero byte
    return ContentType(text.partition(";")[0].strip().lower(), charset)


def with_charset(header: str, charset: str) -> str:
    """Return a `Content-Type` with another charset in the place of its own; all else stays."""
    return _PARAMETER.sub(
        lambda match: f"; charset={charset}" if _is_charset(match) else match[0], header[:MAX_HEADER_CHARS]
    )


def _is_charset(match: re.Match[str]) -> bool:
    return match[1].strip().lower() == "charset" and match[2] is not None


@lru_cache(maxsize=256)
def accepts_json(header: bytes) -> bool:
    """Return whether an `Accept` allows application/json: the most specific range decides (RFC 9110, section 12.5.1)."""
    best = (-1, 0.0)
    for item in header[:MAX_HEADER_CHARS].decode("latin-1").split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        if media not in _JSON_RANGES:
            continue
        quality = next((value[2:].strip() for value in parameters if value.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            weight = 1.0
        best = max(best, (_JSON_RANGES[media], weight))
    return best[1] > 0 or not header.strip()


_JSON_RANGES = {"*/*": 0, "application/*": 1, "application/json": 2}

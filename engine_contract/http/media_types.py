"""Media types: what a request's `Content-Type` and `Accept` say."""

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


class ContentType(NamedTuple):
    """A media type in lower case, and its charset, None where none is given."""

    media: str
    charset: str | None


@lru_cache(maxsize=256)
def read_content_type(header: bytes) -> ContentType:
    """Media type and charset of a `Content-Type`."""
    media, *parameters = header.decode("latin-1").split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
    return ContentType(media.strip().lower(), charset)


@lru_cache(maxsize=256)
def accepts_json(header: bytes) -> bool:
    """Whether an `Accept` allows application/json: the most specific range decides (RFC 9110, section 12.5.1)."""
    best = (-1, 0.0)
    for item in header.decode("latin-1").split(","):
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

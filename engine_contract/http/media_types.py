"""Media types: what `Content-Type` and `Accept` say. Nothing else reads either."""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

WEB_CODECS = frozenset(
    {"ascii", "big5", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "iso2022_jp", "shift_jis", "utf-16", "utf-16-be"}
    | {"utf-16-le", "utf-32", "utf-8", "koi8-r", "koi8-u", "mac-roman", "cp866", "cp874", "cp932", "cp949"}
    | {f"iso8859-{part}" for part in range(1, 17) if part != 12}
    | {f"cp{page}" for page in range(1250, 1259)}
)
"""Python's names of the encodings that the web uses (WHATWG, "Names and labels"), and UTF-32. Python knows more that no
client reads, such as `unicode_escape`, or `punycode`, whose time grows with the square of the text."""

MAX_HEADER_CHARS = 8192
"""Characters of a header that are read."""

# A parameter ends at a semicolon, unless that stands in quotation marks.
_PARAMETER = re.compile(r';([^;="]*)(?:=([ \t]*"[^"\\]*(?:\\.[^"\\]*)*"[^;]*|[^;]*))?')


_MAX_CHARSET_CHARS = 40


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


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str | None:
    """Return Python's name of the encoding that a charset names, None where it is not one of the web's."""
    if not charset.isascii() or not charset.isprintable() or len(charset) > _MAX_CHARSET_CHARS:
        return None
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        return None
    return codec if codec in WEB_CODECS else None


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

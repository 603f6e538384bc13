"""Text from requests and documents, made fit for a page: escaped, with nothing invisible in it."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

_HIGHLIGHTED = 400_000  # characters of JSON that are coloured; beyond that the page would get slow
_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?P<word>\b(?:true|false|null|NaN|Infinity)\b)"
)

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def visible(text: str) -> str:
    r"""The text with what cannot be seen written out, such as `\u202e`; only line breaks and tabs stay."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(value: Any) -> Any:
    """What a template shows for a value: text made visible, all else as it is."""
    return visible(value) if type(value) is str else value


def pretty(document: Any) -> str:
    """A document as JSON for people."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def pretty_body(body: str) -> str:
    """A body that is JSON with line breaks and indents, every token of it as it came; any other as it is."""
    if body.lstrip()[:1] not in {"{", "["}:
        return body
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    return _indented(body)


def _indented(body: str) -> str:
    parts: list[str] = []
    depth = 0
    pieces = _PIECE.findall(body)
    for number, piece in enumerate(pieces):
        follows = pieces[number + 1] if number + 1 < len(pieces) else ""
        if piece in "{[":
            depth += 1
            parts.append(piece if follows in ("}", "]") else f"{piece}\n{'  ' * depth}")
        elif piece in "}]":
            depth -= 1
            empty = number > 0 and pieces[number - 1] in ("{", "[")
            parts.append(piece if empty else f"\n{'  ' * depth}{piece}")
        elif piece == ",":
            parts.append(f",\n{'  ' * depth}")
        else:
            parts.append(": " if piece == ":" else piece)
    return "".join(parts)


def highlight(text: str) -> Markup:
    """JSON with its keys and values marked for colours."""
    text = visible(text)
    if len(text) > _HIGHLIGHTED:
        return escape(text)
    parts, end = [], 0
    for match in _TOKEN.finditer(text):
        parts += [
            escape(text[end : match.start()]),
            Markup('<span class="j-{}">{}</span>').format(match.lastgroup, match[0]),
        ]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def clock(at_ms: int) -> str:
    """A time of the day in UTC, to the millisecond."""
    return moment(at_ms)[11:23]


def moment(at_ms: Any) -> str:
    """A time in UTC as ISO 8601, to the millisecond; empty for what is none."""
    if isinstance(at_ms, bool) or not isinstance(at_ms, int | float) or not 0 <= at_ms < 253_402_300_800_000:
        return ""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration(milliseconds: Any) -> str:
    """A duration for people; empty for what is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float) or not 0 <= milliseconds < 1e15:
        return ""
    if milliseconds < 1:
        return f"{milliseconds:.2g} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

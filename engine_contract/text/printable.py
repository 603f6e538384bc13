"""Text from requests and documents made fit for people: nothing invisible, cut to size, times and counts in words."""

import json
import re
from datetime import UTC, datetime
from typing import Any

_YEAR_10000_MS = 253_402_300_800_000


def visible(text: str) -> str:
    r"""Return the text with what cannot be seen written out, such as `\x1b`; only line breaks and tabs stay.

    The result is printable: no control characters, no lone surrogates, no marks that turn the
    direction of writing, nothing that XML forbids.
    """
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


_AT_LINE_START = re.compile(r"^([^\S\n]*+)::", re.MULTILINE)
_IN_A_LINE = re.compile(r"##(?=(?:vso|teamcity)?\[)", re.IGNORECASE)


def without_commands(text: str, *, after: str = "") -> str:
    r"""Return the text with what CI systems read as commands written out: `\x3a:` and `\x23#`.

    GitHub obeys `::` after blanks at the beginning of a line and `##[` anywhere, Azure `##vso[` anywhere, TeamCity
    `##teamcity[`. `after` is what stands before the text on its line.
    """
    if "##" in text:
        text = _IN_A_LINE.sub(r"\\x23#", text)
    if "::" not in text:
        return text
    first, line_break, rest = text.partition("\n")
    if not after.strip():
        first = _AT_LINE_START.sub(r"\1\\x3a:", first)
    return first + line_break + _AT_LINE_START.sub(r"\1\\x3a:", rest)


def printable_json(value: Any) -> str:
    """Return the value as indented JSON in which control characters and marks of direction are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def shorten(text: str, limit: int) -> str:
    """Return the first `limit` characters, and how many there were if that is not all."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… (cut, {len(text):,} characters)"


def clip(text: str, limit: int) -> str:
    """Return the first `limit` characters, and an ellipsis if that is not all."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def scalar(value: Any, limit: int = 1000) -> str:
    """Return a text, a number or a boolean of a document as a text, at most `limit` characters; empty for all else."""
    return shorten(str(value), limit) if isinstance(value, str | int | float) else ""


def one_line(text: str) -> str:
    """Return the text on one line, runs of white space as one space."""
    return " ".join(text.split())


def without_user_info(url: str) -> str:
    """Return a URL, or a text with one, without its user and password: a mistyped one may have an @ or a / in it."""
    before, slashes, rest = url.partition("//")
    _, at, after = rest.rpartition("@")
    return f"{before}{slashes}…@{after}" if at else url


def plural(count: int, noun: str) -> str:
    """Return `1 rule`, `2 rules`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def timestamp(seconds: float) -> str:
    """Return a time, given in seconds since 1970, as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(at_ms: Any) -> str:
    """Return the timestamp of milliseconds since 1970 that a document holds; empty if it holds something else."""
    return timestamp(at_ms / 1000) if _is_number(at_ms) and 0 <= at_ms < _YEAR_10000_MS else ""


def clock(at_ms: int) -> str:
    """Return the time of the day in UTC, to the millisecond."""
    return moment(at_ms)[11:23]


def duration(milliseconds: Any) -> str:
    """Return a duration for people; empty if the document holds something else."""
    if not _is_number(milliseconds) or not 0 <= milliseconds < 1e15:
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


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

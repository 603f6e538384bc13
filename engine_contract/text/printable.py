"""Text from requests and documents, made fit for a page: escaped, with nothing invisible in it."""

from datetime import UTC, datetime
from typing import Any


def visible(text: str) -> str:
    r"""The text with what cannot be seen written out, such as `\u202e`; only line breaks and tabs stay."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shown(value: Any) -> Any:
    """What a template shows for a value: text made visible, all else as it is."""
    return visible(value) if type(value) is str else value


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

"""Normalize received values: the parts that differ from run to run are masked, so that runs can be compared."""

import re

_REST = ", and so at "  # before the number of other places
_HEX = re.compile(r"[0-9a-fA-F]{8,}|\d+")
_ARRAY = re.compile(r"an array of \d+")
_NUMBER = re.compile(r"-?[\d.e+]+ \(a number\)")
_LONG = re.compile(r"\d{6,}(\.\d+)?")  # a time or a count; a shorter number is a value
_DATE_TIME = re.compile(r'"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)" \(a string\)')
_STATUS = re.compile(r"[1-5]\d\d")
_KIND = re.compile(r"\((a string|a number|a boolean)\)$")

MISSING = "the field is missing"
_ONCE_BEFORE_ABSENCE = "nothing: "  # in lists of known deviations that were written before
DATE_TIME = "a date-time (a string)"


def plain(received: str) -> str:
    """Return the text without the number of other places."""
    return received.partition(_REST)[0].removeprefix(_ONCE_BEFORE_ABSENCE)


def shape(received: str) -> str:
    """Return the text with ids, times and counts masked; a value that is the same in each run stays as it is."""
    text = plain(received)
    if _ARRAY.fullmatch(text):
        return "an array"
    if _DATE_TIME.fullmatch(text):
        return DATE_TIME
    if _NUMBER.fullmatch(text):
        return _LONG.sub("#", text)
    if text.startswith('"'):
        return _HEX.sub("#", text)
    return _HEX.sub(lambda match: match[0] if _STATUS.fullmatch(match[0]) else "#", text)


def kind(received: str) -> str | None:
    """Return the type of a value, or that there is none; None for a text that does not show one."""
    text = plain(received)
    if text in {"null", MISSING}:
        return text
    if text.startswith("an array"):
        return "an array"
    if text.startswith(("an object", "an empty object")):
        return "an object"
    found = _KIND.search(text)
    return found[1] if found else None


def pattern(pointer: str | None) -> tuple[str, ...]:
    """Return a pointer's parts without the keys of tasks, transitions and arrays: they differ from job to job."""
    parts = tuple((pointer or "").strip("/").split("/"))
    match parts:
        case ("tasks", _, *rest):
            return ("tasks", "*", *rest)
        case ("transitions", _, _, *rest):
            return ("transitions", "*", "*", *rest)
        case ("transitions", _):
            return ("transitions", "*")
    return tuple("*" if part.isdecimal() else part for part in parts)

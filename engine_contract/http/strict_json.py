"""JSON as RFC 8259 has it, read with a bound on what a response may cost."""

import json
from collections import Counter
from typing import Any

import orjson

MAX_CONTAINERS = 1_000_000  # objects and arrays; a document of 2,000 tasks has some 10,000


class NotJson(ValueError):  # noqa: N818 - what the body is, not an error of ours
    """The text is not JSON; the message says why."""


class TooMuchJson(NotJson):
    """It may be JSON: it is nested deeper, or has more parts, than can be read here."""


def read_json(body: bytes) -> Any:
    """Return the document in the bytes. Raise NotJson for all that RFC 8259 does not allow."""
    if body.count(b"{") + body.count(b"[") > MAX_CONTAINERS:
        raise TooMuchJson(f"more than {MAX_CONTAINERS:,} objects and arrays")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # orjson refuses a few texts that the RFC allows, such as an escaped lone surrogate.
        return _read_leniently(body, why=str(error))


def is_json(body: bytes) -> bool:
    """Return whether the bytes are JSON, or may be and hold too much to be read here."""
    try:
        read_json(body)
    except TooMuchJson:
        return True
    except NotJson:
        return False
    return True


def repeated_key(body: bytes) -> str | None:
    """Return a key that an object of the document has more than once, None without one. Raise NotJson."""
    found: list[str] = []

    def note(items: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in items]
        if not found and len(set(names)) < len(names):
            found.append(next(name for name, count in Counter(names).items() if count > 1))

    try:
        json.loads(body, object_pairs_hook=note)
    except RecursionError:
        raise TooMuchJson("it is nested too deep to be read") from None
    except ValueError as error:
        raise NotJson(str(error)) from None
    return found[0] if found else None


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether objects and arrays lie in one another on more than this number of levels."""
    level = [value]
    for _ in range(levels + 1):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return False
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return True


def json_type(value: Any) -> str:
    """Return what a value is in JSON, with its article."""
    return _TYPES.get(type(value), type(value).__name__)


def in_quotes(value: Any) -> str:
    """Return a hint for a number that came as a string, as forms and shells send it; else nothing."""
    is_number = isinstance(value, str) and value.strip().removeprefix("-").replace(".", "", 1).isdecimal()
    return " It is a string: leave out its quotation marks." if is_number else ""


_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


def _read_leniently(body: bytes, why: str) -> Any:
    if body.startswith(b"\xef\xbb\xbf"):
        raise NotJson("it begins with a byte order mark")
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_int=_bounded_int)
    except UnicodeDecodeError as error:
        raise NotJson(f"it is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}") from None
    except RecursionError:
        raise TooMuchJson("it is nested too deep to be read") from None
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(str(error) or why) from None


def _refuse(constant: str) -> None:
    raise NotJson(f"{constant} is not a JSON value")


def _bounded_int(digits: str) -> int | float:
    # Reading a very long integer takes time that grows with its square; nothing here needs its value.
    return int(digits) if len(digits) < 400 else float("inf")

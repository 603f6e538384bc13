"""`Prefer` (RFC 7240): what a caller asks of the mock for one request."""

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from engine_contract.text.printable import clip
from mock_server.operations.refusals import SITUATIONS, Refusal, Refused
from mock_server.settings import LONGEST_DELAY_MS, delay_range
from mock_server.store.behavior import CODES

# No pattern reads a character twice; a quotation that does not end goes on to the end of the header.
_QUOTED = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_ITEM = re.compile(rf'(?:{_QUOTED}?+|[^,"])++')
_PREFERENCE = re.compile(
    rf"""\s*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)          # name
        (?:\s*+=\s*+({_QUOTED}|[^\s;"]*+))?+         # value
        (?:\s*+;(?:{_QUOTED}|[^"])*+)?+\s*+          # parameters""",
    re.VERBOSE,
).fullmatch

NAMES = ("code", "example", "fault", "latency", "profile", "situation")

_REGISTERED = frozenset({"depth-noroot", "handling", "respond-async", "return", "safe", "transclude", "wait"})
"""Preferences that clients send for other reasons: those of IANA's registry."""


class Preferences(NamedTuple):
    """The preferences of a request. `given` are the names and values as they came."""

    code: int | None = None
    example: str | None = None
    fault: str | None = None
    latency_ms: float | None = None
    profile: str | None = None
    situation: str | None = None
    given: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    """The names that mean nothing here, and are not registered either."""

    @property
    def says_what(self) -> bool:
        """Return whether they say what is answered, and not only how."""
        return bool(self.code or self.example or self.fault or self.situation)

    def applied(self, status: int, situation: str | None) -> bytes:
        """Return the value of `Preference-Applied`, without the preferences that the request did not come to."""
        is_success = situation is None and 200 <= status < 300
        honoured = {"fault": True, "latency": True, "profile": True, "code": status == self.code}
        honoured["situation"] = situation == self.situation
        honoured["example"] = is_success or situation == self.example
        return ", ".join(f"{name}={value}" for name, value in self.given if honoured[name]).encode("latin-1")


NONE = Preferences()


def read_preferences(
    header: bytes, examples: Collection[str], faults: Callable[[], Collection[str]], profiles: Collection[str]
) -> Preferences:
    """Return the preferences of this mock in a `Prefer` header. Raise Refused for a value that it cannot honour.

    Others are ignored; of a preference that is there twice the first counts (RFC 7240, section 2). `faults` is called
    only where one is preferred: it loads them.
    """
    given: dict[str, str] = {}
    for item in _ITEM.findall(header.decode("latin-1")):
        if found := _PREFERENCE(item):
            given.setdefault(found[1].lower(), _unquote(found[2] or ""))
    known = {name: value for name, value in given.items() if name in NAMES}
    ignored = tuple(name for name in given if name not in known and name not in _REGISTERED)
    if not known:
        return Preferences(ignored=ignored) if ignored else NONE
    return Preferences(
        code=_code(known["code"]) if "code" in known else None,
        example=_one_of("example", known["example"], examples) if "example" in known else None,
        fault=_one_of("fault", known["fault"], faults()) if "fault" in known else None,
        latency_ms=_latency(known["latency"]) if "latency" in known else None,
        profile=_one_of("profile", known["profile"], profiles) if "profile" in known else None,
        situation=_one_of("situation", known["situation"], SITUATIONS) if "situation" in known else None,
        given=tuple(known.items()),
        ignored=ignored,
    )


def _unquote(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _code(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) == 3 and int(value) in CODES:
        return int(value)
    raise _cannot("code", value, f"a status from {CODES.start} to {CODES.stop - 1}")


def _latency(value: str) -> float:
    try:
        return delay_range(float(value))[0]
    except ValueError:
        raise _cannot("latency", value, f"a number of milliseconds from 0 to {LONGEST_DELAY_MS:.0f}") from None


def _one_of(name: str, value: str, known: Collection[str]) -> str:
    if value in known:
        return value
    raise _cannot(name, value, f"one of {', '.join(known)}")


def _cannot(name: str, value: str, allowed: str) -> Refused:
    return Refused(
        Refusal("bad-preference", f"Prefer: {name}={clip(value, 80)} cannot be honoured; {name} takes {allowed}.", name)
    )

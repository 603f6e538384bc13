"""Behaviour that somebody armed over the control API: what is answered and when, for all requests of an operation or some.

Several are an ordered list: the first that matches a request, and has `times` left, is the one that counts.
"""

from collections.abc import Collection, Mapping
from string import ascii_letters, digits
from typing import Any, NamedTuple, Protocol

from engine_contract.http.strict_json import in_quotes, is_deeper, json_type
from mock_server.settings import delay_range

MOST_HEADERS = 50
"""The most headers that one behaviour gives an answer."""

LONGEST_HEADER = 4000
"""The longest value of a header, in characters."""

_OF_NAMES = frozenset(f"{ascii_letters}{digits}!#$%&'*+-.^_`|~")
_NOT_ARMED = frozenset(
    {"connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the server writes itself: those that frame a message, and the date."""

MOST_ARMED = 100
"""The most behaviours that are armed at a time."""

DEEPEST = 100
"""The most levels of an armed body: what is read deeper cannot be written."""

CODES = range(200, 600)
"""Statuses that may be asked for: 4xx and 5xx leave the job as it was."""


class BehaviorError(ValueError):
    """A behaviour cannot be armed. The message names the key, the value and what is allowed."""


class Behavior(NamedTuple):
    """An armed behaviour. Each condition that is given must hold; `times` counts the requests it was applied to."""

    fault: str | None = None
    code: int | None = None
    latency_ms: tuple[float, float] | None = None
    job_id: str | None = None
    role: str | None = None
    times: int | None = None
    percentage: float | None = None
    operation: str | None = None
    """The operation of a further page, or a call around a cancel; None for the contract's own."""
    situation: str | None = None
    """The refusal, as the profile writes it."""
    profile: str | None = None
    example: str | None = None
    body: Any = None
    """The body of the answer, as JSON."""
    latency_before_ms: tuple[float, float] | None = None
    """The delay before the effect; `latency_ms` is the one after it."""
    headers: Mapping[str, str] | None = None
    """Headers of the answer, in place of those that it has of that name."""

    def matches(self, job_id: str | None, role: str | None, operation: str | None = None) -> bool:
        """Return whether a request of that operation, for that job and in that role, is meant."""
        return self.job_id in (None, job_id) and self.role in (None, role) and self.operation == operation

    def shown(self) -> dict[str, Any]:
        """Return the behaviour as JSON: what was given, nothing else."""
        return {key: value for key, value in self._asdict().items() if value is not None}


class ArmedBehavior(Protocol):
    """Keeps what is armed in a session, and what faults and variations remember there."""

    async def behavior(self, session: str) -> tuple[Behavior, ...]:
        """Return what is armed, in order; `times` are what is left of them."""
        ...

    async def arm(self, session: str, behaviors: tuple[Behavior, ...]) -> None:
        """Arm in place of what was armed; nothing disarms."""
        ...

    async def spend(
        self, session: str, job_id: str | None, role: str | None, operation: str | None = None
    ) -> Behavior | None:
        """Return the behaviour to apply to a request of that job, role and operation, and count it as applied."""
        ...

    async def note(self, session: str, key: str, value: float) -> None:
        """Keep a number for a fault or variation that has a memory."""
        ...

    async def noted(self, session: str, key: str) -> float:
        """Return the number kept, 0 if none was."""
        ...

    async def tally(self, session: str, key: str) -> int:
        """Count one more of what a fault or variation counts; return how many there are now."""
        ...


class Known(NamedTuple):
    """The names that a behaviour may hold. Faults and examples are those of each operation; the first is the contract's own."""

    faults: Mapping[str, Collection[str]]
    examples: Mapping[str, Collection[str]]
    profiles: Collection[str]
    situations: Collection[str]
    roles: Collection[str]


def read_behaviors(value: Any, known: Known) -> tuple[Behavior, ...]:
    """Read what is to be armed from its JSON: an object, or a list of them; `{}` and `[]` disarm. Raise BehaviorError."""
    if not isinstance(value, list):
        behavior = read_behavior(value, known)
        return () if behavior is None else (behavior,)
    if len(value) > MOST_ARMED:
        raise BehaviorError(f"A list holds at most {MOST_ARMED} behaviours, and this one {len(value)}.")
    behaviors = []
    for number, entry in enumerate(value, 1):
        try:
            behavior = read_behavior(entry, known)
        except BehaviorError as error:
            raise BehaviorError(f"Entry {number}: {error}") from None
        if behavior is None:
            raise BehaviorError(f"Entry {number} is empty: leave it out.")
        behaviors.append(behavior)
    return tuple(behaviors)


def read_behavior(value: Any, known: Known) -> Behavior | None:
    """Read one behaviour from its JSON; return None for `{}`. Raise BehaviorError."""
    if not isinstance(value, dict):
        raise BehaviorError(
            f'A behaviour is a JSON object such as {{"code": 409}}, or a list of them, not {json_type(value)}.'
        )
    if is_deeper(value, DEEPEST + 1):
        raise BehaviorError(f"body: nested more than {DEEPEST} levels deep. Make it flatter.")
    keys = ["fault", *_READERS, "role", "operation", "situation", "profile", "example", "body"]
    if unknown := sorted(set(value) - set(keys)):
        raise BehaviorError(f"{unknown[0]:.80}: no such key; a behaviour has {', '.join(keys)}.")
    given = {key: item for key, item in value.items() if item is not None}
    if not given:
        return None
    own, *_ = known.faults
    operation = _one_of("operation", given.pop("operation", own), known.faults)
    faults = known.faults[operation]
    fault, body = given.pop("fault", None), given.pop("body", None)
    if fault is not None and (not isinstance(fault, str) or fault not in faults):
        listed = (
            f"mock-engine --list-faults lists {len(faults)}" if operation == own else f"there are {', '.join(faults)}"
        )
        raise BehaviorError(f"fault {fault!r:.80}: no such fault; {listed}.")
    if body is not None and "code" not in given:
        raise BehaviorError("body: say with which status, by code.")
    named = {"situation": known.situations, "profile": known.profiles, "example": known.examples[operation]}
    named["role"] = known.roles
    read: dict[str, Any] = {
        key: _one_of(key, given.pop(key), allowed) for key, allowed in named.items() if key in given
    }
    read |= {key: _READERS[key](key, item) for key, item in given.items()}
    return Behavior(fault=fault, body=body, operation=None if operation == own else operation, **read)


def shown(behaviors: tuple[Behavior, ...]) -> Any:
    """Return what is armed as JSON: `{}` where nothing is, a list where several are."""
    entries = [one.shown() for one in behaviors]
    return entries if len(entries) > 1 else entries[0] if entries else {}


def _one_of(key: str, value: Any, allowed: Collection[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        there_are = f"there are {', '.join(allowed)}" if allowed else "there are none here"
        raise BehaviorError(f"{key} {value!r:.80}: no such {key}; {there_are}.")
    return value


def _code(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in CODES:
        raise BehaviorError(
            f"{key} {value!r:.80}: must be a status from {CODES.start} to {CODES.stop - 1}.{in_quotes(value)}"
        )
    return value


def _latency(key: str, value: Any) -> tuple[float, float]:
    try:
        return delay_range(value)
    except ValueError as error:
        raise BehaviorError(f"{key} {value!r:.80}: {error}") from None


def _name(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BehaviorError(f"{key} {value!r:.80}: must be a string that is not empty.")
    return value


def _headers(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_HEADERS:
        raise BehaviorError(
            f'{key} {value!r:.80}: must be an object such as {{"Retry-After": "5"}}, of at most {MOST_HEADERS} headers.'
        )
    for name, text in value.items():
        if (
            not name
            or not _OF_NAMES.issuperset(name)
            or name.lower() in _NOT_ARMED
            or name.lower().startswith("access-control-")
        ):
            raise BehaviorError(
                f"{key}.{name:.80}: not a header that can be armed: not a name, or one of the server's own."
            )
        if not isinstance(text, str) or len(text) > LONGEST_HEADER or not (text.isascii() and text.isprintable()):
            raise BehaviorError(
                f"{key}.{name:.80} {text!r:.80}: must be a string of at most {LONGEST_HEADER} printable ASCII characters."
            )
    return value


def _times(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BehaviorError(f"{key} {value!r:.80}: must be a whole number of requests, 1 or more.{in_quotes(value)}")
    return value


def _percentage(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise BehaviorError(f"{key} {value!r:.80}: must be a number from 0 to 100.{in_quotes(value)}")
    return float(value)


_READERS: dict[str, Any] = {
    "code": _code,
    "latency_ms": _latency,
    "latency_before_ms": _latency,
    "headers": _headers,
    "job_id": _name,
    "times": _times,
    "percentage": _percentage,
}

"""Behaviour that somebody armed over the control API: a fault, a status or a delay, for all cancel requests or for some."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from engine_contract.http.strict_json import json_type
from mock_server.settings import delay_range

CODES = range(200, 600)
"""Statuses that may be asked for: 4xx and 5xx leave the job as it was."""


class BehaviorError(ValueError):
    """A behaviour cannot be armed. The message names the key, the value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Behavior:
    """An armed behaviour. Each condition that is given must hold; `times` counts the requests it was applied to."""

    fault: str | None = None
    code: int | None = None
    latency_ms: tuple[float, float] | None = None
    job_id: str | None = None
    role: str | None = None
    times: int | None = None
    percentage: float | None = None
    operation: str | None = None
    """The operation of a further page; None for the contract's own."""

    def matches(self, job_id: str | None, role: str | None, operation: str | None = None) -> bool:
        """Return whether a request of that operation, for that job and in that role, is meant."""
        return self.job_id in (None, job_id) and self.role in (None, role) and self.operation == operation

    def shown(self) -> dict[str, Any]:
        """Return the behaviour as JSON: what was given, nothing else."""
        return {key: value for key, value in asdict(self).items() if value is not None}


class ArmedBehavior(Protocol):
    """Keeps what is armed in a session, and what faults and variations remember there."""

    async def behavior(self, session: str) -> Behavior | None:
        """Return what is armed; its `times` is what is left of them."""
        ...

    async def arm(self, session: str, behavior: Behavior | None) -> None:
        """Arm in place of what was armed; None disarms."""
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


def read_behavior(value: Any, known_faults: Mapping[str, Collection[str]]) -> Behavior | None:
    """Read a behaviour from its JSON; return None for `{}`, which disarms. Raise BehaviorError.

    `known_faults` are those of each operation by name; the first is the contract's own.
    """
    if not isinstance(value, dict):
        raise BehaviorError(f'A behaviour is a JSON object such as {{"code": 409}}, not {json_type(value)}.')
    keys = ["fault", *_READERS, "operation"]
    if unknown := sorted(set(value) - set(keys)):
        raise BehaviorError(f"{unknown[0]}: no such key; a behaviour has {', '.join(keys)}.")
    given = {key: item for key, item in value.items() if item is not None}
    if not given:
        return None
    own, *_ = known_faults
    operation = given.pop("operation", own)
    if operation not in known_faults:
        raise BehaviorError(f"operation {operation!r:.80}: no such operation; there are {', '.join(known_faults)}.")
    fault, known = given.pop("fault", None), known_faults[operation]
    if fault is not None and fault not in known:
        listed = (
            f"mock-engine --list-faults lists {len(known)}" if operation == own else f"there are {', '.join(known)}"
        )
        raise BehaviorError(f"fault {fault!r}: no such fault; {listed}.")
    further = None if operation == own else operation
    return Behavior(fault=fault, operation=further, **{key: _READERS[key](key, item) for key, item in given.items()})


def _code(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in CODES:
        raise BehaviorError(f"{key} {value!r}: must be a status from {CODES.start} to {CODES.stop - 1}.")
    return value


def _latency(key: str, value: Any) -> tuple[float, float]:
    try:
        return delay_range(value)
    except ValueError as error:
        raise BehaviorError(f"{key} {value!r}: {error}") from None


def _name(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BehaviorError(f"{key} {value!r}: must be a string that is not empty.")
    return value


def _times(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BehaviorError(f"{key} {value!r}: must be a whole number of requests, 1 or more.")
    return value


def _percentage(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise BehaviorError(f"{key} {value!r}: must be a number from 0 to 100.")
    return float(value)


_READERS: dict[str, Any] = {
    "code": _code,
    "latency_ms": _latency,
    "job_id": _name,
    "role": _name,
    "times": _times,
    "percentage": _percentage,
}

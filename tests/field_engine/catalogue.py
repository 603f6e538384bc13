"""A catalogue's entries: what a version is, and the rules that make it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .rules import Rules

Kind = Literal["right", "fault", "variation", "hostile"]
Aspect = Literal["route", "roles", "parameters", "response", "effects", "transport"]

RIGHT = Rules()


@dataclass(frozen=True)
class Entry:
    """One version; `contradicts` is the page's line or the consequence that a fault breaks."""

    name: str
    says: str
    kind: Kind
    aspect: Aspect
    contradicts: str = ""
    rules: Rules = field(default=RIGHT, repr=False, compare=False)


def fault(name: str, says: str, aspect: Aspect, contradicts: str, **changes: Any) -> Entry:
    """A version that breaks the page."""
    return Entry(name, says, "fault", aspect, contradicts, replace(RIGHT, **changes))


def variation(name: str, says: str, aspect: Aspect, **changes: Any) -> Entry:
    """A version that is right by the page and unlike the usual one."""
    return Entry(name, says, "variation", aspect, "", replace(RIGHT, **changes))


def hostile(name: str, says: str, aspect: Aspect = "transport", **changes: Any) -> Entry:
    """A version that harms a careless client."""
    return Entry(name, says, "hostile", aspect, "", replace(RIGHT, **changes))

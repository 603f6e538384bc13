"""A fault: a deliberately wrong version of the engine."""

from dataclasses import dataclass
from typing import Literal

from .engine import Engine

Aspect = Literal["route", "roles", "parameters", "response", "effects", "transport"]


@dataclass(frozen=True)
class Fault:
    """What is wrong, in which aspect, and the engine that does it."""

    name: str
    says: str
    aspect: Aspect
    engine: type[Engine]

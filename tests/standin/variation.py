"""A variation: a correct but unusual version of the engine."""

from dataclasses import dataclass

from .engine import Engine


@dataclass(frozen=True)
class Variation:
    """What is unusual, and the engine that does it."""

    name: str
    says: str
    engine: type[Engine]

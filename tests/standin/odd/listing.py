"""A listing of variations."""

from collections.abc import Callable
from typing import TypeVar

from tests.standin.engine import Engine
from tests.standin.variation import Variation

E = TypeVar("E", bound=Engine)


class Listing:
    """Collects variations; used as a decorator of the engine that varies."""

    def __init__(self) -> None:
        self.variations: list[Variation] = []

    def put(self, name: str, says: str, engine: type[Engine]) -> None:
        """Add a variation."""
        self.variations.append(Variation(name, says, engine))

    def __call__(self, name: str, says: str) -> Callable[[type[E]], type[E]]:
        """Add the decorated engine as a variation."""

        def add(engine: type[E]) -> type[E]:
            self.put(name, says, engine)
            return engine

        return add

"""A listing of the faults of one aspect."""

from collections.abc import Callable
from typing import TypeVar

from tests.standin.engine import Engine
from tests.standin.fault import Aspect, Fault

E = TypeVar("E", bound=Engine)


class Listing:
    """Collects faults; used as a decorator of the engine that has the fault."""

    def __init__(self, aspect: Aspect) -> None:
        self.aspect = aspect
        self.faults: list[Fault] = []

    def put(self, name: str, says: str, engine: type[Engine]) -> None:
        """Add a fault."""
        self.faults.append(Fault(name, says, self.aspect, engine))

    def __call__(self, name: str, says: str) -> Callable[[type[E]], type[E]]:
        """Add the decorated engine as a fault."""

        def add(engine: type[E]) -> type[E]:
            self.put(name, says, engine)
            return engine

        return add

"""A running stand-in engine."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

from .engine import Engine
from .fault import Fault
from .faults import FAULTS
from .log import Entry
from .server import Server
from .variation import Variation
from .variations import VARIATIONS


class Running:
    """The handle of a running engine."""

    def __init__(self, engine: Engine, port: int = 0) -> None:
        self.engine = engine
        self._server = Server(engine, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL, the base path of the engine included."""
        return f"http://127.0.0.1:{self._server.server_port}{self.engine.prefix}"

    def make_jobs(self, number: int) -> list[str]:
        """Create active jobs; their ids, in the order of creation."""
        return self.engine.make_jobs(number)

    @property
    def canceled(self) -> set[str]:
        """The ids of the jobs that are canceled, whatever was answered."""
        return self.engine.canceled

    @property
    def requests(self) -> list[Entry]:
        """All requests so far, control requests left out."""
        return self.engine.log.all()

    def stop(self) -> None:
        """Stop the engine."""
        self._server.stop()
        self._thread.join()


def engine_of(
    fault: Fault | str | None = None,
    variation: Variation | str | None = None,
    tokens: Mapping[str, str] | None = None,
) -> Engine:
    """An engine with a fault, a variation, both (the fault on top) or neither."""
    if isinstance(fault, str):
        fault = FAULTS[fault]
    if isinstance(variation, str):
        variation = VARIATIONS[variation]
    bases = tuple(part.engine for part in (fault, variation) if part is not None)
    if len(bases) < 2:
        only: type[Engine] = (*bases, Engine)[0]
        return only(tokens)
    both: type[Engine] = type("Both", bases, {})
    return both(tokens)


@contextmanager
def serve(
    fault: Fault | str | None = None,
    variation: Variation | str | None = None,
    tokens: Mapping[str, str] | None = None,
    port: int = 0,
) -> Iterator[Running]:
    """Run an engine on a loopback port (a free one by default)."""
    running = Running(engine_of(fault, variation, tokens), port)
    try:
        yield running
    finally:
        running.stop()

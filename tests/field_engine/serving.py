"""An engine in a thread of its own, for use within a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .engine import Engine
from .versions import BY_NAME


class Served:
    """A running engine: its addresses, its jobs and its record."""

    def __init__(self, engine: Engine, port: int, control_port: int) -> None:
        self._engine = engine
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.control_url = f"http://127.0.0.1:{control_port}"

    def make_jobs(self, count: int, owner: str = "admin", status: str | None = None) -> list[str]:
        """Starts jobs and returns their ids."""
        return self._engine.jobs.make(count, owner, status)

    def active(self, identity: str) -> bool:
        """Whether the job can be canceled still."""
        return self._engine.jobs.by_id[identity].active

    @property
    def canceled(self) -> list[str]:
        """The ids of canceled jobs, in the order of their cancels."""
        return list(self._engine.jobs.canceled)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """All requests but those of the surface for tests."""
        return [dict(entry) for entry in self._engine.requests]


@contextmanager
def serve(version: str = "right", port: int = 0, seed: int = 0) -> Iterator[Served]:
    """Runs a version on a daemon thread and its own event loop until the block ends."""
    engine = Engine(BY_NAME[version].rules, seed)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ports: list[int] = []
    failures: list[OSError] = []
    end = asyncio.Event()

    async def run() -> None:
        try:
            servers = [await engine.listen(port), await engine.listen(0, only_control=True)]
        except OSError as error:
            failures.append(error)
            return
        finally:
            if failures:
                ready.set()
        ports.extend(server.sockets[0].getsockname()[1] for server in servers)
        ready.set()
        await end.wait()
        for server in servers:
            server.close()
        await engine.close()

    def thread() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            ready.set()
            loop.close()

    runner = threading.Thread(target=thread, name=f"field engine {version}", daemon=True)
    runner.start()
    ready.wait()
    if failures:
        raise failures[0]
    try:
        yield Served(engine, ports[0], ports[1])
    finally:
        loop.call_soon_threadsafe(end.set)
        runner.join(2)

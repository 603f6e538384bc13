"""The watcher's settings."""

from dataclasses import dataclass
from pathlib import Path

from contract_tests.config.options import Connection

PREFIX = "/_watch"
"""Below this path the watcher answers itself."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Which engine to watch, where to listen, and what to write."""

    connection: Connection
    """Its timeout is how long the engine may send nothing before it is given up, in seconds."""
    host: str = "127.0.0.1"
    port: int = 4011
    record: Path | None = None
    write_profile: Path | None = None
    journal: int = 1000
    """Entries that are kept in memory."""

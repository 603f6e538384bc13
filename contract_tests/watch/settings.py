"""The watcher's settings."""

from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe

from contract_tests.config.options import Connection
from engine_contract.contract import Operation, load_contract

KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Which engine to watch, where to listen, who is let in, and what to write."""

    connection: Connection
    """Its timeout is how long the engine may send nothing before it is given up, in seconds."""
    operation: Operation = field(default_factory=load_contract)
    pages: tuple[Operation, ...] = ()
    """Operations of further pages, whose calls are judged too."""
    host: str = "127.0.0.1"
    """The address that the engine's port listens on."""
    console_key: str = field(default_factory=lambda: token_urlsafe(KEY_BYTES))
    """Opens the console; it stands in a path."""
    allow_hosts: frozenset[str] = frozenset()
    """Further names of the watcher's address, in small letters."""
    rewrite: bool = False
    """Whether text bodies name the watcher where they named the engine."""
    record: Path | None = None
    write_profile: Path | None = None
    journal: int = 1000
    """Entries that are kept in memory."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations whose calls are judged, the contract's own first."""
        return (self.operation, *self.pages)

"""All that a run is told, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contract_tests.config.auth import Auth
from contract_tests.config.sources import Source


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an engine."""

    base: str
    """The URL that the contract's path is appended to, without a slash at its end."""
    auth: Auth = field(default_factory=Auth)
    tokens: Mapping[str, Source] = field(default_factory=dict)
    headers: Mapping[str, Source] = field(default_factory=dict)
    timeout: float = 10.0
    """Seconds for a whole exchange, connecting included."""
    proxy: str | None = None
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What to check and how, beside the connection."""

    connection: Connection
    label: str | None = None
    seed: int = 0
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    max_jobs: int | None = None
    keep_jobs: bool = False
    deadline: float = 120.0
    rate: float | None = None
    concurrency: int = 8
    unsafe_probes: bool = False
    read_back: str | None = None
    """A path below the base whose GET shows a job, with `{job_id}` in it; None for the usual one."""
    settle_s: float = 1.0
    """Seconds after which what became of a job is shown everywhere."""
    embedded: bool = False
    """Whether the engine is the mock that this process started."""

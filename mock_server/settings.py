"""Every option of the mock, as one value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DOCUMENTED_JOB_ID = "4321abcdef694aa79dae47ad"
"""The page's own job id (page, "Parameters"), so that its example works as it stands."""


_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}").fullmatch


class SettingsError(ValueError):
    """An option that cannot be used. The message names the option, the value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of the mock; each has the meaning and default of the command line's.

    `tokens` maps secret tokens to roles; None means that the name of a role is its token.
    `latency_ms` is the range of a delay before each answer of the operation, in milliseconds.
    `profile` is a path or the name of a shipped profile. `max_body` is in bytes.
    """

    host: str = "127.0.0.1"
    port: int = 4010
    jobs: int = 20
    seed: int = 0
    any_job: bool = False
    tokens: Mapping[str, str] | None = None
    default_role: str | None = None
    base_path: str = "/"
    cors: tuple[str, ...] = ()
    upstream: str | None = None
    latency_ms: tuple[float, float] | None = None
    fault: str | None = None
    profile: str | Path | None = None
    store: str = field(default="memory", repr=False)  # it may hold a password
    workers: int = 1
    control_token: str | None = None
    control_origins: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_body: int = 1 << 20
    journal: int = 1000

    @property
    def prefix(self) -> str:
        """The base path as it stands before a path: `""` or `"/base"`."""
        return self.base_path.rstrip("/")

    @property
    def is_loopback(self) -> bool:
        """Whether the mock listens on this machine alone."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    host = host.strip("[]").lower()
    return host in {"::1", "localhost"} or host.endswith(".localhost") or bool(_LOOPBACK(host))

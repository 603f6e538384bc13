"""The options of mock-engine, as `options` has those of the other commands: the mock loads no others."""

from dataclasses import dataclass
from pathlib import Path

from engine_contract.option_rows import option


@dataclass(frozen=True, slots=True, kw_only=True)
class MockOptions:
    """The options of mock-engine."""

    host: str = option(default="127.0.0.1", metavar="HOST", help="Address to listen on.")
    port: int = option(default=4010, least=0, most=65535, help="Port to listen on; 0 takes a free one.")
    jobs: int = option(default=20, least=0, most=1_000_000, help="Active jobs at the start; the page's own id is one.")
    seed: int = option(default=0, help="Seed from which ids and documents are drawn.")
    any_job: bool = option(
        default=False, help="Every id of 24 lowercase hex characters not seen before is an active job."
    )
    tokens: Path | None = option(metavar="FILE", help='JSON that maps tokens to roles: {"s3cret": "support"}.')
    users: Path | None = option(
        metavar="FILE",
        help='JSON of those who can log in: {"alice@example": {"password": "…", "role": "support"}}. [default: a role\'s '
        "name is a user with any password]",
    )
    token_lifetime: float | None = option(
        above=0, metavar="S", help="Seconds after which a login's token is 401; only such tokens count then."
    )
    default_role: str | None = option(metavar="ROLE", help="Role of those who send no credential.")
    base_path: str = option(default="/", metavar="PATH", help="Path before /workflow_engine/cancelJob.")
    now: str | None = option(
        metavar="TIME",
        help="Stop the clock at TIME (RFC 3339): jobs do not end by themselves. POST /_mock/clock moves it.",
    )
    cors: tuple[str, ...] = option(
        default=(),
        metavar="ORIGIN",
        help="Origin whose pages may call, besides localhost; * for any. Repeatable.",
    )
    contract_only: bool = option(
        default=False, help="Leave out the calls around a cancel, such as login, start and search: they are 404."
    )
    upstream: str | None = option(
        metavar="URL", help="Where requests for all other paths go; the console is then on a port of its own."
    )
    latency: str | None = option(
        metavar="MS | MIN-MAX", help="Delay before each answer of the operation, in milliseconds."
    )
    fault: str | None = option(metavar="NAME", help="Fault or variation in force from the start.")
    profile: str | None = option(metavar="FILE | NAME", help="How refusals look: a file, or one that is shipped.")
    store: str = option(
        default="memory",
        metavar="URL",
        help=(
            "Where state is kept: memory, or redis://[USER@]HOST[:PORT]/DB (rediss:// for TLS), which replicas share. "
            "?prefix=NAME keeps several mocks apart in one database. The password: in the URL, or in MOCK_ENGINE_STORE_PASSWORD."
        ),
    )
    workers: int = option(default=1, least=1, help="Processes; more than one need a store that they share.")
    control_token: str | None = option(
        metavar="SOURCE", help="Token that the control API asks for: env:NAME, file:PATH, or the token itself."
    )
    control_origins: tuple[str, ...] = option(
        name="--control-origin",
        default=(),
        metavar="ORIGIN",
        help="Origin whose pages may use the control API. Repeatable.",
    )
    tls_cert: Path | None = option(metavar="FILE", help="Certificate chain (PEM), to serve https.")
    tls_key: Path | None = option(metavar="FILE", help="Its private key (PEM).")
    max_body: int = option(default=1 << 20, least=1, metavar="BYTES", help="Largest body of a request, in bytes.")
    journal: int = option(default=1000, least=0, metavar="N", help="Entries that a session's journal keeps.")
    pages: tuple[Path, ...] = option(
        name="--page",
        default=(),
        metavar="FILE|DIR",
        path="either",
        help="Further documentation page to serve, or a folder of them. Repeatable.",
    )
    log: bool = option(
        default=False,
        help="Print a line a request on stderr: method, path, role, status, reason, ms.  [default: where stderr is a terminal]",
    )
    list_faults: bool = option(default=False, help="List faults and variations.")
    list_profiles: bool = option(default=False, help="List the profiles that are shipped, and how each refuses.")
    verbose: bool = option(name="-v", default=False, help="Print the traceback where the command itself fails.")

"""Every option of the mock, as one value: read from the command line, and checked."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine_contract.environment import no_variable
from engine_contract.http.cors import read_origins
from engine_contract.http.net import is_loopback
from engine_contract.http.paths import decoded_path, encoded_path
from engine_contract.mock_options import MockOptions
from engine_contract.text.unmarked import read_text, why_unread
from mock_server.jobs.timestamps import read_rfc3339

LONGEST_DELAY_MS = 600_000.0
"""The longest delay, in milliseconds."""

PASSWORD_VARIABLE = "MOCK_ENGINE_STORE_PASSWORD"  # noqa: S105 - the name of one
"""The environment variable of the password of --store, for a URL that has none."""


class SettingsError(ValueError):
    """An option that cannot be used. The message names the option, the value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of the mock; each has the meaning and default of the command line's.

    `users` maps names to passwords and roles; None means that a role's name is a user with any password.
    `token_lifetime` is in seconds. `tokens` maps secret tokens to roles; None means that the name of a role is its token.
    `latency_ms` is the range of a delay before each response of the operation, in milliseconds.
    `profile` is a path or the name of a shipped profile. `max_body` is in bytes. `now_ms` is the time at which the
    clock of each session stands at its start, in epoch milliseconds; None for the real time.
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
    control_token: str | None = field(default=None, repr=False)
    control_origins: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    max_body: int = 1 << 20
    journal: int = 1000
    log: bool = False
    now_ms: int | None = None
    users: Mapping[str, tuple[str, str]] | None = field(default=None, repr=False)
    token_lifetime: float | None = None
    contract_only: bool = False
    pages: tuple[Path, ...] = ()
    console_port: int | None = None
    """Where the console is beside `upstream`, whose pages share the origin of `port`; set where the mock is served."""

    @property
    def prefix(self) -> str:
        """Return the base path as it stands before a decoded path: `""` or `"/base"`."""
        return decoded_path(self.base_path.rstrip("/"))

    @property
    def url_prefix(self) -> str:
        """Return the base path as it stands in a URL."""
        return encoded_path(self.base_path.rstrip("/"))

    @property
    def cors_origins(self) -> frozenset[bytes]:
        """Return the origins of `cors`, parsed. Raise SettingsError."""
        return _origins(self.cors, "--cors")

    @property
    def allowed_control_origins(self) -> frozenset[bytes]:
        """Return the origins of `control_origins`, parsed. Raise SettingsError."""
        origins = _origins(self.control_origins, "--control-origin")
        if b"*" in origins:
            raise SettingsError(
                "--control-origin *: any site that somebody visits could read the journal and change the mock. "
                "Name the origins of your pages, such as http://localhost:5173; lists of jobs are open to localhost anyway."
            )
        return origins

    @property
    def is_loopback(self) -> bool:
        """Return whether the mock listens on this machine alone."""
        return is_loopback(self.host)


def _origins(origins: Iterable[str], option: str) -> frozenset[bytes]:
    try:
        return read_origins(origins)
    except ValueError as error:
        raise SettingsError(f"{option} {error}") from None


def read_settings(options: MockOptions) -> Settings:
    """Return the settings of these options. Raise SettingsError for values and files that cannot be used."""
    if (options.tls_cert is None) != (options.tls_key is None):
        raise SettingsError("--tls-cert and --tls-key go together; one is missing.")
    if options.tls_cert is not None and options.tls_key is not None:
        _check_certificate(options.tls_cert, options.tls_key)
    return Settings(
        host=options.host,
        port=options.port,
        jobs=options.jobs,
        seed=options.seed,
        any_job=options.any_job,
        tokens=None if options.tokens is None else read_tokens(options.tokens),
        default_role=options.default_role,
        base_path=options.base_path,
        cors=options.cors,
        upstream=options.upstream,
        latency_ms=None if options.latency is None else _latency(options.latency),
        fault=options.fault,
        profile=options.profile,
        store=options.store,
        workers=options.workers,
        control_token=None if options.control_token is None else read_secret(options.control_token, "--control-token"),
        control_origins=options.control_origins,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        max_body=options.max_body,
        journal=options.journal,
        log=options.log,
        pages=options.pages,
        users=None if options.users is None else read_users(options.users),
        token_lifetime=options.token_lifetime,
        contract_only=options.contract_only,
        now_ms=None if options.now is None else _now(options.now),
    )


def read_secret(text: str, option: str) -> str:
    """Return the value of env:NAME or file:PATH, or the text itself. Raise SettingsError, which never shows the value."""
    kind, _, place = text.partition(":")
    if kind == "env":
        if place not in os.environ:
            raise SettingsError(f"{option} {text}: {no_variable(place)}")
        value = os.environ[place]
    elif kind == "file":
        try:
            value = read_text(Path(place).expanduser())
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a ~ without a home
            raise SettingsError(f"{option} {text}: the file cannot be read: {why_unread(error)}.") from None
    else:
        return text
    value = value.strip()
    if not value or not value.isprintable():
        raise SettingsError(f"{option} {text}: must hold one line of text, and holds {'more' if value else 'none'}.")
    return value


def read_tokens(path: Path) -> dict[str, str]:
    """Read the file of `--tokens`: token → role. Raise SettingsError, which never shows a token."""
    value = _read_object(f"--tokens {path}", path, 'tokens and roles, such as {"s3cret": "support"}')
    for number, (token, role) in enumerate(value.items(), 1):
        if not token.strip() or not isinstance(role, str) or not role.strip():
            raise SettingsError(f"--tokens {path}: entry {number}: token and role must be strings that are not empty.")
    return value


def read_users(path: Path) -> dict[str, tuple[str, str]]:
    """Read the file of `--users`: name → password and role. Raise SettingsError, which never shows a password."""
    example = '{"alice@example": {"password": "…", "role": "support"}}'
    value = _read_object(f"--users {path}", path, f"users, such as {example}")
    for name, user in value.items():
        texts = [user.get(key) for key in ("password", "role")] if isinstance(user, dict) and len(user) == 2 else []
        if not name or not texts or not all(isinstance(text, str) and text for text in texts):
            raise SettingsError(
                f"--users {path}: {name}: must be an object with password and role, both strings that are not empty."
            )
    return {name: (user["password"], user["role"]) for name, user in value.items()}


def _read_object(option: str, path: Path, of: str) -> dict[str, Any]:
    """Return the object in a JSON file. Raise SettingsError for any other content, or none."""
    try:
        value = orjson.loads(read_text(path))
    except OSError as error:
        raise SettingsError(f"{option}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"{option}: is not JSON: {error}.") from None
    if not isinstance(value, dict) or not value:
        raise SettingsError(f"{option}: must be an object of {of}.")
    return value


def _latency(text: str) -> tuple[float, float]:
    try:
        return delay_range(text)
    except ValueError as error:
        raise SettingsError(f"--latency {text}: {error}") from None


def _now(text: str) -> int:
    try:
        return read_rfc3339(text)
    except ValueError as error:
        raise SettingsError(f"--now {error}") from None


def _check_certificate(cert: Path, key: Path) -> None:
    import ssl

    from engine_contract.http.certificates import EncryptedKeyError, serving

    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        if not path.is_file():
            raise SettingsError(f"{option} {path}: no such file.")
    try:
        serving(cert, key)
    except EncryptedKeyError as error:
        raise SettingsError(f"--tls-key {key}: {error}.") from None
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"--tls-cert {cert} with --tls-key {key}: {getattr(error, 'reason', None) or error}."
        ) from None


def check_settings(settings: Settings) -> None:
    """Raise SettingsError, with what is allowed, for the first setting that cannot be used."""
    if not 0 <= settings.jobs <= 1_000_000:
        raise SettingsError(f"--jobs {settings.jobs}: must be from 0 to 1000000.")
    if settings.users is not None and settings.tokens is not None:
        raise SettingsError("--users beside --tokens: only tokens of logins count then; leave out --tokens.")
    if settings.token_lifetime is not None and settings.token_lifetime <= 0:
        raise SettingsError(f"--token-lifetime {settings.token_lifetime:g}: must be more than 0 seconds.")
    if settings.journal < 0:
        raise SettingsError(f"--journal {settings.journal}: must be 0 or more entries.")
    if settings.max_body < 1:
        raise SettingsError(f"--max-body {settings.max_body}: must be 1 byte or more.")
    if settings.control_token == "":
        raise SettingsError("--control-token: it is empty. Give a token, or leave the option out.")
    _ = settings.allowed_control_origins  # raises
    if not settings.base_path.startswith("/") or "?" in settings.base_path or "#" in settings.base_path:
        raise SettingsError(f"--base-path {settings.base_path}: must begin with / and be a path.")
    if settings.store == "memory" and settings.workers != 1:
        raise SettingsError(
            f"--workers {settings.workers}: needs a store that workers share: --store redis://HOST/DB; memory takes 1."
        )


def delay_range(value: Any) -> tuple[float, float]:
    """Parse a delay in milliseconds: 250, [50, 300], "250" or "50-300". Raise ValueError with what is allowed."""
    parts = value.split("-") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    try:
        numbers = [float(part) for part in parts if not isinstance(part, bool)]
    except (TypeError, ValueError):
        numbers = []
    if (
        len(numbers) != len(parts)
        or not 1 <= len(numbers) <= 2
        or not 0 <= numbers[0] <= numbers[-1] <= LONGEST_DELAY_MS
    ):
        raise ValueError(
            f"must be a number of milliseconds from 0 to {LONGEST_DELAY_MS:.0f}, or a smallest and a largest one."
        )
    return numbers[0], numbers[-1]

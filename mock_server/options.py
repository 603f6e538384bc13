"""From the command line's words to settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from mock_server.ranges import delay_range
from mock_server.settings import Settings, SettingsError


def read_settings(options: Mapping[str, Any]) -> Settings:
    """Settings from click's values, by option name. Raises SettingsError for values and files that cannot be used."""
    values = dict(options)
    latency = values.pop("latency")
    tokens = values.pop("tokens")
    values["control_origins"] = tuple(values.pop("control_origin"))
    values["cors"] = tuple(values["cors"])
    cert, key = values["tls_cert"], values["tls_key"]
    if (cert is None) != (key is None):
        raise SettingsError("--tls-cert and --tls-key go together; one is missing.")
    if cert is not None:
        _check_certificate(cert, key)
    return Settings(
        **values,
        latency_ms=None if latency is None else _latency(latency),
        tokens=None if tokens is None else read_tokens(tokens),
    )


def read_tokens(path: Path) -> dict[str, str]:
    """The file of `--tokens`: token → role. Raises SettingsError, which never shows a token."""
    try:
        value = orjson.loads(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"--tokens {path}: cannot be read: {error.strerror}.") from None
    except orjson.JSONDecodeError as error:
        raise SettingsError(f"--tokens {path}: is not JSON: {error}.") from None
    if not isinstance(value, dict) or not value:
        raise SettingsError(f'--tokens {path}: must be an object of tokens and roles, such as {{"s3cret": "support"}}.')
    for number, (token, role) in enumerate(value.items(), 1):
        if not token.strip() or not isinstance(role, str) or not role.strip():
            raise SettingsError(f"--tokens {path}: entry {number}: token and role must be strings that are not empty.")
    return value


def listed() -> str:
    """The catalogue as text, by aspect, variations in a section of their own."""
    from mock_server import faults

    lines: list[str] = []
    broken, odd = faults.faults(), faults.variations()
    width = max((len(change.name) for change in (*broken, *odd)), default=0)
    lines.append(f"Faults ({len(broken)}): each breaks the rule named after it.")
    aspect = ""
    for change in broken:
        rule = change.rule or ""
        if rule.partition(".")[0] != aspect:
            aspect = rule.partition(".")[0]
            lines += ["", f"  {aspect}"]
        lines.append(f"    {change.name:<{width}}  {change.sentence} [{rule}]")
    lines += ["", f"Variations ({len(odd)}): odd engines that conform.", ""]
    lines += [f"    {change.name:<{width}}  {change.sentence}" for change in odd]
    return "\n".join(lines)


def _latency(text: str) -> tuple[float, float]:
    try:
        return delay_range(text)
    except ValueError as error:
        raise SettingsError(f"--latency {text}: {error}") from None


def _check_certificate(cert: Path, key: Path) -> None:
    import ssl

    for option, path in (("--tls-cert", cert), ("--tls-key", key)):
        if not path.is_file():
            raise SettingsError(f"{option} {path}: no such file.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(
            f"--tls-cert {cert} with --tls-key {key}: {getattr(error, 'reason', None) or error}."
        ) from None

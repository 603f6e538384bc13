"""The URL of an engine."""

import os
from urllib.parse import urlsplit

from contract_tests.errors import SettingError
from engine_contract.contract import load_contract
from engine_contract.options import EngineOptions
from engine_contract.text.printable import without_user_info

FROM_VARIABLE = "env:"


def base_of(options: EngineOptions) -> str:
    """Return the base of the engine that the options name: --url counts before the settings file. Raises SettingError."""
    engine, given = options.engine, options.base_url
    if engine is None:
        if given is not None and options.url is not None:
            raise SettingError(
                f"--url {without_user_info(given)} and the URL {without_user_info(options.url)} exclude each other. --url is for an engine of the settings file."
            )
        return parse_base(given or options.url or "")
    if given is not None:
        return parse_base(given)
    if not engine.url.startswith(FROM_VARIABLE):
        return parse_base(engine.url)
    variable, where = engine.url.removeprefix(FROM_VARIABLE), engine.where("url")
    if not os.environ.get(variable, "").strip():
        raise SettingError(
            f"{where} is env:{variable}: the environment has no such variable, or it is empty. Set it, or give --url."
        )
    try:
        return parse_base(os.environ[variable].strip())
    except SettingError as error:
        raise SettingError(f"{where} is env:{variable}: {error}") from error


def parse_base(url: str) -> str:
    """Return the engine's base without a slash at its end. Raises SettingError if it is not an HTTP URL."""
    allowed = "Give the engine's base, such as http://localhost:3000."
    if not url.strip():
        raise SettingError(f"The URL is empty. {allowed}")
    shown = without_user_info(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        why = str(error)
        if "@" in url:  # what is quoted may be a part of the password
            why = "it cannot be parsed, and a URL with a password would show it everywhere"
        raise SettingError(f"{shown}: is not a URL: {why}. {allowed}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise SettingError(f"{shown}: is not the URL of an engine. {allowed}")
    if parts.username or parts.password:
        raise SettingError(
            f"{parts.scheme}://…@{host}: a URL with a password shows it everywhere. "
            "Give --auth basic and --token ROLE=env:NAME instead."
        )
    if parts.query or parts.fragment:
        raise SettingError(f"{shown}: a base has no query and no fragment. {allowed}")
    return url.rstrip("/").removesuffix(load_contract().path).rstrip("/")

"""The URL of an engine."""

from urllib.parse import urlsplit

from contract_tests.errors import SettingError
from contract_tests.plan.scenario import PATH


def parse_base(url: str) -> str:
    """Return the engine's base without a slash at its end. Raises SettingError if it is not an HTTP URL."""
    allowed = "Give the engine's base, such as http://localhost:3000."
    if not url.strip():
        raise SettingError(f"The URL is empty. {allowed}")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SettingError(f"{url}: is not a URL: {error}. {allowed}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise SettingError(f"{url}: is not the URL of an engine. {allowed}")
    if parts.username or parts.password:
        raise SettingError(
            f"{parts.scheme}://…@{host}: a URL with a password shows it everywhere. "
            "Give --auth basic and --token ROLE=env:NAME instead."
        )
    if parts.query or parts.fragment:
        raise SettingError(f"{url}: a base has no query and no fragment. {allowed}")
    return url.rstrip("/").removesuffix(PATH).rstrip("/")

"""Where a Redis is: the URL of `--store`, read once, its password kept apart from all that is shown."""

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from engine_contract.http.certificates import EncryptedKeyError, load_chain
from mock_server.settings import PASSWORD_VARIABLE, SettingsError

SCHEMES = ("redis", "rediss")

DEFAULT_PREFIX = "mock-engine"

_PREFIX = re.compile(r"[\w.:@-]{1,100}", re.ASCII).fullmatch
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


class Address(NamedTuple):
    """A Redis, and the part of it that is one mock's. `shown` is the address without user and password."""

    shown: str
    options: Mapping[str, Any]
    """Keyword arguments of redis-py's connections, password included."""
    is_secure: bool
    prefix: str
    copies: int
    """The number of Redis's own replicas that have a change before it is answered."""

    def __repr__(self) -> str:
        return f"Address({self.shown})"


def read_address(store: str, environ: Mapping[str, str] = os.environ) -> Address:
    """Read `redis[s]://[USER:PASSWORD@]HOST[:PORT][/DB][?prefix=NAME&copies=N]`. Raise SettingsError."""
    scheme = store.partition("://")[0]
    if scheme not in SCHEMES:
        named = f"{scheme}://…" if "://" in store else "of that form"
        raise SettingsError(f"--store {named}: no such store; there are memory, redis://HOST/DB and rediss://HOST/DB.")
    try:
        url = urlsplit(store)
        host, port = unquote(url.hostname or "") or "localhost", url.port or 6379
    except ValueError:
        # The text is not repeated: what is wrong may be the password.
        raise SettingsError(
            f"--store {scheme}://…: is not a URL; escape / ? # @ : in a password (%2F %3F %23 %40 %3A)."
        ) from None
    shown = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    db = url.path.strip("/") or "0"
    if not (db.isascii() and db.isdigit()) or len(db) > 9 or url.fragment:
        raise SettingsError(
            f"--store {shown}/…: the database must be a number, as in {shown}/0 (escape / and # in a password)."
        )
    shown = f"{shown}/{int(db)}"
    query = _read_query(url.query, shown, is_secure=scheme == "rediss")
    prefix, copies = query.pop("prefix", DEFAULT_PREFIX), query.pop("copies", "0")
    if not _PREFIX(prefix):
        raise SettingsError(f"--store {shown}: prefix {prefix[:40]!r}: takes 1 to 100 letters, digits and . _ : @ -")
    if copies not in {"0", "1", "2", "3", "4", "5"}:
        raise SettingsError(f"--store {shown}: copies {copies[:40]!r}: must be a number of Redis replicas from 0 to 5.")
    password = unquote(url.password) if url.password else environ.get(PASSWORD_VARIABLE)
    options = {"host": host, "port": port, "db": int(db), "password": password, **query}
    if url.username:
        options["username"] = unquote(url.username)
    return Address(shown, options, scheme == "rediss", prefix, int(copies))


def _read_query(text: str, shown: str, *, is_secure: bool) -> dict[str, str]:
    query = dict(parse_qsl(text, keep_blank_values=True))
    allowed = ("prefix", "copies", *(_TLS if is_secure else ()))
    unknown = sorted(set(query) - set(allowed))
    if unknown:
        raise SettingsError(f"--store {shown}: {unknown[0][:40]}: no such setting; there are {', '.join(allowed)}.")
    for name in _TLS:
        if name in query and not os.path.isfile(query[name]):  # noqa: PTH113 - a string for redis-py
            raise SettingsError(f"--store {shown}: {name} {query[name]}: no such file.")
    if "ssl_certfile" in query:
        _check_key(query["ssl_certfile"], query.get("ssl_keyfile"), shown)
    return query


def _check_key(cert: str, key: str | None, shown: str) -> None:
    """Raise SettingsError for a key for which redis-py would ask whoever sits at the terminal."""
    try:
        load_chain(ssl.create_default_context(), Path(cert), Path(key) if key else None)
    except EncryptedKeyError as error:
        raise SettingsError(f"--store {shown}: ssl_keyfile {key or cert}: {error}.") from None
    except (OSError, ssl.SSLError):
        return  # told where it is connected

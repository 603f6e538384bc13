"""The mock's own part of serving: where it listens, and how its server is set up."""

import socket
from collections.abc import Callable
from typing import Any

from engine_contract.http import net
from engine_contract.http.certificates import serving
from engine_contract.http.server import Server
from mock_server.settings import Settings, SettingsError

SHUTDOWN_GRACE_S = 5.0
"""Seconds that running requests get to finish at shutdown."""


def bind(settings: Settings, *, is_one_of_many: bool = False) -> list[socket.socket]:
    """Return sockets bound as the settings say; see `net.bind`. Raise SettingsError."""
    try:
        return net.bind(settings.host, settings.port, is_one_of_many=is_one_of_many)
    except OSError as error:
        raise SettingsError(f"--port {error}") from None
    except ValueError as error:
        raise SettingsError(f"--host {error}") from None


def url_of(settings: Settings, bound: socket.socket) -> str:
    """Return the address of the mock as a user types it."""
    return net.url_of(settings.host, bound, "http" if settings.tls_cert is None else "https")


def make_server(
    app: Any, settings: Settings, *, ready: Callable[[], None], grace_s: float = SHUTDOWN_GRACE_S
) -> Server:
    """Return the server of a mock."""
    cert, key = settings.tls_cert, settings.tls_key
    return Server(
        app,
        ready=ready,
        grace_s=grace_s,
        ws="none",
        lifespan="on",
        ssl_context_factory=None if cert is None else lambda _config, _default: serving(cert, key),
    )

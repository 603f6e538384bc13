"""The mock's own part of serving: where it listens, and how its server is set up."""

import gc
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine_contract.http import net
from engine_contract.http.certificates import serving
from engine_contract.http.server import Server
from mock_server.settings import Settings, SettingsError

SHUTDOWN_GRACE_S = 5.0
"""Seconds that running requests get to finish at shutdown."""

_PORTS = 65_536


def freeze_start() -> None:
    """Let the collector of garbage leave out what exists now, all of which stays, and run less often than by default."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def listen(settings: Settings) -> tuple[Settings, list[socket.socket]]:
    """Bind all sockets, the mock's first, and return them with the settings that hold. Raise SettingsError.

    Beside `--upstream` the console has a port, and so an origin, of its own: the one after the mock's if it is free.
    """
    bound = bind(settings)
    if settings.upstream is None:
        return settings, bound
    for port in ((settings.port + 1) % _PORTS if settings.port else 0, 0):
        with suppress(OSError):
            own = net.bind(settings.host, port)
            return replace(settings, console_port=own[0].getsockname()[1]), [*bound, *own]
    close(bound)
    raise SettingsError(f"--upstream {settings.upstream}: there is no free port for the console.")


def bind(settings: Settings, *, is_one_of_many: bool = False) -> list[socket.socket]:
    """Return sockets bound as the settings say; see `net.bind`. Raise SettingsError."""
    bound: list[socket.socket] = []
    try:
        for port in (settings.port, settings.console_port):
            if port is not None:
                bound += net.bind(settings.host, port, is_one_of_many=is_one_of_many)
    except OSError as error:
        close(bound)
        raise SettingsError(f"--port {error}") from None
    except ValueError as error:
        raise SettingsError(f"--host {error}") from None
    return bound


def close(bound: Iterable[socket.socket]) -> None:
    """Close sockets."""
    for each in bound:
        each.close()


def url_of(settings: Settings, bound: socket.socket) -> str:
    """Return the address of the mock as a user types it, without a slash at the end."""
    return net.url_of(settings.host, bound, "http" if settings.tls_cert is None else "https") + settings.url_prefix


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

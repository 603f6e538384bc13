"""Uvicorn as the mock needs it: quiet, ready when it says so, ended at once by a signal or a call."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Generator
from typing import Any

import uvicorn

from engine_contract.dependencies import require
from mock_server.serving.http_protocol import http_protocol
from mock_server.settings import Settings, SettingsError

require(
    "uvicorn",
    *(
        f"uvicorn:Server.{name}"
        for name in (
            "capture_signals",
            "lifespan",
            "main_loop",
            "on_tick",
            "run",
            "server_state",
            "servers",
            "should_exit",
            "shutdown",
            "startup",
        )
    ),
    "uvicorn.server:ServerState.connections",
    "uvicorn.server:ServerState.tasks",
    breaks="the mock would not say when it is ready, or would not end when it is told to",
)

GRACE_S = 5.0
"""Answers that run when the server ends get so long to finish."""

KEEP_ALIVE_S = 75
"""An idle connection is kept so long: longer than clients keep theirs, so that none meets a close on the way."""

_TICK_S = 1.0 if sys.platform != "win32" else 0.1


def bind(host: str, port: int, *, is_one_of_many: bool = False) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one. Raises SettingsError.

    It listens, unless it is one of many that share the port (where the system has that): the system shares
    connections out among those of them that listen.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"--host {host}: {error.strerror or error}.") from None
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_one_of_many:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        if not is_one_of_many:
            bound.listen(2048)
    except OSError as error:
        bound.close()
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(f"--port {port}: cannot listen on {host}:{port}: {reason}.") from None
    return bound


def url_of(settings: Settings, bound: socket.socket) -> str:
    """The address of the mock as a user types it."""
    host, port = settings.host, bound.getsockname()[1]
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


class Server(uvicorn.Server):
    """Serves one application on one bound socket."""

    def __init__(self, app: Any, settings: Settings, *, ready: Callable[[], None], grace_s: float = GRACE_S) -> None:
        config = uvicorn.Config(
            app,
            http=http_protocol(),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        super().__init__(config)
        self._ready = ready
        self._grace_s = grace_s
        self.loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """End the server, from any thread."""
        self.should_exit = True
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                self.loop.call_soon_threadsafe(self._ending.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        self.loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        await self.on_tick(0)
        await super().startup(sockets)
        self._ready()

    async def main_loop(self) -> None:
        """Wait for the end; uvicorn's own loop wakes ten times a second, and is late by that much."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running answers finish, then close what is left."""
        for server in self.servers:
            server.close()
        for bound in sockets or []:
            bound.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        running = set(self.server_state.tasks)
        if running:
            _, running = await asyncio.wait(running, timeout=self._grace_s)
        for task in running:
            task.cancel()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.close() if not running else connection.transport.abort()
        await asyncio.sleep(0)
        await self.lifespan.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT end the server; uvicorn would raise them again, and the exit status with them."""
        loop = asyncio.get_running_loop()
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            with contextlib.suppress(ValueError):
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: self.stop())
        yield

"""Uvicorn as the watcher needs it: it adds no headers of its own, says when it is ready, and ends cleanly."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn

from contract_tests.errors import SettingError
from engine_contract.dependencies import require

require(
    "uvicorn",
    *(
        f"uvicorn:Server.{name}"
        for name in ("capture_signals", "handle_exit", "run", "server_state", "shutdown", "startup")
    ),
    "uvicorn.server:ServerState.tasks",
    breaks="the watcher would not say when it is ready, or would end before its recording is written",
)

KEEP_ALIVE = 75  # seconds; longer than clients keep theirs
GRACE = 3  # seconds that answers have to finish when the watcher ends
MAX_MESSAGE = 64 << 20  # bytes of one WebSocket message


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one. Raises SettingError."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingError(f"--host {host}: {error.strerror or error}.") from None
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        reason = (error.strerror or str(error)).lower()
        raise SettingError(f"--port {port}: cannot listen on {host}:{port}: {reason}.") from None
    return bound


def url_of(host: str, bound: socket.socket) -> str:
    """The watcher's address as a user types it."""
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{shown}:{bound.getsockname()[1]}"


class Server(uvicorn.Server):
    """Serves one application on one bound socket."""

    def __init__(self, app: Any, *, ready: Callable[[], None], closing: Callable[[], Awaitable[None]]) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # bad requests are answered, not logged
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            ws_max_size=MAX_MESSAGE,
            ws_ping_interval=None,
        )
        super().__init__(config)
        self._ready = ready
        self._closing = closing
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running answers finish, then close what is left."""
        await super().shutdown(sockets)
        if running := set(self.server_state.tasks):
            await asyncio.wait(running, timeout=GRACE)  # they have been told to end, and write down what had passed
        await self._closing()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT end the server; uvicorn would raise them again, and the exit status with them."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        try:
            for number in numbers:
                loop.add_signal_handler(number, self.handle_exit, number, None)
        except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            with contextlib.suppress(ValueError):
                for number in numbers:
                    signal.signal(number, self.handle_exit)
        yield

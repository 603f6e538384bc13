"""Uvicorn as both programs need it: quiet, ready when it says so, ended at once by a signal or a call.

This module holds everything of uvicorn that is overridden.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn

from engine_contract.dependencies import require
from engine_contract.http.http_protocol import http_protocol
from engine_contract.http.slow_callers import close_slow

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
    breaks="a server would not say when it is ready, or would end too late or before all is written down",
)

KEEP_ALIVE_S = 75
"""Idle timeout of a connection; longer than common client timeouts, so that the client closes first."""

_TICK_S = 1.0 if sys.platform != "win32" else 0.1


class Server(uvicorn.Server):
    """Serves one application on one bound socket."""

    def __init__(
        self,
        app: Any,
        *,
        ready: Callable[[], None],
        grace_s: float,
        closing: Callable[[], Awaitable[None]] | None = None,
        **options: Any,
    ) -> None:
        """Take what to call once it listens, and what to await once all requests have ended.

        `grace_s`: seconds that running requests get to finish at shutdown. `options` are uvicorn's own.
        """
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                **({"http": http_protocol()} | options),
            )
        )
        self._ready = ready
        self._grace_s = grace_s
        self._closing = closing
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
            close_slow(self.server_state.connections)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running requests finish, then end what is left of them and close all connections."""
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
        if running:
            await asyncio.wait(running, timeout=self._grace_s)  # they write down what they know
        await asyncio.sleep(0)
        await self.lifespan.shutdown()
        if self._closing is not None:
            await self._closing()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End the server on SIGTERM and SIGINT; uvicorn would raise them again, and the exit status with them."""
        loop = asyncio.get_running_loop()
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            with contextlib.suppress(ValueError):
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: self.stop())
        yield

"""The watcher as an ASGI application: below `/_watch/` is the console, all else is the engine's."""

import asyncio

from contract_tests.watch.console import console_for
from contract_tests.watch.settings import PREFIX
from contract_tests.watch.state import Watch
from contract_tests.watch.websocket_proxy import WebSocketProxy
from engine_contract.http.types import Receive, Scope, Send


class WatchApp:
    """Routes each request and WebSocket to the console, or by way of the proxies to the engine."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._sockets = WebSocketProxy(watch.settings.connection, watch.observer)
        self._console = console_for(watch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        self.watch.loop = self.watch.loop or asyncio.get_running_loop()
        path = scope["path"]
        if scope["type"] == "http" and (path == PREFIX or path.startswith(f"{PREFIX}/")):
            await self._console(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
        else:
            await self.watch.http_proxy(scope, receive, send)

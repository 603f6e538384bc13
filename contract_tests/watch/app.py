"""The watcher as an ASGI application: at one port is the console, at the other all is the engine's."""

import asyncio

from contract_tests.watch.console import console_for
from contract_tests.watch.state import Watch
from contract_tests.watch.websocket_proxy import WebSocketProxy
from engine_contract.http.types import Receive, Scope, Send


class WatchApp:
    """Routes each request and WebSocket to the console, or by way of the proxies to the engine."""

    def __init__(self, watch: Watch, console_port: int) -> None:
        self.watch = watch
        self._console_port = console_port
        self._sockets = WebSocketProxy(watch.settings.connection, watch.observer, watch.access)
        self._console = console_for(watch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        self.watch.loop = self.watch.loop or asyncio.get_running_loop()
        is_console = scope["server"][1] == self._console_port  # the socket's own, whatever `Host` says
        if scope["type"] == "websocket":
            await (send({"type": "websocket.close"}) if is_console else self._sockets(scope, receive, send))
        else:
            await (self._console if is_console else self.watch.http_proxy)(scope, receive, send)

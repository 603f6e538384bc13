"""The HTTP/1.1 server in front of an engine."""

import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from .control import control
from .engine import Engine
from .reply import Reply
from .request import Request
from .wire import wire


class Handler(BaseHTTPRequestHandler):
    """Reads the requests of one connection and sends their replies."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: "Server"

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method, known or not, is answered by the engine."""
        if name.startswith("do_"):
            return self.respond
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base
        """Nothing is printed."""

    def setup(self) -> None:
        """Start a connection."""
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        """End a connection."""
        self.server.closed(self.connection)
        super().finish()

    def respond(self) -> None:
        """Answer one request."""
        body = self._body()
        if body is None:
            self.close_connection = True
            self._send(Reply(400, b'{"error": "length"}', close=True))
            return
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            headers=dict(self.headers.items()),
            body=body,
            peer=(self.client_address[0], self.client_address[1]),
        )
        engine = self.server.engine
        self._send(control(engine, request) or engine.handle(request))

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunked_body()
        length = self.headers.get("Content-Length", "0").strip()
        if not (length.isascii() and length.isdigit()):
            return None
        return self.rfile.read(int(length))

    def _chunked_body(self) -> bytes | None:
        body = b""
        try:
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        except ValueError:
            return None
        while self.rfile.readline().strip():
            pass
        return body

    def _send(self, reply: Reply) -> None:
        if reply.hang:
            self.server.engine.stopped.wait(reply.hang)
        if reply.hang or reply.drop:
            self.close_connection = True
            return
        if reply.delay:
            time.sleep(reply.delay)
        if reply.close or reply.unsized or reply.endless or reply.cut is not None:
            self.close_connection = True
        keep_alive = None
        if self.close_connection:
            keep_alive = "close"
        elif self.request_version == "HTTP/1.0":
            keep_alive = "keep-alive"
        head_only = self.command == "HEAD"
        self.wfile.write(wire(reply, head_only=head_only, keep_alive=keep_alive))


class Server(ThreadingHTTPServer):
    """Listens on the loopback address; every connection has its own thread."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, engine: Engine, port: int = 0) -> None:
        self.engine = engine
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the host's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def opened(self, connection: socket.socket) -> None:
        """Remember an open connection."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are no matter of interest; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Stop listening and break all open connections."""
        self.engine.stopped.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

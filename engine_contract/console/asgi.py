"""The console as an ASGI application: a small bridge to Flask, which runs in a thread and is imported late."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine_contract.console.access import Guard
from engine_contract.console.interface import ConsoleData
from engine_contract.http.types import Receive, Send

if TYPE_CHECKING:
    from flask import Flask

MAX_FORM_BYTES = 64 * 1024
"""The largest form, in bytes."""

Response = tuple[int, list[tuple[bytes, bytes]], bytes]


class Console:
    """Serves the console's pages below `prefix`, and its first page at `home` as well."""

    def __init__(
        self,
        data: ConsoleData,
        *,
        prefix: str,
        home: str,
        guard: Guard | None = None,
    ) -> None:
        self._data = data
        self._prefix = prefix
        self._home = home
        self._guard = guard or Guard()
        self._lock = Lock()
        self._flask: Flask | None = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        body = await _read(receive)
        if body is None:
            return
        if len(body) > MAX_FORM_BYTES:
            status, headers, content = 413, [(b"content-type", b"text/plain")], b"The form is too large.\n"
        else:
            loop = asyncio.get_running_loop()
            status, headers, content = await loop.run_in_executor(None, self._answer, dict(scope), body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    def _answer(self, scope: dict[str, Any], body: bytes) -> Response:
        started: list[tuple[int, list[tuple[bytes, bytes]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
            pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            started.append((int(status[:3]), pairs))
            return lambda _data: None

        parts: Iterable[bytes] = self._site().wsgi_app(self._environ(scope, body), start)
        try:
            content = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        return (*started[-1], content)

    def _site(self) -> "Flask":
        with self._lock:
            if self._flask is None:
                from engine_contract.console.flask_app import make_site  # Flask takes its time to import

                self._flask = make_site(self._data, self._guard, home=self._home, prefix=self._prefix)
            return self._flask

    def _environ(self, scope: dict[str, Any], body: bytes) -> dict[str, Any]:
        path = scope["path"].removeprefix(self._prefix) if scope["path"].startswith(self._prefix) else "/"
        server = scope.get("server") or ("127.0.0.1", 80)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": quote(scope.get("root_path", "").rstrip("/") + self._prefix),
            "PATH_INFO": (path or "/").encode("utf-8", "replace").decode("latin-1"),
            "QUERY_STRING": scope["query_string"].decode("latin-1"),
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1] or 0),
            "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
            "REMOTE_ADDR": (scope.get("client") or ("",))[0],
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scope.get("scheme", "http"),
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in scope["headers"]:
            if b"_" in name:
                continue  # in an environ it could pass for another header
            key = name.decode("latin-1").upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = value.decode("latin-1")
            elif key != "CONTENT_LENGTH":
                text = value.decode("latin-1")
                key = f"HTTP_{key}"
                environ[key] = (
                    f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}" if key in environ else text
                )
        return environ


async def _read(receive: Receive) -> bytes | None:
    """Return the body, cut one byte above its limit; None if the caller went away."""
    body = bytearray()
    while len(body) <= MAX_FORM_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)

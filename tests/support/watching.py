"""A watcher in a thread of this process, and a server that sends the very bytes that a test says."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from contract_tests.config.auth import Auth
from contract_tests.config.options import Connection
from contract_tests.config.sources import Source
from contract_tests.watch.app import WatchApp
from contract_tests.watch.cli import make_server
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from engine_contract.http.net import bind, url_of

Result = TypeVar("Result")

ROUTE = "/workflow_engine/cancelJob"
ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")


@dataclass
class Watching:
    """A running watcher."""

    url: str
    watch: Watch

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0


@contextmanager
def watching(
    engine: str,
    *,
    tokens: dict[str, str] | None = None,
    auth: str = "bearer",
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
    record: Path | None = None,
    write_profile: Path | None = None,
    journal: int = 1000,
    ca_bundle: Path | None = None,
    insecure: bool = False,
    proxy: str | None = None,
) -> Iterator[Watching]:
    """Watch an engine on a free port; the roles' tokens are their names unless others are given."""
    named = {role: role for role in ROLES} if tokens is None else tokens
    connection = Connection(
        engine,
        auth=Auth.parse(auth),
        tokens={role: Source(token, "--token") for role, token in named.items()},
        headers={name: Source(value, "--header") for name, value in (headers or {}).items()},
        timeout=timeout,
        ca_bundle=ca_bundle,
        insecure=insecure,
        proxy=proxy,
    )
    watch = Watch(WatchSettings(connection, record=record, write_profile=write_profile, journal=journal))
    bound = bind("127.0.0.1", 0)
    ready = threading.Event()
    server = make_server(WatchApp(watch), ready=ready.set, closing=watch.close)
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield Watching(url_of("127.0.0.1", bound), watch)
    finally:
        server.stop()
        thread.join(20)


@dataclass
class Raw:
    """A server that answers each request with given bytes, and keeps what it got."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)

    def head(self, index: int = -1) -> list[str]:
        """The lines of a request's head."""
        return self.requests[index].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")

    def header(self, name: str, index: int = -1) -> list[str]:
        """The values of a header of a request."""
        pairs = (line.partition(":") for line in self.head(index)[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]

    def body(self, index: int = -1) -> bytes:
        """A request's body, as it was sent."""
        return self.requests[index].partition(b"\r\n\r\n")[2]


Answering = bytes | Callable[[socket.socket], None]


@contextmanager
def raw_server(response: Answering, path: str = "") -> Iterator[Raw]:
    """Answer each request with these bytes, or let a function write on the connection and close it."""
    listener = socket.create_server(("127.0.0.1", 0))
    raw = Raw(f"http://127.0.0.1:{listener.getsockname()[1]}{path}")

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := read_message(connection):
                raw.requests.append(request)
                if callable(response):
                    response(connection)
                    return
                connection.sendall(response)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield raw
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_message(connection: socket.socket) -> bytes:
    """One HTTP message with its body, as it is on the wire; empty if the other side closes."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
    elif b"content-length:" in lower:
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def send_raw(address: tuple[str, int], data: bytes) -> bytes:
    """Send bytes, and read all that comes until the other side closes."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def answer_of(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer with Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, in a thread of its own: a browser may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()

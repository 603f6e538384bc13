"""A server for tests that answers with the very bytes that a test says, or that a function makes of each request."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RawRequest:
    """A request as it was on the wire."""

    data: bytes

    @property
    def head(self) -> list[str]:
        """Return the lines of its head."""
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")

    @property
    def method(self) -> str:
        """Return its method."""
        return self.head[0].split()[0]

    @property
    def path(self) -> str:
        """Return its target, the query included."""
        return self.head[0].split()[1]

    @property
    def body(self) -> bytes:
        """Return its body, as it was sent."""
        return self.data.partition(b"\r\n\r\n")[2]

    def headers(self, name: str) -> list[str]:
        """Return the values of a header."""
        pairs = (line.partition(":") for line in self.head[1:])
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]

    def header(self, name: str) -> str:
        """Return the first value of a header, empty where there is none."""
        return next(iter(self.headers(name)), "")


@dataclass
class Raw:
    """A running server, and what it got."""

    url: str
    requests: list[bytes] = field(default_factory=list)

    def head(self, index: int = -1) -> list[str]:
        """Return the lines of a request's head."""
        return RawRequest(self.requests[index]).head

    def header(self, name: str, index: int = -1) -> list[str]:
        """Return the values of a header of a request."""
        return RawRequest(self.requests[index]).headers(name)

    def body(self, index: int = -1) -> bytes:
        """Return a request's body, as it was sent."""
        return RawRequest(self.requests[index]).body


Talk = Callable[[socket.socket], None]
Answer = Callable[[RawRequest], bytes]


@contextmanager
def raw_server(response: bytes | Talk, path: str = "") -> Iterator[Raw]:
    """Answer each request with these bytes, or let a function write on the connection and close it."""

    def talk(connection: socket.socket, raw: Raw) -> None:
        while request := read_message(connection):
            raw.requests.append(request)
            if callable(response):
                response(connection)
                return
            connection.sendall(response)

    with _serving(talk) as raw:
        raw.url += path
        yield raw


@contextmanager
def answering_server(
    answer: Answer, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, takes: int = 1000
) -> Iterator[Raw]:
    """Answer each request with the bytes that a function makes of it; a HEAD request gets their head.

    `takes`: how many connections it serves at a time. It closes further ones, as a server at its limit does.
    """
    slots = threading.Semaphore(takes)

    def talk(connection: socket.socket, raw: Raw) -> None:
        if slots.acquire(blocking=False):
            try:
                serve(connection, raw)
            finally:
                slots.release()

    def serve(connection: socket.socket, raw: Raw) -> None:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as channel:
            while data := read_message(channel):
                raw.requests.append(data)
                request = RawRequest(data)
                response = answer(request)
                head, blank, _ = response.partition(b"\r\n\r\n")
                channel.sendall(head + blank if request.method == "HEAD" else response)

    with _serving(talk, scheme="https" if tls else "http", host=host) as raw:
        yield raw


@contextmanager
def _serving(
    talk: Callable[[socket.socket, Raw], None], scheme: str = "http", host: str = "127.0.0.1"
) -> Iterator[Raw]:
    """Hand each connection to `talk`, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    raw = Raw(f"{scheme}://{host}:{listener.getsockname()[1]}")

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            talk(connection, raw)

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield raw
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_message(connection: socket.socket) -> bytes:
    """Return one HTTP message with its body, as it is on the wire; empty if the other side closes."""
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


def answer_of(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a response with its Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

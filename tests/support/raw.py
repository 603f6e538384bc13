"""Raw bytes to a server, and what comes back: for what no HTTP client would send."""

import contextlib
import random
import socket
from urllib.parse import urlsplit

from tests.support.caller import PAGE_ID, ROUTE


def talk(url: str, *packets: bytes, timeout: float = 5.0, close: bool = True) -> bytes:
    """Send bytes, and read until the server closes or is silent."""
    address = urlsplit(url)
    response = b""
    with (
        socket.create_connection((address.hostname, address.port), timeout=timeout) as connection,
        contextlib.suppress(OSError),
    ):
        for packet in packets:
            connection.sendall(packet)
        if close:
            connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65536):
            response += chunk
    return response


def request(body: bytes = b"", *headers: bytes, line: bytes = b"POST %b HTTP/1.1" % ROUTE.encode()) -> bytes:
    """Return a request with a length and further headers."""
    lines = (line, b"Host: localhost", b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join([*lines, b"", b""]) + body


GOOD = request(
    b'{"job_id": "%s"}' % PAGE_ID.encode(), b"Authorization: Bearer admin", b"Content-Type: application/json"
)


def mangled(dice: random.Random) -> bytes:
    """Return a request that was good before dice were thrown at its bytes."""
    data = bytearray(GOOD)
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(data))
        kind = dice.randrange(5)
        if kind == 0:
            data[place] = dice.randrange(256)
        elif kind == 1:
            del data[place : place + dice.randint(1, 20)]
        elif kind == 2:
            data[place:place] = dice.randbytes(dice.randint(1, 20))
        elif kind == 3:
            data[place:place] = dice.choice(_PIECES)
        else:
            data[place:place] = data[: dice.randrange(len(data))]
        if not data:
            break
    return bytes(data)


_PIECES = (
    b"\r\n", b"\n", b"\r\n\r\n", b"\x00", b": ", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"HTTP/9.9", b"%ff%00", b"?token=admin&job_id=%",
    b"Mock-Session: ", b"Prefer: code=409\r\n", b"Cookie: token=\r\n", b"Accept: \r\n", b'{"job_id": ', b"[" * 50, b"\xff\xfe", b"-1", b"99999999999999999999",
)  # fmt: skip


def statuses(response: bytes) -> list[int]:
    """Return the statuses of the responses in what came back."""
    return [int(part[:3]) for part in response.split(b"HTTP/1.1 ")[1:]]

"""A load of cancels: each request another job, one in ten a refusal, and unexpected answers counted.

python -m benchmarks.load URL [--seconds 5] [--connections 16] [--warm-up 1] [--offset N] [--core N]

One process with plain sockets and no event loop, so that it costs less than what it measures; it says how busy it was.
"""

import argparse
import json
import re
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from benchmarks.machine import pin

PATH = "/workflow_engine/cancelJob"
REFUSED_EACH = 10
REFUSED_STATUS = 401  # a request without a credential; all that is measured can refuse that

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RECEIVED = 1 << 18
_SILENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load came to. Times are in milliseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    requests: int
    unexpected: dict[str, int]
    """Statuses that were not expected, and how often they came."""
    generator_busy: float
    """The generator's own share of its core, 0 to 1; near 1 it would be what is measured."""
    next_offset: int


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    unexpected: dict[str, int] = field(default_factory=dict)


def job_id(number: int) -> str:
    """The id of the n-th job: 24 hexadecimal characters, for `--any-job`."""
    return f"{number * 7919 % (1 << 48):012x}4{number % 4096:03x}8{number % (1 << 28):07x}"


def cancel_request(host: str, path: str, job: str, role: str | None = "admin") -> bytes:
    """A cancel as a browser's page sends it; without a credential where `role` is None."""
    body = b'{"job_id": "%b"}' % job.encode()
    credential = f"Authorization: Bearer {role}\r\n" if role else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{credential}Content-Type: application/json\r\n"
        f"Accept: application/json\r\nOrigin: http://localhost:3000\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def numbered_requests(offset: int, host: str, path: str) -> Iterator[tuple[bytes, bytes]]:
    """Requests without end, each with the status that is expected."""
    mark = "@" * 24
    accepted, refused = (cancel_request(host, path, mark, role).split(mark.encode()) for role in ("admin", None))
    number = offset
    while True:
        number += 1
        before, after = accepted if number % REFUSED_EACH else refused
        yield before + job_id(number).encode() + after, b"200" if number % REFUSED_EACH else b"%d" % REFUSED_STATUS


def is_whole(response: bytes) -> bool:
    """Whether an answer is there to its end."""
    end = response.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(response, 0, end + 2)
    if length is not None:
        return len(response) >= end + 4 + int(length[1])
    return response.endswith(b"\r\n0\r\n\r\n")  # chunked


class _Connection:
    """Sends the next request when the last is answered."""

    def __init__(self, address: tuple[str, int], source: Iterator[tuple[bytes, bytes]]) -> None:
        self.socket = socket.create_connection(address, timeout=_SILENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._source = source
        self._buffer = b""
        self._expected = b""
        self._sent = 0.0

    def send(self) -> None:
        request, self._expected = next(self._source)
        self._sent = time.perf_counter()
        self.socket.sendall(request)

    def receive(self, tally: _Tally) -> None:
        data = self.socket.recv(_RECEIVED)
        if not data:
            raise ConnectionError("The server closed a connection that was in use.")
        self._buffer = data = self._buffer + data if self._buffer else data
        if not is_whole(data):
            return
        tally.latencies.append(time.perf_counter() - self._sent)
        status = data[9:12]
        if status != self._expected:
            name = status.decode()
            tally.unexpected[name] = tally.unexpected.get(name, 0) + 1
        self._buffer = b""
        self.send()


def load(  # noqa: PLR0913 - named
    url: str,
    *,
    seconds: float = 5.0,
    warm_up: float = 1.0,
    connections: int = 16,
    offset: int = 0,
    requests: int | None = None,
) -> Measured:
    """Warm up, then measure for so many seconds, or until that many requests were answered."""
    target = urlsplit(url)
    host, port = target.hostname or "127.0.0.1", target.port or 80
    tally, count = _Tally(), 0

    def counted() -> Iterator[tuple[bytes, bytes]]:
        nonlocal count
        for request in numbered_requests(offset, target.netloc, target.path.rstrip("/") + PATH):
            count += 1
            yield request

    source = counted()
    selector = selectors.DefaultSelector()
    opened = [_Connection((host, port), source) for _ in range(connections)]
    for connection in opened:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send()
    try:
        _drive(selector, tally, time.perf_counter() + warm_up, None)
        tally.latencies.clear()
        tally.unexpected.clear()
        busy, started = time.process_time(), time.perf_counter()
        _drive(selector, tally, started + seconds, requests)
        elapsed, busy = time.perf_counter() - started, time.process_time() - busy
    finally:
        for connection in opened:
            connection.socket.close()
    ordered = sorted(tally.latencies) or [0.0]
    return Measured(
        per_second=round(len(tally.latencies) / elapsed, 1),
        p50_ms=round(ordered[len(ordered) // 2] * 1000, 3),
        p99_ms=round(ordered[int(len(ordered) * 0.99)] * 1000, 3),
        max_ms=round(ordered[-1] * 1000, 3),
        requests=len(tally.latencies),
        unexpected=dict(tally.unexpected),
        generator_busy=round(busy / elapsed, 2),
        next_offset=offset + count,
    )


def _drive(selector: selectors.BaseSelector, tally: _Tally, until: float, requests: int | None) -> None:
    while time.perf_counter() < until and (requests is None or len(tally.latencies) < requests):
        ready = selector.select(_SILENCE_S)
        if not ready:
            raise TimeoutError(f"No answer came within {_SILENCE_S:g} s.")
        for key, _ in ready:
            key.data.receive(tally)


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--offset", type=int, default=0, help="number of the first job, to go on where a run ended")
    parser.add_argument("--requests", type=int, help="end after so many requests, if that is before --seconds")
    parser.add_argument("--core", type=int, help="run on this core alone")
    options = vars(parser.parse_args())
    pin(options.pop("core"))
    print(json.dumps(asdict(load(options.pop("url"), **options))))


if __name__ == "__main__":
    main()

"""A load of cancels: each request another job, one in ten a refusal, and unexpected answers counted.

python benchmarks/load.py URL [--seconds 5] [--connections 16] [--warm-up 1] [--offset N]

The generator is one process with raw sockets, so that it costs less than what it measures.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Tally:
    """What came back."""

    latencies: list[float] = field(default_factory=list)
    unexpected: dict[int, int] = field(default_factory=dict)


def requests(offset: int, host: str, path: str) -> Iterator[tuple[bytes, int]]:
    """Requests without end, each with the status that is expected."""
    number = offset
    while True:
        number += 1
        refused = number % 10 == 0
        role = b"apiread" if refused else b"admin"
        body = b'{"job_id": "%012x4%03x8%07x"}' % (number * 7919 % (1 << 48), number % 4096, number % (1 << 28))
        head = (
            b"POST %b HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
            b"Accept: application/json\r\nOrigin: http://localhost:3000\r\nContent-Length: %d\r\n\r\n"
        ) % (path.encode(), host.encode(), role, len(body))
        yield head + body, 403 if refused else 200


class Connection(asyncio.Protocol):
    """Sends the next request when the last is answered."""

    def __init__(self, source: Iterator[tuple[bytes, int]], tally: Tally) -> None:
        self._source = source
        self._tally = tally
        self._buffer = b""
        self._expected = 0
        self._sent = 0.0
        self.counts = True
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request, self._expected = next(self._source)
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count a whole answer."""
        self._buffer = buffer = self._buffer + data if self._buffer else data
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        start = buffer.lower().find(b"content-length: ", 0, end) + 16
        length = int(buffer[start : buffer.find(b"\r", start)])
        if len(buffer) < end + 4 + length:
            return
        status = int(buffer[9:12])
        self._buffer = b""
        if self.counts:
            self._tally.latencies.append(time.perf_counter() - self._sent)
            if status != self._expected:
                self._tally.unexpected[status] = self._tally.unexpected.get(status, 0) + 1
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody ends a connection but the run."""
        if not self.done.done():
            self.done.set_result(exc)


async def load(arguments: argparse.Namespace) -> dict[str, Any]:
    """Warm up, then measure."""
    url = urlsplit(arguments.url)
    loop = asyncio.get_running_loop()
    tally = Tally()
    source = requests(arguments.offset, url.netloc, url.path.rstrip("/") + "/workflow_engine/cancelJob")
    connections = [
        (await loop.create_connection(lambda: Connection(source, tally), url.hostname, url.port))
        for _ in range(arguments.connections)
    ]
    await asyncio.sleep(arguments.warm_up)
    tally.latencies.clear()
    tally.unexpected.clear()
    started = time.perf_counter()
    await asyncio.sleep(arguments.seconds)
    elapsed = time.perf_counter() - started
    count, latencies = len(tally.latencies), sorted(tally.latencies)
    for transport, protocol in connections:
        protocol.counts = False
        transport.abort()
    return {
        "requests_per_second": round(count / elapsed),
        "p50_ms": round(statistics.median(latencies) * 1000, 3) if latencies else None,
        "p99_ms": round(latencies[int(count * 0.99)] * 1000, 3) if latencies else None,
        "max_ms": round(latencies[-1] * 1000, 3) if latencies else None,
        "unexpected": tally.unexpected,
    }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--offset", type=int, default=0, help="number of the first job, to go on where a run ended")
    arguments = parser.parse_args()
    try:
        import uvloop

        result = uvloop.run(load(arguments))
    except ImportError:
        result = asyncio.run(load(arguments))
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""The mock on Redis: requests a second with 1, 2 and 4 workers, and what a request costs there and in memory.

python -m benchmarks.redis [--seconds 5] [--rounds 3] [--connections 32]

Prints Markdown. Load generator, workers and Redis share the machine's cores, so the rates are what is left of them;
the processor times are what each request costs, wherever it runs. Of several rounds the best is given.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from benchmarks.load import load
from benchmarks.machine import describe
from tests.support.redis_server import redis_server

WORKERS = (1, 2, 4)


class Cost(NamedTuple):
    """What a load came to: a rate, a latency, and processor time for each request, in microseconds."""

    per_second: float
    p50_ms: float
    p99_ms: float
    mock_us: float
    redis_us: float


@contextmanager
def mock(*options: str) -> Iterator[tuple[int, str]]:
    """The mock on a free port: process and URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mock_server.cli", "--port", "0", "--any-job", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        yield process.pid, process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(20)


def measure(workers: int | None, arguments: argparse.Namespace) -> Cost:
    """One start under load; `workers` is None for the store in memory."""
    with ExitStack() as stack:
        redis_pid: int | None = None
        options: tuple[str, ...] = ()
        if workers is not None:
            # It writes each command into a file, synced every second, as one runs it in earnest.
            redis = stack.enter_context(redis_server(Path(stack.enter_context(TemporaryDirectory()))))
            redis_pid, options = redis.pid, ("--store", redis.url, "--workers", str(workers))
        pid, address = stack.enter_context(mock(*options))
        warm = load(address, seconds=0.1, warm_up=2.0, connections=arguments.connections)
        before = _cpu_s(pid), _cpu_s(redis_pid)
        measured = load(
            address,
            seconds=arguments.seconds,
            warm_up=0.0,
            connections=arguments.connections,
            offset=warm.next_offset,
        )
        after = _cpu_s(pid), _cpu_s(redis_pid)
    if measured.unexpected:
        raise SystemExit(f"Answers that were not expected: {measured.unexpected}")
    mock_us, redis_us = ((end - start) / measured.requests * 1e6 for start, end in zip(before, after, strict=True))
    return Cost(measured.per_second, measured.p50_ms, measured.p99_ms, mock_us, redis_us)


def _cpu_s(pid: int | None) -> float:
    """Processor time of a process and its children, in seconds."""
    if pid is None:
        return 0.0
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.redis", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()
    if shutil.which("redis-server") is None:
        raise SystemExit("redis-server is not installed (apt-get install redis-server).")
    print(f"{describe()}; the load generator runs on them too. {arguments.connections} connections, best of", end=" ")
    print(f"{arguments.rounds} rounds.\n")
    print("| store | workers | requests/s | p50 ms | p99 ms | mock, µs of processor a request | Redis, µs |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for workers in (None, *WORKERS):
        best = max((measure(workers, arguments) for _ in range(arguments.rounds)), key=lambda cost: cost.per_second)
        store = "memory" if workers is None else "Redis"
        print(
            f"| {store} | {workers or 1} | {best.per_second:,.0f} | {best.p50_ms:.1f} | {best.p99_ms:.1f} "
            f"| {best.mock_us:.0f} | {best.redis_us:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

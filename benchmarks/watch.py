"""How much time the watcher adds: the median of cancels by way of it, recording on, against those sent directly.

    python benchmarks/watch.py [REQUESTS]

Requests go by turns, directly and through the watcher, so that the machine's mood touches both alike.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

PATH = "/workflow_engine/cancelJob"
HEADERS = {"Authorization": "Bearer admin", "Content-Type": "application/json"}


def main() -> None:
    """Measure, and print milliseconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        mock = _start("mock_server.cli", "--port", "0", "--jobs", str(2 * count + 100), "--any-job")
        engine = _address(mock)
        watch = _start("contract_tests.watch.cli", engine, "--port", "0", "--record", str(Path(folder) / "all.har"))
        try:
            _measure(engine, _address(watch), count)
        finally:
            for process in (watch, mock):
                process.terminate()
                process.wait(10)


def _measure(engine: str, watcher: str, count: int) -> None:
    direct, watched = _connect(engine), _connect(watcher)
    times: dict[str, list[float]] = {"direct": [], "watched": []}
    sizes = []
    for number in range(-20, count):
        for at, (name, connection) in enumerate((("direct", direct), ("watched", watched))):
            job_id = f"{2 * (number + 20) + at:012x}4abc8def01234567"[:24]
            elapsed, size = _cancel(connection, job_id)
            if number >= 0:
                times[name].append(elapsed)
                sizes.append(size)
    for name, values in times.items():
        ordered = sorted(values)
        print(f"{name:8} median {statistics.median(values):.3f} ms, p95 {ordered[int(len(values) * 0.95)]:.3f} ms")
    added = statistics.median(times["watched"]) - statistics.median(times["direct"])
    print(f"added    median {added:.3f} ms, at documents of {statistics.median(sizes):,.0f} bytes, recording on")


def _cancel(connection: HTTPConnection, job_id: str) -> tuple[float, int]:
    started = time.perf_counter()
    connection.request("POST", PATH, json.dumps({"job_id": job_id}), HEADERS)
    response = connection.getresponse()
    body = response.read()
    elapsed = (time.perf_counter() - started) * 1000
    if response.status != 200:
        raise SystemExit(f"status {response.status}: {body[:200]!r}")
    return elapsed, len(body)


def _connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    connection.connect()
    return connection


def _start(module: str, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", module, *options], stdout=subprocess.PIPE, text=True)


def _address(process: subprocess.Popen[str]) -> str:
    if process.stdout is None:
        raise SystemExit("The process has no output.")
    return process.stdout.readline().split()[-1]


if __name__ == "__main__":
    main()

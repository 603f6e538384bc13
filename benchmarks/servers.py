"""What is measured: the mock, bare Starlette, and the peers that are installed."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bare import typical_document
from benchmarks.load import PATH, REFUSED_STATUS, cancel_request, is_whole, job_id
from benchmarks.machine import pinned
from engine_contract.contract import load_contract

HERE = Path(__file__).parent
ROOT = HERE.parent
MODULES = HERE / "node_modules"

START_S = 60.0
_POLL_S = 0.002

Command = Callable[[int, Path], list[str]]
"""From the port and a folder for files to the command line."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server to measure."""

    name: str
    version: str
    command: Command
    warm_up: float = 2.0
    """Seconds under load before it is measured."""
    goal: float | None = None
    """The mock is to answer at least so many times as much."""


def contestants() -> tuple[list[Contestant], list[str]]:
    """All that can run here, and what is missing for the others. The mock is the first."""
    found = [
        Contestant("mock-engine", version("engine-contract"), _mock),
        Contestant("Starlette, bare", version("starlette"), _bare, goal=0.4),
    ]
    missing = []
    pinned_versions = json.loads((HERE / "package.json").read_text())["dependencies"]
    if shutil.which("node") and (MODULES / ".bin" / "prism").exists():
        prism = pinned_versions["@stoplight/prism-cli"]
        found.append(Contestant("Prism", prism, _prism, goal=3.0))
        found.append(Contestant("Prism, its log off", prism, _silent_prism))
    else:
        missing.append("Prism: needs Node.js and `npm ci --ignore-scripts --prefix benchmarks`.")
    if shutil.which("java") and _wiremock_jar():
        wiremock = pinned_versions["wiremock"]
        found.append(Contestant("WireMock", wiremock, _wiremock, warm_up=20.0, goal=1.5))
        found.append(Contestant("WireMock, its journal off", wiremock, _forgetful_wiremock, warm_up=20.0))
    else:
        missing.append("WireMock: needs Java and `npm ci --ignore-scripts --prefix benchmarks`.")
    return found, missing


def mock_command(port: int, *options: str) -> list[str]:
    """The mock's command line."""
    return [str(Path(sys.executable).with_name("mock-engine")), "--port", str(port), *options]


def _mock(port: int, _folder: Path) -> list[str]:
    return mock_command(port, "--any-job")


def _bare(port: int, _folder: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.bare", str(port)]


def _prism(port: int, _folder: Path) -> list[str]:
    command = str(MODULES / ".bin" / "prism")
    return [command, "mock", str(ROOT / "spec" / "openapi.yaml"), "--port", str(port)]


def _silent_prism(port: int, folder: Path) -> list[str]:
    return [*_prism(port, folder), "--verboseLevel", "silent"]


def _wiremock(port: int, folder: Path) -> list[str]:
    # A journal as long as the mock's; by default it keeps all, and fills its memory under load.
    return [*_bare_wiremock(port, folder), "--max-request-journal-entries", "1000"]


def _forgetful_wiremock(port: int, folder: Path) -> list[str]:
    return [*_bare_wiremock(port, folder), "--no-request-journal", "--disable-request-logging"]


def _bare_wiremock(port: int, folder: Path) -> list[str]:
    _write_stubs(folder)
    address = ("--port", str(port), "--bind-address", "127.0.0.1", "--root-dir", str(folder), "--disable-banner")
    return ["java", "-jar", str(_wiremock_jar()), *address]


def _wiremock_jar() -> Path | None:
    return next((MODULES / "wiremock" / "build").glob("*.jar"), None)


def _write_stubs(folder: Path) -> None:
    """Two stubs: a document for who has a role and names a job, and a refusal for who has none."""
    roles = "|".join(load_contract().roles)
    request = {"method": "POST", "urlPath": PATH}
    cors = {"Access-Control-Allow-Origin": "http://localhost:3000", "Vary": "Origin"}
    accepted = {
        **request,
        "headers": {"Authorization": {"matches": f"Bearer ({roles})"}, "Content-Type": {"equalTo": "application/json"}},
        "bodyPatterns": [{"matchesJsonPath": "$.job_id"}],
    }
    refused = {**request, "headers": {"Authorization": {"absent": True}}}
    document = {"status": 200, "headers": {**cors, "Content-Type": "application/json"}}
    refusal = {"status": REFUSED_STATUS, "headers": cors, "jsonBody": {"status": REFUSED_STATUS}}
    mappings = [
        {"request": accepted, "response": {**document, "body": typical_document().decode()}},
        {"request": refused, "response": refusal},
    ]
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    (folder / "mappings" / "cancel.json").write_text(json.dumps({"mappings": mappings}))


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    url: str
    pid: int
    started_in: float
    """Seconds from the start of the process to the end of its first answer."""


@contextmanager
def running(
    command: Command, core: int | None = None, *, first_status: int = 200, folder: Path = ROOT
) -> Iterator[Running]:
    """Start a server in a folder, on one core if told, and wait for its first answer, of that status. Raises RuntimeError if it has none."""
    port = free_port()
    with TemporaryDirectory() as own:
        words = command(port, Path(own))
        with pinned(core):
            started = time.perf_counter()
            process = subprocess.Popen(
                words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        try:
            _first_answer(process, port, words, first_status)
            yield Running(f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - started)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _first_answer(process: "subprocess.Popen[bytes]", port: int, words: Sequence[str], status: int) -> None:
    request = cancel_request(f"127.0.0.1:{port}", PATH, job_id(0))
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(words)} ended with status {process.returncode} before it answered.")
        try:
            response = exchange(port, request)
        except OSError:
            time.sleep(_POLL_S)
            continue
        if response[9:12] == b"%d" % status:
            return
        time.sleep(_POLL_S)
    raise RuntimeError(f"{' '.join(words)} did not answer within {START_S:g} s.")


def exchange(port: int, request: bytes) -> bytes:
    """Send one request on a connection of its own; the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_S) as connection:
        connection.sendall(request)
        response = b""
        while not is_whole(response):
            data = connection.recv(1 << 20)
            if not data:
                raise ConnectionError("The answer breaks off.")
            response += data
        return response

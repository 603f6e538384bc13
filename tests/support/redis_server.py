"""A Redis of the tests' own: on a free loopback port, with its files in a directory of its own."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.requirements import need_redis

START_S = 10.0


class RedisServer:
    """A `redis-server` that can be killed and started again on its port and data."""

    def __init__(self, directory: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.directory = directory
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            [need_redis(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory),
             "--save", "", "--appendonly", "yes", "--repl-diskless-sync-delay", "0", *self._options],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(self._answers, within_s=START_S)

    def kill(self) -> None:
        """End it as a crash does; what it has written stays."""
        self._signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def hold(self) -> None:
        """Stop it where it is: connections stand, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def command(self, *words: str) -> str:
        """Run a command in it."""
        return _ask(self.port, *words)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "redis-server ended at its start"
        try:
            response = _ask(self.port, "PING")
        except OSError:
            return False
        return response.startswith(("+PONG", "-NOAUTH"))


@contextmanager
def redis_server(directory: Path, *options: str, port: int | None = None) -> Iterator[RedisServer]:
    """Run a Redis while the context lasts."""
    directory.mkdir(parents=True, exist_ok=True)
    server = RedisServer(directory, *options, port=port)
    try:
        server.start()
        yield server
    finally:
        server.end()


def _ask(port: int, *words: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        return connection.recv(1 << 16).decode("utf-8", "replace")

"""`--workers N`: processes that accept on one port, and the one that starts them, restarts them and ends them."""

import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from threading import Thread
from time import monotonic
from typing import Any

from mock_server.serving.server import SHUTDOWN_GRACE_S, bind, close, freeze_start, make_server
from mock_server.settings import Settings, SettingsError

_READY_S = 60.0
_LONGEST_PAUSE_S = 1.0
_SPAWN = get_context("spawn")
"""The same on every system; a process that is forked would share this one's event loop and random numbers."""

_SHARES_OUT = sys.platform == "linux"
"""Whether the system shares connections out among sockets on one port. Elsewhere the workers accept on one socket."""

Say = Callable[[str], None]


class _Worker:
    """One process. It ends when the pipe does, so that it never outlives its supervisor."""

    def __init__(self, settings: Settings, bound: list[socket.socket]) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_work, args=(settings, bound, theirs), name="mock-engine worker")
        self.started = monotonic()
        self.is_ready = False
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """Ask it to let running requests finish and end."""
        self.pipe.close()

    def join(self, until: float) -> None:
        """Wait for its end; kill it after that."""
        self.process.join(max(until - monotonic(), 0))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class Supervisor:
    """Keeps the workers running until a signal comes."""

    def __init__(self, settings: Settings, bound: list[socket.socket], *, ready: Callable[[], None], say: Say) -> None:
        self._settings = replace(settings, port=bound[0].getsockname()[1])
        self._bound = bound
        if _SHARES_OUT:
            # That nobody else listens there is known by now. This one keeps the port, and does not listen.
            close(bound)
            self._bound = bind(self._settings, is_one_of_many=True)
        self._ready: Callable[[], None] | None = ready
        self._say = say
        self._workers: list[_Worker] = []
        self._pause_s = 0.0
        self._woken, self._wake = _SPAWN.Pipe(duplex=False)
        self._is_ending = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raise SettingsError if the workers do not start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        try:
            self._workers = [self._start() for _ in range(self._settings.workers)]
            while not self._is_ending:
                self._step()
        finally:
            close(self._bound)
            for worker in self._workers:
                worker.end()
            until = monotonic() + SHUTDOWN_GRACE_S + 2
            for worker in self._workers:
                worker.join(until)

    def _start(self) -> _Worker:
        if not _SHARES_OUT:
            return _Worker(self._settings, self._bound)
        own = bind(self._settings, is_one_of_many=True)
        try:
            return _Worker(self._settings, own)
        finally:
            close(own)

    def _on_signal(self, _number: int, _frame: Any) -> None:
        self._is_ending = True
        self._wake.send_bytes(b"1")

    def _step(self) -> None:
        by_sentinel = {worker.process.sentinel: worker for worker in self._workers}
        by_pipe = {worker.pipe: worker for worker in self._workers if not worker.is_ready}
        happened = wait([self._woken, *by_sentinel, *by_pipe], _READY_S)
        if self._is_ending:
            return
        for what in happened:
            if isinstance(what, Connection) and what in by_pipe:
                with suppress(EOFError, OSError):
                    what.recv()
                    by_pipe[what].is_ready = True
            elif isinstance(what, int) and what in by_sentinel:
                self._replace(by_sentinel[what])
        if self._ready is not None and all(worker.is_ready for worker in self._workers):
            self._ready()
            self._ready = None

    def _replace(self, worker: _Worker) -> None:
        worker.process.join()
        status = worker.process.exitcode
        if self._ready is not None:
            raise SettingsError(f"--workers {self._settings.workers}: a worker ended at its start, with {status}.")
        self._say(f"Worker {worker.process.pid} ended with {status}; another takes its place.")
        # One that ends as soon as it starts is not started over and over at full speed.
        is_young = monotonic() - worker.started < 2
        self._pause_s = min(self._pause_s * 2 + 0.1, _LONGEST_PAUSE_S) if is_young else 0.0
        worker.end()
        worker.join(monotonic())
        if self._pause_s and self._woken.poll(self._pause_s):
            self._workers.remove(worker)
            return
        self._workers[self._workers.index(worker)] = self._start()


def _work(settings: Settings, bound: list[socket.socket], pipe: Connection) -> None:
    """Serve in a process of its own."""
    from mock_server.app import join_app

    app = join_app(settings)
    freeze_start()
    server = make_server(app, settings, ready=lambda: pipe.send("ready"))

    def end_with_supervisor() -> None:
        with suppress(EOFError, OSError):
            pipe.recv()
        server.stop()

    Thread(target=end_with_supervisor, daemon=True).start()
    server.run(sockets=bound)

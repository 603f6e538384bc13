"""Commands of the kit from a process that has loaded them already: each run is a fork of that, which saves a second.

A run is still a process of its own, with its own folder, environment and streams, and begins with the command's `main`.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, NoReturn

# Python and libraries read these when they start: such a run is started as a user starts it.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "SCHEMATHESIS", "HYPOTHESIS")


def can_fork(env: Mapping[str, str]) -> bool:
    """Return whether a run in this environment starts as it would in this process's."""

    def read_at_start(names: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in names.items() if name.startswith(_READ_AT_START)}

    return hasattr(os, "fork") and read_at_start(env) == read_at_start(os.environ)


def run_forked(
    words: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str, timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command of the kit to its end. Raise subprocess.TimeoutExpired."""
    message = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)})
    with (
        TemporaryFile() as given,
        TemporaryFile() as out,
        TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as peer,
    ):
        given.write(stdin.encode())
        given.seek(0)
        peer.connect(_address())
        socket.send_fds(peer, [b"\0"], [stream.fileno() for stream in (given, out, err)])
        answers = peer.makefile("rw")
        print(message, file=answers, flush=True)
        pid = int(answers.readline())
        peer.settimeout(timeout_s)
        try:
            status = os.waitstatus_to_exitcode(int(answers.readline()))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), timeout_s) from None
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(words, status, *texts)


@cache
def _address() -> str:
    """Start the process that has loaded the commands, and return the path of its socket."""
    folder = TemporaryDirectory(prefix="forked-")
    path = f"{folder.name}/socket"
    # Its standard input is a pipe from here: it ends with this process, however that ends.
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder.name
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        folder.cleanup()

    atexit.register(end)
    return path


def _serve(path: str) -> None:
    for module in ("contract_tests.check", "contract_tests.embedded", "mock_server.serving.in_process"):
        import_module(module)
    from contract_tests.plan.generate import bad_bodies
    from engine_contract.contract import load_contract

    bad_bodies(load_contract(), 1)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(16)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _end_with_parent()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            peer, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _wait_for_run(peer)
            peer.close()


def _end_with_parent() -> None:
    """Leave a process that ends this one when the pipe from the parent does."""
    pid = os.getpid()
    if os.fork() == 0:
        sys.stdin.buffer.read()
        os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _wait_for_run(peer: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, descriptors, _, _ = socket.recv_fds(peer, 1, 3)
    stream = peer.makefile("rw")
    asked = json.loads(stream.readline())
    pid = os.fork()
    if pid == 0:
        _run(asked, descriptors)
    print(pid, file=stream, flush=True)
    for descriptor in descriptors:
        os.close(descriptor)
    print(os.waitpid(pid, 0)[1], file=stream, flush=True)
    os._exit(0)


def _run(asked: dict[str, Any], descriptors: Sequence[int]) -> NoReturn:
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
    os.closerange(3, 64)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = asked["words"]
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    status: object = 0
    try:
        (command,) = entry_points(group="console_scripts", name=sys.argv[0])
        command.load()()
    except SystemExit as end:
        status = end.code
    except Exception:  # noqa: BLE001 - a crash is shown as Python shows it
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()  # noqa: SLF001 - a forked process ends without Python's own end
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    _serve(sys.argv[1])

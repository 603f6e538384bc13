"""Commands from a process that has loaded what they need: each run is a fork of that, which saves a second.

A run is still a process of its own, with its own folder, environment and streams. A command of the kit begins with its
`main`, in a process that has loaded the kit. `python -m pytest` begins in one that has loaded pytest and the libraries,
and nothing of the kit, `python -m schemathesis.cli` in one that has loaded Schemathesis and not the hooks. All workers
of a session share these processes, which load when they are asked first.
"""

import atexit
import gc
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Thread
from typing import Any, NoReturn

FOLDER = "FORKED_FOLDER"  # the variable that names the folder of the sockets and of the commands
KIT, PYTEST, SCHEMATHESIS = "kit", "pytest", "schemathesis"
COMMANDS = ("check-engine", "mock-engine", "watch-engine", "draft-contract")
_MODULE = [sys.executable, "-m"]
_MODULES = {"pytest": PYTEST, "schemathesis.cli": SCHEMATHESIS}
_SCRIPT = [str(Path(sys.executable).with_name("pytest"))]
_CLIENT = [sys.executable, "-I", "-S", str(Path(__file__).with_name("forked_client.py"))]
# Python and libraries read these when they start: such a run is started as a user starts it.
_READ_AT_START = ("PYTHON", "LC_", "LANG", "SCHEMATHESIS", "HYPOTHESIS")
# Read by the command-line of Schemathesis when that begins. Hooks of another name may change what is loaded already.
_HOOKS = ("SCHEMATHESIS_HOOKS", "contract_tests.hooks")


def start() -> None:
    """Start the process that forks, for this process and those that it starts."""
    if not hasattr(os, "fork"):
        return
    folder = TemporaryDirectory(prefix="forked-")
    # Its standard input is a pipe from here: it ends with this process, however that ends.
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, folder.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder.name,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.environ[FOLDER] = folder.name
    lines = {name: forking([name], KIT) for name in COMMANDS}
    lines |= {"pytest": forking(_SCRIPT, PYTEST), "python": [sys.executable]}
    for name, line in lines.items():
        path = commands_folder() / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\nexec {shlex.join(line)} "$@"\n')
        path.chmod(0o755)

    def end() -> None:
        del os.environ[FOLDER]
        process.communicate()
        folder.cleanup()

    atexit.register(end)


def commands_folder() -> Path:
    """Return a folder for PATH, with the kit's commands and pytest as forks, and this Python."""
    return Path(os.environ[FOLDER], "bin") if FOLDER in os.environ else Path(sys.executable).parent


def forking(words: Sequence[str], by: str) -> list[str]:
    """Return the command of a small process that stands for a run in a fork of the process that has loaded `by`."""
    return [*_CLIENT, f"{os.environ[FOLDER]}/{by}", *words]


def loaded(words: Sequence[str], env: Mapping[str, str]) -> str | None:
    """Return what a process has loaded that starts this run as it would start by itself; None if there is none."""
    by = KIT if words[0] in COMMANDS else _MODULES.get(_module_of(words) or "")

    def read_at_start(names: Mapping[str, str]) -> dict[str, str]:
        given = {(name, value) for name, value in names.items() if name.startswith(_READ_AT_START)}
        return dict(given - ({_HOOKS} if by == SCHEMATHESIS else set()))

    if FOLDER not in os.environ or read_at_start(env) != read_at_start(os.environ):
        return None
    # xdist gives its workers the path of Python's start, and the mock's have their supervisor for a parent.
    return None if {PYTEST: "-n", KIT: "--workers"}.get(by or "") in words else by


def _module_of(words: Sequence[str]) -> str | None:
    """Return the module with which a command begins that is not the kit's."""
    if [*words[:2]] == _MODULE:
        return words[2]
    return "pytest" if [*words[:1]] == _SCRIPT else None


def run_forked(
    words: Sequence[str], *, by: str, cwd: Path, env: Mapping[str, str], stdin: str, timeout_s: float
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a fork of the process that has loaded `by`. Raise subprocess.TimeoutExpired."""
    message = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)}).encode()
    with (
        TemporaryFile() as given,
        TemporaryFile() as out,
        TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as peer,
    ):
        given.write(stdin.encode())
        given.seek(0)
        peer.connect(f"{os.environ[FOLDER]}/{by}")
        socket.send_fds(peer, [len(message).to_bytes(4)], [stream.fileno() for stream in (given, out, err)])
        peer.sendall(message)
        peer.settimeout(timeout_s)
        try:
            status = os.waitstatus_to_exitcode(int(peer.makefile().readline()))
        except TimeoutError:
            raise subprocess.TimeoutExpired(list(words), timeout_s) from None
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(words, status, *texts)


def _serve(folder: str) -> None:
    """Fork a process for each of them, when it is asked first, until the parent ends."""
    servers: dict[str, socket.socket] = {}
    for name in (KIT, PYTEST, SCHEMATHESIS):
        servers[name] = socket.socket(socket.AF_UNIX)
        servers[name].bind(f"{folder}/{name}")
        servers[name].listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while servers:
        asked: list[Any] = select.select([sys.stdin, *servers.values()], [], [])[0]
        if sys.stdin in asked:
            return
        for name in [name for name, server in servers.items() if server in asked]:
            server = servers.pop(name)
            if os.fork() == 0:
                for other in servers.values():
                    other.close()
                {KIT: _load_kit, PYTEST: _load_pytest, SCHEMATHESIS: _load_schemathesis}[name]()
                _serve_runs(server)
            server.close()
    sys.stdin.read()


def _load_kit() -> None:
    for module in (
        "contract_tests.check",
        "contract_tests.cli",
        "contract_tests.embedded",
        "contract_tests.watch.cli",
        "engine_contract.draft_cli",
        "mock_server.cli",
        "mock_server.serving.in_process",
    ):
        import_module(module)
    from contract_tests.plan.generate import bad_bodies
    from engine_contract.contract import load_contract

    bad_bodies(load_contract(), 0)


def _load_pytest() -> None:
    """Run pytest in an empty folder, so that its plugins are loaded as pytest loads them, but for the kit's."""
    import pytest

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    pytest.main(["-p", "no:engine-contract", "-p", "no:cacheprovider", "."])
    for module in ("click", "flask", "httpx", "jinja2", "orjson", "rich.console", "uvicorn", "yaml"):
        import_module(module)


def _load_schemathesis() -> None:
    """Load all but the hooks, and have Hypothesis read all of Unicode, which it keeps in the folder of each run otherwise."""
    for module in (
        "contract_tests.judge.document",
        "contract_tests.schemathesis_guard",
        "contract_tests.schemathesis_jobs",
        "hypothesis.internal.charmap",
        "hypothesis.stateful",
        "pyrate_limiter",
        "rich.progress",
        "schemathesis.cli.commands.run.executor",
        "schemathesis.engine.core",
        "schemathesis.engine.run.unit",
        "schemathesis.generation.hypothesis.builder",
        "schemathesis.specs.openapi.schemas",
        "schemathesis.transport.asgi",
        "werkzeug.exceptions",
    ):
        import_module(module)
    sys.modules["hypothesis.internal.charmap"].charmap()
    sys.modules["hypothesis.configuration"].set_hypothesis_home_dir(None)


def _serve_runs(server: socket.socket) -> NoReturn:
    gc.freeze()  # a run does not look again at what is loaded
    while True:
        asked: list[Any] = select.select([sys.stdin, server], [], [])[0]
        if sys.stdin in asked:
            os._exit(0)
        peer, _ = server.accept()
        if os.fork() == 0:
            server.close()
            _wait_for_run(peer)
        peer.close()


def _wait_for_run(peer: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, descriptors, _, _ = socket.recv_fds(peer, 4, 3)
    # No byte more is read: it would be a signal.
    asked = json.loads(peer.recv(int.from_bytes(length), socket.MSG_WAITALL))
    pid = os.fork()
    if pid == 0:
        _run(asked, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    Thread(target=_pass_signals, args=(peer, pid), daemon=True).start()
    status = os.waitpid(pid, 0)[1]
    with suppress(BrokenPipeError):  # where the asking process was killed
        peer.sendall(f"{status}\n".encode())
    os._exit(0)


def _pass_signals(peer: socket.socket, pid: int) -> None:
    """Send the signals that the asking process got to the run, and end it when that process is gone."""
    with suppress(ProcessLookupError):
        while signals := peer.recv(1):
            os.kill(pid, signals[0])
        os.kill(pid, signal.SIGKILL)


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
        if module := _module_of(sys.argv):
            is_module = sys.argv[0] == sys.executable
            sys.path.insert(0, str(Path.cwd() if is_module else Path(sys.executable).parent))
            del sys.argv[: 2 * is_module]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        else:
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

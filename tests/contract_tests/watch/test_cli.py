"""The command watch-engine, run as a user runs it."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from contract_tests.watch.cli import main
from tests import standin
from tests.support.commands import Started, run, started
from tests.support.ports import free_port
from tests.support.watching import ROUTE, api_of


@contextmanager
def watching(*options: str) -> Iterator[Started]:
    """Run the command: the process, and the address in its first line."""
    with started("watch-engine", *options, ready="Watching http") as watch:
        assert re.fullmatch(r"Console on http://127\.0\.0\.1:\d+/[\w-]{22}/\n", watch.next_line())
        yield watch


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_watcher_says_where_it_is_and_what_broke_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    """The first two lines are the addresses, then what broke, in words; a signal ends it with 0 and leaves whole files."""
    record, profile = tmp_path / "all.har", tmp_path / "profile.json"
    with standin.serve(fault="status-running") as engine:
        options = ("--port", "0", "--record", str(record), "--write-profile", str(profile), "--token", "admin=admin")
        with watching(engine.url, *options) as (process, url):
            job_id, canceled = engine.make_jobs(1)[0], {"Authorization": "Bearer admin"}
            httpx.post(url + ROUTE, json={"job_id": job_id}, headers=canceled)
            httpx.post(url + ROUTE, json={"job_id": job_id}, headers=canceled)
            process.send_signal(number)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == ""
    assert f"POST {ROUTE} → 200 (admin, job {job_id})" in out
    for line in (
        "BROKEN  response.status at /status",
        'received    "running" (a string)',
        'page        "status": "canceled",',
    ):
        assert line in out
    assert len(json.loads(record.read_text())["log"]["entries"]) == 2
    assert list(json.loads(profile.read_text())["situations"]) == ["not-active"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.har", "profile.json"]


def test_signal_while_exchanges_are_under_way_ends_the_watcher(tmp_path: Path) -> None:
    """An answer without end does not hold it up, and is recorded as far as it came."""
    record = tmp_path / "all.har"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            watching(address, "--port", "0", "--record", str(record)) as (process, url),
            socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as caller,
        ):
            caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            engine, _ = listener.accept()
            with engine:
                engine.recv(65536)
                engine.sendall(b"HTTP/1.1 200 OK\r\n\r\nsome")
                received = b""
                while b"some" not in received:
                    received += caller.recv(65536)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=20)
    assert process.returncode == 0
    (entry,) = json.loads(record.read_text())["log"]["entries"]
    assert entry["response"]["content"]["text"] == "some"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "Missing argument 'URL'"),
        (["ftp://x"], "ftp://x: is not the URL of an engine"),
        (["http://me:pw@e.example"], "a URL with a password shows it everywhere"),
        (["http://e", "--port", "70000"], "70000 is not in the range"),
        (["http://e", "--auth", "magic"], "--auth magic: unknown scheme"),
        (["http://e", "--token", "admin"], "--token"),
        (["http://e", "--token", "admin=env:NO_SUCH_VARIABLE_HERE"], "the environment has no variable"),
        (["http://e", "--host", "no.such.host.invalid"], "--host no.such.host.invalid:"),
        (["http://e", "--port", "0", "--record", "nowhere/x.har"], "--record nowhere/x.har: the file cannot be made"),
        (
            ["http://e", "--port", "0", "--write-profile", "nowhere/x.json"],
            "--write-profile nowhere/x.json: the file cannot be",
        ),
        (
            ["https://e", "--port", "0", "--ca-bundle", "nowhere/x"],
            "--ca-bundle nowhere/x: no certificates can be read there",
        ),
        (["http://e", "--port", "0", "--proxy", "::"], "--proxy: is not the URL of a proxy"),
        (["http://e", "--console-port", "70000"], "70000 is not in the range"),
        (["http://e", "--allow-host", "http://e"], "--allow-host http://e: is not a name such as engine.test"),
        (["http://e", "--allow-host", "e:4011"], "--allow-host e:4011: is not a name"),
        (["http://e", "--bogus"], "--bogus"),
    ],
)
def test_wrong_usage_is_one_clear_line(
    tmp_path: Path, options: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be used is one line on stderr that says what is wrong, and exit status 2."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["watch-engine", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("watch-engine: ")
    assert says in err


def test_port_that_is_taken_is_one_clear_line() -> None:
    """The line names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("watch-engine", "http://e", "--port", port)
    assert ended.status == 2
    assert ended.err == f"watch-engine: --port {port}: cannot listen on 127.0.0.1:{port}: address already in use.\n"


def test_console_port_that_is_taken_is_one_clear_line() -> None:
    """The line names the option, also where the port is the engine's own."""
    port = str(free_port())
    ended = run("watch-engine", "http://e", "--port", port, "--console-port", port)
    assert ended.status == 2
    assert ended.err == (
        f"watch-engine: --console-port {port}: cannot listen on 127.0.0.1:{port}: address already in use.\n"
    )


def test_console_does_not_share_the_engines_port_at_another_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The console is at loopback and the engine elsewhere: one port would make the engine's pages the console's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # nothing is sent
        host = probe.getsockname()[0]
    port = str(free_port())
    with pytest.raises(SystemExit) as ended:
        main(["http://e", "--host", host, "--port", port, "--console-port", port])
    assert ended.value.code == 2
    assert f"--console-port {port}: is the port of the engine's pages" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["a/b", "api", "..", "a b", "ü"])
def test_key_that_is_not_a_word_is_one_clear_line(
    key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stands in a path; the line does not repeat it."""
    monkeypatch.setenv("WATCH_ENGINE_CONSOLE_KEY", key)
    with pytest.raises(SystemExit) as ended:
        main(["http://e", "--port", "0"])
    err = capsys.readouterr().err
    assert (ended.value.code, len(err.splitlines())) == (2, 1)
    assert err.startswith("watch-engine: WATCH_ENGINE_CONSOLE_KEY: a key is letters, digits and the signs")


def test_recording_that_is_there_is_one_clear_line(tmp_path: Path) -> None:
    """It is never written over: exit status 2, and the file as it was."""
    record = tmp_path / "old.har"
    record.write_text("mine")
    ended = run("watch-engine", "http://e", "--port", "0", "--record", str(record))
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert f"--record {record}: there is a file already" in ended.err
    assert record.read_text() == "mine"


def test_options_come_from_the_environment() -> None:
    """Every option has its variable; line breaks separate the values of those that repeat."""
    env = {
        "WATCH_ENGINE_PORT": "0",
        "WATCH_ENGINE_TOKEN": "admin=env:ONE\nsupport=env:TWO",
        "WATCH_ENGINE_CONSOLE_KEY": "my-key_1",
        "ONE": "first-token",
        "TWO": "second-token",
    }
    with (
        standin.serve() as engine,
        started("watch-engine", ready="Watching", env={**env, "WATCH_ENGINE_URL": engine.url}) as watch,
    ):
        console = watch.next_line().removeprefix("Console on ").strip()
        assert console.endswith("/my-key_1/")
        assert api_of(console).get("/about").json()["roles"] == ["admin", "support"]


@pytest.mark.parametrize(
    ("options", "host"),
    [
        (("--host", "::1"), "[::1]"),
        (("--host", "0.0.0.0"), "127.0.0.1"),  # noqa: S104 - the console is not open there
    ],
)
def test_console_is_at_the_port_after_the_engines_on_this_machine(options: tuple[str, ...], host: str) -> None:
    """Without --console-port it takes the next one; the console sends cancels, so it is at loopback alone."""
    port = free_port()
    with started("watch-engine", "http://e", *options, "--port", str(port), ready="Watching") as watch:
        assert watch.next_line().startswith(f"Console on http://{host}:{port + 1}/")


def test_console_port_is_as_given() -> None:
    """--console-port N takes that one."""
    port = free_port()
    with started("watch-engine", "http://e", "--port=0", f"--console-port={port}", ready="Watching") as watch:
        assert watch.next_line().startswith(f"Console on http://127.0.0.1:{port}/")


def test_help_names_every_option_and_imports_nothing_slow() -> None:
    """--help lists the options with their defaults, and waits for no library."""
    ended = run("watch-engine", "--help")
    for option in (
        "host",
        "port",
        "console-port",
        "allow-host",
        "rewrite",
        "record",
        "write-profile",
        "open",
        "token",
        "auth",
        "header",
        "proxy",
        "ca-bundle",
        "client-cert",
        "insecure",
    ):
        assert f"--{option}" in ended.out
    for text in ("4011", "127.0.0.1", "[default: 300", "bearer"):
        assert text in ended.out
    code = (
        "import sys, contract_tests.watch.cli as c\n"
        "try: c.main.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'uvicorn', 'starlette', 'yaml', 'httpx', 'flask', 'websockets', 'jsonschema_rs'} & set(sys.modules)))"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines()[-1] == "[]"

"""The command `mock-engine`, run as a user runs it."""

import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.support.caller import ROUTE, cancel
from tests.support.commands import mock_engine, started_mock
from tests.support.eventually import eventually


def test_first_line_names_the_address() -> None:
    """The first line on stdout is the address, when requests are accepted; nothing else is said there, exit status 0."""
    with started_mock() as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert cancel(url).status_code == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert (out, err, process.returncode) == ("", "", 0)


def test_console_beside_an_upstream_is_told() -> None:
    """Its address, of a port of its own, is a line on stderr; who looks for it at the mock's address is told too."""
    with started_mock("--upstream", "http://127.0.0.1:9") as (process, url):
        told = httpx.get(f"{url}/_console/").json()["detail"]
        console = f"http://127.0.0.1:{told.rpartition('it is on port ')[2].removesuffix('.')}/"
        assert httpx.get(console).status_code == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert (out, err) == ("", f"Console on {console}\n")


def test_signal_lets_running_answers_finish() -> None:
    """SIGTERM ends running answers, and then the process with 0."""
    with started_mock("--latency", "500") as (process, url):
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(cancel(url)))
        thread.start()
        eventually(lambda: httpx.get(f"{url}/_mock/jobs", params={"status": "canceled"}).json()["jobs"])
        process.send_signal(signal.SIGTERM)
        thread.join(10)
        process.communicate(timeout=10)
    assert answers[0].json()["status"] == "canceled"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--port", "80000"], "80000 is not in the range"),
        (["--jobs", "many"], "'many' is not a valid whole number"),
        (["--token-lifetime", "5m"], "'5m' is not a valid number"),
        (["--fault", "nope"], "--fault nope: no such fault"),
        (["--tokens", "nowhere/x.json"], "--tokens nowhere/x.json: cannot be read"),
        (["--default-role", "king"], "--default-role king: no such role; known are admin"),
        (["--latency", "fast"], "--latency fast: must be a number of milliseconds"),
        (["--latency", "50-10"], "must be a number of milliseconds"),
        (["--store", "redis://:secret@host.invalid/0"], "--store redis://host.invalid:6379/0: cannot be reached"),
        (["--store", "redis://:secret@127.0.0.1:1/0"], "--store redis://127.0.0.1:1/0: cannot be reached"),
        (["--store", "redis://:sec/ret@127.0.0.1:1/0"], "--store redis://…: is not a URL; escape"),
        (
            ["--upstream", "http://me:sec/ret@127.0.0.1:1"],
            "--upstream http://…@127.0.0.1:1: must be an address such as",
        ),
        (["--store", "redis://127.0.0.1/x"], "the database must be a number"),
        (["--store", "redis://127.0.0.1/0?prefix=a%20b"], "prefix 'a b': takes 1 to 100 letters"),
        (["--store", "redis://127.0.0.1/0?color=red"], "color: no such setting; there are prefix, copies"),
        (["--store", "redis://127.0.0.1/0?copies=9"], "copies '9': must be a number"),
        (["--store", "postgres://:secret@host/0"], "--store postgres://…: no such store; there are memory"),
        (["--workers", "2"], "--workers 2: needs a store"),
        (["--cors", "localhost"], "--cors localhost: an origin is a scheme and a host"),
        (["--control-origin", "x"], "--control-origin x: an origin is"),
        (["--base-path", "x"], "--base-path x: must begin with /"),
        (["--tls-cert", "nowhere/x"], "go together"),
        (["--tls-cert", "nowhere/x", "--tls-key", "nowhere/x"], "--tls-cert nowhere/x: no such file"),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid:"),
        (["--bogus"], "--bogus"),
        (["extra"], "extra"),
    ],
)
def test_wrong_usage_is_one_clear_line(options: list[str], says: str) -> None:
    """What cannot be used is one line on stderr that says what is allowed, and exit status 2."""
    ended = mock_engine(*options)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert says in ended.err
    assert "secret" not in ended.err


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"t": 5}', '{"": "admin"}', "{"])
def test_token_file_of_another_form_is_one_clear_line(tmp_path: Path, content: str) -> None:
    """A token file of another form is exit status 2, and no token is shown."""
    file = tmp_path / "tokens.json"
    file.write_text(content)
    ended = mock_engine("--tokens", str(file))
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert str(file) in ended.err


def test_port_that_is_taken_is_one_clear_line() -> None:
    """A port that is taken is exit status 2 with the address in the line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = mock_engine("--port", port)
    assert ended.status == 2
    assert ended.err == f"mock-engine: --port {port}: cannot listen on 127.0.0.1:{port}: address already in use.\n"


def test_options_come_from_the_environment(tmp_path: Path) -> None:
    """Every option has its variable; line breaks separate the values of those that repeat."""
    tokens = tmp_path / "tokens.json"
    tokens.write_text('{"s3cret-token": "support"}')
    env = {
        "MOCK_ENGINE_TOKENS": str(tokens),
        "MOCK_ENGINE_BASE_PATH": "/base",
        "MOCK_ENGINE_CORS": "https://one.example\nhttps://two.example\n",
        "MOCK_ENGINE_ANY_JOB": "1",
    }
    with started_mock(env=env) as (_, base):
        url = base.removesuffix("/base")
        assert cancel(base, token="s3cret-token").status_code == 200
        assert cancel(base, "0123456789abcdef01234567", token="s3cret-token").status_code == 200
        assert cancel(base, token="support").status_code == 401
        assert cancel(url, token="s3cret-token").status_code == 404
        for origin in ("https://one.example", "https://two.example"):
            assert httpx.get(url, headers={"Origin": origin}).status_code == 200
            answer = httpx.post(base + ROUTE, headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin


def test_command_that_is_forked_says_what_one_of_its_own_process_says() -> None:
    """The tests' runs from a loaded process are a user's: where Python reads a variable at its start, they are started."""
    assert mock_engine("--list-faults") == mock_engine("--list-faults", env={"PYTHONHASHSEED": "0"})


def test_help_names_every_option_with_its_default() -> None:
    """--help lists the options of the interface with defaults, and imports nothing that is slow."""
    ended = mock_engine("--help")
    for option in (
        "host",
        "port",
        "jobs",
        "seed",
        "any-job",
        "tokens",
        "default-role",
        "base-path",
        "cors",
        "upstream",
    ):
        assert f"--{option}" in ended.out
    for option in ("latency", "fault", "profile", "store", "workers", "control-token", "control-origin", "tls-cert"):
        assert f"--{option}" in ended.out
    for text in ("--tls-key", "--max-body", "--journal", "--list-faults", "--version", "4010", "1048576", "bytes"):
        assert text in ended.out
    code = (
        "import sys, mock_server.cli as c\n"
        "try: c.main.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'connexion', 'uvicorn', 'starlette', 'yaml', 'httpx', 'flask'} & set(sys.modules)))"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.splitlines()[-1] == "[]"


def test_seed_given_again_makes_the_same_jobs() -> None:
    """The n-th job has the same id and name on every start with the same seed, and another with another seed."""
    seen = []
    for seed in ("7", "7", "8"):
        with started_mock("--seed", seed, "--jobs", "5") as (_, url):
            listed = httpx.get(f"{url}/_mock/jobs").json()["jobs"]
            minted = httpx.post(f"{url}/_mock/jobs", json={"count": 2}).json()["job_ids"]
            seen.append(json.dumps([listed, minted]))
    assert seen[0] == seen[1] != seen[2]


def test_host_beyond_loopback_is_warned_of() -> None:
    """Listening elsewhere than on loopback is said on stderr, and the control API is closed there without a token."""
    with started_mock("--host", "0.0.0.0") as (process, printed):  # noqa: S104 - the point
        url = printed.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        assert cancel(url).status_code == 200
        answer = httpx.get(f"{url}/_mock/jobs")
        assert answer.status_code == 403
        assert "--control-token" in answer.json()["detail"]
        process.terminate()
        assert "can be reached from other machines" in process.communicate(timeout=10)[1]

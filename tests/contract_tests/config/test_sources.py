"""What is taken for the id of a job, and what is known of a command that was ended."""

import os
import signal
import subprocess
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from contract_tests.config import command
from contract_tests.config.command import Command
from contract_tests.config.job_ids import read_ids, supply_from_command
from contract_tests.config.sources import Source
from contract_tests.errors import CommandError, NotAnIdError, SettingError
from contract_tests.stopping import Stopped, signals_raise

ID = "ab" * 12


@pytest.mark.parametrize("line", [ID, "job-7", "a_b.c:D", "x" * 200])
def test_line_of_letters_digits_and_signs_of_ids_is_an_id(line: str) -> None:
    """Blanks around it do not count."""
    assert read_ids(f"\n {line}\r\n", option="--jobs f") == [line]


@pytest.mark.parametrize("line", ["Logging in as admin", "token=Zq7hunter2", "a\tb", "x" * 201, "é", "v4ult-value"])
def test_line_that_cannot_be_an_id_is_told_masked(line: str) -> None:
    """Its number is in the message, and no secret."""
    with pytest.raises(NotAnIdError, match="line 2 is not a job id") as raised:
        read_ids(f"{ID}\n{line}\n", option="--jobs f", hidden=frozenset({"v4ult-value"}))
    assert "hunter2" not in str(raised.value)
    assert "v4ult" not in str(raised.value)


def test_line_of_a_file_may_be_any_printable_text() -> None:
    """The page says string, and a person wrote it down; a control character is a mistake."""
    assert read_ids("job 885440 (EU)\né=1\n", option="--jobs f", is_printed=False) == ["job 885440 (EU)", "é=1"]
    with pytest.raises(NotAnIdError, match="line 1 is not a job id"):
        read_ids("a\tb", option="--jobs f", is_printed=False)


@pytest.mark.parametrize("status", [0, 7])
def test_supply_of_a_command_holds_what_can_be_an_id(status: int) -> None:
    """Whether the command fails or not, the rest is told and is not in the supply."""
    supply = supply_from_command(Command(f"echo {ID}; echo token=Zq7hunter2; exit {status}", "--jobs-command:"))
    with pytest.raises(NotAnIdError, match=r"line 2 is not a job id: 'token=\*\*\*'"):
        supply.ask_for(2)
    assert supply.supplied == [ID]


def test_pipe_of_a_credential_is_read_once() -> None:
    """A shell's `<(…)` and standard input are empty the second time, where a file may have changed."""
    reader, writer = os.pipe()
    os.write(writer, b"Zq7hunter2\n")
    os.close(writer)
    source = Source(f"file:/dev/fd/{reader}", "--token admin")
    assert (source.read(), source.read(again=True)) == ("Zq7hunter2", "Zq7hunter2")
    os.close(reader)


@pytest.mark.parametrize(
    "value", ["$(Admin.Token)", "${ADMIN_TOKEN}", "$ADMIN_TOKEN", "{{ADMIN_TOKEN}}", "%ADMIN_TOKEN%"]
)
def test_variable_that_a_pipeline_did_not_fill_in_is_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure and GitLab leave its name where it is not set: wrong usage, and not a token that the engine refuses."""
    monkeypatch.setenv("T", value)
    with pytest.raises(SettingError, match="a variable that nobody filled in"):
        Source("env:T", "--token admin").read()


@pytest.mark.parametrize("value", ["$2b$10$abc", "{x}y", "%41bc%", "$lower", "a$(B)", "$", "$()"])
def test_token_with_signs_is_a_token(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not the name of a variable is sent as it is."""
    monkeypatch.setenv("T", value)
    assert Source("env:T", "--token admin").read() == value


def test_value_in_place_of_a_name_is_told() -> None:
    """`env:$TOKEN`, and sources that share a line."""
    for text in ("env:adm-1111", "env:A,support=env:B"):
        with pytest.raises(
            SettingError, match=r"Give its name, without \$; of several values each has a line of its own"
        ):
            Source(text, "--token admin").read()


def test_failing_command_is_quoted_without_the_secrets_written_in_it() -> None:
    """Also where it says them itself."""
    with pytest.raises(CommandError, match=r"-u me:\*\*\*") as raised:
        Command("false -u me:hunter4; echo wrong: hunter4 >&2; exit 3", "--jobs-command:").run()
    assert "hunter4" not in str(raised.value)


def test_ids_of_a_command_are_known_where_the_machine_gives_no_time_to_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`communicate` looks at its time before it reads: what lies in the pipe of an ended command is read all the same."""
    monkeypatch.setattr(command, "POLL_S", 0.0)
    monkeypatch.setattr(command, "GRACE_S", -1.0)
    is_over = Event()
    known: list[str] = []
    polls = subprocess.Popen.communicate

    def communicate(process: Any, **arguments: Any) -> Any:
        if (tmp_path / "made").exists():
            is_over.set()
        time.sleep(0.01)
        return polls(process, **(arguments | {"timeout": min(arguments["timeout"], -1.0)}))

    monkeypatch.setattr(subprocess.Popen, "communicate", communicate)
    with pytest.raises(CommandError, match="was ended with the run"):
        Command(f"echo {ID}; touch {tmp_path}/made; sleep 60", "x").run(is_over=is_over, on_broken=known.append)
    assert known == [f"{ID}\n"]


def test_ids_of_a_command_are_known_after_a_signal_while_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine may come back to the start of a command after the command has printed all its ids."""

    class Slow(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            while not (tmp_path / "made").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Slow)
    known: list[str] = []
    with signals_raise(), pytest.raises(Stopped):
        Command(f"echo {ID}; touch {tmp_path}/made; sleep 60", "x").run(on_broken=known.append)
    assert known == [f"{ID}\n"]

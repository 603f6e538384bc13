"""A byte order mark is fine in every file, in what commands print, and on standard input."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.config.command import Command
from contract_tests.config.job_ids import supply_from_file
from contract_tests.config.settings_file import _parse
from contract_tests.config.sources import Source
from contract_tests.errors import SettingError
from contract_tests.judge.known_file import read_known
from engine_contract.contract import load_rules
from engine_contract.text import unmarked
from engine_contract.text.unmarked import decode_text
from mock_server.operations.profile import load_profile
from mock_server.settings import read_tokens

ENCODINGS = pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])


@ENCODINGS
def test_decode_text_takes_the_mark_away(encoding: str) -> None:
    """Text in UTF-8 and in UTF-16 is the same with a mark and without."""
    assert decode_text("grüß\n".encode(encoding)) == "grüß\n"


@ENCODINGS
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"s3cret": "support"}', read_tokens),
        ('{"situations": {}}', load_profile),
        ("[engines.a]\n", _parse),
        ('[[known]]\nrule = "transport.json"\nreason = "known"\n', lambda path: read_known(path, load_rules())),
        ("a-token\r\n", lambda path: Source(f"file:{path}", "--token").read()),
        ("4321abcdef694aa79dae47ad\r\n", lambda path: supply_from_file(path).lease()),
    ],
    ids=["tokens", "profile", "settings", "known", "token", "jobs"],
)
def test_file_may_begin_with_a_mark(tmp_path: Path, text: str, read: Callable[[Path], Any], encoding: str) -> None:
    """Each file that a user gives reads the same with a mark and without."""
    plain, marked = tmp_path / "plain", tmp_path / "marked"
    plain.write_bytes(text.encode())
    marked.write_bytes(text.encode(encoding))
    assert read(marked) == read(plain)


def test_output_of_a_command_may_begin_with_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that a command prints is not one character longer for the mark; nor is one in the environment."""
    assert Command(r"printf '\357\273\277token'", "--token").run() == "token"
    monkeypatch.setenv("MARKED", "\ufefftoken")
    assert Source("env:MARKED", "--token").read() == "token"


def test_standard_input_may_begin_with_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first id of a list on standard input is that id."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfabc\r\ndef\n"), encoding="utf-8"))
    supply = supply_from_file(Path("-"))
    assert [supply.lease(), supply.lease()] == ["abc", "def"]


def test_file_that_cannot_be_read_is_told_in_words(tmp_path: Path) -> None:
    """No number of an error, and no byte of what may be a secret."""
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    for name, why in (("latin", "it is not text in UTF-8 (byte 3)"), ("nowhere", "No such file or directory")):
        with pytest.raises(SettingError, match=f"file:.*{name}: the file cannot be read: {re.escape(why)}\\.$"):
            Source(f"file:{tmp_path / name}", "--token").read()


def test_device_without_an_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds more than any file of a user does is told so."""
    monkeypatch.setattr(unmarked, "MOST_BYTES", 1 << 20)
    with pytest.raises(SettingError, match=r"--jobs /dev/zero: the file cannot be read: it holds more than 1 MiB\."):
        supply_from_file(Path("/dev/zero"))
    with Path("/dev/zero").open("rb") as endless:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(endless))
        with pytest.raises(SettingError, match="it holds more than 1 MiB"):
            supply_from_file(Path("-"))

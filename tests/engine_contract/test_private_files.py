"""Files that the kit writes: whole, for their owner alone, never through a link."""

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from contract_tests.config.options import Connection
from contract_tests.recording.profile import ProfileWriter
from contract_tests.recording.recording_file import Recording
from contract_tests.report import write_reports
from engine_contract.contract import load_contract
from engine_contract.draft_cli import main
from engine_contract.private_files import create, is_special, replacing
from tests.contract_tests.report.reports import PRESENTER, conforming
from tests.support import ROOT

PAGE = ROOT / "spec" / "cancelJob.txt"
posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are those of POSIX")


@posix
def test_file_is_for_its_owner_alone_whatever_was_there(tmp_path: Path) -> None:
    """A mode that is wider, and a umask that allows all, change nothing."""
    (tmp_path / "f").write_text("old")
    (tmp_path / "f").chmod(0o666)
    before = os.umask(0)
    try:
        with replacing(tmp_path / "f") as file:
            (draft,) = set(tmp_path.iterdir()) - {tmp_path / "f"}
            assert draft.stat().st_mode & 0o777 == 0o600
            assert re.fullmatch(r"\.f\.[0-9a-f]{16}\.part", draft.name)
            file.write("new")
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "f").read_text() == "new"


@posix
def test_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Neither a link to a file nor one to nothing leads the writer elsewhere."""
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with replacing(tmp_path / "link") as file:
        file.write("new")
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "link").is_symlink()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        create(tmp_path / "dangling")
    assert not (tmp_path / "nowhere").exists()


@posix
def test_every_writer_writes_for_the_owner_alone(tmp_path: Path) -> None:
    """Reports, profiles, recordings and drafts of pages; no draft is left behind."""
    write_reports(conforming(), PRESENTER, tmp_path)
    ProfileWriter(load_contract(), tmp_path / "profile.json", Connection("http://e").base).write()
    Recording(tmp_path / "all.har", "http://e").close()
    done = CliRunner().invoke(main, [str(PAGE), "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == dict.fromkeys(
        (
            *("report.json", "junit.xml", "report.html", "requests.har", "summary.md"),
            *("profile.json", "all.har", "cancelJob.openapi.yaml", "cancelJob.rules.yaml"),
        ),
        "0o600",
    )


@posix
def test_draft_of_a_page_is_not_written_through_a_link_to_nothing(tmp_path: Path) -> None:
    """A link counts as a file that is there."""
    (tmp_path / "cancelJob.rules.yaml").symlink_to(tmp_path / "nowhere")
    done = CliRunner().invoke(main, [str(PAGE), "--output", str(tmp_path)])
    assert done.exit_code
    assert "is there already" in done.output
    assert not (tmp_path / "nowhere").exists()


@posix
def test_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    """For root a file would stand in the place of /dev/null for every process; a link to a device is one too."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    for name in ("pipe", "null"):
        with pytest.raises(OSError, match="a device or a pipe"), replacing(tmp_path / name) as file:
            file.write("new")
        assert is_special(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "null"}

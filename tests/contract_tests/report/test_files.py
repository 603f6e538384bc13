"""The files of --report-dir are all there, whole, and quickly written."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.errors import SettingError
from contract_tests.model import Exchange, Response
from contract_tests.report import har, write_reports

from .reports import PRESENTER, conforming, exchange, violating

NAMES = ["report.json", "junit.xml", "report.html", "requests.har", "summary.md"]


def test_all_files_are_written_into_a_new_directory(tmp_path: Path) -> None:
    """The directory is made, and holds the five files and nothing else."""
    directory = tmp_path / "new" / "reports"
    assert write_reports(conforming(), PRESENTER, directory) == [directory / name for name in NAMES]
    assert sorted(path.name for path in directory.iterdir()) == sorted(NAMES)


def test_a_later_run_replaces_the_files(tmp_path: Path) -> None:
    """After a second run the files are the second run's."""
    write_reports(conforming(), PRESENTER, tmp_path)
    write_reports(violating(), PRESENTER, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "violates"
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_a_place_that_cannot_be_written_is_a_clear_sentence(tmp_path: Path) -> None:
    """A file in the directory's place is told with the option, the path and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(
        SettingError, match=r"^--report-dir .*file: the reports cannot be written there: .*Name a directory"
    ):
        write_reports(conforming(), PRESENTER, tmp_path / "file")


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is replaced once it is whole: an error on the way leaves the earlier one, and no draft."""
    write_reports(conforming(), PRESENTER, tmp_path)
    before = (tmp_path / "requests.har").read_text()

    def fail(_exchange: Exchange, *_rest: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(har, "exchange_entry", fail)
    with pytest.raises(SettingError, match="No space left on device"):
        write_reports(violating(), PRESENTER, tmp_path)
    assert (tmp_path / "requests.har").read_text() == before
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_a_run_of_big_documents_is_written_in_a_moment(tmp_path: Path) -> None:
    """250 exchanges, 24 of them with a document of 2,000 tasks, take less than three seconds of the processor."""
    big = exchange(response=Response(200, (), b'{"tasks": {' + b'"x": "0123456789",' * 40_000 + b"}}"))
    report = replace(violating(), exchanges=(exchange(),) * 226 + (big,) * 24)
    start = time.process_time()
    write_reports(report, PRESENTER, tmp_path)
    assert time.process_time() - start < 3


def test_heavy_modules_are_not_loaded_with_the_package() -> None:
    """Importing the package loads neither rich nor Jinja2: --help need not wait for them."""
    script = "import sys, contract_tests.report; print(*({'rich', 'jinja2'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""

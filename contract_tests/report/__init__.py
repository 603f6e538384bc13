"""The report of a run as files: report.json, junit.xml, report.html, requests.har and summary.md."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TextIO

from contract_tests.errors import SettingError
from contract_tests.model import Report
from contract_tests.report.as_json import report_document, write_json
from contract_tests.report.har import write_har
from contract_tests.report.html import write_html
from contract_tests.report.junit import write_junit
from contract_tests.report.presenter import Presenter
from contract_tests.report.summary import write_summary
from engine_contract.private_files import replacing

__all__ = ["WRITERS", "render_reports", "report_document", "write_reports", "writing_into"]

WRITERS: Mapping[str, Callable[[Report, Presenter, TextIO], None]] = {
    "report.json": write_json,
    "junit.xml": write_junit,
    "report.html": write_html,
    "requests.har": write_har,
    "summary.md": write_summary,
}


def render_reports(report: Report, presenter: Presenter) -> dict[str, str]:
    """Return the content of all files by their name."""
    contents = {}
    for name, write in WRITERS.items():
        file = StringIO()
        write(report, presenter, file)
        contents[name] = file.getvalue()
    return contents


def write_reports(report: Report, presenter: Presenter, directory: Path) -> list[Path]:
    """Write all files into the directory, made if need be, over those of an earlier run.

    Returns their paths. Raises SettingError where the directory cannot be written.
    """
    paths = []
    with writing_into(directory):
        for name, write in WRITERS.items():
            with replacing(directory / name) as file:
                write(report, presenter, file)
            paths.append(directory / name)
    return paths


@contextmanager
def writing_into(directory: Path) -> Iterator[None]:
    """Make the directory if need be. Raises SettingError where it, or what is written inside, cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise SettingError(
            f"--report-dir {directory}: the reports cannot be written there: {error.strerror or error}. "
            "Name a directory that can be written, or one that can be made."
        ) from error

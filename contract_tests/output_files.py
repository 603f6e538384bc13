"""The files that a run writes: whether it can, and those beside its reports, known deviations and a mock's profile."""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from contract_tests.check import Checked
from contract_tests.errors import SettingError
from contract_tests.judge.known import write_known
from contract_tests.recording.profile import profile_from
from contract_tests.report import WRITERS
from engine_contract.options import CheckOptions


def clear_reports(options: CheckOptions) -> None:
    """Remove the reports of an earlier run, which nobody shall take for this one's; what this one reads stays."""
    if options.report_dir is None:
        return
    read = {value.resolve() for field in fields(options) if isinstance(value := getattr(options, field.name), Path)}
    for name in WRITERS:
        path = options.report_dir / name
        if path.resolve() not in read:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def check_outputs(options: CheckOptions) -> None:
    """Whether what the run is to write can be written: seen before anything is canceled. Raises SettingError."""
    for flag, path in (
        ("--report-dir", options.report_dir),
        ("--write-known", options.write_known),
        ("--write-profile", options.write_profile),
    ):
        if path is None:
            continue
        option = f"{flag} {path}"
        folder = path if flag == "--report-dir" else path.parent
        try:
            if path == folder:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(f"{option}: the folder cannot be made: {error.strerror}. Name another one.") from error
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)) or (path != folder and path.is_dir()):
            raise SettingError(f"{option}: nothing can be written there. Name a place that exists and may be written.")


def write_outputs(options: CheckOptions, checked: Checked) -> Iterator[str]:
    """Write what the options ask for; yield a sentence on each file. Raises SettingError."""
    if options.write_known:
        today = dt.datetime.now(dt.UTC).date()
        shown = checked.presenter.redact
        count = write_known(options.write_known, checked.report.rules, shown, today=today, kept=checked.known)
        yield f"{count} deviations written to {options.write_known}."
    if options.write_profile:
        yield _write_profile(options.write_profile, checked)


def _write_profile(path: Path, checked: Checked) -> str:
    writer = profile_from(checked.report.exchanges, path, checked.report.engine, checked.presenter.redact)
    writer.check()
    writer.write()
    if writer.failure:
        raise SettingError(f"--write-profile {path}: {writer.failure}.")
    return f"a profile of {len(writer.profile()['situations'])} situations written to {path}."

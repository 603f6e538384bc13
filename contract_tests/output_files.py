"""The files that a run writes: checks that it can, and writes known deviations and a mock's profile."""

import datetime as dt
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from contract_tests.check import Checked
from contract_tests.errors import SettingError
from contract_tests.judge.known import new_entries, still_known
from contract_tests.judge.known_file import kept_in, known_toml
from contract_tests.recording.profile import profile_from
from contract_tests.report import WRITERS
from engine_contract.contract import Rule, load_contract
from engine_contract.options import CheckOptions
from engine_contract.private_files import is_special, replacing


def clear_reports(options: CheckOptions) -> None:
    """Remove the reports of an earlier run, which could be taken for this run's; files that this run reads stay."""
    if options.report_dir is None:
        return
    read = {value.resolve() for field in fields(options) if isinstance(value := getattr(options, field.name), Path)}
    for name in WRITERS:
        path = options.report_dir / name
        if path.resolve() not in read:
            with suppress(OSError):
                path.unlink(missing_ok=True)


def check_outputs(options: CheckOptions, rules: Iterable[Rule]) -> None:
    """Check that the run on some rules can write its files, before anything is canceled. Raises SettingError."""
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
        if is_special(path):
            raise SettingError(f"{option}: is a device or a pipe, and a file is written. Name a file.")
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)) or (path != folder and path.is_dir()):
            raise SettingError(f"{option}: cannot be written. Name a place that exists and may be written.")
    if options.write_known is not None:
        kept_in(options.write_known, rules)  # what it holds is kept, so that it must be readable
    elif options.expires is not None:
        raise SettingError("--expires is for what --write-known adds, and that is not given. Give both, or neither.")
    _days(options.expires)


def write_outputs(options: CheckOptions, checked: Checked) -> Iterator[str]:
    """Write what the options ask for; yield a sentence on each file. Raises SettingError."""
    if options.write_known:
        yield _write_known(options.write_known, checked, _days(options.expires))
    if options.write_profile:
        yield _write_profile(options.write_profile, checked)


def _days(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}d", text):
        raise SettingError(f"--expires {text}: is not a number of days from 1d to 9999d, such as 90d.")
    return int(text[:-1])


def _write_known(path: Path, checked: Checked, days: int | None) -> str:
    today = dt.datetime.now(dt.UTC).date()
    report = checked.report
    old = kept_in(path, (result.rule for result in report.rules))
    kept = still_known([*checked.known, *old], report.rules, whole=report.whole)
    expires = None if days is None else today + dt.timedelta(days=days)
    new = list(new_entries(report.rules, kept, checked.presenter.mask, today=today, expires=expires))
    try:
        with replacing(path) as file:
            file.write(known_toml([*kept, *new]))
    except OSError as error:
        raise SettingError(
            f"--write-known {path}: the file cannot be written: {error.strerror or error}. Name another one."
        ) from error
    count = len(kept) + len(new)
    return f"{count} deviation{'' if count == 1 else 's'} written to {path}."


def _write_profile(path: Path, checked: Checked) -> str:
    writer = profile_from(
        load_contract(), checked.report.exchanges, path, checked.report.engine, checked.presenter.redact
    )
    writer.check()
    writer.write()
    if writer.failure:
        raise SettingError(f"--write-profile {path}: {writer.failure}.")
    return f"a profile of {len(writer.profile()['situations'])} situations written to {path}."

"""The files that a run writes beside its reports: known deviations, and a profile for the mock."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract_tests.check import Checked
from contract_tests.errors import SettingError
from contract_tests.known import write_known
from contract_tests.profile_writer import profile_from


def write_outputs(options: Mapping[str, Any], checked: Checked) -> Iterator[str]:
    """Write what the options ask for; a sentence on each file. Raises SettingError."""
    if options["write_known"]:
        today = dt.datetime.now(dt.UTC).date()
        count = write_known(options["write_known"], checked.report.rules, checked.presenter.redact, today=today)
        yield f"{count} deviations written to {options['write_known']}."
    if options["write_profile"]:
        yield _write_profile(options["write_profile"], checked)


def _write_profile(path: Path, checked: Checked) -> str:
    writer = profile_from(checked.report.exchanges, path, checked.report.engine, checked.presenter.redact)
    writer.check()
    writer.write()
    if writer.failure:
        raise SettingError(f"--write-profile {path}: {writer.failure}.")
    return f"a profile of {len(writer.profile()['situations'])} situations written to {path}."

"""One run behind many tests: its outcomes in plain, redacted data that workers can share."""

import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import pytest

from contract_tests.check import Checked
from contract_tests.cli import main
from contract_tests.config.options import INSECURE, read_pages, rules_with
from contract_tests.errors import SettingError
from contract_tests.model import RuleResult
from contract_tests.output_files import clear_reports, write_outputs
from contract_tests.report import render_reports, writing_into
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import verdict_sentence, view
from contract_tests.run_checks import Jobs, run_checks
from engine_contract.option_rows import rows
from engine_contract.options import CheckOptions
from engine_contract.private_files import replacing
from engine_contract.text.masking import hide_variables
from engine_contract.text.printable import visible, without_commands

_FLAG = re.compile(
    rf"(?<!\S)--({'|'.join(row.flag.removeprefix('--') for row in rows(CheckOptions) if not row.command_only)})\b(?!-)"
)
"""An option in a message, which is another one here: `--mock` is `--engine-mock`."""

PAGES_VARIABLE = "CHECK_ENGINE_PAGE"
PATIENCE_S = 60.0  # beyond the deadline, for which a worker waits for the one that runs


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A run's outcome and text by rule, the report files' contents by path, and the last sentence."""

    verdict: str
    rules: dict[str, tuple[str, str]]
    files: dict[str, str]
    sentence: str
    notes: tuple[str, ...] = ()
    lost: str | None = None
    """Why a file beside the reports could not be written."""
    is_stopped: bool = False
    """Whether a signal ended the run, as Ctrl-C does."""

    def to_json(self) -> str:
        """Return the outcomes as text, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Outcomes":
        """Return the outcomes from their text."""
        data = json.loads(text)
        rules = {rule_id: (outcome, story) for rule_id, (outcome, story) in data["rules"].items()}
        return cls(
            data["verdict"],
            rules,
            data["files"],
            data["sentence"],
            tuple(data["notes"]),
            data["lost"],
            data["is_stopped"],
        )

    def write_files(self) -> None:
        """Write the report files. Raises pytest.UsageError where they, or other files of the run, cannot be written."""
        with _as_usage():
            for path, content in self.files.items():
                with writing_into(Path(path).parent):
                    _publish(Path(path), content)
        if self.lost:
            raise pytest.UsageError(self.lost)


def run_once(
    words: Sequence[str],
    selected: Sequence[str],
    *,
    jobs: Jobs | None,
    tokens: Mapping[str, str] | None,
    shared: Path | None,
) -> Outcomes:
    """Run the checks for the selected rules; `words` are check-engine's arguments. With a `shared` folder the first process runs, the others wait.

    Raises pytest.UsageError for settings that cannot be used.
    """
    options = parse(words)
    if shared is None:
        return _run(options, selected, jobs, tokens)
    lock, result = shared / "engine-contract.lock", shared / "engine-contract.json"
    try:
        lock.touch(exist_ok=False)
    except FileExistsError:
        return Outcomes.from_json(_await(result, options.deadline + PATIENCE_S))
    try:
        text = _run(options, selected, jobs, tokens).to_json()
    except pytest.UsageError as error:
        _publish(result, json.dumps({"error": str(error)}))
        raise
    _publish(result, text)
    return Outcomes.from_json(text)


def rule_ids(words: Sequence[str]) -> list[str]:
    """Return the rules of the contract, and of the pages that are given. Raises pytest.UsageError."""
    is_given = any(word.startswith("--page=") for word in words) or PAGES_VARIABLE in os.environ
    pages = parse(words).pages if is_given else ()
    with _as_usage():
        return [rule.id for rule in rules_with(read_pages(pages))]


@contextmanager
def _as_usage() -> Iterator[None]:
    """Raise pytest.UsageError, with the options' names here, for settings that cannot be used."""
    try:
        yield
    except SettingError as error:
        raise pytest.UsageError(_named_here(error)) from error


def _named_here(error: SettingError) -> str:
    return hide_variables(_FLAG.sub(r"--engine-\1", str(error)))


def parse(words: Sequence[str]) -> CheckOptions:
    """Return check-engine's options with its defaults and its environment. Raises pytest.UsageError."""
    try:
        with main.make_context("check-engine", list(words)) as context:
            return CheckOptions(**context.params)
    except click.ClickException as error:
        raise pytest.UsageError(hide_variables(error.format_message().replace("'--", "'--engine-"))) from error
    except SettingError as error:
        raise pytest.UsageError(hide_variables(str(error))) from error


def _publish(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text)


def _await(path: Path, seconds: float) -> str:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(FileNotFoundError):
            text = path.read_text(encoding="utf-8")
            if (error := json.loads(text).get("error")) is not None:
                raise pytest.UsageError(error)
            return text
        time.sleep(0.05)
    raise pytest.UsageError("The worker that checks the engine has not ended; no outcome is known.")


def _run(
    options: CheckOptions, selected: Sequence[str], jobs: Jobs | None, tokens: Mapping[str, str] | None
) -> Outcomes:
    with _as_usage():
        if len(selected) < len(rules_with(read_pages(options.pages))) and not options.only:
            options = replace(options, only=tuple(selected))
        clear_reports(options)
        return _outcomes(options, run_checks(options, jobs, tokens))


def _outcomes(options: CheckOptions, checked: Checked) -> Outcomes:
    report, presenter = checked.report, checked.presenter
    files = {}
    if options.report_dir:
        directory = options.report_dir.absolute()
        files = {str(directory / name): text for name, text in render_reports(report, presenter).items()}
    told: list[str] = []
    lost = None
    try:
        told.extend(write_outputs(options, checked))
    except SettingError as error:
        lost = _named_here(error)
    rules = {}
    for result in report.rules:
        outcome: str = result.outcome
        if outcome == "unchecked":
            outcome = "unchecked" if result.counts else "not counted"
        rules[result.rule.id] = (outcome, presenter.redact(_story(result, presenter)))
    changes = view(report, presenter).changes
    news = [f"{heading}: {', '.join(told) or 'none'}" for heading, told in changes.parts] if changes else []
    notes = (*(() if report.tls_verified else (INSECURE,)), *map(presenter.redact, report.notes), *news, *told)
    return Outcomes(
        report.verdict,
        rules,
        files,
        presenter.redact(verdict_sentence(report)),
        tuple(map(without_commands, notes)),
        lost,
        checked.stopped_by is not None,
    )


def _story(result: RuleResult, presenter: Presenter) -> str:
    """Return the text that a failing test prints."""
    rule = result.rule
    lines = [f"{rule.id} ({rule.level}): {rule.title}"]
    if rule.quote:
        lines.append(f"  page: {rule.quote}")
    if reason := result.reason or rule.reason:
        lines.append(f"  why:  {reason}")
    if result.failed and result.seen > 1:
        lines.append(f"  seen: in {result.failed} of {result.seen} answers. {result.told_apart or ''}".rstrip())
    for finding in result.findings[:5]:
        lines.append(
            f"  Received:   {presenter.mask(finding.received)}" + (f" at {finding.pointer}" if finding.pointer else "")
        )
        lines.append(f"  Documented: {finding.documented}")
        if finding.exchange is not None:
            lines.append(f"  Reproduce:  {presenter.curl(finding.exchange)}")
    return without_commands(visible("\n".join(lines)))

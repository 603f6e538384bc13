"""The command check-engine: a report to the terminal and to files."""

import contextlib
import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from contract_tests.config.settings_file import EngineCommand
from engine_contract.click_options import command
from engine_contract.options import CheckOptions

if TYPE_CHECKING:
    from contract_tests.check import Checked


@command(
    EngineCommand,
    "check-engine",
    CheckOptions,
    epilog=(
        "SOURCE is env:NAME, file:PATH, cmd:COMMAND, or the value itself. Each option can be set by an environment "
        "variable, such as CHECK_ENGINE_JOBS; repeated ones are separated by line breaks. "
        "Exit status: 0 conforms, 1 breaks the contract, 2 wrong usage, 3 could not be decided."
    ),
)
def main(options: CheckOptions) -> int:
    """Check an engine against the contract of POST /workflow_engine/cancelJob.

    URL is the engine's base, with any path before /workflow_engine/cancelJob, or an engine's name in the
    settings file. Without it the kit's own mock is started inside this process and checked.
    """
    if options.list_rules:
        _list_rules()
        return 0
    # What is loaded from here on stays: by default the collector takes a seventh of a run to look through it.
    gc.set_threshold(50_000, 20, 50)
    _settle_usage(options)
    try:
        with _sigterm_interrupts():
            return _run(options)
    except KeyboardInterrupt as interrupt:
        click.echo("check-engine: interrupted before anything was sent.", err=True)
        return 143 if isinstance(interrupt, _Terminated) else 130


class _Terminated(KeyboardInterrupt):
    """SIGTERM, before the run has handlers of its own."""


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    def terminate(_number: int, _frame: object) -> NoReturn:
        raise _Terminated

    try:
        before = signal.signal(signal.SIGTERM, terminate)
    except ValueError:  # in a thread there are no signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _settle_usage(options: CheckOptions) -> None:
    if options.quiet and options.verbose:
        raise click.UsageError("-q and -v exclude each other. Give one of them.")
    if options.jobs and options.jobs_command:
        raise click.UsageError("--jobs and --jobs-command exclude each other. Give one of them.")
    if options.replay and (options.url or options.jobs or options.jobs_command or options.plan_only):
        raise click.UsageError("--replay sends nothing: it goes with neither URL, --jobs, --jobs-command nor --plan.")
    if not options.url:
        for flag, value in (
            ("--token", options.tokens),
            ("--login", options.logins),
            ("--jobs", options.jobs),
            ("--jobs-command", options.jobs_command),
        ):
            if value:
                raise click.UsageError(f"{flag} is for an engine at a URL, and there is none. Give the engine's URL.")


def _run(options: CheckOptions) -> int:
    """Check, plan or judge what the options say, and return the exit status."""
    from rich.console import Console

    from contract_tests.check import exit_status
    from contract_tests.report.terminal import print_report, progress
    from contract_tests.run_checks import describe_run, run_checks

    if options.plan_only:
        for line in describe_run(options, warn=_say):
            click.echo(line)
        return 0
    if options.replay:
        checked = _replay(options, options.replay)
    else:
        checked = run_checks(options, warn=_say, show=lambda: progress(Console(stderr=True)))
    _write_files(options, checked)
    print_report(checked.report, checked.presenter, Console(), quiet=options.quiet, verbose=options.verbose)
    return exit_status(checked.report.verdict, checked.stopped_by)


def _replay(options: CheckOptions, recording: Path) -> "Checked":
    from contract_tests.config.options import selected_rules
    from contract_tests.judge.known import read_known
    from contract_tests.recording.replay import replay

    only, skip = selected_rules(options)
    known = read_known(options.known)
    return replay(recording, only=only, skip=skip, strict=options.strict, label=options.label, known=known)


def _write_files(options: CheckOptions, checked: "Checked") -> None:
    from contract_tests.output_files import write_outputs
    from contract_tests.report import write_reports

    if options.report_dir:
        write_reports(checked.report, checked.presenter, options.report_dir)
    for sentence in write_outputs(options, checked):
        _say(sentence)


def _say(sentence: str) -> None:
    click.echo(f"check-engine: {sentence}", err=True)


def _list_rules() -> None:
    from engine_contract import contract

    for rule in contract.load_rules():
        click.echo(f"{rule.id:45} {rule.level:11} {rule.title}")

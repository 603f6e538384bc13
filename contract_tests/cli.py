"""The command check-engine: a report to the terminal and to files."""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contract_tests.config.settings_file import EngineCommand
from contract_tests.config.which_engine import is_for_mock
from contract_tests.errors import SettingError
from contract_tests.stopping import Stopped, signals_raise
from engine_contract.click_options import command, say
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
        "Exit status: 0 conforms, 1 breaks the contract, 2 wrong usage, 3 could not be decided, 70 the kit itself failed."
    ),
)
def main(options: CheckOptions) -> int:
    """Check an engine against the contract of POST /workflow_engine/cancelJob.

    URL is the engine's base, with any path before /workflow_engine/cancelJob, or an engine's name in the
    settings file. With --mock the kit's own mock is started inside this process and checked; without both too, but
    not in CI (CI, TF_BUILD or TEAMCITY_VERSION is set), nor where tokens, jobs or --auth are given.
    """
    if options.list_rules:
        _list_rules(options.pages)
        return 0
    if options.list_known:
        _list_known()
        return 0
    if options.report_dir and not options.plan_only:
        from contract_tests.output_files import clear_reports

        clear_reports(options)
    _settle_usage(options)
    try:
        with signals_raise():
            return _run(options)
    except Stopped as stopped:
        click.echo("check-engine: interrupted.", err=True)
        return 128 + stopped.number


def _settle_usage(options: CheckOptions) -> None:
    if options.quiet and options.verbose:
        raise click.UsageError("-q and -v exclude each other. Give one of them.")
    if options.as_json and not options.plan_only:
        raise click.UsageError("--json goes with --plan. A run's JSON is report.json of --report-dir.")
    supplies = {"--jobs": options.jobs, "--jobs-command": options.jobs_command, "--workflow": options.workflow}
    given = [flag for flag, value in supplies.items() if value]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} exclude each other. Give one of them.")
    if not options.replay:
        is_for_mock(options, os.environ)
        return
    if options.url or options.base_url or options.mock or given or options.plan_only:
        raise click.UsageError(
            f"--replay sends nothing: it goes with neither URL, --mock, {', '.join(supplies)} nor --plan."
        )


def _run(options: CheckOptions) -> int:
    """Check, plan or judge what the options say, and return the exit status."""
    from rich.console import Console

    from contract_tests.check import exit_status
    from contract_tests.report.terminal import print_report, progress
    from contract_tests.run_checks import describe_run, run_checks
    from engine_contract.text.masking import hide_variables

    if options.plan_only:
        click.echo(hide_variables("\n".join(describe_run(options, warn=_say))))
        return 0
    if options.replay:
        checked = _replay(options, options.replay)
    else:
        # FORCE_COLOR makes a terminal of every pipe, and would animate there.
        console = Console(stderr=True, force_terminal=sys.stderr.isatty())
        tell = str if options.quiet else _say
        checked = run_checks(options, warn=_say, tell=tell, show=lambda: progress(console))
    lost = None
    try:
        _write_files(options, checked)
    except SettingError as error:  # the report is told all the same: what the run found cost jobs
        lost = error
    print_report(
        checked.report,
        checked.presenter,
        Console(),
        quiet=options.quiet,
        verbose=options.verbose,
        report_dir=None if lost else options.report_dir,
    )
    status = exit_status(checked.report.verdict, checked.stopped_by)
    if lost is None:
        return status
    _say(str(lost))
    return 2 if status in {0, 3} else status


def _replay(options: CheckOptions, recording: Path) -> "Checked":
    from contract_tests.config.auth import Auth
    from contract_tests.config.options import named_tokens, read_pages, rules_with, selected_rules
    from contract_tests.judge.known_file import read_known
    from contract_tests.judge.verdict import Criteria
    from contract_tests.recording.replay import replay
    from contract_tests.report.compare import read_earlier, with_earlier

    pages = read_pages(options.pages)
    rules = rules_with(pages)
    only, skip = selected_rules(options, rules)
    earlier = read_earlier(options.compare)
    checked = replay(
        recording,
        Criteria(only, skip, options.strict, read_known(options.known, rules)),
        pages=pages,
        label=options.label,
        auth=Auth.parse(options.auth or "bearer").settled,
        tokens={role: source.read() for role, source in named_tokens(options).items()},
    )
    return replace(checked, report=with_earlier(checked.report, earlier))


def _write_files(options: CheckOptions, checked: "Checked") -> None:
    from contract_tests.output_files import write_outputs
    from contract_tests.report import write_reports

    if options.report_dir:
        write_reports(checked.report, checked.presenter, options.report_dir)
    for sentence in write_outputs(options, checked):
        _say(sentence)


_say = partial(say, "check-engine")


def _list_rules(pages: Sequence[Path]) -> None:
    from contract_tests.config.options import read_pages, rules_with

    for rule in rules_with(read_pages(pages)):
        click.echo(f"{rule.id:45} {rule.level:11} {rule.title}")


def _list_known() -> None:
    from contract_tests.judge import known_lists
    from contract_tests.judge.known_file import read_known
    from engine_contract.contract import load_rules

    for name in known_lists.names():
        click.echo(f"{name}: {known_lists.describe(name)}")
        for entry in read_known(Path(name), load_rules()):
            click.echo(f"  {entry.rule:42} {entry.reason}")

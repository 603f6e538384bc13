"""The command check-engine: options and environment to settings, a report to the terminal and to files."""

import contextlib
import gc
import math
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from contract_tests.config.connection_options import FILE, LINES, connection_options
from contract_tests.config.settings_file import EngineCommand
from contract_tests.errors import SettingError
from engine_contract.dependencies import DependencyError
from engine_contract.version import DISTRIBUTION

if TYPE_CHECKING:
    from contract_tests.check import Checked
    from contract_tests.config.settings import Settings
    from contract_tests.judge.known import Known
    from contract_tests.safety.supply import Supply


class Report(EngineCommand):
    """The command, whose errors are one clear line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a setting that cannot be used ends it with status 2."""
        try:
            return super().invoke(ctx)
        except (SettingError, DependencyError) as error:
            click.echo(f"check-engine: {error}", err=True)
            ctx.exit(2)


class _Positive(click.FloatRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number of seconds or requests.", param, ctx)
        return number


POSITIVE = _Positive(min=0, min_open=True)


@click.command(
    cls=Report,
    context_settings={
        "auto_envvar_prefix": "CHECK_ENGINE",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    epilog=(
        "SOURCE is env:NAME, file:PATH, cmd:COMMAND, or the value itself. Each option can be set by an environment "
        "variable, such as CHECK_ENGINE_JOBS; repeated ones are separated by line breaks. "
        "Exit status: 0 conforms, 1 breaks the contract, 2 wrong usage, 3 could not be decided."
    ),
)
@click.argument("url", required=False, envvar="CHECK_ENGINE_URL")
@connection_options("CHECK_ENGINE")
@click.option("--jobs", metavar="FILE|-", help="Ids of the jobs that may be canceled, one a line; - is standard input.")
@click.option(
    "--jobs-command",
    metavar="COMMAND",
    help="A shell command that makes jobs and prints their ids; JOB_COUNT holds the number wanted.",
)
@click.option(
    "--max-jobs",
    type=click.IntRange(min=0),
    metavar="N",
    help="Cancel at most N jobs.  [default: what the plan needs, 24 or fewer]",
)
@click.option("--keep-jobs", is_flag=True, help="Leave jobs of --jobs-command that were not used active.")
@click.option(
    "--plan",
    "plan_only",
    envvar="CHECK_ENGINE_PLAN",
    is_flag=True,
    help="Print what would be sent and how many jobs it would cancel; send nothing.",
)
@click.option(
    "--only",
    multiple=True,
    type=LINES,
    metavar="RULE",
    help="Check this rule only; globs such as roles.* are allowed. Repeatable.",
)
@click.option(
    "--skip", multiple=True, type=LINES, metavar="RULE", help="Leave this rule out; globs are allowed. Repeatable."
)
@click.option("--known", type=FILE, metavar="FILE", help="Known deviations (TOML), which do not fail the run.")
@click.option("--write-known", type=FILE, metavar="FILE", help="Write this run's deviations into FILE.")
@click.option("--strict", is_flag=True, help="A broken assumed rule fails the run too.")
@click.option(
    "--report-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write report.json, junit.xml, report.html, requests.har and summary.md into DIR.",
)
@click.option(
    "--write-profile",
    type=FILE,
    metavar="FILE",
    help="Write how the engine refuses into FILE, for mock-engine --profile.",
)
@click.option("--label", metavar="TEXT", help="A name for this run in its reports.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="N", help="Seed of the generated requests.")
@click.option(
    "--timeout", type=POSITIVE, default=10.0, show_default=True, metavar="S", help="Seconds for a whole exchange."
)
@click.option(
    "--deadline", type=POSITIVE, default=120.0, show_default=True, metavar="S", help="Seconds for the whole run."
)
@click.option("--rate", type=POSITIVE, metavar="N", help="At most N requests a second.  [default: no limit]")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1, max=64),
    default=8,
    show_default=True,
    metavar="N",
    help="At most N requests at a time.",
)
@click.option(
    "--allow-unsafe-probes", is_flag=True, help="Also send values that may match anybody's jobs, such as wildcards."
)
@click.option("--replay", type=FILE, metavar="FILE.har", help="Judge a recording; send nothing.")
@click.option("--list-rules", is_flag=True, help="Print all rules and end.")
@click.option("-q", "quiet", is_flag=True, help="Print the verdict alone.")
@click.option("-v", "verbose", is_flag=True, help="Print what was observed too.")
@click.version_option(package_name=DISTRIBUTION)
@click.pass_context
def main(context: click.Context, /, **options: Any) -> None:
    """Check an engine against the contract of POST /workflow_engine/cancelJob.

    URL is the engine's base, with any path before /workflow_engine/cancelJob, or an engine's name in the
    settings file. Without it the kit's own mock is started inside this process and checked.
    """
    if options["list_rules"]:
        _list_rules()
        return
    # What is loaded from here on stays: by default the collector takes a seventh of a run to look through it.
    gc.set_threshold(50_000, 20, 50)
    _settle_usage(options)
    try:
        with _sigterm_interrupts():
            checked = _run(options)
    except KeyboardInterrupt as interrupt:
        click.echo("check-engine: interrupted before anything was sent.", err=True)
        context.exit(143 if isinstance(interrupt, _Terminated) else 130)
    if checked is not None:
        from contract_tests.check import exit_status

        context.exit(exit_status(checked.report.verdict, checked.stopped_by))


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


def _settle_usage(options: dict[str, Any]) -> None:
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("-q and -v exclude each other. Give one of them.")
    if options["jobs"] and options["jobs_command"]:
        raise click.UsageError("--jobs and --jobs-command exclude each other. Give one of them.")
    if options["replay"] and (options["url"] or options["jobs"] or options["jobs_command"] or options["plan_only"]):
        raise click.UsageError("--replay sends nothing: it goes with neither URL, --jobs, --jobs-command nor --plan.")
    if not options["url"]:
        for name in ("tokens", "jobs", "jobs_command"):
            if options[name]:
                option = {"tokens": "token"}.get(name, name).replace("_", "-")
                raise click.UsageError(
                    f"--{option} is for an engine at a URL, and there is none. Give the engine's URL."
                )


def _run(options: dict[str, Any]) -> "Checked | None":
    """Check or plan what the options say. None if only the plan was asked for."""
    if options["replay"]:
        return _replay(options)
    if options["url"]:
        from contract_tests.config.options import live_connection, make_supply

        connection, warnings = live_connection(options)
        for warning in warnings:
            click.echo(f"check-engine: {warning}", err=True)
        return _with_connection(options, connection, make_supply(options), embedded=False)
    from contract_tests.embedded import embedded_engine

    with embedded_engine(options["timeout"]) as (connection, supply):

        def made(count: int) -> "Supply":
            supply.ask_for(count)
            return supply

        return _with_connection(options, connection, made, embedded=True)


def _with_connection(options: dict[str, Any], connection: Any, supply: Any, *, embedded: bool) -> "Checked | None":
    from contract_tests.check import check
    from contract_tests.config.options import settings_for
    from contract_tests.judge.known import read_known

    settings = settings_for(options, connection, embedded=embedded)
    if not options["plan_only"]:
        from contract_tests.output_files import check_outputs

        check_outputs(options)
    known = read_known(options["known"])
    if options["plan_only"]:
        _print_plan(settings, options)
        return None
    from rich.console import Console

    from contract_tests.report.terminal import print_report, progress

    with progress(Console(stderr=True)) as update:
        checked = check(settings, supply, known=known, progress=update)
    _write_files(options, checked, known)
    print_report(checked.report, checked.presenter, Console(), quiet=options["quiet"], verbose=options["verbose"])
    return checked


def _replay(options: dict[str, Any]) -> "Checked":
    from rich.console import Console

    from contract_tests.config.rule_selection import select_rules
    from contract_tests.judge.known import read_known
    from contract_tests.recording.replay import ReplaySettings, replay
    from contract_tests.report.terminal import print_report

    known = read_known(options["known"])
    checked = replay(
        ReplaySettings(
            path=options["replay"],
            only=tuple(sorted(select_rules(options["only"], option="--only"))),
            skip=tuple(sorted(select_rules(options["skip"], option="--skip"))),
            strict=options["strict"],
            label=options["label"],
            known=known,
        )
    )
    _write_files(options, checked, known)
    print_report(checked.report, checked.presenter, Console(), quiet=options["quiet"], verbose=options["verbose"])
    return checked


def _print_plan(settings: "Settings", options: dict[str, Any]) -> None:
    from contract_tests.check import plan_for
    from contract_tests.config.options import known_ids
    from contract_tests.plan.describe import describe_plan
    from contract_tests.safety.guard import USUAL_READ_BACK, Guard

    guard = Guard(unsafe=settings.unsafe_probes)
    job_ids = known_ids(options)
    guard.supply(job_ids or ())
    plan = plan_for(settings, None if job_ids is None else len(job_ids), guard)
    for line in describe_plan(plan, settings.connection.base, settings.read_back or USUAL_READ_BACK):
        click.echo(line)


def _write_files(options: dict[str, Any], checked: "Checked", known: "Sequence[Known]") -> None:
    if options["report_dir"]:
        from contract_tests.report import write_reports

        write_reports(checked.report, checked.presenter, options["report_dir"])
    if options["write_known"] or options["write_profile"]:
        from contract_tests.output_files import write_outputs

        for sentence in write_outputs(options, checked, known):
            click.echo(f"check-engine: {sentence}", err=True)


def _list_rules() -> None:
    from engine_contract import contract

    for rule in contract.load_rules():
        click.echo(f"{rule.id:45} {rule.level:11} {rule.title}")


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with these arguments, those of the process by default."""
    main(args=None if arguments is None else list(arguments), prog_name="check-engine")
    sys.exit(0)

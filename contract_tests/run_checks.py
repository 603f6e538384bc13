"""One run as the options ask for it, shared by check-engine and the pytest plugin."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace

from contract_tests.check import Checked, MakeSupply, Progress, Tell, check, plan_for
from contract_tests.config.job_ids import ids_among, read_ids
from contract_tests.config.options import Settings, known_ids, live_connection, make_supply, settings_for
from contract_tests.config.sources import Source
from contract_tests.config.which_engine import is_for_mock, unused_by_mock
from contract_tests.embedded import embedded_engine
from contract_tests.judge.known_file import read_known
from contract_tests.output_files import check_outputs
from contract_tests.preview import preview_lines, preview_of
from contract_tests.report.compare import read_earlier, with_earlier
from contract_tests.safety.guard import Guard
from contract_tests.safety.supply import Supply
from engine_contract.contract import load_contract
from engine_contract.options import CheckOptions

Jobs = Sequence[str] | Callable[[int], Sequence[str]]
"""The ids of jobs that may be canceled, or what makes as many as it is asked for."""

Warn = Callable[[str], object]


def run_checks(  # noqa: PLR0913 - by name
    options: CheckOptions,
    jobs: Jobs | None = None,
    tokens: Mapping[str, str] | None = None,
    *,
    warn: Warn = str,
    tell: Tell = str,
    show: Callable[[], AbstractContextManager[Progress | None]] = nullcontext,
) -> Checked:
    """Check the engine at the URL, or the mock where there is none. Raises SettingError.

    `jobs` and `tokens` take the place of those that the options name. `warn` gets sentences, `tell` how long a slow
    run will take; `show` gives the context of the run, which shows its progress.
    """
    with _engine(options, jobs, tokens, warn) as (settings, supply):
        rules = settings.rules
        check_outputs(options, rules)
        known, earlier = read_known(options.known, rules), read_earlier(options.compare)
        with show() as progress:
            checked = check(settings, supply, known=known, progress=progress, tell=tell)
        return replace(checked, report=with_earlier(checked.report, earlier))


def describe_run(options: CheckOptions, *, warn: Warn) -> Iterator[str]:
    """Yield the lines that say what a run would send; one document with --json. Raises SettingError."""
    with _engine(options, None, None, warn) as (settings, _):
        read_known(options.known, settings.rules)
        guard = Guard(settings.operation, unsafe=settings.unsafe_probes)
        job_ids = known_ids(options)
        guard.supply(job_ids or ())
        plan = plan_for(settings, None if job_ids is None else len(job_ids), guard)
        preview = preview_of(options, settings, plan)
        if options.as_json:
            # No text in it acts as a command of a CI system that reads along.
            yield json.dumps(preview, indent=2, ensure_ascii=False).replace("##", r"\u0023#")
        else:
            yield from preview_lines(preview, plan, settings)


@contextmanager
def _engine(
    options: CheckOptions, jobs: Jobs | None, tokens: Mapping[str, str] | None, warn: Warn
) -> Iterator[tuple[Settings, MakeSupply]]:
    """Give the settings and the supply of a run, while the engine is there."""
    supplied = None if jobs is None and tokens is None else "A fixture with jobs or tokens"
    if jobs is not None:
        options = replace(options, workflow=None)
    if not is_for_mock(options, os.environ, supplied=supplied):
        connection, warnings = live_connection(options)
        for warning in warnings:
            warn(warning)
        if tokens is not None:
            own = {role: Source(token, "the fixture engine_tokens") for role, token in tokens.items()}
            connection = replace(connection, tokens=own)
        supply = make_supply(options, connection.base) if jobs is None else _supply_of(jobs)
        yield settings_for(options, connection, embedded=False), supply
        return
    if (unused := unused_by_mock(options)) is not None:
        warn(unused)
    with embedded_engine(load_contract(), options.timeout, options.pages) as (connection, of_mock):

        def ask(count: int) -> Supply:
            of_mock.ask_for(count)
            return of_mock

        yield settings_for(options, connection, embedded=True), ask


def _supply_of(jobs: Jobs) -> MakeSupply:
    def checked(job_ids: Sequence[str]) -> list[str]:
        return read_ids("\n".join(map(str, job_ids)), option="the fixture engine_jobs", is_printed=False)

    if callable(jobs):
        make = jobs
        return lambda _: _supply_of_function(make, checked)
    return lambda _: Supply(checked(jobs))


def _supply_of_function(make: Callable[[int], Sequence[str]], checked: Callable[[Sequence[str]], list[str]]) -> Supply:
    """Return the supply of a fixture's function; what a generator has given is known, also where it fails then."""

    def more(count: int) -> list[str]:
        made: list[str] = []
        try:
            made.extend(map(str, make(count)))
            return checked(made)
        except BaseException:
            supply.add(ids_among(made))
            raise

    supply = Supply(more=more, asks=2, made=True)
    return supply

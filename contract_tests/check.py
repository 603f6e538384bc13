"""One check of one engine: supply → plan → run → report."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from secrets import token_hex

from contract_tests.config.options import Settings
from contract_tests.errors import CommandError, NotAnIdError, SettingError
from contract_tests.judge.known import Known
from contract_tests.judge.verdict import Criteria
from contract_tests.model import (
    BUSY,
    GATEWAY,
    Because,
    Exchange,
    JobsUse,
    Report,
    Unchecked,
    Verdict,
)
from contract_tests.plan.plan import Plan, make_plan
from contract_tests.plan.scenario import IS_IT_THERE, Resources, fill
from contract_tests.report.build import build_report
from contract_tests.report.presenter import Presenter
from contract_tests.run.access import find_way, log_in
from contract_tests.run.credentials import Trust
from contract_tests.run.findings import Findings
from contract_tests.run.job_starter import JobStarter
from contract_tests.run.leftovers import Leftovers
from contract_tests.run.runner import Runner
from contract_tests.safety.guard import USUAL_READ_BACK, Guard
from contract_tests.safety.page_calls import PageCalls
from contract_tests.safety.supply import Supply, describe_active
from contract_tests.stopping import Stopped, signals_cancel, signals_raise
from contract_tests.transport.sender import GaveUp, Sender, describe_failure, which_gave_up
from contract_tests.transport.transport import Transport
from engine_contract.environment import usual_variable

AFTER_INTERRUPT_S = 5.0  # for canceling jobs that were made and not seen canceled, once the run was interrupted
LEFTOVERS_S = 15.0  # for canceling them otherwise, whatever is left of the deadline

Progress = Callable[[int, int, str], None]
Tell = Callable[[str], object]
MakeSupply = Callable[[int], Supply]
"""From the number of jobs that the plan wants, 0 for none, to the supply; a command's or a function's has made none yet."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, what may be shown of it, the deviations known before, and the signal that ended the run early."""

    report: Report
    presenter: Presenter
    known: Sequence[Known] = ()
    stopped_by: int | None = None


def plan_for(settings: Settings, jobs: int | None, guard: Guard) -> Plan:
    """Return the plan for these settings and this number of jobs; None for as many as it wants."""
    if settings.max_jobs is not None:
        jobs = settings.max_jobs if jobs is None else min(jobs, settings.max_jobs)
    tokens = settings.connection.tokens
    operation = settings.operation
    resources = Resources(
        operation,
        roles=tuple(role for role in operation.roles if role in tokens),
        others=tuple(role for role in tokens if role not in operation.roles),
        jobs=jobs,
        derivable=guard.derivable,
        has_case=guard.has_case,
        numeric=guard.numeric,
        auth=str(settings.connection.auth.settled),
        cuts_tokens=not settings.connection.auth.takes_users,
        unsafe=settings.unsafe_probes,
        wanted=wanted_rules(settings),
        pages=settings.pages,
        jobs_option=_jobs_option(settings),
    )
    return make_plan(resources, settings.seed)


def _jobs_option(settings: Settings) -> str:
    if settings.max_jobs is not None:
        return "--max-jobs"
    return "--jobs or --jobs-command" if settings.workflow else "--jobs, --jobs-command or --workflow"


def wanted_rules(settings: Settings) -> frozenset[str] | None:
    """Return the rules to check, None for all."""
    if not settings.only and not settings.skip:
        return None
    chosen = frozenset(settings.only) or frozenset(rule.id for rule in settings.rules)
    return chosen - frozenset(settings.skip)


def tries_ways_with(settings: Settings) -> tuple[bool, PageCalls | None]:
    """Return whether a cancel may show how a credential travels; where only pages are checked, the `GET` that does."""
    wanted = wanted_rules(settings)
    if wanted is None or any(rule.id in wanted for rule in settings.operation.rules):
        return True, None
    pages = (one for one in settings.pages if one.variants)
    return False, next((one for one in pages if any(rule.id in wanted for rule in one.operation.rules)), None)


def check(
    settings: Settings,
    make_supply: MakeSupply,
    *,
    known: Sequence[Known] = (),
    progress: Progress | None = None,
    tell: Tell = str,
) -> Checked:
    """Check the engine; `tell` gets the sentence on how long a slow run will take.

    Raises SettingError for tokens, jobs or certificates that cannot be used.
    """
    started_at, started = time.time(), time.monotonic()
    guard = Guard(
        settings.operation,
        unsafe=settings.unsafe_probes,
        read_back=settings.read_back or USUAL_READ_BACK,
        probe=settings.probe,
        workflow=settings.workflow,
        pages=settings.pages,
    )
    wish = plan_for(settings, None, guard).jobs if settings.connection.tokens else 0
    supply, transport, failure = Supply(), None, None
    try:
        with signals_raise():
            transport = Transport(
                settings.connection, guard, wrong_credential=settings.connection.auth.wrong(token_hex(16))
            )
            supply = make_supply(wish)
            if wish and supply.made and not supply.supplied:
                supply.ask_for(wish)
            transport.tokens.read()  # not before: making jobs may take longer than a token lives
    except BaseException as error:  # noqa: BLE001 - jobs that were made are canceled, whatever happened
        failure = error
    guard.supply(supply.supplied)
    if transport is None:
        transport = Transport(replace(settings.connection, tokens={}, headers={}), guard, wrong_credential="")
    run = _run(settings, transport, supply, progress, tell=tell, failure=failure)
    settings, runner, stopped_by = asyncio.run(run)
    presenter = presenter_for(settings, transport)
    whole = not settings.only and runner.plan.jobs >= plan_for(replace(settings, max_jobs=None), None, guard).jobs
    report = _report(settings, runner, presenter, known, whole=whole)
    duration_s = round(time.monotonic() - started, 3)
    return Checked(replace(report, started_at=started_at, duration_s=duration_s), presenter, known, stopped_by)


async def _run(  # noqa: PLR0913 - by name
    settings: Settings,
    transport: Transport,
    supply: Supply,
    progress: Progress | None,
    *,
    tell: Tell,
    failure: BaseException | None,
) -> tuple[Settings, Runner, int | None]:
    """Plan and carry out the run, unless something failed before, and cancel what is left of the jobs that were made.

    Raises the failure where it says nothing of the engine, and no job was made.
    """
    done, expected = 0, 0

    def count(exchange: Exchange) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, max(expected, done), exchange.situation)

    sender = Sender(
        transport,
        concurrency=settings.concurrency,
        rate=settings.rate,
        deadline=settings.deadline,
        on_exchange=count,
    )
    found = Findings()
    signals: list[int] = [failure.number] if isinstance(failure, Stopped) else []
    try:
        with signals_cancel(asyncio.current_task(), signals):
            tidies = supply.made and not settings.keep_jobs
            if failure is None:
                settings = await _with_access(settings, sender, found)
                await _start_jobs(settings, sender, supply, found)
            elif tidies and supply.supplied:
                settings = await _with_remaining_access(settings, sender, found, failure)
            jobs = None if supply.can_ask() and failure is None else len(supply.supplied)
            plan = plan_for(settings, jobs, transport.guard)
            expected = plan.requests
            runner = _runner(settings, plan, sender, supply, found, tell=tell)
            roles = [role for role in settings.operation.roles if role in transport.connection.tokens]
            reserve = min(LEFTOVERS_S, settings.deadline / 10) if tidies else 0.0
            try:
                if failure is not None:
                    await _end_before(found, failure, sender, is_lost=not supply.supplied)
                elif not found.interrupted:
                    await runner.run(max(sender.remaining - reserve, 0.0))
            finally:
                if tidies:
                    seconds = LEFTOVERS_S + len(supply.supplied) / (settings.rate or math.inf)
                    await _tidy(runner, roles, AFTER_INTERRUPT_S if signals else seconds)
    except BaseException as error:
        if found.still_active:
            error.add_note(f"{describe_active(found.still_active)}.")
        raise
    finally:
        await transport.close()
    return settings, runner, signals[0] if signals else None


@contextmanager
def _stops(found: Findings) -> Iterator[None]:
    """Take down what ends the part inside, which comes before the first check."""
    try:
        yield
    except TimeoutError:
        found.stop_at_deadline()
    except (GaveUp, BaseExceptionGroup) as error:
        found.stop("unreachable", f"The run stopped: {which_gave_up(error)}.")
    except asyncio.CancelledError:
        found.interrupted = True
        found.notes.append("The run was interrupted; nothing was checked.")


async def _with_access(settings: Settings, sender: Sender, findings: Findings) -> Settings:
    """Log in and find out how credentials travel. Return the settings with that, and without roles that have no token."""
    transport, connection = sender.transport, settings.connection
    auth = connection.auth
    with _stops(findings):
        async with asyncio.timeout(settings.deadline):
            await log_in(transport, findings)
            may_cancel, page = tries_ways_with(settings)
            if not auth.is_settled and (may_cancel or page is not None):
                documented = settings.operation.roles if page is None else page.operation.roles
                roles = (*(role for role in documented if role in connection.tokens), *connection.tokens)
                auth = await find_way(sender, roles, findings, page)
    tokens = {role: source for role, source in connection.tokens.items() if role in transport.tokens}
    transport.connection = replace(connection, auth=auth.settled, tokens=tokens)
    return replace(settings, connection=transport.connection)


async def _with_remaining_access(
    settings: Settings, sender: Sender, found: Findings, failure: BaseException
) -> Settings:
    """Get the tokens that can be had, so that the jobs that were made before the failure are canceled. Return as above."""
    if isinstance(failure, SettingError) and not isinstance(failure, CommandError):
        with suppress(SettingError):  # the jobs command failed, and no token was read yet
            await asyncio.to_thread(sender.transport.tokens.read)
    reached = await _with_access(replace(settings, deadline=AFTER_INTERRUPT_S), sender, found)
    return replace(settings, connection=reached.connection)


async def _start_jobs(settings: Settings, sender: Sender, supply: Supply, found: Findings) -> None:
    """Start the jobs of --workflow that the plan wants, and let the supply ask for more. Note a file without any."""
    if supply.source and not (supply.made or supply.supplied):
        found.note(f"{supply.source} gave no job id.")
    role = next((role for role in settings.operation.roles if role in settings.connection.tokens), None)
    if settings.workflow is None or role is None or found.because or found.interrupted:
        return
    starter = JobStarter(settings.workflow, role, sender, supply, found)
    with _stops(found):
        async with asyncio.timeout(max(sender.remaining, 0.0)):
            await starter.start(plan_for(settings, None, sender.transport.guard).jobs)
    if not found.because:
        loop = asyncio.get_running_loop()
        supply.ask_by(lambda count: asyncio.run_coroutine_threadsafe(starter.start(count), loop).result())
    sender.transport.guard.supply(supply.supplied)


def _runner(  # noqa: PLR0913 - what a run works with
    settings: Settings, plan: Plan, sender: Sender, supply: Supply, findings: Findings, *, tell: Tell
) -> Runner:
    if settings.pages and not plan.requests:
        findings.stop("values", "Nothing was checked: no GET of the pages has the values that it needs.")
    wanted = wanted_rules(settings)
    trust = Trust(
        probe=settings.probe,
        trusts=settings.trust_tokens,
        judges_others=wanted is None or "roles.others" in wanted,
    )
    return Runner(
        plan,
        sender,
        supply,
        read_back=settings.read_back,
        settle_s=settings.settle_s,
        looks=wanted is None or "effects.canceled" in wanted,
        trust=trust,
        found=findings,
        tell=tell,
    )


async def _end_before(found: Findings, failure: BaseException, sender: Sender, *, is_lost: bool) -> None:
    """Say why nothing was checked. Raises the failure if it says nothing about the engine or its jobs."""
    found.unchecked.clear()  # what the plan misses is not why
    if isinstance(failure, Stopped):
        found.interrupted = True
        found.note("The run was interrupted before anything was checked.")
        return
    is_wrong = isinstance(failure, NotAnIdError) or not isinstance(failure, SettingError)
    if is_wrong or (is_lost and not isinstance(failure, CommandError)):
        raise failure
    if is_lost:
        # A command that asks an engine which is down fails too, and then nothing is wrong with the setting.
        exchange = await sender.transport.send(fill(IS_IT_THERE, None, sender.transport.guard))
        if exchange.status is not None and exchange.status not in {*BUSY, *GATEWAY}:
            raise failure
        sender.exchanges.append(exchange)
        found.stop(
            "unreachable",
            f"The engine cannot be reached ({describe_failure(exchange)}), and a command failed: {failure}",
        )
        return
    if isinstance(failure, CommandError):
        found.stop("tokens", f"Nothing was checked, since a token could not be had: {failure}")
    else:
        found.stop("jobs", f"Nothing was checked, since jobs could not be made: {failure}")


async def _tidy(runner: Runner, roles: Sequence[str], seconds: float) -> None:
    """Cancel the jobs that were made and not seen canceled, within a time of its own, which a signal shortens."""
    found = runner.found
    leftovers = Leftovers(runner.canceller, runner.jobs, roles)
    task = asyncio.create_task(leftovers.cancel())
    for left in (seconds, AFTER_INTERRUPT_S):
        try:
            await asyncio.wait({task}, timeout=left)
            break
        except asyncio.CancelledError:
            continue
    runner.supply.is_over.set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await runner.jobs.leases.wait_for_source()
    found.still_active = leftovers.active
    if found.still_active:
        found.note(f"{describe_active(found.still_active)}.")


def _report(settings: Settings, runner: Runner, presenter: Presenter, known: Sequence[Known], *, whole: bool) -> Report:
    findings, supply = runner.found, runner.supply
    fallback_cause: Because | None = findings.because[0] if findings.because else None
    facts = Report(
        verdict="undecided",
        rules=(),
        engine=settings.connection.base,
        is_mock=settings.embedded,
        label=settings.label,
        seed=settings.seed,
        tls_verified=not settings.connection.insecure,
        undecided_because=tuple(findings.because),
        notes=tuple(findings.notes),
        jobs=JobsUse(
            supplied=len(supply.supplied),
            used=len(supply.used),
            leftover_canceled=findings.leftover_canceled,
            ids_used=tuple(supply.used),
            ids_left=tuple(supply.left),
            still_active=tuple(findings.still_active),
        ),
        exchanges=tuple(runner.sender.exchanges),
        interrupted=findings.interrupted,
        whole=whole and findings.complete,
        connections_lost=runner.sender.connections_lost,
    )
    return build_report(
        settings.rules,
        facts,
        findings.judgements,
        findings.unchecked,
        presenter.redact,
        Criteria(settings.only, settings.skip, settings.strict, known),
        Unchecked("no exchange shows it") if findings.complete else Unchecked("the run ended before", fallback_cause),
    )


def presenter_for(settings: Settings, transport: Transport) -> Presenter:
    """Return the presenter, which knows the run's secrets."""
    connection = settings.connection
    return Presenter(
        base=connection.base,
        auth=connection.auth,
        variables={role: f"${source.variable or usual_variable(role)}" for role, source in connection.tokens.items()},
        secrets=transport.secrets() if not settings.embedded else frozenset(),
        added=connection.added,
    )


def exit_status(verdict: Verdict, stopped_by: int | None = None) -> int:
    """Return the exit status: 0 conforms, 1 violates, 3 undecided, 128 and the signal's number if interrupted."""
    if stopped_by is not None:
        return 128 + stopped_by
    return {"conforms": 0, "violates": 1, "undecided": 3}[verdict]

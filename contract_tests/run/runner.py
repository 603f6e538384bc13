"""Carries out a plan stage by stage, and says what only the run as a whole shows.

On an engine that conforms it sends exactly the plan. It sends further requests only to find out
the reason of an unexpected response.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from math import ceil
from statistics import median
from typing import Any

from contract_tests.model import BUSY, DENIED, Because, Caller, Exchange, Judgement
from contract_tests.plan.plan import Plan, Stage
from contract_tests.plan.scenario import IS_IT_THERE, Mode, Scenario, fill
from contract_tests.purpose import Purpose
from contract_tests.run.canceller import Canceller
from contract_tests.run.concurrency import gather_limited
from contract_tests.run.credentials import Credentials, Trust
from contract_tests.run.diagnose import Diagnosis, diagnose
from contract_tests.run.evidence import Evidence
from contract_tests.run.findings import Findings, JobOutcome
from contract_tests.run.job_runner import AIMLESS, MOST_DEAD, JobRunner, Ready
from contract_tests.run.page_runner import PageRunner
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import GaveUp, Sender, describe_failure, which_gave_up
from engine_contract.text.printable import plural

FIRST_JOBS = 6  # that are tried before it is said that no valid request succeeds
NOT_SLOW_S = 0.15  # for a response: below, requests that should go one after the other do
MOST_PROBES = 4  # at a time, however slow the engine is: each may be taken for anybody's job
WORTH_TELLING_S = 10.0  # for a whole run
IN_A_ROW = 5  # times after the first cancels that requests wait for others, in which little else is under way


class Runner:
    """One run of a plan on one engine."""

    def __init__(  # noqa: PLR0913 - what a run works with, by name
        self,
        plan: Plan,
        sender: Sender,
        supply: Supply,
        *,
        read_back: str | None,
        settle_s: float,
        looks: bool,
        trust: Trust,
        found: Findings,
        tell: Callable[[str], object] = str,
    ) -> None:
        """Take the means of a run. The guard of `sender` knows the supplied ids; `looks`: canceled jobs are read back.

        `tell` gets the sentence on how long a slow run will take.
        """
        self.plan = plan
        self.sender = sender
        self.supply = supply
        self.found = found
        self._tell = tell
        self.found.unchecked.update(plan.missing)
        self.evidence = Evidence(sender, self.found, path=read_back, settle_s=settle_s, looks=looks)
        self.credentials = Credentials(sender, self.found, trust)
        self.canceller = Canceller(sender, supply, self.found, self.evidence, self.credentials)
        self.jobs = JobRunner(self.canceller, supply, plan, self.found)
        self.pages = PageRunner(self.canceller, trusts=trust.trusts)
        self._dead_at_first: list[Exchange] = []
        """Valid requests that were refused to every role before any job was canceled."""
        self._canceled_at_first: list[tuple[Scenario, str]] = []

    async def run(self, deadline: float) -> Findings:
        """Carry out the plan within `deadline` seconds. Interrupted, it returns what is known."""
        if "unreachable" in self.found.because:
            self.found.unchecked.clear()  # what the plan misses is not why
            return self.found
        gave_up: GaveUp | None = None
        try:
            async with asyncio.timeout(deadline):
                await self._stages()
                if "unreachable" not in self.found.because:
                    await self.pages.run([each for each in self.plan.scenarios if each.page is not None])
                self.found.complete = True
        except TimeoutError:
            self.found.stop_at_deadline()
        except (GaveUp, BaseExceptionGroup) as error:
            gave_up = which_gave_up(error)
        except asyncio.CancelledError:
            self.found.interrupted = True
            self.found.notes.append("The run was interrupted; what is not listed as held or broken was not checked.")
        if self.sender.connections_lost and not self.found.interrupted:
            await self.sender.ask_network(fill(IS_IT_THERE, None, self.sender.transport.guard))
        if gave_up is not None:
            self._give_up(gave_up)
        self._conclude()
        return self.found

    async def _stages(self) -> None:
        stages = {stage.name: stage for stage in self.plan.stages}  # that of the pages comes when all jobs are done
        if "baseline" not in stages or not await self._baseline(stages["baseline"]):
            return
        self._tell_how_long()
        async with asyncio.TaskGroup() as group:
            seen = group.create_task(self._look_at_first())
            group.create_task(self._prepare(stages["probes"]))
            group.create_task(self._side_by_side(stages["jobs"], seen))
            group.create_task(self._prepare(stages["parameters"]))
        # No other cancel is under way then: it would be refused by an engine that locks its callers out.
        async with asyncio.TaskGroup() as group:
            # The baseline's jobs are canceled once more: one may have come back to life.
            seconds = (self.jobs.repeat(job_id, scenario.repeats[1:]) for scenario, job_id in self._canceled_at_first)
            group.create_task(self._run_stage(stages["no credential"], beside=seconds))
            group.create_task(self._look_at_others())
        await self._run_stage(stages["wrong credential"])
        await self._look_at_others()
        await self.credentials.settle()

    def _tell_how_long(self) -> None:
        latency_s, count, at_once = self._latency_s(), self.plan.requests, self.sender.concurrency
        steps = [step for scenario in self.plan.scenarios for step in scenario.steps]
        aimless = sum(not step.is_aimed for step in steps)
        rounds = aimless / min(AIMLESS, at_once) + (count - aimless) / at_once + IN_A_ROW
        expected_s = max(latency_s * rounds, count * self.sender.interval_s)
        if expected_s > WORTH_TELLING_S:
            self._tell(
                f"The engine takes {latency_s:.1f} s for a request: the run will take some {expected_s:.0f} s more "
                f"({count} requests, at most {at_once} at a time by --concurrency)."
            )

    async def _baseline(self, stage: Stage) -> bool:
        """Send each role's first cancel. Return False if no valid request succeeded; the reason is noted."""
        scenarios = [scenario for scenario in stage.scenarios if scenario.valid_cancel]
        if not scenarios:
            return True
        first = await self._first_success(scenarios)
        if first is None:
            return await self._nothing_worked()
        # In turn from both ends of the supply: an engine that also cancels a neighbour, the oldest or the
        # newest job is seen here, before anything was refused that could have canceled it.
        others = [scenario for scenario in scenarios if scenario is not first[0]]
        canceled = await gather_limited(
            (self._prove(scenario, last=index % 2 == 0) for index, scenario in enumerate(others)), at_once=stage.at_once
        )
        self._canceled_at_first = [first, *(item for item in canceled if item is not None)]
        return True

    async def _prove(self, scenario: Scenario, *, last: bool) -> tuple[Scenario, str] | None:
        """Cancel a job by another role, the supply's last or first one. Return both, if it is canceled."""
        job_id = await self.jobs.leases.lease(last=last)
        if job_id is None:
            self.jobs.leases.out_of_jobs(scenario)
            return None
        outcome, _, job_id = await self.jobs.prove_or_replace(scenario, job_id)
        return (scenario, job_id) if outcome is JobOutcome.CANCELED else None

    async def _look_at_first(self) -> None:
        """Look at the jobs of the baseline, and cancel them once more."""
        if self._canceled_at_first:
            await self.evidence.look_at_first([job_id for _, job_id in self._canceled_at_first], self._reader())
        # Not before all are canceled, so that the effect of a second cancel is not taken for that of a first one.
        await gather_limited(
            self.jobs.repeat(job_id, scenario.repeats[:1]) for scenario, job_id in self._canceled_at_first
        )

    async def _look_at_others(self) -> None:
        if self.canceller.working:
            await self.evidence.look_at_others(self._reader())

    def _reader(self) -> Caller:
        return Caller(self.canceller.working[0], "token")

    async def _first_success(self, scenarios: Sequence[Scenario]) -> tuple[Scenario, str] | None:
        """Return the first role that cancels a job, and the job: each role is tried with it, then with the next jobs."""
        for _ in range(FIRST_JOBS):
            refused: list[Exchange] = []
            job_id = await self.jobs.leases.lease()
            if job_id is None:
                break
            for scenario in scenarios:
                outcome, exchange, job_id = await self.jobs.prove_or_replace(scenario, job_id)
                if outcome is JobOutcome.CANCELED:
                    for earlier in refused:
                        await self._refused_before(earlier, exchange)
                    return scenario, job_id
                refused.append(exchange)
            if all(exchange.status in DENIED for exchange in refused):
                break
            if all(exchange.status in BUSY for exchange in refused) and self._dead_at_first:
                break
            is_lost = job_id in self.canceller.lost_jobs
            self._dead_at_first += [exchange for exchange in refused if exchange.response and not is_lost][-1:]
        return None

    async def _refused_before(self, exchange: Exchange, success: Exchange) -> None:
        """Judge a role that was refused while another canceled the same job then."""
        if exchange.status is None or exchange.job_id in self.canceller.lost_jobs:
            return
        if await self.credentials.is_turned_away(exchange):
            self.credentials.role_refused(exchange)
        elif 400 <= exchange.status < 500 and exchange.status not in BUSY:
            # It may be the way in which the body is written: the role is tried again with another job.
            is_as_written = exchange.job_id == success.job_id and exchange.request.body != success.request.body
            if not is_as_written:
                self.credentials.role_refused(exchange)
        elif exchange.status not in BUSY:
            received = f"status {exchange.status} to a valid request"
            self.found.break_rule("transport.status", received, "a success with the canceled job", exchange)

    async def _prepare(self, stage: Stage) -> list[Ready]:
        """Send all that must not cancel. Return the scenarios that have a job."""
        scenarios = [scenario for scenario in stage.scenarios if scenario.steps]
        at_once = None if stage.at_once is None else max(stage.at_once, self._for_a_slow_engine())
        prepared = await gather_limited(
            (self.jobs.prepare(scenario, stage.mode) for scenario in scenarios), at_once=at_once
        )
        return [each for each in prepared if each is not None]

    async def _side_by_side(self, stage: Stage, seen: asyncio.Task[None]) -> None:
        """Send all that must be refused, then all valid cancels at once (they overlap), each second cancel after its first.

        `seen` ends when it is known whether the engine lags.
        """
        with_jobs = await self._prepare(stage)
        await asyncio.wait({seen})
        await gather_limited(self._finish_and_repeat(each, stage.mode) for each in with_jobs)

    def _for_a_slow_engine(self) -> int:
        """Return how many requests at a time take no longer than one does on an engine that is not slow."""
        return min(MOST_PROBES, max(1, ceil(self._latency_s() / NOT_SLOW_S)))

    def _latency_s(self) -> float:
        took = [exchange.response.elapsed for exchange in self.sender.exchanges if exchange.response]
        return median(took) if took else 0.0

    async def _run_stage(self, stage: Stage, beside: Iterable[Coroutine[Any, Any, object]] = ()) -> None:
        """Send all that must not cancel, then the valid cancels, and beside them what else is given."""
        ready = await self._prepare(stage)
        await gather_limited([*(self.jobs.finish(each, stage.mode) for each in ready), *beside])

    async def _finish_and_repeat(self, ready: Ready, mode: Mode) -> None:
        canceled = await self.jobs.finish(ready, mode)
        if canceled is not None:
            await self.jobs.repeat(canceled, ready.scenario.repeats)

    async def _nothing_worked(self) -> bool:
        if not any(exchange.purpose is Purpose.VALID for exchange in self.sender.exchanges):
            none = self.supply.describe_none() if self.supply.made else "There was no job to cancel"
            self.found.stop("jobs", f"{none[:1].upper()}{none[1:]}.")
            return await self._is_there()
        diagnosis: Diagnosis = await diagnose(self.sender, self.sender.transport.guard, self.supply)
        self.found.judgements += diagnosis.judgements
        if diagnosis.because is not None:
            self.found.because.append(diagnosis.because)
        self.found.notes.append(diagnosis.sentence)
        return False

    async def _is_there(self) -> bool:
        """Return whether the engine answers, where no job shows it; the reason is noted."""
        if any(exchange.response for exchange in self.sender.exchanges):
            return True
        exchange = await self.canceller.exchange(IS_IT_THERE, None)
        if exchange.response is None:
            self.found.unchecked.clear()  # what the plan misses is not why
            self.found.stop("unreachable", f"The engine cannot be reached ({describe_failure(exchange)}).")
        return exchange.response is not None

    def _give_up(self, error: GaveUp) -> None:
        broken_off = next((e for e in reversed(self.sender.exchanges) if e.response and e.response.broken_off), None)
        cause: Because = "network" if self.sender.network_drops else "unreachable"
        is_engine = cause != "network" and not self.canceller.working
        if broken_off is not None and broken_off.accepted and is_engine:
            received = describe_failure(broken_off)
            self.found.break_rule("transport.complete", received, "the whole canceled job", broken_off)
        connection = self.sender.transport.connection
        is_silent = not any(exchange.response for exchange in self.sender.exchanges)
        asks = is_silent and connection.base.startswith("https:") and connection.client_cert is None
        # With TLS 1.3 the alert comes after the handshake, and may be lost with the connection.
        hint = " The engine may ask for a client certificate: give --client-cert FILE." if asks else ""
        self.found.stop(cause, f"The run stopped: {error}.{hint}")

    def _conclude(self) -> None:
        if not any(exchange.response for exchange in self.sender.exchanges):
            # Nothing that speaks HTTP was there: that says nothing of an engine.
            self.found.judgements.clear()
            return
        self.evidence.conclude(self.credentials.was_accepted_later)
        self.canceller.conclude_on_cut()
        self.jobs.conclude_on_lost()
        self._conclude_on_sending()
        self.credentials.conclude()
        judged = {item.rule for item in self.found.judgements}
        if self.canceller.canceled and "transport.stable" not in judged:
            self.found.add(Judgement("transport.stable"))
        if self.canceller.canceled > 1 and len(self.jobs.dead_baseline) < MOST_DEAD:
            self.found.add(Judgement("effects.isolation"))
        if not self.canceller.working:
            return
        self._conclude_on_busy()
        dead = [*self._dead_at_first, *self.jobs.dead_baseline]
        for exchange in dead:
            if exchange.status not in self.jobs.statuses_of_gone_jobs():
                received = f"status {exchange.status} to a valid request, unlike for a job that is unknown or canceled"
                self.found.break_rule("effects.canceled", received, "an active job is canceled", exchange)
                return
        self._conclude_on_ended(dead)
        later = self.jobs.dead_baseline
        if len(later) >= MOST_DEAD:
            received = (
                f"status {later[0].status} to a valid request for a job that nothing was sent for before, "
                f"after other jobs had been canceled ({len(later)} such jobs). "
                "A supplied job that had ended by itself looks the same"
            )
            self.found.break_rule("effects.canceled", received, "an active job is canceled", later[0])
            self.found.break_rule("effects.isolation", received, "an active job, which is canceled", later[0])

    def _conclude_on_sending(self) -> None:
        """Note what the network and the engine's load did to the run."""
        if lost := self.sender.connections_lost:
            self.found.note(f"{plural(lost, 'connection')} to the engine {'was' if lost == 1 else 'were'} lost.")
        if self.sender.mistook_busy:
            self.found.stop(
                "unreachable",
                "The engine answers 429 or 503 both where it refuses and where it is busy, without Retry-After: what it "
                "refused is unclear. Give --rate.",
            )

    def _conclude_on_busy(self) -> None:
        """Tell an engine that stayed busy from one that refused a job by 429 or 503."""
        for exchange in self.canceller.stayed_busy:
            if self.sender.is_refusal(exchange):
                self.jobs.dead_baseline.append(exchange)
            else:
                said = f"The engine answered {exchange.status} to a valid request and stayed so: it is too busy."
                self.found.stop("unreachable", said)

    def _conclude_on_ended(self, dead: Sequence[Exchange]) -> None:
        """Judge jobs that were not active in their turn, though the requests sent for them cancel no job."""
        ended = self.jobs.ended
        gone = [*dead, *(exchange for _, exchange in ended)]
        if not gone:
            return
        ids = ", ".join(dict.fromkeys(exchange.job_id or "" for exchange in gone))
        if len(ended) >= MOST_DEAD:
            received = (
                f"status {ended[0][1].status} to valid requests for {len(ended)} jobs: {ids}. "
                "Nothing that was sent for them cancels another job. Jobs that had ended by themselves look the same"
            )
            documented = "jobs that are still active, and are canceled now"
            self.found.break_rule("effects.refused", received, documented, ended[0][1])
            return
        sentence = f"{ids}, which was supplied, was not active when its turn came. It may have ended by itself"
        if self.jobs.leases.ran_out:
            self.found.stop("jobs", f"{sentence}, and there was no other job for what was left. Give more active jobs.")
        else:
            self.found.note(f"{sentence}: other jobs took its place.")

"""Runs the scenario of one job: leased, asked to be canceled by those who may not, canceled, and canceled again."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract_tests.judge.answers import holds_document, judge_refusal, origin_of
from contract_tests.model import BUSY, DENIED, GATEWAY, Exchange, Fault, Judgement
from contract_tests.plan.plan import Plan
from contract_tests.plan.scenario import ALONE, TOGETHER, Mode, Scenario, Step
from contract_tests.purpose import Purpose
from contract_tests.run.canceller import Canceller
from contract_tests.run.concurrency import gather_limited
from contract_tests.run.findings import Findings, JobOutcome
from contract_tests.run.leases import Leases
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import describe_failure, is_lost
from contract_tests.transport.turns import Turns
from engine_contract import contract

AIMLESS = 10  # requests at a time that name no supplied job, beside those that go first
MOST_DEAD = 3  # jobs that were not active for an unknown reason: too many to have ended by themselves
MORE_TRIES = 3  # where connections are lost, before no response is a break
NETWORK_TRIES = 10  # of what must be refused, where the network is seen to lose connections


LOSES_OFTEN = "no answer came: the network or a gateway fails often"


@dataclass(frozen=True, slots=True)
class Ready:
    """A scenario for whose job all was sent that must not cancel it."""

    scenario: Scenario
    job_id: str
    is_spent: bool
    """Whether one of these requests was accepted."""


class JobRunner:
    """Carries out scenarios."""

    def __init__(self, canceller: Canceller, supply: Supply, plan: Plan, found: Findings) -> None:
        """Take the means of a run."""
        self.canceller = canceller
        self._operation = canceller.sender.transport.guard.operation
        self.leases = Leases(canceller, supply, plan.jobs, found)
        self.found = found
        self.dead_baseline: list[Exchange] = []
        """Valid requests refused for a job that nothing had been sent for, after others were canceled."""
        self.ended: list[tuple[Scenario, Exchange]] = []
        """Scenarios whose job was not active at their end, while another job was: with the refused valid request."""
        self.lost: list[tuple[Scenario, Exchange]] = []
        """Scenarios whose valid requests were not answered, more than once: a connection was lost, or a gateway failed."""
        self._unanswered: list[tuple[Step, Exchange, list[Exchange]]] = []
        """Requests that must be refused and were not answered, the last time and each time before."""
        self._probes = {
            step: asyncio.Event() for scenario in plan.scenarios for step in scenario.steps if step.goes_first
        }
        """For each request that others wait for, whether it was answered."""
        self._aimless = Turns(AIMLESS)
        self._harm: str | None = None
        """Why requests that name no supplied job are no longer sent."""
        self._refuses_as_gateway = False
        """Whether a 502 or 504 is how the engine refuses: it came as often as a request was sent."""
        self._uncertain: set[str] = set()
        """Jobs that a request without a response may have canceled, as the page leaves open."""

    async def prepare(self, scenario: Scenario, mode: Mode) -> Ready | None:
        """Lease a job and send what must not cancel it. None without a job."""
        job_id = None
        if scenario.needs_job:
            job_id = await self.leases.lease()
            if job_id is None:
                self.leases.out_of_jobs(scenario)
                return None
        # An engine that remembers a refused request is asked what it remembers once it was refused.
        alone = [step for step in scenario.tried if mode.known_last and step.caller.kind in {"token", "recased"}]
        accepted = await gather_limited(
            self._must_not_cancel(step, job_id) for step in scenario.tried if step not in alone
        )
        for step in alone:
            began = time.monotonic()
            accepted.append(await self._must_not_cancel(step, job_id))
            self.canceller.note_lock_out(step, job_id, time.monotonic() - began)
        return None if job_id is None else Ready(scenario, job_id, is_spent=any(accepted))

    async def _must_not_cancel(self, step: Step, job_id: str | None) -> bool:
        """Send a request that is to be refused, ineffective or observed. Whether it was answered by a success."""
        if step.is_aimed:
            return await self._tried(step, job_id)
        # A loose engine may take such an id for anybody's job: few are under way when the response to one ends them.
        if not step.goes_first:
            for probe in self._like(step):
                await self._probes[probe].wait()
            async with self._aimless.turn():
                return await self._unless_harmful(step, job_id)
        # It takes no turn: those with one may wait for the requests of others, and many wait for it.
        accepted = await self._unless_harmful(step, job_id)
        self._probes[step].set()
        return accepted

    async def _unless_harmful(self, step: Step, job_id: str | None) -> bool:
        if self._harm is None:
            return await self._tried(step, job_id)
        self.found.leave_unchecked(step.rule, self._harm)
        return False

    def _like(self, step: Step) -> Sequence[Step]:
        """Return what is sent by itself before a step: what has the same body, else all for its rule, else all there are."""
        probes = list(self._probes)
        same_body = [probe for probe in probes if probe.body == step.body]
        return same_body or [probe for probe in probes if probe.rule == step.rule] or probes

    async def _until_answered(self, step: Step, job_id: str | None) -> tuple[Exchange, list[Exchange]]:
        """Send what must be refused; where it is not answered, again: the last exchange, and those before it."""
        lost: list[Exchange] = []
        exchange = await self.canceller.exchange(step, job_id)
        if self._may_come_again(exchange, lost) and step.expect == "observed" and job_id is not None:
            self._uncertain.add(job_id)
        while self._may_come_again(exchange, lost):
            # A refused request can be sent again: dropping a used connection is not a fault.
            lost.append(exchange)
            exchange = await self.canceller.exchange(replace(step, fresh_connection=True), job_id)
        if exchange.status in GATEWAY:
            self._refuses_as_gateway = not self.canceller.sender.gateway_fails
        elif exchange.response is not None:
            self.canceller.sender.was_answered(lost)
        if job_id is not None:
            self.canceller.evidence.done(job_id)
        return exchange, lost

    def _may_come_again(self, exchange: Exchange, before: Sequence[Exchange]) -> bool:
        """Return whether the engine did not answer what must be refused, and may if it is sent again."""
        if exchange.response is not None:
            is_unheard = exchange.status in GATEWAY and not self._refuses_as_gateway
        else:
            is_unheard = not before or is_lost(exchange)
        return is_unheard and len(before) <= (NETWORK_TRIES if self.canceller.sender.network_drops else MORE_TRIES)

    async def _tried(self, step: Step, job_id: str | None) -> bool:
        exchange, before = await self._until_answered(step, job_id)
        if not step.is_aimed and exchange.accepted and holds_document(self._operation, exchange.response):
            self._harm = f"no longer sent: the engine answered {step.situation} with a job, which may be anybody's"
        if step.expect == "refused":
            if exchange.fault is Fault.GUARD:
                self.found.leave_unchecked(step.rule, exchange.detail)
            elif exchange.response is None:
                self._unanswered.append((step, exchange, before))
            conclusive = bool(self.canceller.working) or _tells_a_refusal(exchange)
            self.found.judgements += judge_refusal(self._operation, exchange, step.rule, conclusive=conclusive)
        if (
            step.expect == "ineffective"
            and step.rule.startswith("roles.")
            and holds_document(self._operation, exchange.response)
        ):
            received = f"status {exchange.status} and a job to {step.situation}"
            self.found.break_rule(step.rule, received, f"no cancel: {contract.rule(step.rule).title}", exchange)
            return True
        return exchange.accepted and step.expect != "ineffective"

    async def finish(self, ready: Ready, mode: Mode) -> str | None:
        """Cancel the job of a scenario, which shows that it was still active. Return its id if it is canceled now."""
        scenario, job_id = ready.scenario, ready.job_id
        if scenario.valid_cancel is None:
            return None
        if ready.is_spent and all(step.expect != "observed" for step in scenario.tried):
            return None  # found already: what must be refused was accepted
        if ready.is_spent:
            # An observed request has canceled the job, as the page leaves open.
            await self.repeat(job_id, [replace(scenario.valid_cancel, expect="refused", rule="effects.repeat")])
            return job_id
        if scenario.tried:
            await self.canceller.evidence.settle(job_id)
        if scenario.rivals:
            return await self._race(scenario, job_id)
        outcome, exchange = await self.canceller.cancel_active(scenario.valid_cancel, job_id, mode)
        if outcome is JobOutcome.LOST:
            return await self._finish_again(scenario, job_id, exchange, mode)
        died_twice = True
        if outcome is JobOutcome.DEAD and self._may_have_ended(scenario, exchange):
            another, outcome, exchange = await self._once_more(scenario, job_id, exchange, mode)
            died_twice, job_id = another is not None, another or job_id
        self._judge_outcome(scenario, outcome, exchange, died_twice=died_twice)
        return job_id if outcome is JobOutcome.CANCELED else None

    def _may_have_ended(self, scenario: Scenario, exchange: Exchange) -> bool:
        """Return whether nothing else explains why the job was not active: it may have ended by itself."""
        return (
            bool(scenario.tried or scenario.rivals)
            and exchange.job_id not in self._uncertain
            and scenario.valid_cancel is not None
            and scenario.valid_cancel.rule not in self.found.broken()
        )

    async def _once_more(
        self, scenario: Scenario, job_id: str, dead: Exchange, mode: Mode
    ) -> tuple[str | None, JobOutcome, Exchange]:
        """Run the scenario with another job; None without one. If it stays active, the first may have just ended."""
        another = await self.leases.lease()
        if another is None or scenario.valid_cancel is None:
            return None, JobOutcome.DEAD, dead
        if any([await self._must_not_cancel(step, another) for step in scenario.tried]):
            if all(step.expect != "observed" for step in scenario.tried):
                return another, JobOutcome.DEAD, dead
            # An observed request cancels, as the page leaves open, so the second job says nothing about the first.
            self.ended.append((scenario, dead))
            return another, JobOutcome.UNSURE, dead
        outcome, exchange = await self.canceller.cancel_active(scenario.valid_cancel, another, mode)
        if outcome is not JobOutcome.CANCELED:
            return job_id, JobOutcome.DEAD, dead
        self.ended.append((scenario, dead))
        return another, outcome, exchange

    async def _finish_again(self, scenario: Scenario, job_id: str, lost: Exchange, mode: Mode) -> str | None:
        """Run a scenario whose last response was lost with another job. Return the job's id if it is canceled."""
        another = await self._another(lost)
        accepted = [await self._must_not_cancel(step, another) for step in scenario.tried if another]
        if scenario.valid_cancel is None or any(accepted):
            return None
        # Without another job the same one is asked for again: a success shows that it was not canceled.
        valid_cancel = replace(scenario.valid_cancel, fresh_connection=True)
        outcome, exchange = await self.canceller.cancel_active(valid_cancel, another or job_id, mode)
        if another is None and outcome is JobOutcome.DEAD:
            self.leases.out_of_jobs(scenario)
            return None
        outcome, exchange, job_id = await self._insist(valid_cancel, another or job_id, outcome, exchange, mode)
        if outcome is JobOutcome.DEAD and is_lost(lost):
            self._lost_twice(scenario, lost)
            return None
        self._judge_outcome(scenario, outcome, exchange)
        return job_id if outcome is JobOutcome.CANCELED else None

    async def _insist(
        self, valid_cancel: Step, job_id: str, outcome: JobOutcome, exchange: Exchange, mode: Mode = ALONE
    ) -> tuple[JobOutcome, Exchange, str]:
        """Ask up to three times more for a job whose response was lost, where the network or a gateway is seen to fail by chance."""
        for _ in range(MORE_TRIES):
            if outcome is not JobOutcome.LOST or not self.canceller.sender.is_by_chance(exchange):
                break
            lost = exchange
            outcome, exchange = await self.canceller.cancel_active(valid_cancel, job_id, mode)
            if outcome is JobOutcome.DEAD and (another := await self.leases.lease()) is not None:
                # The request whose response was lost has canceled it.
                job_id = another
                outcome, exchange = await self.canceller.cancel_active(valid_cancel, job_id, mode)
            elif outcome is JobOutcome.DEAD:
                return JobOutcome.LOST, lost, job_id
        return outcome, exchange, job_id

    async def prove_or_replace(self, scenario: Scenario, job_id: str) -> tuple[JobOutcome, Exchange, str]:
        """Cancel a job that nothing was done to; where that shows nothing, another one."""
        valid_cancel = scenario.valid_cancel
        if valid_cancel is None:
            raise ValueError(scenario.name)
        outcome, exchange = await self.canceller.cancel_active(valid_cancel, job_id)
        again = replace(valid_cancel, fresh_connection=True)
        while outcome is JobOutcome.DEAD or (outcome is JobOutcome.UNSURE and exchange in self.canceller.stayed_busy):
            if outcome is JobOutcome.DEAD:
                self.dead_baseline.append(exchange)
            another = (
                await self.leases.lease()
                if len(self.dead_baseline) + len(self.canceller.stayed_busy) < MOST_DEAD
                else None
            )
            if another is None:
                self.leases.out_of_jobs(scenario)
                return outcome, exchange, job_id
            job_id = another
            outcome, exchange = await self.canceller.cancel_active(again, job_id)
        if outcome is JobOutcome.LOST:
            another = await self._another(exchange)
            lost, job_id = exchange, another or job_id
            outcome, exchange = await self.canceller.cancel_active(again, job_id)
            outcome, exchange, job_id = await self._insist(again, job_id, outcome, exchange)
            if outcome is JobOutcome.DEAD and another is None:
                outcome, exchange = JobOutcome.LOST, lost  # it was canceled, and there is no other
            elif outcome is JobOutcome.DEAD:
                self.dead_baseline.append(exchange)
        if outcome is JobOutcome.LOST:
            self._lost_twice(scenario, exchange)
        return outcome, exchange, job_id

    def _judge_outcome(
        self, scenario: Scenario, outcome: JobOutcome, exchange: Exchange, *, died_twice: bool = True
    ) -> None:
        """Judge the requests of a scenario by its end."""
        valid_cancel = scenario.valid_cancel
        if valid_cancel is None:
            return
        match outcome:
            case JobOutcome.CANCELED:
                self.found.add(Judgement(valid_cancel.rule, origin=origin_of(exchange)))
            case JobOutcome.LOST:
                self._lost_twice(scenario, exchange)
            case JobOutcome.LOCKED_OUT:
                for rule_id in scenario.rules:
                    self.found.leave_unchecked(rule_id, "a lock-out after a wrong credential", "tokens")
            case JobOutcome.DEAD if exchange.job_id not in self._uncertain:
                self._judge_dead(scenario, valid_cancel, exchange, died_twice=died_twice)
            case _:
                pass

    def _judge_dead(self, scenario: Scenario, valid_cancel: Step, exchange: Exchange, *, died_twice: bool) -> None:
        """Judge a job that was not active at the end of its scenario."""
        if len(self.dead_baseline) >= MOST_DEAD:
            # Jobs vanish when others are canceled: nothing shows that a refused request did it.
            self.dead_baseline.append(exchange)
            self.found.leave_unchecked(valid_cancel.rule, "jobs vanish when others are canceled")
            return
        if not died_twice:
            self.ended.append((scenario, exchange))
            self.leases.out_of_jobs(scenario)
            return
        if self.dead_baseline:
            self.dead_baseline.append(exchange)
        if not scenario.tried:
            received = f"status {exchange.status} to a valid request for a job that no request before had named"
            documented = "an active job: what was refused changes nothing"
            self.found.break_rule("effects.refused", received, documented, exchange)
            return
        before = ", ".join(dict.fromkeys(step.situation for step in scenario.tried))
        received = f"status {exchange.status} to a valid request, after this had not been accepted: {before}"
        # A response as to a job that is gone, or one that is about something else.
        rule_id = valid_cancel.rule if exchange.status in self.statuses_of_gone_jobs() else "effects.canceled"
        self.found.break_rule(rule_id, received, "a job that is still active, and is canceled now", exchange)

    async def repeat(self, job_id: str, steps: Sequence[Step]) -> None:
        """Cancel a canceled job again; one that was accepted before it had settled shows nothing and is not repeated."""
        evidence = self.canceller.evidence
        for step in steps:
            if evidence.is_early(job_id):
                return
            await evidence.settle(job_id)
            is_settled = evidence.is_settled(job_id)
            exchange = await self.canceller.exchange(step, job_id)
            if exchange.accepted and not is_settled:
                evidence.accepted_early(step, job_id)
                self.found.judgements += judge_refusal(self._operation, exchange, step.rule)
                return
            if is_settled and exchange.status is not None and not exchange.accepted:
                evidence.refused_settled(step.caller)
            if exchange.fault is Fault.TIMEOUT:
                received = f"no answer to {step.situation}: {describe_failure(exchange)}"
                self.found.break_rule(step.rule, received, "a refusal, by an answer", exchange)
            self.found.judgements += judge_refusal(self._operation, exchange, step.rule)
            self.canceller.evidence.repeated(exchange)

    async def _race(self, scenario: Scenario, job_id: str, *, once_more: bool = True) -> str | None:
        """Cancel one job several times at once: one request succeeds."""
        steps = [
            self.canceller.by_working_role(step)
            for step in (scenario.valid_cancel, *scenario.rivals)
            if step is not None
        ]
        denied, exchanges = await asyncio.gather(
            gather_limited(self._must_not_cancel(step, job_id) for step in scenario.denied),
            gather_limited(self.canceller.exchange(step, job_id) for step in steps),
        )
        winners = [exchange for exchange in exchanges if exchange.accepted]
        if any(denied):
            return None
        if not winners and any(map(is_lost, exchanges)):
            return await self._race_unseen(scenario, next(filter(is_lost, exchanges)), once_more=once_more)
        if not winners:
            return await self._race_lost(scenario, job_id, once_more=once_more)
        for exchange in winners:
            self.canceller.judge(exchange, job_id, TOGETHER)
        self.canceller.canceled += 1
        self.canceller.evidence.canceled(winners[0])
        if len(winners) > 1:
            received = f"{len(winners)} successes to {len(exchanges)} simultaneous cancels of one job"
            self.found.break_rule("effects.repeat", received, "one success: the job is canceled once", winners[1])
        for exchange in exchanges:
            if not exchange.accepted:
                self.found.judgements += judge_refusal(self._operation, exchange, "effects.repeat")
        return job_id

    async def _race_unseen(self, scenario: Scenario, lost: Exchange, *, once_more: bool) -> str | None:
        """Race for another job, if the response to the winner may have been lost; else it is unclear who won."""
        another = await self._another(lost) if once_more else None
        if another is not None:
            return await self._race(scenario, another, once_more=False)
        self._lost_twice(scenario, lost)
        return None

    async def _race_lost(self, scenario: Scenario, job_id: str, *, once_more: bool) -> str | None:
        """Find out why none of the simultaneous requests succeeded; race for another job if this one may have ended."""
        if scenario.valid_cancel is None:
            return None
        outcome, exchange = await self.canceller.cancel_active(scenario.valid_cancel, job_id, TOGETHER)
        another = None
        if once_more and outcome is JobOutcome.DEAD and self._may_have_ended(scenario, exchange):
            another = await self.leases.lease()
        if another is None:
            self._judge_outcome(scenario, outcome, exchange, died_twice=not once_more)
            return None
        canceled = await self._race(scenario, another, once_more=False)
        if canceled is not None:
            self.ended.append((scenario, exchange))
        return canceled

    async def _another(self, lost: Exchange) -> str | None:
        """Lease another job in place of one whose response was lost; warn of the loss."""
        if lost.fault is Fault.TIMEOUT:
            received = f"no answer to a valid request: {lost.detail}"
            self.found.break_rule("transport.complete", received, "the canceled job in answer", lost)
        else:
            received = f"{describe_failure(lost)}, in answer to a valid request"
            self.found.break_rule("transport.stable", received, "an answer", lost)
        return await self.leases.lease()

    def _lost_twice(self, scenario: Scenario, exchange: Exchange) -> None:
        if is_lost(exchange) or exchange.status in GATEWAY:
            self.lost.append((scenario, exchange))
        else:
            received = f"no answer to valid requests, twice: {describe_failure(exchange)}"
            self.found.break_rule("transport.complete", received, "the canceled job in answer", exchange)

    def conclude_on_lost(self) -> None:
        """Say of requests that were not answered whether the engine or the network did it."""
        for step, exchange, before in self._unanswered:
            times = len(before) + 1
            if any(map(is_lost, [*before, exchange])) and self.canceller.sender.may_be_chance(times):
                self.found.leave_unchecked(step.rule, LOSES_OFTEN, "network")
            else:
                received = f"no answer to {step.situation}, {times} times: {describe_failure(exchange)}"
                self.found.break_rule(step.rule, received, "a refusal, by an answer", exchange)
        for scenario, exchange in self.lost:
            if self.canceller.sender.is_by_chance(exchange):
                for rule_id in scenario.rules:
                    self.found.leave_unchecked(rule_id, LOSES_OFTEN, "network")
            elif exchange.status in GATEWAY:
                received = f"status {exchange.status} to valid requests, twice"
                self.found.break_rule("transport.status", received, "a success with the canceled job", exchange)
            else:
                received = f"no answer to valid requests, twice: {describe_failure(exchange)}"
                self.found.break_rule("transport.complete", received, "the canceled job in answer", exchange)

    def statuses_of_gone_jobs(self) -> set[int | None]:
        """Return the statuses for the id of no job and for a canceled one."""
        return {e.status for e in self.canceller.sender.exchanges if e.purpose in {Purpose.NO_JOB, Purpose.REPEAT}}


def _tells_a_refusal(exchange: Exchange) -> bool:
    """Return whether a refusal speaks of the request itself, where no valid request is there to compare with."""
    status = exchange.status or 0
    return status >= 400 and status not in {*DENIED, 404, 405, *BUSY}

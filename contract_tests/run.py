"""Carries out a plan: leases jobs, sends through the guard, tells what each answer means, and judges it.

On an engine that conforms it sends exactly the plan. What it sends beyond that, it sends to tell
the reason of an answer that should not have been given.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, TypeVar

from contract_tests.chain import SPELLINGS, Chain, Step, fill
from contract_tests.diagnose import Diagnosis, diagnose, look
from contract_tests.judge.answers import finding, judge_refusal, judge_success
from contract_tests.model import Because, Caller, Exchange, Fault, Judgement
from contract_tests.patience import BUSY, GaveUp, Sender, describe_failure
from contract_tests.plan import Plan, Stage
from contract_tests.supply import Supply

T = TypeVar("T")

LOCKED_OUT = frozenset({401, 403, *BUSY})  # what callers get for a while after they sent a bad credential
FIRST_JOBS = 6  # that are tried before it is said that no valid request succeeds
NO_JOB_SITUATION, REPEAT_SITUATION = "the id of no job", "a second cancel of the same job"
LOCK_OUT_WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds
GATEWAY = frozenset({502, 504})


class Fate(Enum):
    """What became of a job that a valid request was sent for."""

    CANCELED = auto()
    REFUSED = auto()  # and no role is known to work yet
    DEAD = auto()  # refused to a role that works: the job was not active
    LOST = auto()  # no answer: it may be canceled or not
    UNSURE = auto()  # an answer that says neither


@dataclass(slots=True)
class Findings:
    """What a run gathers, in the order in which it learned it."""

    judgements: list[Judgement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchecked: dict[str, tuple[str, Because | None]] = field(default_factory=dict)
    because: list[Because] = field(default_factory=list)
    leftover_canceled: int = 0
    interrupted: bool = False
    complete: bool = False
    """Whether the whole plan was carried out."""


class Runner:
    """One run of a plan on one engine."""

    def __init__(self, plan: Plan, sender: Sender, supply: Supply) -> None:
        """`sender` has the transport and its guard, which knows the supplied ids."""
        self.plan = plan
        self.sender = sender
        self.supply = supply
        self.guard = sender.transport.guard
        self.found = Findings(unchecked=dict(plan.missing))
        self.working: list[str] = []
        """Roles that have canceled a job, in the order in which they did."""
        self._dead_at_first: list[Exchange] = []
        """Valid requests that were refused to every role before any job was canceled."""
        self._dead_baseline: list[Exchange] = []
        """Valid requests refused for a job that nothing had been sent for, after others were canceled."""
        self._uncertain: set[str] = set()
        """Jobs that a request without an answer may have canceled, as the page leaves open."""
        self._canceled = 0
        self._canceled_at_first: list[tuple[Chain, str]] = []

    async def run(self, deadline: float) -> Findings:
        """Carry out the plan within `deadline` seconds. Interrupted, it returns what is known."""
        try:
            async with asyncio.timeout(deadline):
                await self._stages()
                self.found.complete = True
        except TimeoutError:
            self._stop("deadline", f"The run was not complete within its deadline of {deadline:g} s (--deadline).")
        except (GaveUp, BaseExceptionGroup) as error:
            self._give_up(_gave_up(error))
        except asyncio.CancelledError:
            self.found.interrupted = True
            self.found.notes.append("The run was interrupted; what is not listed as held or broken was not checked.")
        self._conclude()
        return self.found

    async def cancel_leftovers(self) -> None:
        """Cancel the jobs that were made for this run and not used."""
        for job_id in self.supply.left if self.working else []:
            caller = Caller(self.working[0], "token")
            step = Step("a job that was not used is canceled", caller, "accepted", "effects.canceled")
            exchange = await self.sender.send(fill(step, job_id, self.guard), step.situation, job_id)
            self.found.leftover_canceled += exchange.accepted

    # ── stages ─────────────────────────────────────────────────────────────────────────────────────

    async def _stages(self) -> None:
        for stage in self.plan.stages:
            match stage.name:
                case "baseline":
                    if not await self._baseline(stage):
                        return
                case "credentials":
                    for chain in stage.chains:
                        await self._chain(chain, after_bad_credential=True)
                case _:
                    await self._side_by_side(stage)
        # At the end, so that a job that comes back to life has had some time for it.
        await _together(self._repeat(job_id, chain.repeats[1:]) for chain, job_id in self._canceled_at_first)

    async def _baseline(self, stage: Stage) -> bool:
        """Each role's first cancel. False if no valid request succeeded, and the reason is told."""
        chains = [chain for chain in stage.chains if chain.proof]
        if not chains:
            return True
        first = await self._first_success(chains)
        if first is None:
            return await self._nothing_worked()
        canceled = [first]
        # In turn from both ends of the supply: an engine that also cancels a neighbour, the oldest or the
        # newest job is seen here, before anything was refused that could have canceled it.
        others = [chain for chain in chains if chain is not first[0]]
        for index, chain in enumerate(others):
            job_id = await self._lease(last=index % 2 == 0)
            if job_id is None:
                self._out_of_jobs(chain)
                continue
            fate, _, job_id = await self._prove_or_replace(chain, job_id)
            if fate is Fate.CANCELED:
                canceled.append((chain, job_id))
        # Not before all are canceled, so that what a second cancel does is not taken for what a first one does.
        await _together(self._repeat(job_id, chain.repeats[:1]) for chain, job_id in canceled)
        self._canceled_at_first = canceled
        return True

    async def _first_success(self, chains: Sequence[Chain]) -> tuple[Chain, str] | None:
        """The first role that cancels a job, and the job: each role is tried with it, then with the next jobs."""
        for _ in range(FIRST_JOBS):
            refused: list[Exchange] = []
            job_id = await self._lease()
            if job_id is None:
                break
            for chain in chains:
                fate, exchange, job_id = await self._prove_or_replace(chain, job_id)
                if fate is Fate.CANCELED:
                    for earlier in refused:
                        self._refused_before(earlier)
                    return chain, job_id
                refused.append(exchange)
            if all(exchange.status in {401, 403, *BUSY} for exchange in refused):
                break
            self._dead_at_first += [exchange for exchange in refused if exchange.answer][-1:]
        return None

    def _refused_before(self, exchange: Exchange) -> None:
        """A role was refused, and another canceled the same job then."""
        if exchange.status is None:
            return
        if 400 <= exchange.status < 500 and exchange.status not in BUSY:
            self._role_refused(exchange)
        elif exchange.status not in BUSY:
            received = f"status {exchange.status} to a valid request"
            self._add(finding("transport.status", received, "a success with the canceled job", exchange))

    async def _side_by_side(self, stage: Stage) -> None:
        """All that must be refused; then all proofs at once, so that they overlap; then the second cancels."""
        chains = [chain for chain in stage.chains if chain.steps]
        prepared = await _together(self._prepare(chain) for chain in chains)
        with_jobs = [item for item in prepared if item is not None]
        fates = await _together(self._finish(chain, job_id, spent=spent) for chain, job_id, spent in with_jobs)
        await _together(self._repeat(job_id, chain.repeats) for chain, job_id in fates if job_id is not None)

    async def _chain(self, chain: Chain, *, after_bad_credential: bool) -> None:
        """One chain from beginning to end."""
        prepared = await self._prepare(chain, one_by_one=True)
        if prepared is None:
            return
        _, job_id, spent = prepared
        _, canceled = await self._finish(
            chain, job_id, spent=spent, overlapping=False, after_bad_credential=after_bad_credential
        )
        if canceled is not None:
            await self._repeat(canceled, chain.repeats)

    # ── what happens to one job ────────────────────────────────────────────────────────────────────

    async def _prepare(self, chain: Chain, *, one_by_one: bool = False) -> tuple[Chain, str, bool] | None:
        """Lease a job and send what must not cancel it. None without a job; True if a request was accepted."""
        job_id = None
        if chain.proof is not None:
            job_id = await self._lease()
            if job_id is None:
                self._out_of_jobs(chain)
                return None
        if one_by_one:
            accepted = [await self._must_not_cancel(step, job_id) for step in chain.refused]
        else:
            accepted = await _together(self._must_not_cancel(step, job_id) for step in chain.refused)
        return None if job_id is None else (chain, job_id, any(accepted))

    async def _must_not_cancel(self, step: Step, job_id: str | None) -> bool:
        """Send a request that is to be refused, ineffective or observed. Whether it was answered by a success."""
        exchange = await self._exchange(step, job_id)
        if exchange.answer is None and step.expect == "observed" and job_id is not None:
            self._uncertain.add(job_id)
        if exchange.answer is None:
            # What is refused can be sent again: an engine that drops a used connection is no fault.
            exchange = await self._exchange(replace(step, fresh_connection=True), job_id)
        if step.expect == "refused":
            if exchange.fault is Fault.GUARD:
                self.found.unchecked.setdefault(step.rule, (exchange.detail, None))
            elif exchange.answer is None:
                received = f"no answer to {step.situation}, twice: {describe_failure(exchange)}"
                self._add(finding(step.rule, received, "a refusal, by an answer", exchange))
            conclusive = bool(self.working) or _tells_a_refusal(exchange)
            self.found.judgements += judge_refusal(exchange, step.rule, conclusive=conclusive)
        return exchange.accepted and step.expect != "ineffective"

    async def _finish(
        self, chain: Chain, job_id: str, *, spent: bool, overlapping: bool = True, after_bad_credential: bool = False
    ) -> tuple[Chain, str | None]:
        """Cancel the job of a chain, the proof that it was still active. Its id if it is canceled now."""
        if chain.proof is None:
            return chain, None
        if spent and all(step.expect == "refused" for step in chain.refused):
            return chain, None  # found already: what must be refused was accepted
        if spent:
            # What was observed has canceled the job, as the page leaves open.
            exchange = await self._exchange(chain.proof, job_id)
            self.found.judgements += judge_refusal(exchange, "effects.repeat")
            return chain, job_id
        if chain.rivals:
            return chain, await self._race(chain, job_id)
        fate, exchange = await self._prove(
            chain.proof, job_id, overlapping=overlapping, after_bad_credential=after_bad_credential
        )
        if fate is Fate.LOST:
            return chain, await self._finish_again(chain, job_id, exchange, overlapping=overlapping)
        self._judge_fate(chain, fate, exchange)
        return chain, job_id if fate is Fate.CANCELED else None

    async def _finish_again(self, chain: Chain, job_id: str, lost: Exchange, *, overlapping: bool) -> str | None:
        """A chain whose last answer was lost, with another job. The job's id if it is canceled."""
        another = await self._another(lost)
        accepted = [await self._must_not_cancel(step, another) for step in chain.refused if another]
        if chain.proof is None or any(accepted):
            return None
        # Without another job the same one is asked for again: a success tells that it was not canceled.
        proof = replace(chain.proof, fresh_connection=True)
        fate, exchange = await self._prove(proof, another or job_id, overlapping=overlapping)
        if another is None and fate is Fate.DEAD:
            self._out_of_jobs(chain)
            return None
        self._judge_fate(chain, fate, exchange)
        return (another or job_id) if fate is Fate.CANCELED else None

    async def _prove_or_replace(self, chain: Chain, job_id: str) -> tuple[Fate, Exchange, str]:
        """Cancel a job that nothing was done to; where that tells nothing, another one."""
        proof = chain.proof
        if proof is None:
            raise ValueError(chain.name)
        fate, exchange = await self._prove(proof, job_id)
        if fate is Fate.DEAD:
            self._dead_baseline.append(exchange)
        if fate is Fate.DEAD or fate is Fate.LOST:
            another = await self._another(exchange) if fate is Fate.LOST else await self._lease()
            if another is not None:
                job_id = another
                fate, exchange = await self._prove(replace(proof, fresh_connection=True), job_id)
                if fate is Fate.DEAD:
                    self._dead_baseline.append(exchange)
        if fate is Fate.LOST:
            self._lost_twice(exchange)
        return fate, exchange, job_id

    def _judge_fate(self, chain: Chain, fate: Fate, exchange: Exchange) -> None:
        """What the end of a chain says of the requests before it."""
        proof = chain.proof
        if proof is None:
            return
        match fate:
            case Fate.CANCELED:
                self._add(Judgement(proof.rule))
            case Fate.LOST:
                self._lost_twice(exchange)
            case Fate.DEAD if self._dead_baseline:
                # Jobs vanish when others are canceled: that a refused request did it cannot be told.
                self._dead_baseline.append(exchange)
                self.found.unchecked.setdefault(proof.rule, ("jobs vanish when others are canceled", None))
            case Fate.DEAD if exchange.job_id in self._uncertain:
                pass
            case Fate.DEAD if not chain.refused:
                received = f"status {exchange.status} to a valid request for a job that no request before had named"
                self._add(
                    finding("effects.refused", received, "an active job: what was refused changes nothing", exchange)
                )
            case Fate.DEAD:
                before = ", ".join(dict.fromkeys(step.situation for step in chain.refused))
                received = f"status {exchange.status} to a valid request, after this had not been accepted: {before}"
                # An answer as to a job that is gone, or one that tells of something else.
                rule_id = proof.rule if exchange.status in self._statuses_of_gone_jobs() else "effects.canceled"
                self._add(finding(rule_id, received, "a job that is still active, and is canceled now", exchange))
            case Fate.REFUSED | Fate.UNSURE:
                pass

    async def _repeat(self, job_id: str, steps: Sequence[Step]) -> None:
        """Cancel a canceled job again."""
        for step in steps:
            exchange = await self._exchange(step, job_id)
            self.found.judgements += judge_refusal(exchange, step.rule)

    async def _race(self, chain: Chain, job_id: str) -> str | None:
        """Cancel one job several times at once: one request succeeds."""
        steps = [self._by_working_role(step) for step in (chain.proof, *chain.rivals) if step is not None]
        exchanges = await _together(self._exchange(step, job_id) for step in steps)
        winners = [exchange for exchange in exchanges if exchange.accepted]
        if not winners:
            if chain.proof is not None:
                fate, exchange = await self._prove(chain.proof, job_id, overlapping=True)
                self._judge_fate(chain, fate, exchange)
            return None
        for exchange in winners:
            self.found.judgements += judge_success(exchange, job_id, overlapping=True)
        self._canceled += 1
        if len(winners) > 1:
            received = f"{len(winners)} successes to {len(exchanges)} simultaneous cancels of one job"
            self._add(finding("effects.repeat", received, "one success: the job is canceled once", winners[1]))
        for exchange in exchanges:
            if not exchange.accepted:
                self.found.judgements += judge_refusal(exchange, "effects.repeat")
        return job_id

    # ── one valid request ──────────────────────────────────────────────────────────────────────────

    async def _prove(
        self, step: Step, job_id: str, *, overlapping: bool = False, after_bad_credential: bool = False
    ) -> tuple[Fate, Exchange]:
        """Send a valid request for a job that should be active, and tell what became of the job."""
        step = self._by_working_role(step)
        exchange = await self._exchange(step, job_id)
        if exchange.status == 401 and step.caller.role and self.sender.transport.renew(step.caller.role):
            exchange = await self._exchange(step, job_id)
        if after_bad_credential:
            exchange = await self._outwait_lock_out(step, job_id, exchange)
        status = exchange.status
        if status is None or status in GATEWAY:
            return Fate.LOST, exchange
        if exchange.accepted:
            return self._succeeded(exchange, job_id, overlapping=overlapping), exchange
        if status in BUSY:
            self._note(f"The engine answered {status} to a valid request and stayed so: it is too busy.")
            return (Fate.UNSURE if self.working else Fate.REFUSED), exchange
        if not self.working:
            return Fate.REFUSED, exchange
        if status >= 500 or status < 400:
            return await self._failed(step, job_id, exchange, overlapping=overlapping)
        return await self._refused(step, job_id, exchange, overlapping=overlapping)

    def _succeeded(self, exchange: Exchange, job_id: str, *, overlapping: bool) -> Fate:
        self.found.judgements += judge_success(exchange, job_id, overlapping=overlapping)
        role = exchange.request.caller.role or ""
        for rule_id in ("effects.canceled", "request.json", "route.path", f"roles.{role}"):
            self._add(Judgement(rule_id))
        if role not in self.working:
            self.working.append(role)
        self._canceled += 1
        return Fate.CANCELED

    async def _failed(self, step: Step, job_id: str, exchange: Exchange, *, overlapping: bool) -> tuple[Fate, Exchange]:
        """An error of the engine or a redirect: a break, and the job may be canceled or not."""
        received = f"status {exchange.status} to a valid request"
        self._add(finding("transport.status", received, "a success with the canceled job", exchange))
        again = await self._exchange(step, job_id)
        if again.accepted:
            return self._succeeded(again, job_id, overlapping=overlapping), again
        return Fate.UNSURE, exchange

    async def _refused(
        self, step: Step, job_id: str, exchange: Exchange, *, overlapping: bool
    ) -> tuple[Fate, Exchange]:
        """Tell a refusal's reason, where some role is known to work: the role, the spelling of the body, or the job."""
        role = step.caller.role or ""
        trusted = next((other for other in self.working if other != role), role)
        again = await self._exchange(replace(step, caller=Caller(trusted, "token"), body=SPELLINGS[0]), job_id)
        if again.accepted:
            fate = self._succeeded(again, job_id, overlapping=overlapping)
            self._refused_an_active_job(step, exchange, trusted)
            return fate, exchange
        if exchange.status in {401, 403} and again.status != exchange.status:
            self._role_refused(exchange)
        return Fate.DEAD, exchange

    def _refused_an_active_job(self, step: Step, exchange: Exchange, trusted: str) -> None:
        role = step.caller.role or ""
        if exchange.status in {401, 403} or role not in self.working:
            self._role_refused(exchange)
            return
        what = f"status {exchange.status} to a valid request of {role}; {trusted} canceled the same job then"
        if step.body != SPELLINGS[0]:
            documented = "a JSON body is a valid request however it is written, with white space or escapes"
            self._add(finding("request.json", what, documented, exchange))
        else:
            self._add(finding("effects.canceled", what, "an active job is canceled", exchange))

    def _role_refused(self, exchange: Exchange) -> None:
        role = exchange.request.caller.role
        received = (
            f"status {exchange.status} to a valid request of {role}, while another role canceled a job. "
            "A token that is stale or wrong looks the same"
        )
        self._add(finding(f"roles.{role}", received, f"the role {role} may cancel jobs", exchange))

    async def _outwait_lock_out(self, step: Step, job_id: str, exchange: Exchange) -> Exchange:
        """Some engines lock a caller out for seconds after a bad credential: that is no refusal of the role."""
        if exchange.status in {401, 403}:
            # A lock-out holds on every connection; a refusal that sticks to the connection is a fault.
            again = await self._exchange(replace(step, fresh_connection=True), job_id)
            if again.accepted:
                self._role_refused(exchange)
                return again
        for seconds in LOCK_OUT_WAITS:
            if exchange.status not in LOCKED_OUT or self.sender.remaining < seconds:
                break
            await self.sender.wait(seconds)
            exchange = await self._exchange(step, job_id)
        return exchange

    def _by_working_role(self, step: Step) -> Step:
        """The step with a role that works, where its own is known not to."""
        role = step.caller.role or ""
        refused = {item.rule for item in self.found.judgements if item.finding}
        trusted = next((other for other in self.working if f"roles.{other}" not in refused), None)
        if trusted is None or f"roles.{role}" not in refused:
            return step
        return replace(step, caller=Caller(trusted, "token"))

    # ── odds and ends ──────────────────────────────────────────────────────────────────────────────

    async def _exchange(self, step: Step, job_id: str | None) -> Exchange:
        return await self.sender.send(fill(step, job_id, self.guard), step.situation, job_id)

    async def _lease(self, *, last: bool = False) -> str | None:
        """A job; the source is asked for more once."""
        job_id = self.supply.lease(last=last)
        if job_id is None and self.supply.can_ask():
            wanted = max(1, self.plan.jobs - self._canceled)
            self.guard.supply(await asyncio.to_thread(self.supply.ask_for, wanted))
            job_id = self.supply.lease()
        return job_id

    async def _another(self, lost: Exchange) -> str | None:
        """Another job in place of one whose answer was lost; the loss is warned of."""
        if lost.fault is Fault.TIMEOUT:
            received = f"no answer to a valid request: {lost.detail}"
            self._add(finding("transport.complete", received, "the canceled job in answer", lost))
        else:
            what = describe_failure(lost) if lost.status is None else f"status {lost.status}"
            self._add(finding("transport.stable", f"{what}, in answer to a valid request", "an answer", lost))
        return await self._lease()

    def _lost_twice(self, exchange: Exchange) -> None:
        if exchange.status in GATEWAY:
            received = f"status {exchange.status} to valid requests, twice"
            self._add(finding("transport.status", received, "a success with the canceled job", exchange))
        else:
            received = f"no answer to valid requests, twice: {describe_failure(exchange)}"
            self._add(finding("transport.complete", received, "the canceled job in answer", exchange))

    def _note(self, sentence: str) -> None:
        if sentence not in self.found.notes:
            self.found.notes.append(sentence)

    def _add(self, judgement: Judgement) -> None:
        self.found.judgements.append(judgement)

    def _out_of_jobs(self, chain: Chain) -> None:
        reason = "the jobs ran out: some were spent on answers that had to be asked for again"
        for rule_id in chain.rules:
            self.found.unchecked.setdefault(rule_id, (reason, "jobs"))

    def _stop(self, cause: Because, sentence: str) -> None:
        self.found.because.append(cause)
        self.found.notes.append(sentence)

    def _give_up(self, error: GaveUp) -> None:
        broken_off = next((e for e in reversed(self.sender.exchanges) if e.answer and e.answer.broken_off), None)
        if broken_off is not None and not self.working and broken_off.accepted:
            received = describe_failure(broken_off)
            self._add(finding("transport.complete", received, "the whole canceled job", broken_off))
        self._stop("unreachable", f"The run stopped: {error}.")

    async def _nothing_worked(self) -> bool:
        if not any(exchange.situation == "a valid request" for exchange in self.sender.exchanges):
            self._stop("jobs", "There was no job to cancel.")
            return True
        diagnosis: Diagnosis = await diagnose(self.sender, self.guard, self.supply)
        self.found.judgements += diagnosis.judgements
        if diagnosis.because is not None:
            self.found.because.append(diagnosis.because)
        self.found.notes.append(diagnosis.sentence)
        return False

    # ── what only the run as a whole shows ─────────────────────────────────────────────────────────

    def _conclude(self) -> None:
        if not any(exchange.answer for exchange in self.sender.exchanges):
            # Nothing that speaks HTTP was there: that says nothing of an engine.
            self.found.judgements.clear()
            return
        judged = {item.rule for item in self.found.judgements}
        if self._canceled and "transport.stable" not in judged:
            self._add(Judgement("transport.stable"))
        if self._canceled > 1 and not self._dead_baseline:
            self._add(Judgement("effects.isolation"))
        if not self.working:
            return
        dead = [*self._dead_at_first, *self._dead_baseline]
        for exchange in dead:
            if exchange.status not in self._statuses_of_gone_jobs():
                received = f"status {exchange.status} to a valid request, unlike for a job that is unknown or canceled"
                self._add(finding("effects.canceled", received, "an active job is canceled", exchange))
                return
        later = self._dead_baseline
        if len(later) > 1 or (later and not self._is_unknown(later[0])):
            received = (
                f"status {later[0].status} to a valid request for a job that nothing was sent for before, "
                f"after other jobs had been canceled ({len(later)} such jobs). "
                "A supplied job that had ended by itself looks the same"
            )
            self._add(finding("effects.canceled", received, "an active job is canceled", later[0]))
            self._add(finding("effects.isolation", received, "an active job, which is canceled", later[0]))
        elif dead:
            self._stop(
                "jobs", f"The engine has no active job {dead[0].job_id}, which was supplied. Give ids of active jobs."
            )

    def _statuses_of_gone_jobs(self) -> set[int | None]:
        """How the engine answers for the id of no job and for a canceled one."""
        return {e.status for e in self.sender.exchanges if e.situation in (NO_JOB_SITUATION, REPEAT_SITUATION)}

    def _is_unknown(self, dead: Exchange) -> bool:
        """Whether the engine answered as it does for the id of no job, and otherwise than for a second cancel."""
        looks = {e.situation: look(e) for e in self.sender.exchanges if not e.accepted}
        return look(dead) == looks.get(NO_JOB_SITUATION) and look(dead) != looks.get(REPEAT_SITUATION)


def _tells_a_refusal(exchange: Exchange) -> bool:
    """Whether a refusal speaks of the request itself, where no valid request is there to compare with."""
    status = exchange.status or 0
    return status >= 400 and status not in {401, 403, 404, 405, *BUSY}


def _gave_up(error: BaseException) -> GaveUp:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, GaveUp):
        return error
    raise error


async def _together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first that fails ends the others."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(item) for item in work]
    return [task.result() for task in tasks]

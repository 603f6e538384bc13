"""Sends a valid request, and finds out what became of its job and why."""

import time
from dataclasses import replace

from contract_tests.judge.answers import judge_success, look, origin_of
from contract_tests.model import BUSY, DENIED, GATEWAY, JSON, Caller, Exchange, Judgement
from contract_tests.plan.scenario import ALONE, NO_JOB, SPELLINGS, WITH_CHARSET, Mode, Step, fill
from contract_tests.purpose import Purpose
from contract_tests.run.credentials import Credentials
from contract_tests.run.evidence import Evidence
from contract_tests.run.findings import Findings, JobOutcome
from contract_tests.run.likeness import is_alike, look_without, looks_of
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import Sender, describe_failure, is_lost

LOCKED_OUT = frozenset({*DENIED, 423, *BUSY})  # statuses of a lock-out, for a while after a bad credential
RESERVE_S = 5.0  # of the deadline, for what comes after a lock-out
LOCK_OUT_WAITS_S = (1.0, 2.0, 4.0, 8.0, 16.0)


class Canceller:
    """Sends valid requests, and knows which roles are seen to work."""

    def __init__(
        self, sender: Sender, supply: Supply, found: Findings, evidence: Evidence, credentials: Credentials
    ) -> None:
        """Take the means of a run; `sender` has the transport and its guard."""
        self.sender = sender
        self._supply = supply
        self._operation = sender.transport.guard.operation
        self.found = found
        self.evidence = evidence
        self.credentials = credentials
        self.working: list[str] = []
        """Roles that have canceled a job, in the order in which they did."""
        self.canceled = 0
        self.stayed_busy: list[Exchange] = []
        """Valid requests that were answered 429 or 503 for good, before it was known whether that is a refusal."""
        self.lost_jobs: set[str] = set()
        """Jobs that may be canceled: a valid request for them was not answered."""
        self._locked_out_s = 0.0
        """Seconds for which a lock-out was waited for in vain."""
        self._cut: list[tuple[Judgement, Exchange]] = []
        self._body: str | bytes | None = SPELLINGS[0]
        """A valid body that the engine has taken, as written in a step."""

    async def exchange(self, step: Step, job_id: str | None) -> Exchange:
        """Send a step's request, once more where the response says that the token is stale and there is another one."""
        tokens, role = self.sender.transport.tokens, step.caller.role
        is_due = step.expect == "accepted"
        token = tokens.in_use(role)
        exchange = await self._send(step, job_id)
        if await self.credentials.exchanged(exchange, token, is_due=is_due):
            exchange = await self._send(step, job_id)
            if self.credentials.may_mean_token(exchange):
                tokens.in_vain(role or "", is_due=is_due)
            elif exchange.accepted:
                self.credentials.accepted(exchange, tokens.in_use(role))
        return exchange

    async def _send(self, step: Step, job_id: str | None) -> Exchange:
        request = fill(step, job_id, self.sender.transport.guard)
        is_due = step.expect == "accepted"
        return await self.sender.send(request, job_id, is_due=is_due, first=is_due or step.goes_first)

    async def cancel_active(self, step: Step, job_id: str, mode: Mode = ALONE) -> tuple[JobOutcome, Exchange]:
        """Send a valid request for a job that should be active, and return what became of the job."""
        step, began = self.by_working_role(step), time.monotonic()
        exchange = await self.exchange(step, job_id)
        if mode.after_wrong_credential:
            exchange = await self._outwait_lock_out(step, job_id, exchange)
            self.note_lock_out(step, job_id, time.monotonic() - began)
        exchange = await self.once_known(step, job_id, exchange)
        if exchange.accepted:
            self._body = self._body if self.canceled else step.body
            return self._succeeded(exchange, job_id, mode), exchange
        if (outcome := self._outcome_of(exchange)) is not None:
            if outcome is JobOutcome.LOST:
                self.lost_jobs.add(job_id)
            return outcome, exchange
        is_refusal = self.sender.is_refusal(exchange) or 400 <= (exchange.status or 0) < 500
        if is_refusal or await self.credentials.is_turned_away(exchange):
            return await self._refused(step, job_id, exchange, mode)
        return await self._failed(step, job_id, exchange, mode)

    async def once_known(self, step: Step, job_id: str, exchange: Exchange) -> Exchange:
        """Ask again for a job that may have been made just now, once each replica knows it, if it was answered as unknown.

        Only the answer to an unknown id shows that nothing was done, and only if no request before may have done something.
        """
        given_at = self._supply.given_at[job_id]
        is_refused = 400 <= (exchange.status or 0) < 500 and exchange.status not in {*DENIED, 407, *BUSY}
        if not is_refused or self.evidence.is_known(given_at):
            return exchange
        if any(e.job_id == job_id and (e.accepted or e.response is None) for e in self.sender.exchanges):
            return exchange
        if not is_alike(look_without(exchange, frozenset()), looks_of(await self._of_no_job(step.caller), frozenset())):
            return exchange
        await self.evidence.let_know(given_at)
        again = await self.exchange(step, job_id)
        if again.accepted:
            self.evidence.known_late(job_id)
        return again

    async def _of_no_job(self, caller: Caller) -> list[Exchange]:
        """Return a caller's requests for the id of no job; without any, one is sent."""
        sent = [e for e in self.sender.exchanges if e.purpose is Purpose.NO_JOB and e.request.caller == caller]
        return sent or [await self._send(Step(Purpose.NO_JOB, caller, "refused", "effects.unknown", NO_JOB), None)]

    def _outcome_of(self, exchange: Exchange) -> JobOutcome | None:
        """Return the outcome that a refusal shows without another request, None if it takes one."""
        if exchange.status is None or exchange.status in GATEWAY:
            return JobOutcome.LOST
        if self._locked_out_s and exchange.status in LOCKED_OUT:
            return JobOutcome.LOCKED_OUT
        if not self.working:
            return JobOutcome.REFUSED
        if exchange.status in BUSY and not self.sender.is_refusal(exchange):
            self.stayed_busy.append(exchange)
            return JobOutcome.UNSURE
        return None

    def _succeeded(self, exchange: Exchange, job_id: str, mode: Mode) -> JobOutcome:
        self.judge(exchange, job_id, mode)
        role = exchange.request.caller.role or ""
        shown = ("request.charset",) if exchange.request.content_type == WITH_CHARSET else ()
        for rule_id in ("request.json", "route.path", f"roles.{role}", *shown):
            self.found.add(Judgement(rule_id, origin=origin_of(exchange)))
        if role not in self.working:
            self.working.append(role)
        self.canceled += 1
        self.evidence.canceled(exchange)
        return JobOutcome.CANCELED

    def judge(self, exchange: Exchange, job_id: str, mode: Mode) -> None:
        """Judge a success; the end of the run decides whether the network cut it short."""
        for judgement in judge_success(self._operation, exchange, job_id, overlapping=mode.overlapping):
            if judgement.rule == "transport.complete" and exchange.is_dropped:
                self._cut.append((judgement, exchange))
            else:
                self.found.add(judgement)

    def conclude_on_cut(self) -> None:
        """Say of successes that were cut short whether the engine or the network did it."""
        for judgement, exchange in self._cut:
            if self.sender.network_drops:
                self.found.break_rule("transport.stable", describe_failure(exchange), "a whole answer", exchange)
            else:
                self.found.add(judgement)
        if self._cut and all(item.rule != "transport.complete" for item in self.found.judgements):
            self.found.leave_unchecked("transport.complete", "the network cut every success short", "network")

    async def _failed(self, step: Step, job_id: str, exchange: Exchange, mode: Mode) -> tuple[JobOutcome, Exchange]:
        """Judge an error of the engine or a redirect: it is a break, and the job may be canceled or not."""
        received = f"status {exchange.status} to a valid request"
        self.found.break_rule("transport.status", received, "a success with the canceled job", exchange)
        again = await self.exchange(step, job_id)
        if again.accepted:
            return self._succeeded(again, job_id, mode), again
        return JobOutcome.UNSURE, exchange

    async def _refused(self, step: Step, job_id: str, exchange: Exchange, mode: Mode) -> tuple[JobOutcome, Exchange]:
        """Tell a refusal's reason, where some role is known to work: the role, the spelling of the body, or the job."""
        role = step.caller.role or ""
        trusted = next((other for other in self.working if other != role), role)
        # The same once more, then with a content type and a body that have been taken before, unless it is the role that was
        # refused; then by a role that has canceled jobs, at last on a connection that nobody was refused on.
        plain = replace(step, content_type=JSON)
        usual = replace(plain, body=self._body)
        other_role = replace(usual, caller=Caller(trusted, "token"))
        is_turned_away = await self.credentials.is_turned_away(exchange)
        if is_turned_away:
            again = [other_role, replace(other_role, fresh_connection=True)]
        else:
            again = [step, plain, usual, other_role]
        answers = [exchange]
        for other in dict.fromkeys(again):
            answered = await self.exchange(other, job_id)
            if is_lost(answered):
                return JobOutcome.LOST, answered
            if answered.accepted:
                outcome = self._succeeded(answered, job_id, mode)
                self._refused_an_active_job(step, exchange, other, is_turned_away=is_turned_away)
                return outcome, exchange
            answers.append(answered)
        if is_turned_away and answered.status != exchange.status:
            self.credentials.role_refused(exchange)
        elif await self.credentials.is_suspect(step.rule, answers):
            return JobOutcome.UNSURE, exchange
        return JobOutcome.DEAD, exchange

    def _refused_an_active_job(self, step: Step, exchange: Exchange, accepted: Step, *, is_turned_away: bool) -> None:
        """Tell the reason by what was accepted for the same job then."""
        role, other = step.caller.role or "", accepted.caller.role
        what = f"status {exchange.status} to a valid request of {role}"
        if role == other and step.body == accepted.body and step.content_type != accepted.content_type:
            documented, received = (
                f"as for {JSON}",
                f"{what} with {step.content_type}; {JSON} canceled the same job then",
            )
            self.found.break_rule("request.charset", received, documented, exchange)
        elif role == other and step.body != accepted.body:
            documented = "a JSON body is a valid request however it is written, with white space or escapes"
            received = f"{what}; its body written otherwise canceled the same job then"
            self.found.break_rule("request.json", received, documented, exchange)
        elif role != other and (is_turned_away or role not in self.working):
            self.credentials.role_refused(exchange)
        else:
            received = f"{what}; {'the same once more' if role == other else other} canceled the job then"
            self.found.break_rule("effects.canceled", received, "an active job is canceled", exchange)

    async def _outwait_lock_out(self, step: Step, job_id: str, exchange: Exchange) -> Exchange:
        """Wait while the engine locks a caller out after a bad credential, which is not a refusal of the role."""
        if exchange.status in DENIED:
            # A lock-out holds on every connection; a refusal that sticks to the connection is a fault.
            again = await self.exchange(replace(step, fresh_connection=True), job_id)
            if again.accepted:
                self.credentials.role_refused(exchange)
                return again
        is_locked_out = await self._is_locked_out(step, exchange)
        began = time.monotonic()
        for seconds in LOCK_OUT_WAITS_S:
            is_over = exchange.status not in LOCKED_OUT or is_locked_out is False
            if is_over or self._locked_out_s or self.sender.remaining < seconds + RESERVE_S:
                break
            await self.sender.wait(seconds)
            exchange = await self.exchange(step, job_id)
        if is_locked_out and exchange.status in LOCKED_OUT and not self._locked_out_s:
            self._locked_out_s = time.monotonic() - began
            self.found.stop(
                "tokens",
                f"After a wrong credential the engine refuses its callers' requests with {exchange.status}, whatever they "
                f"are, and did so for {self._locked_out_s:.0f} s and more: a lock-out. Requests after one are not checked. "
                "Give more time (--deadline), or leave wrong credentials out: --skip roles.wrong --skip roles.empty.",
            )
        return exchange

    def note_lock_out(self, step: Step, job_id: str | None, lasted_s: float) -> None:
        """Say that a lock-out was waited for, by whoever sent the request again."""
        statuses = [e.status for e in self.sender.exchanges if (e.job_id, e.purpose) == (job_id, step.purpose)]
        refused = [status for status in statuses if status in LOCKED_OUT]
        if refused and statuses[-1] not in LOCKED_OUT and lasted_s >= LOCK_OUT_WAITS_S[0]:
            or_load = ", or its load" if refused[-1] in BUSY else ""
            self.found.note(
                f"After a wrong credential the engine refused its callers with {refused[-1]}, for a second or more: "
                f"a lock-out{or_load}, which was waited for."
            )

    async def _is_locked_out(self, step: Step, refused: Exchange) -> bool | None:
        """Return whether the caller is refused, and not the job: the id of no job was answered otherwise before.

        None if that is unclear.
        """
        before = {look(e) for e in self.sender.exchanges if e.purpose is Purpose.NO_JOB}
        if refused.status not in LOCKED_OUT or not before or look(refused) in before:
            return None
        no_job = Step(Purpose.NO_JOB_AFTER_WRONG, step.caller, "observed", "route.path", NO_JOB)
        now = await self._send(replace(no_job, fresh_connection=True), None)
        return now.status == refused.status and look(now) not in before

    def by_working_role(self, step: Step) -> Step:
        """Return the step with a role that works, if its own is known not to."""
        role = step.caller.role or ""
        refused = self.credentials.refused_roles
        trusted = next((other for other in self.working if other not in refused), None)
        if trusted is None or role not in refused:
            return step
        return replace(step, caller=Caller(trusted, "token"))

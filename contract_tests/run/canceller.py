"""One valid request: sent, and told what became of its job and why."""

from dataclasses import replace

from contract_tests.judge.answers import judge_success
from contract_tests.model import BUSY, GATEWAY, Caller, Exchange, Judgement
from contract_tests.plan.scenario import SPELLINGS, Step, fill
from contract_tests.run.credentials import Credentials
from contract_tests.run.evidence import Evidence
from contract_tests.run.findings import Findings, JobOutcome
from contract_tests.transport.sender import Sender

LOCKED_OUT = frozenset({401, 403, *BUSY})  # what callers get for a while after they sent a bad credential
LOCK_OUT_WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds


class Canceller:
    """Sends valid requests, and knows which roles are seen to work."""

    def __init__(self, sender: Sender, found: Findings, evidence: Evidence, credentials: Credentials) -> None:
        """`sender` has the transport and its guard."""
        self.sender = sender
        self.found = found
        self.evidence = evidence
        self.credentials = credentials
        self.working: list[str] = []
        """Roles that have canceled a job, in the order in which they did."""
        self.canceled = 0
        self._body: str | bytes | None = SPELLINGS[0]
        """A valid body that the engine has taken, as written in a step."""

    async def exchange(self, step: Step, job_id: str | None) -> Exchange:
        """Send a step's request, once more where the answer says that the token is stale and there is another one."""
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
        return await self.sender.send(fill(step, job_id, self.sender.transport.guard), step.situation, job_id)

    async def prove(
        self, step: Step, job_id: str, *, overlapping: bool = False, after_bad_credential: bool = False
    ) -> tuple[JobOutcome, Exchange]:
        """Send a valid request for a job that should be active, and tell what became of the job."""
        step = self.by_working_role(step)
        exchange = await self.exchange(step, job_id)
        if after_bad_credential:
            exchange = await self._outwait_lock_out(step, job_id, exchange)
        status = exchange.status
        if status is None or status in GATEWAY:
            return JobOutcome.LOST, exchange
        if exchange.accepted:
            self._body = self._body if self.canceled else step.body
            return self._succeeded(exchange, job_id, overlapping=overlapping), exchange
        if status in BUSY:
            self.found.stop(
                "unreachable", f"The engine answered {status} to a valid request and stayed so: it is too busy."
            )
            return (JobOutcome.UNSURE if self.working else JobOutcome.REFUSED), exchange
        if not self.working:
            return JobOutcome.REFUSED, exchange
        if status >= 500 or status < 400:
            return await self._failed(step, job_id, exchange, overlapping=overlapping)
        return await self._refused(step, job_id, exchange, overlapping=overlapping)

    def _succeeded(self, exchange: Exchange, job_id: str, *, overlapping: bool) -> JobOutcome:
        self.found.judgements += judge_success(exchange, job_id, overlapping=overlapping)
        role = exchange.request.caller.role or ""
        for rule_id in ("request.json", "route.path", f"roles.{role}"):
            self.found.add(Judgement(rule_id))
        if role not in self.working:
            self.working.append(role)
        self.canceled += 1
        self.evidence.canceled(exchange)
        return JobOutcome.CANCELED

    async def _failed(
        self, step: Step, job_id: str, exchange: Exchange, *, overlapping: bool
    ) -> tuple[JobOutcome, Exchange]:
        """An error of the engine or a redirect: a break, and the job may be canceled or not."""
        received = f"status {exchange.status} to a valid request"
        self.found.break_rule("transport.status", received, "a success with the canceled job", exchange)
        again = await self.exchange(step, job_id)
        if again.accepted:
            return self._succeeded(again, job_id, overlapping=overlapping), again
        return JobOutcome.UNSURE, exchange

    async def _refused(
        self, step: Step, job_id: str, exchange: Exchange, *, overlapping: bool
    ) -> tuple[JobOutcome, Exchange]:
        """Tell a refusal's reason, where some role is known to work: the role, the spelling of the body, or the job."""
        role = step.caller.role or ""
        trusted = next((other for other in self.working if other != role), role)
        # The same once more, then with a body that has been taken before, unless it is the role that was refused;
        # then by a role that has canceled jobs, at last on a connection that nobody was refused on.
        other_role = replace(step, caller=Caller(trusted, "token"), body=self._body)
        if exchange.status in {401, 403}:
            again = [other_role, replace(other_role, fresh_connection=True)]
        else:
            again = [step, replace(step, body=self._body), other_role]
        answers = [exchange]
        for other in dict.fromkeys(again):
            answered = await self.exchange(other, job_id)
            if answered.accepted:
                fate = self._succeeded(answered, job_id, overlapping=overlapping)
                self._refused_an_active_job(step, exchange, other)
                return fate, exchange
            answers.append(answered)
        if exchange.status in {401, 403} and answered.status != exchange.status:
            self.credentials.role_refused(exchange)
        elif await self.credentials.is_suspect(step.rule, answers):
            return JobOutcome.UNSURE, exchange
        return JobOutcome.DEAD, exchange

    def _refused_an_active_job(self, step: Step, exchange: Exchange, accepted: Step) -> None:
        """Tell the reason by what was accepted for the same job then."""
        role, other = step.caller.role or "", accepted.caller.role
        what = f"status {exchange.status} to a valid request of {role}"
        if role == other and step.body != accepted.body:
            documented = "a JSON body is a valid request however it is written, with white space or escapes"
            received = f"{what}; its body written otherwise canceled the same job then"
            self.found.break_rule("request.json", received, documented, exchange)
        elif role != other and (exchange.status in {401, 403} or role not in self.working):
            self.credentials.role_refused(exchange)
        else:
            received = f"{what}; {'the same once more' if role == other else other} canceled the job then"
            self.found.break_rule("effects.canceled", received, "an active job is canceled", exchange)

    async def _outwait_lock_out(self, step: Step, job_id: str, exchange: Exchange) -> Exchange:
        """Some engines lock a caller out for seconds after a bad credential: that is no refusal of the role."""
        if exchange.status in {401, 403}:
            # A lock-out holds on every connection; a refusal that sticks to the connection is a fault.
            again = await self.exchange(replace(step, fresh_connection=True), job_id)
            if again.accepted:
                self.credentials.role_refused(exchange)
                return again
        for seconds in LOCK_OUT_WAITS:
            if exchange.status not in LOCKED_OUT or self.sender.remaining < seconds:
                break
            await self.sender.wait(seconds)
            exchange = await self.exchange(step, job_id)
        return exchange

    def by_working_role(self, step: Step) -> Step:
        """The step with a role that works, where its own is known not to."""
        role = step.caller.role or ""
        refused = self.credentials.refused_roles
        trusted = next((other for other in self.working if other not in refused), None)
        if trusted is None or role not in refused:
            return step
        return replace(step, caller=Caller(trusted, "token"))

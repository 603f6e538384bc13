"""The end of a run, whatever ended it: cancels the jobs that were made for it and not seen canceled."""

from collections.abc import Sequence

from contract_tests.model import BUSY, GATEWAY, Caller, Exchange
from contract_tests.plan.scenario import Step
from contract_tests.purpose import Purpose
from contract_tests.run.canceller import Canceller
from contract_tests.run.concurrency import gather_limited
from contract_tests.run.job_runner import JobRunner
from contract_tests.run.resend import send_until_heard
from contract_tests.transport.sender import GaveUp, is_unheard
from engine_contract.contract.job_status import ACTIVE

MORE_TRIES = 3  # where a connection or a gateway fails now and then
SILENCES = 3  # jobs without a response after which no more are tried
_GONE = frozenset({404, 409, 410})


class Leftovers:
    """Cancels what is left of the jobs."""

    def __init__(self, canceller: Canceller, jobs: JobRunner, roles: Sequence[str]) -> None:
        """Take the means of a run; `roles` are those that have a token and may cancel."""
        self._canceller = canceller
        self._jobs = jobs
        self._roles = list(dict.fromkeys([*canceller.working, *roles]))
        self._silences = 0
        self._over: set[str] = set()

    @property
    def active(self) -> list[str]:
        """Return the ids of which it is not known that they are not active, also where there was no time to cancel any."""
        over = self._over | self._canceller.evidence.seen_canceled()
        return [job_id for job_id in self._jobs.leases.supply.supplied if job_id not in over]

    async def cancel(self) -> None:
        """Cancel one job after the other has shown that it can be done."""
        await self._jobs.leases.wait_for_jobs()
        active = self.active
        first, others = active[:1], active[1:]
        for job_id in first:
            await self._cancel(job_id)
        await gather_limited(self._cancel(job_id) for job_id in others)

    async def _cancel(self, job_id: str) -> None:
        if self._silences >= SILENCES:
            return
        try:
            is_over = await self._is_over(job_id)
        except GaveUp:
            self._silences += 1
            return
        if is_over:
            self._over.add(job_id)

    async def _is_over(self, job_id: str) -> bool:
        """Cancel a job; return whether it is not active now."""
        *_, exchange = await send_until_heard(lambda: self._send(job_id), is_unheard, more_tries=MORE_TRIES)
        if exchange is None or exchange.status is None:
            self._silences += exchange is not None
            return False
        self._silences = 0
        evidence = self._canceller.evidence
        if exchange.accepted:
            if evidence.shown_active and await evidence.status(job_id, exchange.request.caller) in ACTIVE:
                return False
            self._canceller.found.leftover_canceled += 1
            return True
        if exchange.status in {*BUSY, *GATEWAY}:
            return False
        # Where no cancel ever succeeded, a 404 may mean the path or the credential, and not the job.
        something_worked = bool(self._canceller.working or self._canceller.found.leftover_canceled)
        if something_worked and exchange.status in _GONE | self._jobs.statuses_of_gone_jobs():
            return True
        return await evidence.status(job_id, exchange.request.caller) not in {None, *ACTIVE}

    async def _send(self, job_id: str) -> Exchange | None:
        """Send as the first role that is not refused; None where all are."""
        for role in list(self._roles):
            step = Step(Purpose.LEFTOVER, Caller(role, "token"), "accepted", "effects.canceled")
            exchange = await self._canceller.exchange(step, job_id)
            exchange = await self._canceller.once_known(step, job_id, exchange)
            if not await self._canceller.credentials.is_turned_away(exchange):
                return exchange
            if role not in self._canceller.working and role in self._roles:
                self._roles.remove(role)
        return None

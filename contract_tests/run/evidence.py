"""Whether canceled jobs are canceled: a success says so, and only a look at the job, or a later refusal, shows it."""

import asyncio
import time
from collections.abc import Callable, Sequence

from contract_tests.judge.answers import document_of, origin_of
from contract_tests.model import BUSY, DENIED, GATEWAY, Caller, Exchange, Judgement, Response
from contract_tests.plan.scenario import Step
from contract_tests.run.credentials import is_redirect
from contract_tests.run.findings import Findings
from contract_tests.run.resend import send_renewed, send_until_heard
from contract_tests.safety.guard import USUAL_READ_BACK, read_back_request
from contract_tests.transport.sender import Sender, is_lost
from engine_contract.contract.job_status import ACTIVE
from engine_contract.text.printable import plural

MORE_LOOKS = 4  # at a job, where connections are lost before a response comes
RULE = "effects.canceled"
_CANCELED = frozenset({"canceled", "cancelled"})
_TELLS_NOTHING = frozenset({*BUSY, *GATEWAY})
_IDS = ("_id", "id", "job_id")


class Evidence:
    """Looks at each canceled job once, and keeps what shows that it was canceled, or that it was not.

    Engines with replicas show for a moment what was: a job is judged by a look only once it has settled, and a job
    that was looked at is never looked at again, which would hide a cancel that does nothing at first.
    """

    def __init__(self, sender: Sender, found: Findings, *, path: str | None, settle_s: float, looks: bool) -> None:
        """Take where jobs are shown (`path`, None for the usual place); without `looks` no job is looked at."""
        self._sender = sender
        self._found = found
        self._path = path
        self._settle_s = settle_s
        self._can_look = looks
        self._canceled_at: dict[str, float] = {}
        self._done_at: dict[str, float] = {}
        self._ended: set[str] = set()
        """Jobs that something observed has canceled, and whose cancel was then refused."""
        self._accepted_again: dict[str, Exchange] = {}
        self._refused_again: list[tuple[Exchange, int]] = []
        """Later cancels whose refusal may mean the token, and which of the role's tokens it was."""
        self._shown_canceled: set[str] = set()
        self._shown_active_early: set[str] = set()
        self.shown_active: set[str] = set()
        """Jobs that were shown as active after their cancel, once they had settled."""
        self._looked: set[str] = set()
        self.may_lag = False
        """Whether an engine with replicas may know later what was done: nothing is looked at then before it has settled."""
        self._early: list[tuple[Step, str]] = []
        self._settled_again: set[Caller] = set()
        self._known_late: set[str] = set()

    def canceled(self, exchange: Exchange) -> None:
        """Take in that a valid request was answered with a success."""
        if exchange.job_id is not None:
            self._canceled_at.setdefault(exchange.job_id, time.monotonic())
            self.done(exchange.job_id)

    def seen_canceled(self) -> set[str]:
        """Return the jobs whose cancel was answered with a success; where such a one was active, those shown canceled."""
        return self._shown_canceled | self._ended if self.shown_active else {*self._canceled_at, *self._ended}

    async def status(self, job_id: str, caller: Caller) -> str | None:
        """Return how a job is shown; None where it is not."""
        request = read_back_request(self._path or USUAL_READ_BACK, job_id, caller)
        return shown_status((await self._sender.send(request, job_id)).response, job_id)

    def repeated(self, exchange: Exchange) -> None:
        """Take in the response to a later cancel of a canceled job."""
        job_id = exchange.job_id or ""
        may_mean_token = exchange.status in DENIED or is_redirect(exchange.status)
        tells = exchange.status is not None and (
            exchange.status not in _TELLS_NOTHING or self._sender.is_refusal(exchange)
        )
        if job_id not in self._canceled_at:
            # Something observed has canceled it: no response to a valid request is in doubt.
            if tells and not exchange.accepted and not may_mean_token:
                self._ended.add(job_id)
        elif exchange.accepted:
            self._accepted_again[job_id] = exchange
        elif may_mean_token:
            token = self._sender.transport.tokens.in_use(exchange.request.caller.role)
            self._refused_again.append((exchange, token))
        elif tells:
            self._found.add(Judgement(RULE, origin=origin_of(exchange)))

    def accepted_early(self, step: Step, job_id: str) -> None:
        """Take in that a later cancel was accepted too soon to be evidence: that job is not asked again."""
        self.may_lag = True
        self._early.append((step, job_id))

    def refused_settled(self, caller: Caller) -> None:
        """Take in that a later cancel was refused once its job had settled."""
        self._settled_again.add(caller)

    def is_early(self, job_id: str) -> bool:
        """Return whether that job was canceled again too soon to be evidence."""
        return any(job_id == early for _, early in self._early)

    @property
    def lags(self) -> bool:
        """Whether what the engine knows is seen to lag."""
        shown = bool(self._shown_active_early and self._shown_canceled)
        return shown or any(step.caller in self._settled_again for step, _ in self._early)

    def done(self, job_id: str) -> None:
        """Take in when something that may change a job was done to it."""
        self._done_at[job_id] = time.monotonic()

    def is_settled(self, job_id: str) -> bool:
        """Return whether what was done to a job last must be known everywhere by now."""
        return self.is_known(self._done_at.get(job_id, 0.0))

    async def settle(self, job_id: str) -> None:
        """Wait until what was done to a job is known everywhere, where that may lag."""
        if self.may_lag:
            await self.let_know(self._done_at.get(job_id, 0.0))

    async def let_know(self, at_s: float) -> None:
        """Wait until what was so here at that time, on the monotonic clock, is known everywhere."""
        await asyncio.sleep(max(0.0, at_s + self._settle_s - time.monotonic()))

    def is_known(self, at_s: float) -> bool:
        """Return whether what was so here at that time must be known everywhere by now."""
        return time.monotonic() >= at_s + self._settle_s

    def known_late(self, job_id: str) -> None:
        """Take in that a job was unknown to the engine at first."""
        self.may_lag = True
        self._known_late.add(job_id)

    async def look_at_first(self, job_ids: Sequence[str], caller: Caller) -> None:
        """Look at the jobs of the baseline, at once where they show what is expected, else once they have settled."""
        first, *others = job_ids
        if not others or self.may_lag:
            await self._settle()
        await self._look(first, caller)
        if first in self._shown_active_early:
            await self._settle()
        await self._look_at_all(others, caller)

    async def look_at_others(self, caller: Caller) -> None:
        """Look at all canceled jobs that nobody has looked at, once they have settled."""
        others = [job_id for job_id in self._canceled_at if job_id not in self._looked]
        await asyncio.gather(*(self._look_once_settled(job_id, caller) for job_id in others if self._can_look))

    def conclude(self, was_accepted_later: Callable[[Exchange, int], bool]) -> None:
        """Say what was seen as a whole. A token that was accepted later was good when it was refused."""
        if not self._canceled_at:
            return
        if any(was_accepted_later(*refused) for refused in self._refused_again):
            self._found.add(Judgement(RULE))
        if self._shown_active_early and self._shown_canceled:
            count, all_looks = len(self._shown_active_early), len(self._looked)
            self._found.note(
                f"{count} of {all_looks} jobs that were read back were still shown as active right after their cancel, "
                "and others as canceled: what the engine shows lags."
            )
        if self._known_late:
            count = len(self._known_late)
            self._found.note(
                f"{plural(count, 'job')} {'was' if count == 1 else 'were'} answered as an unknown id at first, and canceled "
                f"within {self._settle_s:g} s (--settle) of being given: what the engine knows lags."
            )
        if self._early and self.lags:
            self._found.note(
                f"{len(self._early)} later cancels that came within {self._settle_s:g} s (--settle) of their job's cancel "
                "were answered with a success, and those that came later were refused: what the engine knows lags."
            )
        # Lags explain those alone whose caller was refused once another job had settled.
        early = {job_id for step, job_id in self._early if step.caller not in self._settled_again}
        in_doubt = [
            job_id
            for job_id in {*self._accepted_again, *early} & {*self._canceled_at}
            if job_id not in self._shown_canceled
        ]
        is_shown = any(item.rule == RULE for item in self._found.judgements)
        if in_doubt or (not is_shown and self._found.complete):
            self._found.leave_unchecked(RULE, self._why_not(len(in_doubt)), "evidence")

    def _why_not(self, in_doubt: int) -> str:
        how = (
            f"reading jobs back at {self._path} shows none" if self._path is not None else "no read-back shows the jobs"
        )
        what = (
            f"a second cancel of {in_doubt} {'jobs was' if in_doubt > 1 else 'job was'} answered with a success too"
            if in_doubt
            else "no later cancel was refused"
        )
        return (
            f"nothing shows that the jobs were canceled: {what}, and {how}. "
            "Give --read-back PATH, a GET that shows a job, with {job_id} in it"
        )

    async def _settle(self) -> None:
        """Wait until the newest cancel is old enough to be seen everywhere."""
        if self._can_look and self._canceled_at:
            await self.let_know(max(self._canceled_at.values()))

    async def _look_once_settled(self, job_id: str, caller: Caller) -> None:
        await self.let_know(self._canceled_at[job_id])
        await self._look(job_id, caller)

    async def _look_at_all(self, job_ids: Sequence[str], caller: Caller) -> None:
        await asyncio.gather(*(self._look(job_id, caller) for job_id in job_ids))

    async def _look(self, job_id: str, caller: Caller) -> None:
        if not self._can_look:
            return
        is_settled = self.is_known(self._canceled_at.get(job_id, 0.0))
        path = self._path or USUAL_READ_BACK
        request = read_back_request(path, job_id, caller)
        *_, exchange = await send_until_heard(
            lambda: send_renewed(self._sender, request, job_id, is_due=False), is_lost, more_tries=MORE_LOOKS
        )
        status = shown_status(exchange.response, job_id)
        if status is None:
            # If the first look shows no job, the others are left out.
            self._can_look = bool(self._looked)
            return
        self._looked.add(job_id)
        if status in _CANCELED:
            self._shown_canceled.add(job_id)
            self._found.add(Judgement(RULE, origin=origin_of(exchange)))
        elif status in ACTIVE and not is_settled:
            self.may_lag = True
            self._shown_active_early.add(job_id)
        elif status in ACTIVE:
            self.shown_active.add(job_id)
            received = f"GET {path} shows the job as {status}, after its cancel had been answered with a success"
            self._found.break_rule(RULE, received, "a job that is canceled", exchange)


def shown_status(response: Response | None, job_id: str) -> str | None:
    """Return the status of that job in a response, whose document may be the job or hold it; None where it shows none."""
    document = document_of(response) if response is not None and response.is_success else None
    candidates = [document, *document.values()] if isinstance(document, dict) else []
    for candidate in candidates:
        if isinstance(candidate, dict) and any(candidate.get(name) == job_id for name in _IDS):
            status = candidate.get("status")
            return status.lower() if isinstance(status, str) else None
    return None

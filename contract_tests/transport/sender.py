"""Sending with patience: the pace, retries of 429 and 503, lost connections, and giving up on an engine."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from contract_tests.errors import OutsideGuardError
from contract_tests.judge.answers import form, look
from contract_tests.model import BUSY, GATEWAY, Exchange, Fault, Request, Response
from contract_tests.purpose import Purpose
from contract_tests.transport.transport import GIVE_PROXY, Transport
from contract_tests.transport.turns import Turns

RETRIES = 3
PATIENCE_WITH_STRANGERS_S = 5.0
PATIENCE_AT_FIRST_S = 10.0  # with an engine that has answered each cancel with 429 or 503
TELLING_TRIES = 3  # the same 429 or 503 this many times to the same request is a refusal
BY_CHANCE = 0.001  # a share of runs; where more would lose a request as often as it was lost, the network did it
_MAX_RETRY_AFTER_CHARS = 100
BACKOFF_S = 0.5  # before the first retry, doubled for each further one
FAILURES_IN_A_ROW = 5  # connections that fail one after the other before the run stops
ASKED_OF_NETWORK = 12  # where it loses a quarter of all chunks, one run in a thousand gets that many answers
# Bytes of responses that are kept for the reports: a job of 2,000 tasks whole, and a run's jobs of that size.
KEPT_OF_ONE, KEPT_OF_ALL, KEPT_OF_LATER = 2 * 2**20, 40 * 2**20, 16 * 2**10


class GaveUp(Exception):  # noqa: N818 - the end of a run, not a defect
    """The engine cannot be talked to; the message says what happened."""


def which_gave_up(error: BaseException) -> GaveUp:
    """Return the end of the run from what tasks raised together. Raises anything else."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, GaveUp):
        return error
    raise error


class Sender:
    """Sends through the transport, at most `concurrency` at a time and `rate` a second."""

    def __init__(
        self,
        transport: Transport,
        *,
        concurrency: int,
        rate: float | None,
        deadline: float,
        on_exchange: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        """Take the transport and its bounds; no retry is begun more than `deadline` seconds from now."""
        self.transport = transport
        self.exchanges: list[Exchange] = []
        self.connections_lost = 0
        self.mistook_busy = False
        """Whether a response was taken for a refusal that a valid request then got too, and for a while only."""
        self._is_busy = False
        self._were_answered = False
        self.gateway_fails = False
        """Whether a gateway failed at a request that must be refused, and passed it on when it was sent again."""
        self._lost_due: set[bool] = set()
        """Whether a connection was lost within the response, for requests that were to succeed."""
        self._refusals: set[object] = set()
        """Forms of 429 and 503 that are the engine's refusals."""
        self._confirmed: set[object] = set()
        """Refusals after which a valid request has succeeded."""
        self._learning = asyncio.Lock()
        self._busy: set[object] = set()
        """Forms of 429 and 503 that went by."""
        self._passed = False
        self._refuses_all_since: float | None = None
        """Since when each cancel was answered 429 or 503, None before the first one; infinity once one was not."""
        self._has_answered = False
        self._has_refused_stranger = False
        self._has_succeeded = False
        self._sent = 0
        self._on_exchange = on_exchange
        self.concurrency = concurrency
        self._gate = Turns(concurrency)
        self._one_by_one = asyncio.Lock()
        self.interval_s = 1 / rate if rate else 0.0
        self._not_before = 0.0
        self._next_slot = 0.0
        self._ends = time.monotonic() + deadline
        self._failures = 0
        self._failed_at = 0.0
        """When the last of them was known, in seconds since 1970."""
        self._drops = 0
        self._kept = 0

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self._ends - time.monotonic()

    async def send(
        self, request: Request, job_id: str | None = None, *, is_due: bool = False, first: bool = False
    ) -> Exchange:
        """Send, and send again while the engine says that it is busy: at most three times.

        `is_due`: a success is due, so that a refusal which the engine gives by 429 or 503 is doubted once.
        `first`: others wait for the response, so that it goes before what waits to be sent.
        Raises GaveUp after several connections in a row that failed.
        """
        exchange = await self._once(request, job_id, first=first)
        if is_due and exchange.is_dropped:
            self._lost_due.add(exchange.response is not None)
        if exchange.status in BUSY and not is_due:
            # One request at a time finds out whether this is a refusal; the others go by what it learns.
            came = time.monotonic()
            async with self._learning:
                return await self._send_again(exchange, is_due=False, waited_s=time.monotonic() - came)
        return await self._send_again(exchange, is_due=is_due)

    async def _send_again(self, exchange: Exchange, *, is_due: bool, waited_s: float = 0.0) -> Exchange:
        """Send a request again for as long as it makes sense. `waited_s` is how long ago it was answered."""
        answers: list[Exchange] = []
        for attempt in range(RETRIES + 1):
            if attempt:
                exchange = await self._once(exchange.request, exchange.job_id)
            if exchange.status not in BUSY:
                break
            answers.append(exchange)
            if self._refuses(answers, is_due=is_due) or attempt == RETRIES or self._locks_out(answers):
                return exchange
            if self._has_refused_all_for_long():
                return exchange  # to wait again shows no more
            self._is_busy = True
            delay = _delay(exchange.response, attempt) - (0.0 if attempt else waited_s)
            if delay >= self.remaining:
                return exchange
            self._not_before = max(self._not_before, time.monotonic() + delay)
        self._has_refused_stranger |= exchange.request.caller.kind != "token" and not exchange.accepted
        self._went_by(answers)
        if is_due and exchange.accepted:
            self._has_succeeded = True
            self._confirmed = set(self._refusals)
        return exchange

    def _has_refused_all_for_long(self) -> bool:
        since = self._refuses_all_since
        return since is not None and time.monotonic() - since >= PATIENCE_AT_FIRST_S

    def is_refusal(self, exchange: Exchange) -> bool:
        """Return whether a 429 or 503 is known as this engine's way to refuse: valid requests succeeded meanwhile."""
        return exchange.status in BUSY and form(exchange) in self._confirmed

    def _refuses(self, answers: Sequence[Exchange], *, is_due: bool) -> bool:
        """Tell a refusal from a busy engine by the responses to one request; it is learned once for the run."""
        last, kind = answers[-1], form(answers[-1])
        if kind in self._refusals:
            self._passed = self._passed or not is_due
            return not is_due or len(answers) > 1
        # Whoever says when to come again is believed for as long as requests are sent again.
        tries = TELLING_TRIES if retry_after(last.response) is None else RETRIES + 1
        is_the_same = len(answers) >= tries and len({look(answer) for answer in answers}) == 1
        is_stranger = last.request.caller.kind != "token"
        if is_due or is_stranger or not is_the_same or not self._has_succeeded or kind in self._busy:
            return False
        self._refusals.add(kind)
        self._is_busy = bool(self._busy)
        return True

    def _locks_out(self, answers: Sequence[Exchange]) -> bool:
        """Return whether a caller without a valid credential is asked to wait for long, or still, after one was refused."""
        if not self._has_refused_stranger or answers[-1].request.caller.kind == "token":
            return False
        told = retry_after(answers[-1].response)
        return len(answers) > 1 if told is None else told > PATIENCE_WITH_STRANGERS_S

    def _went_by(self, answers: Sequence[Exchange]) -> None:
        """Take in that the engine was busy, and is no more."""
        kinds = {form(answer) for answer in answers}
        self.mistook_busy = self.mistook_busy or (self._passed and bool(kinds & self._refusals))
        self._busy |= kinds
        self._refusals -= kinds
        self._confirmed -= kinds

    def was_answered(self, lost: Sequence[Exchange]) -> None:
        """Take in that a request which must be refused was lost, and answered when it was sent again."""
        self.gateway_fails = self.gateway_fails or any(e.status in GATEWAY for e in lost)
        self._were_answered = self._were_answered or any(is_lost(e) and e.request.fresh_connection for e in lost)

    async def ask_network(self, harmless: Request) -> None:
        """Send a request again and again, each time on a connection of its own, until it was both lost and answered.

        Nothing is at stake in it, so an engine has no reason to answer it now and then.
        """
        were_dropped: set[bool] = set()
        for _ in range(ASKED_OF_NETWORK):
            if self.network_drops or self.remaining <= 0:
                break
            exchange = await self.transport.send(replace(harmless, fresh_connection=True))
            self._keep(exchange)
            if not (exchange.is_dropped or exchange.response):
                break
            were_dropped.add(exchange.is_dropped)
            self._were_answered = len(were_dropped) > 1

    @property
    def network_drops(self) -> bool:
        """Whether connections are lost at random.

        Then a harmless request, or one that must be refused, was lost on a new connection and answered on another, or
        valid ones were lost both before and within the response, which no engine does that fails in one way, or the run
        ended since many were lost, but not all.
        """
        gave_up = self._failures >= FAILURES_IN_A_ROW and self.exchanges[-1].is_dropped
        return self._were_answered or len(self._lost_due) > 1 or (gave_up and any(map(_is_whole, self.exchanges)))

    def is_by_chance(self, exchange: Exchange) -> bool:
        """Return whether the network or a gateway, and not the engine, is seen to fail as it did here."""
        return self.gateway_fails if exchange.status in GATEWAY else is_lost(exchange) and self.network_drops

    def may_be_chance(self, times: int) -> bool:
        """Return whether the network, and not the engine, may lose a request this often in a row."""
        return self.network_drops and is_likely(times, lost=self.connections_lost, sent=self._sent)

    async def wait(self, seconds: float) -> None:
        """Send nothing for this number of seconds."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def _once(self, request: Request, job_id: str | None, *, first: bool = False) -> Exchange:
        if self._drops > 1:
            # The engine closes connections that are in use, or takes few at a time and counts those that are kept.
            await self.transport.close()
            request = replace(request, fresh_connection=True)
        async with self._gate.turn(first=first):
            if self._is_busy or self._drops > 1:
                # An engine that throttles, or takes few connections, is asked one request at a time from then on.
                async with self._one_by_one:
                    exchange = await self._paced(request, job_id)
            else:
                exchange = await self._paced(request, job_id)
        self._sent += 1
        # Before the first response a lost connection looks like an engine that is not there.
        self.connections_lost += exchange.is_dropped or (exchange.fault in UNSENT and self._has_answered)
        self._has_answered = self._has_answered or exchange.response is not None
        if exchange.response is not None and request.path == self.transport.guard.operation.path:
            if exchange.status not in BUSY:
                self._refuses_all_since = math.inf
            elif self._refuses_all_since is None:
                self._refuses_all_since = time.monotonic()
        self._keep(exchange)
        self._on_exchange(exchange)
        await self._count_failures(exchange)
        return exchange

    def _keep(self, exchange: Exchange) -> None:
        """Keep an exchange for the reports: whole while there is room, else the beginning of its body."""
        kept = exchange.cut(KEPT_OF_ONE if self._kept < KEPT_OF_ALL else KEPT_OF_LATER)
        self._kept += len(kept.response.body) if kept.response else 0
        self.exchanges.append(kept)

    async def _paced(self, request: Request, job_id: str | None) -> Exchange:
        if self.interval_s:
            slot = max(self._next_slot, time.monotonic())
            self._next_slot = slot + self.interval_s
            await asyncio.sleep(slot - time.monotonic())
        while (pause := self._not_before - time.monotonic()) > 0:  # noqa: ASYNC110 - another may prolong it
            await asyncio.sleep(pause)
        try:
            return await self.transport.send(request, job_id)
        except OutsideGuardError as error:
            return Exchange(request, request.situation, fault=Fault.GUARD, detail=str(error), job_id=job_id)

    async def _count_failures(self, exchange: Exchange) -> None:
        if exchange.fault is Fault.GUARD:
            return
        if _is_whole(exchange):
            self._failures = 0
            return
        self._drops += exchange.fault is Fault.DROPPED
        if is_lost(exchange) and exchange.started_at < self._failed_at:
            return  # lost together with another one: the engine may take few connections at a time
        self._failed_at = time.time()
        self._failures += 1
        failures = self._failures
        if failures < FAILURES_IN_A_ROW:
            return
        # Does it fail altogether, or only at this request? An earlier request that it answered is sent again.
        answered = next((e for e in reversed(self.exchanges) if _is_whole(e) and not e.accepted and e.job_id), None)
        if answered is not None:
            once_more = replace(answered.request, purpose=Purpose.ONCE_MORE, told="")
            again = await self.transport.send(once_more, answered.job_id)
            self._keep(again)
            if _is_whole(again):
                self._failures = 0
                return
        raise GaveUp(f"{failures} exchanges in a row failed, the last: {describe_failure(exchange)}")


def _is_whole(exchange: Exchange) -> bool:
    """Return whether the response shows enough: of a refusal the status is enough."""
    return exchange.response is not None and (exchange.response.broken_off is None or not exchange.accepted)


PROXY_ASKS = (
    f"A proxy on the way asks for a user and a password (407). Give {GIVE_PROXY}, or reach the engine without it."
)
UNSENT = frozenset({Fault.CONNECT, Fault.TLS})


def is_likely(times: int, *, lost: int, sent: int) -> bool:
    """Return whether one of the requests sent is likely to be lost this often in a row, where `lost` of all are."""
    return sent * (lost / sent) ** times > BY_CHANCE


def is_lost(exchange: Exchange) -> bool:
    """Return whether no response came since a connection was lost, or was not made."""
    return exchange.response is None and exchange.fault in {Fault.DROPPED, *UNSENT}


def is_unheard(exchange: Exchange) -> bool:
    """Return whether the engine may have taken the request, and a connection or a gateway lost its response."""
    return exchange.status in GATEWAY or (is_lost(exchange) and exchange.fault not in UNSENT)


def describe_failure(exchange: Exchange) -> str:
    """Return a sentence on an exchange without a whole response of the engine."""
    if exchange.status in GATEWAY:
        return f"status {exchange.status}"
    if exchange.response is not None:
        return f"an answer that {exchange.response.flaw}"
    detail = f": {exchange.detail}" if exchange.detail else ""
    return f"{exchange.fault or Fault.DROPPED}{detail}"


def _delay(response: Response | None, attempt: int) -> float:
    told = retry_after(response)
    # A date has whole seconds only, and may be over already.
    return max(told, BACKOFF_S * attempt) if told is not None else BACKOFF_S * 2**attempt


def retry_after(response: Response | None) -> float | None:
    """Return the seconds that `Retry-After` asks for, given as seconds or as a date; None if it says nothing."""
    value = ((response and response.header("retry-after")) or "")[:_MAX_RETRY_AFTER_CHARS].strip()
    if not value:
        return None
    try:
        return max(0.0, min(float(value), 86_400.0))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())

"""Sending with patience: the pace, retries of 429 and 503, and giving up on an engine that is not there."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from contract_tests.errors import OutsideGuardError
from contract_tests.model import BUSY, Exchange, Fault, Request, Response
from contract_tests.transport.transport import Transport

RETRIES = 3
BACKOFF = 0.5  # seconds before the first retry, doubled for each further one
FAILURES_IN_A_ROW = 5  # connections that fail one after the other before the run stops
# Bytes of answers that are kept for the reports: a job of 2,000 tasks whole, and a run's jobs of that size.
KEPT_OF_ONE, KEPT_OF_ALL, KEPT_OF_LATER = 2 * 2**20, 40 * 2**20, 16 * 2**10


class GaveUp(Exception):  # noqa: N818 - the end of a run, not a defect
    """The engine cannot be talked to; the message says what happened."""


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
        """`deadline` is the number of seconds from now after which no retry is begun."""
        self.transport = transport
        self.exchanges: list[Exchange] = []
        self.busy_answers = 0
        self._on_exchange = on_exchange
        self._gate = asyncio.Semaphore(concurrency)
        self._one_by_one = asyncio.Lock()
        self._interval = 1 / rate if rate else 0.0
        self._not_before = 0.0
        self._next_slot = 0.0
        self._ends = time.monotonic() + deadline
        self._failures = 0
        self._drops = 0
        self._kept = 0

    @property
    def remaining(self) -> float:
        """Seconds until the deadline."""
        return self._ends - time.monotonic()

    async def send(self, request: Request, situation: str, job_id: str | None = None) -> Exchange:
        """Send, and send again while the engine says that it is busy: at most three times.

        Raises GaveUp after several connections in a row that failed.
        """
        for attempt in range(RETRIES + 1):
            exchange = await self._once(request, situation, job_id)
            if exchange.status not in BUSY or attempt == RETRIES:
                break
            self.busy_answers += 1
            delay = _delay(exchange.response, attempt)
            if delay >= self.remaining:
                break
            self._not_before = max(self._not_before, time.monotonic() + delay)
        return exchange

    async def wait(self, seconds: float) -> None:
        """Send nothing for that long."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def _once(self, request: Request, situation: str, job_id: str | None) -> Exchange:
        if self._drops > 1:
            request = replace(request, fresh_connection=True)  # the engine closes connections that are in use
        async with self._gate:
            if self.busy_answers or self._drops > 1:
                # An engine that throttles, or takes few connections, is asked one request at a time from then on.
                async with self._one_by_one:
                    exchange = await self._paced(request, situation, job_id)
            else:
                exchange = await self._paced(request, situation, job_id)
        self._keep(exchange)
        self._on_exchange(exchange)
        await self._count_failures(exchange)
        return exchange

    def _keep(self, exchange: Exchange) -> None:
        """Keep an exchange for the reports: whole while there is room, else the beginning of its body."""
        kept = exchange.cut(KEPT_OF_ONE if self._kept < KEPT_OF_ALL else KEPT_OF_LATER)
        self._kept += len(kept.response.body) if kept.response else 0
        self.exchanges.append(kept)

    async def _paced(self, request: Request, situation: str, job_id: str | None) -> Exchange:
        if self._interval:
            slot = max(self._next_slot, time.monotonic())
            self._next_slot = slot + self._interval
            await asyncio.sleep(slot - time.monotonic())
        while (pause := self._not_before - time.monotonic()) > 0:  # noqa: ASYNC110 - another may prolong it
            await asyncio.sleep(pause)
        try:
            return await self.transport.send(request, situation, job_id)
        except OutsideGuardError as error:
            return Exchange(request, situation, fault=Fault.GUARD, detail=str(error), job_id=job_id)

    async def _count_failures(self, exchange: Exchange) -> None:
        if exchange.fault is Fault.GUARD:
            return
        if _is_whole(exchange):
            self._failures = 0
            return
        self._drops += exchange.fault is Fault.DROPPED
        self._failures += 1
        if self._failures < FAILURES_IN_A_ROW:
            return
        # Does it fail altogether, or only at what it was asked? What it answered before is asked again.
        answered = next((e for e in reversed(self.exchanges) if _is_whole(e) and not e.accepted and e.job_id), None)
        if answered is not None:
            again = await self.transport.send(answered.request, "an earlier request once more", answered.job_id)
            self._keep(again)
            if _is_whole(again):
                self._failures = 0
                return
        raise GaveUp(f"{self._failures} exchanges in a row failed, the last: {describe_failure(exchange)}")


def _is_whole(exchange: Exchange) -> bool:
    """Whether the answer tells what it is to tell: of a refusal the status is enough."""
    return exchange.response is not None and (exchange.response.broken_off is None or not exchange.accepted)


def describe_failure(exchange: Exchange) -> str:
    """A sentence on an exchange without a whole answer."""
    if exchange.response is not None:
        return f"an answer that breaks off: {exchange.response.broken_off}"
    detail = f": {exchange.detail}" if exchange.detail else ""
    return f"{exchange.fault or Fault.DROPPED}{detail}"


def _delay(response: Response | None, attempt: int) -> float:
    told = retry_after(response) if response else None
    # A date has whole seconds only, and may be over already.
    return max(told, BACKOFF * attempt) if told is not None else BACKOFF * 2**attempt


def retry_after(response: Response) -> float | None:
    """The seconds that `Retry-After` asks for, given as seconds or as a date; None where it says nothing."""
    value = (response.header("retry-after") or "").strip()
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

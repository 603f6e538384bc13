"""Starts the jobs of a run: each by a request for the workflow that --workflow names."""

import asyncio

from contract_tests.judge.answers import document_of
from contract_tests.model import DENIED, GATEWAY, Because, Caller, Exchange, Fault
from contract_tests.run.concurrency import gather_limited
from contract_tests.run.findings import Findings
from contract_tests.run.resend import send_renewed, send_until_heard
from contract_tests.safety.guard import start_request
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import UNSENT, Sender, describe_failure, is_unheard

MAX_ID_CHARS = 512
MORE_TRIES = 2  # where a connection or a gateway fails now and then
LAST_ANSWERS_S = 5.0
"""Seconds for which a run that ends waits for the ids of jobs that it has just started."""


class JobStarter:
    """Starts jobs as one role. The first start that fails ends it; what was started is in the supply at once."""

    def __init__(self, workflow: str, role: str, sender: Sender, supply: Supply, found: Findings) -> None:
        """Take the workflow's name, and the role that starts its jobs."""
        self._request = start_request(workflow, Caller(role, "token"))
        self._option = f"--workflow {workflow}"
        self._role = role
        self._sender = sender
        self._supply = supply
        self._found = found
        self._has_failed = False

    async def start(self, count: int) -> list[str]:
        """Start jobs and return their ids: one first, which shows whether it can be done, then the others."""
        first = await self._start_one() if count else []
        others = await gather_limited(self._start_one() for _ in range(count - 1 if first else 0))
        return [*first, *(job_id for started in others for job_id in started)]

    async def _start_one(self) -> list[str]:
        if self._has_failed or self._supply.is_over.is_set():
            return []
        started = asyncio.create_task(self._started())
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            # A request that was sent may have made a job. The answer alone names it: without it nobody could cancel that.
            await asyncio.wait({started}, timeout=LAST_ANSWERS_S)
            if not started.cancel():
                started.exception()  # seen
            raise

    async def _started(self) -> list[str]:
        exchange = await self._send()
        job_id = _job_id(exchange)
        if job_id is None:
            self._fail(exchange)
            return []
        self._supply.add([job_id])
        return [job_id]

    async def _send(self) -> Exchange:
        *unheard, exchange = await send_until_heard(
            lambda: send_renewed(self._sender, self._request, is_due=True), is_unheard, more_tries=MORE_TRIES
        )
        if unheard and not is_unheard(exchange):
            self._found.note(
                f"{self._option}: a start was not answered ({describe_failure(unheard[-1])}), so another one was sent. "
                "The first may have started a job whose id nobody knows."
            )
        return exchange

    def _fail(self, exchange: Exchange) -> None:
        """Say once why no further job is started."""
        if self._has_failed:
            return
        self._has_failed = True
        cause: Because = "jobs"
        remedy = "Give the name of a workflow that the role may start, or jobs by --jobs or --jobs-command."
        if exchange.response is None or exchange.status in GATEWAY:
            cause, what = "unreachable", f"was not answered ({describe_failure(exchange)})"
            is_sent = exchange.fault not in UNSENT
            remedy = (
                f"{'It may have started a job.' if is_sent else 'No job was started.'} See whether the engine is up"
            )
            if exchange.fault in {Fault.TLS, Fault.DROPPED}:
                remedy += ", and check http or https in the URL, --ca-bundle and --client-cert"
            remedy += "."
        elif exchange.accepted:
            what = f"was answered with status {exchange.status} and no job id at _id"
        else:
            cause = "tokens" if exchange.status in DENIED else "jobs"
            what = f"was answered with status {exchange.status} to the role {self._role}"
        self._found.stop(cause, f"{self._option}: POST {self._request.path} {what}. {remedy}")


def _job_id(exchange: Exchange) -> str | None:
    """Return the id of the job in a response, None without one."""
    document = document_of(exchange.response) if exchange.accepted else None
    job_id = document.get("_id") if isinstance(document, dict) else None
    is_id = isinstance(job_id, str) and 0 < len(job_id) <= MAX_ID_CHARS and job_id.isprintable()
    return job_id if is_id else None

"""The operation: cancel an active job by its id."""

import orjson

from engine_contract.contract import Operation
from engine_contract.text.printable import clip
from mock_server.jobs.documents import written
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, Refused, no_job
from mock_server.operations.response import JSON, Response
from mock_server.store import Store
from mock_server.store.jobs import Cancel, Jobs


async def cancel_job(operation: Operation, exchange: Exchange, store: Store, seed: int) -> Response:
    """Cancel the exchange's job and answer with its document. Raise Refused for a job that cannot be canceled."""
    job_id = exchange.job_id or ""
    change = exchange.change
    if change is not None and change.effect is not None:
        outcome = await change.effect(exchange, store, job_id)
    else:
        outcome = await cancel_in(store, exchange, job_id)
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    if outcome.outcome != "canceled" or outcome.state is None:
        raise Refused(_why_not(job_id, exchange.session, outcome))
    exchange.serial = outcome.serial
    if exchange.preferences.example is not None:
        body = orjson.dumps(operation.response_examples[exchange.preferences.example])
    else:
        body = exchange.document = await written(job_id, outcome.state, seed=seed)
        if exchange.profile is not None:
            body = exchange.profile.rewrite(body)
    return Response(200, JSON, exchange.edited(body))


async def cancel_in(jobs: Jobs, exchange: Exchange, job_id: str) -> Cancel:
    """Change the state correctly: cancel that job, now, for the caller."""
    return await jobs.cancel(exchange.session, job_id, exchange.at_ms, exchange.credential.role or "anonymous")


def _why_not(job_id: str, session: str, outcome: Cancel) -> Refusal:
    if outcome.state is None:
        return Refusal("unknown-job", no_job(job_id, session), "job_id")
    shown = clip(job_id, 80)
    if outcome.state.status == "canceled":
        return Refusal("not-active", f"The job {shown} is canceled already.", "job_id")
    return Refusal("not-active", f"The job {shown} is {outcome.state.status}: no longer active.", "job_id")

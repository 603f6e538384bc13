"""Faults of the parameters: invalid requests that are accepted, and valid ones that are refused."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from engine_contract.http.media_types import read_content_type
from engine_contract.http.strict_json import json_type
from mock_server.jobs.job import RUNNING, State
from mock_server.operations.cancel_job import cancel_in
from mock_server.operations.exchange import Change, Exchange, Parameters
from mock_server.operations.refusals import Refusal
from mock_server.store import Store
from mock_server.store.jobs import Cancel

NOBODY = "0000000000004000a0000000"
"""The id of a job that does not exist; a document is answered for it."""

_CLOSED = Refusal("bad-parameter", "The request has a property that is not known.")


async def pretend(exchange: Exchange, store: Store, job_id: str) -> Cancel:
    """Cancel as it should be; for a job that is not there, act as if there were one."""
    outcome = await cancel_in(store, exchange, job_id)
    if outcome.outcome == "unknown" and job_id == NOBODY:
        return await as_if_canceled(exchange, store, RUNNING)
    return outcome


async def as_if_canceled(exchange: Exchange, store: Store, state: State) -> Cancel:
    """Return the outcome of a cancel that was never done, of a job in that state."""
    at_ms = (await store.clock(exchange.session)).at(exchange.at_ms)
    return Cancel("canceled", state.changed("canceled", None, at_ms, "admin"), 1)


def request() -> Iterator[Change]:
    """Yield all faults of the parameters."""
    yield _accepts(
        "accepts-missing-job_id",
        "A request without job_id is answered with some job.",
        "request.job_id.required",
        lambda value: NOBODY if isinstance(value, dict) and "job_id" not in value else None,
    )
    for kind in ("null", "a number", "a boolean", "an object", "an array"):
        yield _accepts(
            f"accepts-{kind.rpartition(' ')[2]}-job_id",
            f"A job_id that is {kind} is answered with some job.",
            "request.job_id.type",
            lambda value, kind=kind: NOBODY if json_type(_job_id(value)) == kind else None,  # type: ignore[misc]
        )
    yield _accepts(
        "accepts-job_id-in-array",
        "A job_id that is an array with an id in it cancels that job.",
        "request.job_id.type",
        lambda value: _first_text(_job_id(value)),
    )
    yield _accepts(
        "accepts-query-as-job_id",
        'A job_id is handed on to the database, so that the query {"$eq": ID} cancels the job of that id.',
        "request.job_id.type",
        lambda value: _equal_to(_job_id(value)),
    )
    yield _accepts(
        "accepts-empty-job_id",
        "An empty job_id is answered with some job.",
        "request.job_id.empty",
        lambda value: NOBODY if _job_id(value) == "" else None,
    )
    yield Change(
        name="takes-job_id-from-query",
        sentence="Where the body has no job_id, the one in the query is taken.",
        rule="request.job_id.location",
        parameters=lambda exchange, outcome: in_query(exchange) or outcome if isinstance(outcome, Refusal) else outcome,
    )
    yield _accepts(
        "accepts-array-body",
        "A body that is an array cancels the job of its first object.",
        "request.body",
        lambda value: _first_text([_job_id(item) for item in value]) or NOBODY if isinstance(value, list) else None,
    )
    yield _accepts(
        "accepts-string-body",
        "A body that is a string is taken for the id of the job.",
        "request.body",
        lambda value: (value or NOBODY) if isinstance(value, str) else None,
    )
    yield Change(
        name="accepts-empty-body",
        sentence="A request without a body is answered with some job.",
        rule="request.body",
        parameters=lambda exchange, outcome: outcome if exchange.body.strip() else NOBODY,
        effect=pretend,
    )
    yield Change(
        name="accepts-broken-json",
        sentence="A body that breaks off or has a comma too many is read as far as it goes.",
        rule="request.body",
        parameters=_read_anyhow,
    )
    yield Change(
        name="takes-forms-alone",
        sentence="The parameters are taken from a form; JSON is refused.",
        rule="request.json",
        parameters=_form_alone,
    )
    yield Change(
        name="refuses-charset",
        sentence="JSON whose content type has a parameter, such as a charset, is refused.",
        rule="request.charset",
        parameters=lambda exchange, outcome: (
            Refusal("unsupported-media-type", "Content-Type must be application/json.")
            if b";" in exchange.headers.get(b"content-type", b"")
            else outcome
        ),
    )
    yield Change(
        name="takes-query-alone",
        sentence="job_id is taken from the query alone; a body is not read.",
        rule="request.json",
        parameters=lambda exchange, _outcome: (
            in_query(exchange) or Refusal("missing-parameter", "Missing Params: job_id is required.", "job_id")
        ),
    )
    yield Change(
        name="reads-compact-json-alone",
        sentence="JSON with white space or escapes in it is refused.",
        rule="request.json",
        parameters=lambda exchange, outcome: (
            outcome
            if isinstance(outcome, Refusal) or re.fullmatch(rb'\{"job_id": ?"[^"\\]*"\}', exchange.body)
            else Refusal("bad-body", "The body is not well-formed JSON.")
        ),
    )
    yield Change(
        name="asks-for-more-parameters",
        sentence="A request with job_id alone is refused: a reason is required as well.",
        rule="request.json",
        parameters=lambda exchange, outcome: (
            outcome
            if isinstance(outcome, Refusal) or "reason" in exchange.json
            else Refusal("missing-parameter", "Missing Params: reason is required.", "reason")
        ),
    )


_ABSENT = object()


def _job_id(value: Any) -> Any:
    return value.get("job_id", _ABSENT) if isinstance(value, dict) else _ABSENT


def _equal_to(value: Any) -> str | None:
    wanted = value.get("$eq") if isinstance(value, dict) else None
    return wanted if isinstance(wanted, str) and wanted else None


def _first_text(value: Any) -> str | None:
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, str) and first else None


def _accepts(name: str, sentence: str, rule: str, take: Callable[[Any], str | None]) -> Change:
    """Take an id from JSON that should be refused; `take` returns None where it decides nothing."""

    def parameters(exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
        if isinstance(outcome, str) or not exchange.body:
            return outcome
        return take(exchange.json) or outcome

    return Change(name=name, sentence=sentence, rule=rule, parameters=parameters, effect=pretend)


def in_query(exchange: Exchange) -> str | None:
    """Return the job_id of the query, None where there is none."""
    return parse_qs(exchange.query.decode("latin-1")).get("job_id", [None])[0]


def _read_anyhow(exchange: Exchange, outcome: str | Refusal) -> str | Refusal:
    if isinstance(outcome, str) or exchange.json is not None:
        return outcome
    found = re.search(rb"""["']job_id["']\s*:\s*["']([^"']+)""", exchange.body)
    return found[1].decode("utf-8", "replace") if found else outcome


def _form_alone(exchange: Exchange, _outcome: str | Refusal) -> str | Refusal:
    media = read_content_type(exchange.headers.get(b"content-type", b"")).media
    if media != "application/x-www-form-urlencoded":
        return Refusal("unsupported-media-type", "Content-Type must be application/x-www-form-urlencoded.")
    found = parse_qs(exchange.body.decode("latin-1")).get("job_id")
    return found[0] if found else Refusal("missing-parameter", "Missing Params: job_id is required.", "job_id")


refuse_more: Parameters = lambda exchange, outcome: (  # noqa: E731 - one of a kind with those above
    _CLOSED if isinstance(outcome, str) and set(exchange.json) != {"job_id"} else outcome
)

"""Variations: engines that conform, and are odd where the page is silent."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import orjson

from engine_contract.contract import Operation
from mock_server.faults.request import refuse_more
from mock_server.faults.response import may_be_absent
from mock_server.jobs import documents
from mock_server.jobs.document_paths import put, remove
from mock_server.jobs.job import State
from mock_server.operations.exchange import Change, Document, Exchange
from mock_server.operations.profile import load_profile, names
from mock_server.operations.refusals import Refusal
from mock_server.operations.response import Response, Wire
from mock_server.store import Store


def variations(operation: Operation) -> Iterator[Change]:
    """Yield all variations."""
    yield from _refusals()
    yield from _limits()
    yield from _documents(operation)
    yield from _answers()


def _refusals() -> Iterator[Change]:
    for name in names():
        profile = load_profile(name)
        if profile.situations or profile.default:
            yield Change(
                name=f"refusals-{name}",
                sentence=f"Refusals look as in the shipped profile {name}.",
                reply=lambda response, exchange, profile=profile: (
                    response  # type: ignore[misc]
                    if exchange.refusal is None
                    else profile.render(exchange.refusal, exchange.job_id)
                ),
            )
    yield Change(
        name="refusals-400",
        sentence="Every refusal is a 400, whatever its reason.",
        reply=lambda response, exchange: response if exchange.refusal is None else response._replace(status=400),
    )
    yield Change(
        name="refusals-404",
        sentence="Every refusal is a 404 that tells nothing.",
        reply=lambda response, exchange: (
            response
            if exchange.refusal is None
            else Response(404, b"text/plain", b"Cannot POST " + exchange.path.encode("utf-8", "replace"))
        ),
    )
    yield Change(
        name="refuses-more-properties",
        sentence="A body with more than job_id is refused, as later editions do.",
        parameters=refuse_more,
    )


def _limits() -> Iterator[Change]:
    yield Change(
        name="throttles",
        sentence="One of four requests is answered with 429 and Retry-After.",
        first=_throttle,
    )
    yield Change(
        name="unavailable-at-times",
        sentence="One of five requests is answered with 503 and Retry-After, and nothing is done.",
        first=_be_unavailable,
    )
    yield Change(
        name="locks-out",
        sentence="After a wrong credential everybody is refused with 429 for half a second.",
        first=_lock_out,
    )
    yield Change(name="slow", sentence="Every answer takes 150 to 300 ms.", latency_ms=(150.0, 300.0))


async def _throttle(exchange: Exchange, store: Store) -> Refusal | None:
    if await store.tally(exchange.session, "throttles") % 4 == 0:
        return Refusal("too-many-requests", "There were too many requests.", headers=((b"retry-after", b"0"),))
    return None


async def _be_unavailable(exchange: Exchange, store: Store) -> Refusal | None:
    if await store.tally(exchange.session, "unavailable") % 5 == 0:
        return Refusal("unavailable", "The engine is busy.", headers=((b"retry-after", b"0"),))
    return None


async def _lock_out(exchange: Exchange, store: Store) -> Refusal | None:
    until = await store.noted(exchange.session, "locked-until")
    if exchange.at_ms < until:
        return Refusal("too-many-requests", "Locked out after a wrong credential.", headers=((b"retry-after", b"1"),))
    credential = exchange.credential
    if credential.role is None and credential.kind != "none":
        await store.note(exchange.session, "locked-until", exchange.at_ms + 500)
    return None


def _documents(operation: Operation) -> Iterator[Change]:
    yield Change(name="sparse", sentence="All that may be left out is left out.", document=_sparse(operation))
    yield Change(
        name="extended",
        sentence="Fields of newer editions stand at every level, some of them null.",
        document=_extended,
    )
    yield Change(name="large", sentence="Documents have 2,000 tasks.", document=_large)
    yield Change(
        name="in-transit", sentence="Tasks that were running still say so, and have no end yet.", document=_in_transit
    )
    yield Change(
        name="empty-collections",
        sentence="Tasks, transitions, watchers, groups and errors are empty.",
        document=lambda job, _exchange: (
            job | {"tasks": {}, "transitions": {}, "watchers": [], "groups": [], "error": []}
        ),
    )
    yield Change(
        name="empty-strings",
        sentence="Texts without meaning are empty strings.",
        document=lambda job, _exchange: job | {"name": "", "created_by": "", "last_updated_by": "", "type": ""},
    )
    yield Change(
        name="transitions-elsewhere",
        sentence="transitions name tasks that are not there, as in the page's example.",
        document=lambda job, _exchange: (
            job | {"transitions": job["transitions"] | {"6a90": {"7b01": {"type": "standard", "state": "success"}}}}
        ),
    )
    yield Change(
        name="dates-without-fraction",
        sentence="Date-times have no fraction, and an offset in place of Z.",
        document=lambda job, _exchange: (
            job | {"created": "2018-07-26T19:37:05Z", "last_updated": "2018-08-02T17:56:12+02:00"}
        ),
    )
    yield Change(
        name="groups-of-names",
        sentence="groups hold names, objects and numbers: the page shows no element.",
        document=lambda job, _exchange: job | {"groups": ["default", {"_id": "5cb7b531d06cceb89fd21b1c"}, 7]},
    )
    yield Change(name="whole-numbers-as-floats", sentence="Times are written as 5.0.", reply=_floats)


def _sparse(operation: Operation) -> Document:
    def document(job: dict[str, Any], _exchange: Exchange) -> dict[str, Any]:
        for place in may_be_absent(operation):
            remove(job, place)
        return job

    return document


def _extended(job: dict[str, Any], _exchange: Exchange) -> dict[str, Any]:
    for place in (("tasks", "*"), ("tasks", "*", "metrics"), ("tasks", "*", "metrics", "app"), ("transitions", "*", "*"),
                  ("metrics",), ("metrics", "app"), ("error", "*")):  # fmt: skip
        put(
            job,
            place,
            lambda value: value | {"description": None, "nodeLocation": {"x": 84}, "iterations": [], "actor": None},
        )
    return job | {"description": None, "ancestors": [job["_id"]], "decorators": [], "tags": [], "canvasVersion": 3,
                  "variables": {"job_id": None}, "canceled_job": None}  # fmt: skip


def _large(job: dict[str, Any], exchange: Exchange) -> Any:
    by = exchange.credential.role or "admin"
    canceled = State("canceled", documents.LARGEST, changed_at_ms=exchange.at_ms, changed_by=by)
    return orjson.loads(documents.document(job["_id"], canceled))


def _in_transit(job: dict[str, Any], _exchange: Exchange) -> dict[str, Any]:
    for task in job["tasks"].values():
        if task["status"] == "canceled":
            task["status"] = "running"
            for key in ("end_time", "run_time", "finish_state"):
                task.get("metrics", {}).pop(key, None)
    return job


def _floats(response: Response, exchange: Exchange) -> Response:
    if exchange.refusal is not None:
        return response
    job = orjson.loads(response.body)
    for place in (("metrics", "*"), ("tasks", "*", "metrics", "*"), ("error", "*", "timestamp"), ("font_size",)):
        put(job, place, lambda value: float(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    return response._replace(body=json.dumps(job).encode())


def _answers() -> Iterator[Change]:
    yield Change(
        name="ascii-json", sentence="Every character beyond ASCII is escaped.", reply=_written(ensure_ascii=True)
    )
    yield Change(
        name="indented-json",
        sentence="The document is written for people.",
        reply=_written(indent=2, ensure_ascii=False),
    )
    yield Change(name="sorted-json", sentence="Keys are sorted.", reply=_written(sort_keys=True))
    yield Change(
        name="content-type-with-charset",
        sentence="The content type is Application/JSON;Charset=UTF-8.",
        reply=lambda response, exchange: (
            response
            if exchange.refusal is not None
            else response._replace(content_type=b"Application/JSON;Charset=UTF-8")
        ),
    )
    yield Change(name="gzip", sentence="Answers are compressed for those who accept it.", reply=_compressed)
    yield Change(
        name="closes",
        sentence="The connection is closed after each answer.",
        reply=lambda response, _exchange: response._replace(headers=(*response.headers, (b"connection", b"close"))),
    )
    yield Change(
        name="drips",
        sentence="Answers come in small pieces.",
        reply=lambda response, _exchange: response._replace(wire=Wire("drip", chunk=512, pause_s=0.005)),
    )
    yield Change(
        name="more-headers",
        sentence="Answers carry cookies, caching and headers of a gateway.",
        reply=lambda response, _exchange: response._replace(
            headers=(
                *response.headers,
                (b"set-cookie", b"lb=1; Path=/"),
                (b"cache-control", b"no-store"),
                (b"x-powered-by", b"Express"),
                (b"via", b"1.1 gateway"),
            )
        ),
    )


def _written(**how: Any) -> Any:
    def reply(response: Response, exchange: Exchange) -> Response:
        if exchange.refusal is not None:
            return response
        return response._replace(body=json.dumps(orjson.loads(response.body), **how).encode())

    return reply


def _compressed(response: Response, exchange: Exchange) -> Response:
    if b"gzip" not in exchange.headers.get(b"accept-encoding", b"") or not response.body:
        return response
    headers = (*response.headers, (b"content-encoding", b"gzip"))
    return response._replace(body=gzip.compress(response.body, 1), headers=headers)

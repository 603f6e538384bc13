"""From what has passed to what is judged: exchanges, and the jobs that documents of any route tell of."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson

from contract_tests.judge.passive import Opinion
from contract_tests.model import Answer, Caller, Exchange, Request
from contract_tests.recording.callers import Shown
from contract_tests.recording.proxied_exchange import Headers, Passage
from engine_contract.http.content_encoding import decode_content

MAX_SEARCHED = 1 << 20  # bytes of a document in which jobs are looked for
MAX_FOUND = 1000
STATUSES = frozenset({"running", "paused", "complete", "error", "canceled", "incomplete"})  # field notes

READABLE = frozenset({"identity", "gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage, and what is known of it: secrets still in it. `opinion` is None for what is no cancel."""

    passage: Passage
    exchange: Exchange
    """The passage with the content encodings of its bodies undone."""
    shown: Shown
    opinion: Opinion | None


def texts(headers: Headers) -> tuple[tuple[str, str], ...]:
    """Headers as text."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def exchange_of(passage: Passage, caller: Caller) -> Exchange:
    """The passage as check-engine knows exchanges, content encodings undone."""
    content_type = next((v.decode("latin-1") for n, v in passage.headers if n.lower() == b"content-type"), None)
    query = tuple(parse_qsl(passage.query, keep_blank_values=True)) if passage.query else ()
    body = bytes(passage.body.data) if passage.body.size else None
    request = Request(passage.method, passage.path, caller, query, body, content_type)
    answer = _answer(passage)
    return Exchange(
        request,
        "",
        answer,
        None if answer else passage.fault,
        passage.detail,
        passage.started_at,
    )


def _answer(passage: Passage) -> Answer | None:
    if passage.status is None:
        return None
    body, broken_off = bytes(passage.answer.data), passage.detail or None
    encoding = next((v.decode("latin-1") for n, v in passage.answer_headers if n.lower() == b"content-encoding"), "")
    if encoding and body:
        decoded, flaw = decode_content(body, encoding)
        unreadable = [name for name in _codings(encoding) if name not in READABLE]
        if unreadable:
            passage.obstacle = passage.obstacle or f"the content encoding {unreadable[0][:40]} cannot be read here"
        elif not passage.answer.is_cut:
            body, broken_off = decoded, broken_off or flaw
        else:
            body = decoded
    return Answer(passage.status, texts(passage.answer_headers), body, broken_off, passage.elapsed)


def _codings(encoding: str) -> list[str]:
    return [name.strip().lower() for name in encoding.split(",") if name.strip()]


def obstacle_of(passage: Passage) -> str | None:
    """Why a cancel cannot be judged, None if it can be."""
    if passage.obstacle:
        return passage.obstacle
    if passage.body.is_cut:
        return f"the request's body is larger than {passage.body.limit >> 20} MiB"
    encoded = any(n.lower() == b"content-encoding" and v.lower() != b"identity" for n, v in passage.headers)
    return "the request's body is compressed" if encoded else None


def jobs_in(exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    """Id, status and name of the jobs that an answer's document tells of, at its top or one or two levels deeper."""
    answer = exchange.answer
    if answer is None or not answer.is_success or answer.broken_off or len(answer.body) > MAX_SEARCHED:
        return
    if b'"_id"' not in answer.body or b'"status"' not in answer.body:
        return
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return
    yield from islice(_jobs(document, depth=2), MAX_FOUND)


def _jobs(node: Any, depth: int) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, dict):
        job_id, status = node.get("_id"), node.get("status")
        name = node.get("name")
        is_job = isinstance(job_id, str) and isinstance(status, str) and ("tasks" in node or "name" in node)
        if is_job and job_id and status in STATUSES:
            yield job_id, status, name if isinstance(name, str) else ""
            return
        children: Any = node.values()
    elif isinstance(node, list):
        children = node
    else:
        return
    if depth:
        for child in children:
            yield from _jobs(child, depth - 1)

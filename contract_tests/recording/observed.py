"""Proxied exchanges as the judges take them, and the jobs in documents of any route."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import orjson

from contract_tests.judge.passive import JudgedCall
from contract_tests.model import Caller, Exchange, Request, Response
from contract_tests.recording.callers import PresentedCredential
from contract_tests.recording.proxied_exchange import ProxiedExchange
from engine_contract.contract.job_status import STATUSES
from engine_contract.http.content_encoding import decode_content, is_encoded, unreadable
from engine_contract.http.types import HeaderList
from engine_contract.text.masking import is_login_route

MAX_SEARCHED_BYTES = 1 << 20  # of a document in which jobs are looked for
MAX_FOUND = 1000


@dataclass(frozen=True, slots=True)
class ObservedExchange:
    """An exchange with its secrets, and its judgement. `judged` is None where no operation is called."""

    proxied: ProxiedExchange
    exchange: Exchange
    """The exchange with the content encodings of its bodies undone."""
    shown: PresentedCredential
    judged: JudgedCall | None
    is_login: bool
    """Whether the request asks for a credential, by its route or as it sends a password."""
    has_untraced: bool = False
    """Whether the request holds more or longer secrets than are looked for in what comes back."""

    @property
    def hides_bodies(self) -> bool:
        """Whether its bodies are nobody's to see: a login's are not; a cancel is shown whatever it holds."""
        by_password = self.is_login and self.proxied.method == "POST" and not self.proxied.is_cancel
        return by_password or self.has_untraced or is_login_route(self.proxied.path)


def texts(headers: HeaderList) -> tuple[tuple[str, str], ...]:
    """Return headers as text."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def exchange_of(proxied: ProxiedExchange, caller: Caller) -> Exchange:
    """Return a proxied exchange as check-engine's exchange, content encodings undone."""
    query = tuple(parse_qsl(proxied.query, keep_blank_values=True)) if proxied.query else ()
    body = bytes(proxied.body.data) if proxied.body.size else None
    operation = proxied.operation
    # In one spelling, but for the values that it holds.
    path = operation.path if operation is not None and not operation.parameters_in("path") else proxied.path
    request = Request(proxied.method, path, caller, query, body, proxied.content_type)
    response = _answer(proxied)
    return Exchange(
        request,
        "",
        response,
        None if response else proxied.fault,
        proxied.detail,
        proxied.started_at,
    )


def _answer(proxied: ProxiedExchange) -> Response | None:
    if proxied.status is None:
        return None
    body, broken_off = bytes(proxied.response.data), proxied.detail or None
    encoding = _encoding(proxied.response_headers)
    is_unreadable = False
    if encoding and body:
        decoded, flaw = decode_content(body, encoding)
        # Calls that are judged ask for what can be read; others may have asked for what the answer has.
        if proxied.operation is None and (name := unreadable(encoding)) is not None:
            proxied.obstacle = proxied.obstacle or f"the content encoding {name[:40]} cannot be read here"
        elif not proxied.response.is_cut:
            is_unreadable = broken_off is None and flaw is not None
            body, broken_off = decoded, broken_off or flaw
        else:
            body = decoded
    return Response(
        proxied.status,
        texts(proxied.response_headers),
        body,
        broken_off,
        proxied.elapsed,
        is_unreadable=is_unreadable,
    )


def _encoding(headers: HeaderList) -> str:
    """Return what all `Content-Encoding` headers say."""
    return ", ".join(value.decode("latin-1") for name, value in headers if name.lower() == b"content-encoding")


def obstacle_of(proxied: ProxiedExchange) -> str | None:
    """Return why a call cannot be judged, None if it can be."""
    if proxied.obstacle:
        return proxied.obstacle
    if proxied.body.is_cut:
        return f"the request's body is larger than {proxied.body.limit >> 20} MiB"
    return "the request's body is compressed" if is_encoded(_encoding(proxied.headers)) else None


def jobs_in(exchange: Exchange) -> Iterator[tuple[str, str, str]]:
    """Yield id, status and name of the jobs in a response's document, at its top or one or two levels deeper."""
    response = exchange.response
    if response is None or not response.is_success or response.broken_off or len(response.body) > MAX_SEARCHED_BYTES:
        return
    if b'"_id"' not in response.body or b'"status"' not in response.body:
        return
    try:
        document = orjson.loads(response.body)
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

"""The control API: JSON over HTTP under `/_mock/`."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from itertools import starmap
from os import getpid
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.exceptions import HTTPException
from starlette.routing import Route, Router

from engine_contract.http.media_types import read_content_type
from engine_contract.http.paths import encoded_path, url_as_asked
from engine_contract.http.strict_json import is_deeper
from engine_contract.http.types import Receive, Scope, Send
from mock_server.control import actions
from mock_server.control.access import FOREIGN_PAGE, Guard
from mock_server.control.actions import ActionError, TakenError
from mock_server.control.metrics import CONTENT_TYPE, metrics_text
from mock_server.control.openapi import control_document
from mock_server.jobs.documents import written
from mock_server.jobs.job import State
from mock_server.jobs.timestamps import rfc3339
from mock_server.operations.body import Gone, not_json, read_body
from mock_server.operations.credentials import read_session
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.refusals import Refused, no_job, phrase, render
from mock_server.operations.response import PROBLEM, Response
from mock_server.operations.sending import head, send_answer
from mock_server.request_log import RequestLog
from mock_server.settings import Settings
from mock_server.store import Store, StoreUnavailable
from mock_server.store.behavior import DEEPEST, Behavior, Known, shown
from mock_server.store.journal import Entry, show

log = logging.getLogger("mock_server")

MAX_BODY_BYTES = 1 << 20

MOST_TOLD = 100
"""The most refused callers that are told on the terminal, each once."""

_OPEN = frozenset({"/_mock/health", "/_mock/metrics"})
"""Paths for probes and scrapers: they come by other names, and learn nothing that matters."""


class _Call(NamedTuple):
    """A request to the control API."""

    scope: Scope
    session: str
    path: Mapping[str, str]
    """The parameters of the path."""
    query: dict[str, str]
    body: Any


class _ProblemError(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


Handler = Callable[[_Call], Awaitable[Response]]


class _Endpoint:
    """The methods of one path, an ASGI application that leaves its response in the exchange."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    async def __call__(self, scope: Any, receive: Receive, _send: Send) -> None:
        exchange: Exchange = scope[SCOPE_KEY]
        handler = self._handlers["GET" if exchange.method == "HEAD" else exchange.method]
        exchange.response = await handler(await _read(exchange, scope, receive))


class Control:
    """Serves the control API on a store."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        known: Callable[[], Known],
        *,
        started_ms: int,
        shares_origin: bool = False,
    ) -> None:
        """Take what it serves; `started_ms` is when the mock started, in epoch milliseconds.

        `known` returns the names that behaviour may have: not called before any is armed, since it loads the faults.
        """
        self._settings = settings
        self._store = store
        self._known = known
        self._guard = Guard(settings, shares_origin=shares_origin)
        self._started = rfc3339(started_ms).decode()
        self._log = RequestLog(settings)
        self._told: set[tuple[str, str]] = set()
        routes: dict[str, dict[str, Handler]] = {
            "jobs": {"GET": self._list_jobs, "POST": self._make_jobs},
            "jobs/{job_id:path}": {"GET": self._read_job, "PATCH": self._change_job, "DELETE": self._remove_job},
            "clock": {"GET": self._read_clock, "POST": self._set_clock},
            "sessions": {"GET": self._list_sessions},
            "reset": {"POST": self._reset},
            "requests": {"GET": self._read_journal, "DELETE": self._empty_journal},
            "behavior": {"GET": self._read_behavior, "PUT": self._arm, "DELETE": self._disarm},
            "health": {"GET": self._health},
            "metrics": {"GET": self._read_metrics},
            "openapi.json": {"GET": self._read_openapi},
        }
        self._resources = ", ".join(path for path in routes if "{" not in path)
        self._router = Router(
            [Route(f"/_mock/{path}", _Endpoint(methods), methods=[*methods]) for path, methods in routes.items()],
            redirect_slashes=False,
            default=self._nothing,
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one request."""
        exchange = Exchange(scope)
        try:
            response = await self._answer(exchange, scope, receive, send)
        except Gone:
            return
        except _ProblemError as error:
            response = _problem(error.status, str(error))
        except TakenError as error:
            response = _problem(409, str(error))
        except ActionError as error:
            response = _problem(400, str(error))
        except Refused as refused:
            response = render(refused.refusal)
        except StoreUnavailable as error:
            response = _problem(503, error.sentence)
        asked = exchange.headers.get(b"access-control-request-method", b"") if exchange.method == "OPTIONS" else b""
        method = asked.decode("latin-1") or exchange.method
        headers = head(response, self._guard.headers(method, exchange.path, exchange.headers.get(b"origin")))
        await send_answer(response, headers, receive, send)
        if self._log.is_on and exchange.path not in _OPEN:
            reason = orjson.loads(response.body)["detail"] if response.content_type == PROBLEM else None
            self._log.write(_entry(exchange, response.status, reason))

    async def arm(self, session: str, behavior: Any) -> tuple[Behavior, ...]:
        """Arm behaviour in place of what was armed. Raise ActionError."""
        return await actions.arm(self._store, session, behavior, self._known())

    async def _answer(self, exchange: Exchange, scope: Any, receive: Any, send: Any) -> Response:
        allowed = self._guard.preflight(exchange.path, exchange.headers) if exchange.method == "OPTIONS" else None
        if allowed is not None:
            if not allowed:
                await self._tell(exchange, 204, self._guard.with_origin(FOREIGN_PAGE, exchange.headers))
            return Response(204, headers=allowed)
        if exchange.path not in _OPEN:
            objection = self._guard.objection(exchange.method, exchange.path, exchange.headers)
            if objection is not None:
                await self._tell(exchange, 403, objection)
                raise _ProblemError(403, objection)
        try:
            # `app`: the router then raises what it would otherwise answer as text.
            await self._router({**scope, "app": self, SCOPE_KEY: exchange}, receive, send)
        except HTTPException as error:
            methods = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
            refusal = _problem(error.status_code, f"{exchange.path[:80]} takes {methods}.")
            return refusal._replace(headers=((b"allow", methods.encode()),))
        assert exchange.response is not None  # noqa: S101 - an endpoint leaves it, or raises
        return exchange.response

    async def _tell(self, exchange: Exchange, status: int, objection: str) -> None:
        """Tell a caller's developer, who sees little of it in a browser, on the terminal and in the journal."""
        origin = exchange.headers.get(b"origin", exchange.headers.get(b"host", b"?")).decode("latin-1")
        if (origin, objection) not in self._told and len(self._told) < MOST_TOLD:
            self._told.add((origin, objection))
            log.warning("Refused: %s %s of %r: %s", exchange.method, exchange.asked_path[:80], origin[:200], objection)
        try:
            exchange.session = read_session(exchange.headers)
            await self._store.record(exchange.session, _entry(exchange, status, objection))
        except (Refused, StoreUnavailable):
            return

    async def _nothing(self, scope: Any, _receive: Receive, _send: Send) -> None:
        raise _ProblemError(404, f"There is no {scope['path'][:80]}; below /_mock/ there are {self._resources}.")

    async def _list_jobs(self, call: _Call) -> Response:
        _only(call.query, "status", "limit")
        status, seed = call.query.get("status"), self._settings.seed
        limit = _number(call.query, "limit", 0) if "limit" in call.query else None
        return _json({"jobs": await actions.list_jobs(self._store, call.session, status, limit=limit, seed=seed)})

    async def _read_job(self, call: _Call) -> Response:
        job_id = call.path["job_id"]
        return await self._document(job_id, call.session, await self._store.get(call.session, job_id))

    async def _change_job(self, call: _Call) -> Response:
        job_id = call.path["job_id"]
        changed = await actions.change_job(self._store, call.session, job_id, call.body)
        return await self._document(job_id, call.session, changed)

    async def _document(self, job_id: str, session: str, state: State | None) -> Response:
        if state is None:
            raise _ProblemError(404, no_job(job_id, session))
        return Response(200, body=await written(job_id, state, seed=self._settings.seed))

    async def _remove_job(self, call: _Call) -> Response:
        job_id = call.path["job_id"]
        if not await self._store.remove(call.session, job_id):
            raise _ProblemError(404, no_job(job_id, call.session))
        return Response(204)

    async def _make_jobs(self, call: _Call) -> Response:
        wanted = {} if call.body is None else call.body
        return _json({"job_ids": await actions.make_jobs(self._store, call.session, wanted)}, 201)

    async def _reset(self, call: _Call) -> Response:
        await self._store.reset(call.session)
        return Response(204)

    async def _read_journal(self, call: _Call) -> Response:
        _only(call.query, "limit", "since")
        limit, since = _number(call.query, "limit", 100), _number(call.query, "since", 0)
        entries = await self._store.entries(call.session, limit=limit, since=since)
        return _json({"requests": list(starmap(show, entries))})

    async def _empty_journal(self, call: _Call) -> Response:
        await self._store.forget(call.session)
        return Response(204)

    async def _read_behavior(self, call: _Call) -> Response:
        return _json(shown(await self._store.behavior(call.session)))

    async def _arm(self, call: _Call) -> Response:
        return _json(shown(await self.arm(call.session, call.body)))

    async def _disarm(self, call: _Call) -> Response:
        await self._store.arm(call.session, ())
        return Response(204)

    async def _read_clock(self, call: _Call) -> Response:
        return _json(actions.show_clock(await self._store.clock(call.session)))

    async def _set_clock(self, call: _Call) -> Response:
        return _json(actions.show_clock(await actions.set_clock(self._store, call.session, call.body)))

    async def _list_sessions(self, _call: _Call) -> Response:
        used = await self._store.sessions()
        listed = [one._asdict() | {"last_used": rfc3339(one.last_used_ms).decode()} for one in used]
        return _json(
            {"sessions": [{key: one[key] for key in ("name", "entries", "jobs", "last_used")} for one in listed]}
        )

    async def _health(self, _call: _Call) -> Response:
        reason = await self._store.health()
        if reason is not None:
            raise _ProblemError(503, reason)
        return _json({"status": "ready", "pid": getpid(), "started": self._started})

    async def _read_metrics(self, _call: _Call) -> Response:
        return Response(200, CONTENT_TYPE, await metrics_text(self._store))

    async def _read_openapi(self, call: _Call) -> Response:
        prefix = self._settings.url_prefix
        mount = encoded_path(call.scope.get("root_path", "").rstrip("/")).removesuffix(prefix)
        document = control_document(contract_only=self._settings.contract_only)
        return _json(document | {"servers": [{"url": url_as_asked(call.scope, mount + prefix)}]})


def _entry(exchange: Exchange, status: int, reason: str | None) -> Entry:
    """Return a call as the journal keeps refused ones, without its body."""
    return Entry(
        at_ms=exchange.at_ms,
        duration_ms=(perf_counter() - exchange.started) * 1000,
        session=exchange.session,
        method=exchange.method,
        path=exchange.asked_path,
        query=exchange.query,
        headers=exchange.raw_headers,
        body=b"",
        body_size=0,
        credential="none",
        role=None,
        token="",
        job_id=None,
        status=status,
        answer_headers=[],
        answer_body=b"",
        answer_size=0,
        situation="control",
        reason=reason,
        fault=None,
        wire=None,
    )


async def _read(exchange: Exchange, scope: Scope, receive: Receive) -> _Call:
    await read_body(exchange, receive, MAX_BODY_BYTES)
    body: Any = None
    if exchange.body:
        if read_content_type(exchange.headers.get(b"content-type", b"")).media != "application/json":
            raise _ProblemError(415, "The control API takes JSON: send Content-Type: application/json.")
        try:
            body = orjson.loads(exchange.body)
        except orjson.JSONDecodeError as error:
            raise _ProblemError(400, not_json(exchange.body, error)) from None
        if is_deeper(body, DEEPEST + 2):  # a list of behaviours, each with its body
            raise _ProblemError(400, f"The body is nested too deep: what is armed has at most {DEEPEST} levels.")
    query = dict(parse_qsl(exchange.query.decode("latin-1"), keep_blank_values=True))
    exchange.session = read_session(exchange.headers)
    return _Call(scope, exchange.session, scope["path_params"], query, body)


def _json(value: object, status: int = 200) -> Response:
    return Response(status, body=orjson.dumps(value))


def _problem(status: int, detail: str) -> Response:
    body = {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    return Response(status, PROBLEM, orjson.dumps(body), ((b"retry-after", b"1"),) if status == 503 else ())


def _only(query: Mapping[str, str], *allowed: str) -> None:
    """Raise for a parameter of the query that is not known: ignored, it would give more than was asked for."""
    if unknown := next((name for name in query if name not in {*allowed, "token", "_"}), None):
        raise _ProblemError(400, f"{unknown[:80]}: no such parameter of the query; there are {', '.join(allowed)}.")


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _ProblemError(400, f"{name}={text[:40]}: must be a whole number, 0 or more.")
    return int(text)

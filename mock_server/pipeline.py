"""Every request's way: read it, find out what is asked of the mock, answer, send, write it down."""

import logging
from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from random import uniform
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from starlette.exceptions import HTTPException

from engine_contract.contract import Operation
from engine_contract.http.cors import Cors
from engine_contract.http.types import Headers, Receive, Send
from mock_server.operations.body import Gone, read_body
from mock_server.operations.credentials import Credentials, read_session
from mock_server.operations.exchange import SCOPE_KEY, Change, Exchange
from mock_server.operations.login import LOGIN_PATH
from mock_server.operations.preferences import NAMES, read_preferences
from mock_server.operations.profile import Profiles
from mock_server.operations.profile import names as profile_names
from mock_server.operations.refusals import SITUATIONS, Refusal, Refused, asked_for, not_allowed, render, situation_of
from mock_server.operations.response import JSON, Response
from mock_server.operations.sending import BODILESS, head, send_answer
from mock_server.request_log import RequestLog
from mock_server.settings import Settings
from mock_server.store import Store, StoreUnavailable
from mock_server.store.behavior import Behavior
from mock_server.store.journal import KEPT_BYTES, KEPT_ID_CHARS, Entry

if TYPE_CHECKING:
    from mock_server.upstream import Upstream

log = logging.getLogger("mock_server")

Respond = Callable[[Exchange, Any, Receive], Awaitable[Response]]
"""Gets the exchange, the ASGI scope and `receive`; raises Refused."""


class _Asked(NamedTuple):
    """The wishes for one response, besides a fault: of the request, and of whoever armed something for it."""

    armed: Behavior | None
    """The behaviour that somebody armed for it."""
    code: int | None
    """The status that is wanted; None for that of the response."""
    latency_ms: tuple[float, float] | None
    """Between which two times the response is held back, drawn at random."""


class Served(NamedTuple):
    """An operation of the mock, with the faults and variations that may be asked of it."""

    operation: Operation
    answer: Callable[[Any, Any, Any], Awaitable[None]]
    """An ASGI application that checks the request and leaves its response in the exchange, or raises."""
    changes: Callable[[], Mapping[str, Change]]
    """Returns its faults and variations by name. They are loaded for the first who asks for one."""
    started_with: Change | None
    """The fault or variation in force where nothing else is asked for."""
    examples: tuple[str, ...]
    """The names of its examples, of the response and of refusals."""
    further_name: str | None
    """The name of an operation of a further page, None for the contract's own."""


def serve(
    operation: Operation,
    answer: Callable[[Any, Any, Any], Awaitable[None]],
    changes: Callable[[], Mapping[str, Change]],
    fault: str,
) -> Served:
    """Return an operation as it is served; `fault` is the one that the mock starts with, which it need not have."""
    examples = (*operation.response_examples, *operation.refusal_examples)
    further_name = operation.name if operation.rule_prefix else None
    return Served(operation, answer, changes, changes().get(fault) if fault else None, examples, further_name)


MOST_TOLD = 100
"""The most things that are told on the terminal, each once."""


class Pipeline:
    """Carries requests to their responses. Made once; all that changes is in the store."""

    def __init__(self, settings: Settings, store: Store, credentials: Credentials, profiles: Profiles) -> None:
        self._settings = settings
        self._store = store
        self._credentials = credentials
        self._profiles = profiles
        self._log = RequestLog(settings)
        self._profile_names = profile_names()
        self._cors = Cors(settings.cors_origins)
        self._latest_jobs: dict[str, str] = {}
        self._told: set[str] = set()

    def cors_headers(self, scope: Any) -> Headers:
        """Return the CORS headers for a page other than the operation."""
        return self._cors.headers(dict(scope["headers"]).get(b"origin"))

    async def run(self, scope: Any, receive: Receive, send: Send, respond: Respond) -> None:
        """Answer one request and write it into the journal."""
        exchange = Exchange(scope)
        origin = exchange.headers.get(b"origin")
        if await self._is_preflight(exchange, origin, receive, send):
            return
        scope[SCOPE_KEY] = exchange
        try:
            response = await self._answer(exchange, scope, receive, respond)
        except Gone:
            return
        if response.status in BODILESS:
            response = response._replace(body=b"")
        headers = head(self._below_base(response), self._cors.headers(origin))
        if exchange.preferences.given:
            situation = None if exchange.refusal is None else exchange.refusal.situation
            if applied := exchange.preferences.applied(response.status, situation):
                headers.append((b"preference-applied", applied))
        if self._store.is_shared:
            await self._write_down(exchange, response, headers)
            await send_answer(response, headers, receive, send, scope)
            return
        try:
            await send_answer(response, headers, receive, send, scope)
        finally:
            await self._write_down(exchange, response, headers)

    def _below_base(self, response: Response) -> Response:
        """Return a response whose redirect to the login page leads to the one of this mock, below the base path."""
        if not self._settings.url_prefix:
            return response
        for name, value in response.headers:
            if name == b"location" and value.partition(b"?")[0] == LOGIN_PATH:
                return response.with_headers({"location": self._settings.url_prefix + value.decode()})
        return response

    async def _is_preflight(self, exchange: Exchange, origin: bytes | None, receive: Receive, send: Send) -> bool:
        """Answer a request that is a preflight; return whether it was one."""
        allowed = self._cors.preflight(exchange.method, exchange.headers)
        if allowed is None:
            return False
        if not allowed and origin is not None:
            how = "--cors '*'" if origin == b"null" else "--cors ORIGIN"
            self._tell(f"Refused: a preflight of a page at {origin[:200].decode('latin-1')!r}; {how} lets it call.")
        preflight = Response(204, headers=allowed)
        await send_answer(preflight, head(preflight, self._cors.headers(origin)), receive, send)
        return True

    async def relay(self, scope: Any, receive: Receive, send: Send, upstream: "Upstream") -> None:
        """Pass a request on to the rest of the application, and write it down."""
        exchange = Exchange(scope)
        origin = exchange.headers.get(b"origin")
        if await self._is_preflight(exchange, origin, receive, send):
            return
        with suppress(Refused):  # what is wrong for the mock may be right there
            self._identify(exchange)
        with suppress(Gone):
            response = await upstream.relay(exchange, receive, send, self._cors.headers(origin))
            await self._write_down(exchange, response, [])

    async def _answer(self, exchange: Exchange, scope: Any, receive: Receive, respond: Respond) -> Response:
        try:
            self._identify(exchange)
            if self._credentials.is_opaque:
                exchange.credential = await self._credentials.look_up(
                    self._store, exchange.session, exchange.credential
                )
            response = await respond(exchange, scope, receive)
        except Refused as refused:
            response = await self.refuse(exchange, refused.refusal)
        except HTTPException as error:
            response = await self.refuse(exchange, _of_http(error))
        except Gone:
            raise
        except StoreUnavailable as error:
            # Not the engine's response, so no fault or variation has a part in it.
            exchange.change = None
            response = await self.refuse(exchange, _without_store(error))
        except Exception:
            # A mistake of the mock's own: one request is answered so, the next ones are served.
            log.exception("%s %s failed", exchange.method, exchange.path)
            response = await self.refuse(exchange, Refusal("failure", "The mock failed; its terminal says how."))
        change = exchange.change
        if change is not None and change.reply is not None:
            response = change.reply(response, exchange)
        return response if exchange.armed_headers is None else response.with_headers(exchange.armed_headers)

    def _identify(self, exchange: Exchange) -> None:
        """Find the session and the credential of a request, and the form of its refusals."""
        headers = exchange.headers
        exchange.profile = self._profiles.in_force()
        exchange.session = read_session(headers)
        exchange.credential = self._credentials.read(headers, exchange.query)
        if exchange.repeated(b"authorization"):
            raise Refused(Refusal("wrong-credential", "There are two Authorization headers that differ."))

    async def operate(self, exchange: Exchange, scope: Any, receive: Receive, served: Served) -> Response:
        """Answer a request to the operation: by the specification, and as it is asked of the mock."""
        await read_body(exchange, receive, self._settings.max_body)
        armed, code, latency_ms = await self._asked(exchange, served)
        if armed is not None and armed.latency_before_ms is not None:
            await sleep(uniform(*armed.latency_before_ms) / 1000)  # noqa: S311 - a delay
        change = exchange.change
        if change is not None:
            exchange.latest_jobs = self._latest_jobs
            if served.further_name is not None:
                exchange.serial = await self._store.tally(exchange.session, served.further_name)
            latency_ms = latency_ms or change.latency_ms
            if change.route is not None:
                method, path = change.route(exchange.method, exchange.path)
                scope = {**scope, "method": method, "path": path}
        latency_ms = latency_ms or self._settings.latency_ms
        try:
            if armed is None or armed.body is None:
                return await self._act(exchange, scope, code, served)
            return await self._act_with(orjson.dumps(armed.body), exchange, scope, code, served)
        finally:
            if latency_ms is not None:
                await sleep(uniform(*latency_ms) / 1000)  # noqa: S311 - a delay

    async def elsewhere(self, exchange: Exchange, scope: Any, receive: Receive, served: Served) -> Response | None:
        """Answer a request to a path without an operation, if a fault serves the operation there; None if none does."""
        armed = await self._store.behavior(exchange.session)
        if not armed and served.started_with is None and b"prefer" not in exchange.headers:
            return None
        self.prefer(exchange, served)
        faults = [one.fault for one in armed if one.fault is not None and one.operation == served.further_name]
        changes = [served.changes()[fault] for fault in faults] or (
            [] if served.started_with is None else [served.started_with]
        )
        if exchange.preferences.fault is not None:
            changes = [served.changes()[exchange.preferences.fault]]
        routes = [change.route for change in changes if change.route is not None]
        if all(route(exchange.method, exchange.path)[1] == exchange.path for route in routes):
            return None
        return await self.operate(exchange, scope, receive, served)

    def prefer(self, exchange: Exchange, served: Served) -> None:
        """Read the preferences of a request. Raise Refused for a value that cannot be honoured."""
        prefer = exchange.headers.get(b"prefer")
        if prefer is None:
            return
        if exchange.repeated(b"prefer"):
            prefer = b",".join(value for name, value in exchange.raw_headers if name == b"prefer")
        preferences = read_preferences(prefer, served.examples, served.changes, self._profile_names)
        exchange.preferences = preferences
        for name in preferences.ignored:
            self._tell(f"Ignored: Prefer: {name[:80]}; this mock knows {', '.join(NAMES)}.")
        if preferences.profile is not None:
            exchange.profile = self._profiles.named(preferences.profile)

    def _tell(self, said: str) -> None:
        """Tell on the terminal, once, what a caller may have meant otherwise and sees little of."""
        if said not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(said)
            log.warning("%s", said)

    async def _asked(self, exchange: Exchange, served: Served) -> _Asked:
        """Read what `Prefer`, armed behaviour and command line ask for; the first that says something counts."""
        self.prefer(exchange, served)
        preferences = exchange.preferences
        role, name = exchange.credential.role, served.further_name
        job_id = exchange.named_job_id
        acts = exchange.method == served.operation.method
        if preferences.says_what:
            armed = None  # what the request asks for itself neither uses up what is armed nor mixes with it
        elif acts:
            armed = await self._store.spend(exchange.session, job_id, role, name)
        else:
            every = await self._store.behavior(exchange.session)
            armed = next((one for one in every if one.matches(job_id, role, name)), None)
        fault = preferences.fault or (armed.fault if armed is not None else None)
        exchange.change = served.started_with if fault is None else served.changes()[fault]
        code, latency_ms = preferences.code, None
        if preferences.latency_ms is not None:
            latency_ms = (preferences.latency_ms, preferences.latency_ms)
        if armed is not None:
            exchange.armed_headers = armed.headers
            latency_ms = latency_ms or armed.latency_ms
            if acts:
                code = armed.code if code is None else code
                self._answer_as(exchange, armed)
        return _Asked(armed, code, latency_ms)

    def _answer_as(self, exchange: Exchange, armed: Behavior) -> None:
        """Take what is armed for what the request prefers, where it prefers nothing of that kind itself."""
        if armed.example is not None or armed.situation is not None:
            exchange.preferences = exchange.preferences._replace(example=armed.example, situation=armed.situation)
        if armed.profile is not None and exchange.preferences.profile is None:
            exchange.profile = self._profiles.named(armed.profile)

    async def _act_with(
        self, body: bytes, exchange: Exchange, scope: Any, code: int | None, served: Served
    ) -> Response:
        """Answer with a body that somebody armed, where the request is not refused for another reason."""
        try:
            response = await self._act(exchange, scope, code, served)
        except Refused as refused:
            if not refused.refusal.is_asked_for:
                raise
            response = await self.refuse(exchange, refused.refusal)
        return response._replace(content_type=JSON, body=body)

    async def _act(self, exchange: Exchange, scope: Any, code: int | None, served: Served) -> Response:
        example = exchange.preferences.example
        if example is not None and example in served.operation.refusal_examples:
            status, value = served.operation.refusal_examples[example]
            raise Refused(Refusal(example, value["detail"], status=code or status))
        situation = exchange.preferences.situation
        if situation is not None or (code is not None and code >= 300):
            raise Refused(_asked_for(exchange, situation, code))
        change = exchange.change
        if change is not None and change.first is not None:
            refusal = await change.first(exchange, self._store)
            if refusal is not None:
                raise Refused(refusal)
        await served.answer(scope, None, None)
        if exchange.response is None:
            raise Refused(Refusal("not-found", f"There is nothing at {exchange.path[:200]}."))
        return exchange.response if code is None else exchange.response._replace(status=code)

    async def refuse(self, exchange: Exchange, refusal: Refusal) -> Response:
        """Return a refusal as this engine answers it, and note it in the exchange."""
        exchange.refusal = refusal
        change = exchange.change
        if change is not None and change.refused is not None:
            try:
                await change.refused(exchange, self._store)
            except StoreUnavailable as error:
                exchange.change, exchange.refusal = None, _without_store(error)
                return render(exchange.refusal)
        if exchange.profile is None:
            return render(refusal)
        return exchange.profile.render(refusal, exchange.named_job_id)

    async def _write_down(self, exchange: Exchange, response: Response, headers: list[tuple[bytes, bytes]]) -> None:
        seconds = perf_counter() - exchange.started
        job_id = exchange.named_job_id
        refusal, change, credential = exchange.refusal, exchange.change, exchange.credential
        fault = None if change is None else change.name
        entry = Entry(
            at_ms=exchange.at_ms,
            duration_ms=seconds * 1000,
            session=exchange.session,
            method=exchange.method,
            path=exchange.path,
            query=exchange.query,
            headers=exchange.raw_headers,
            body=exchange.body[:KEPT_BYTES],
            body_size=exchange.body_size,
            credential=credential.kind,
            role=credential.role,
            token=credential.token,
            job_id=job_id and job_id[:KEPT_ID_CHARS],
            status=response.status,
            answer_headers=headers,
            answer_body=response.body[:KEPT_BYTES],
            answer_size=len(response.body),
            situation=None if refusal is None else refusal.situation,
            reason=None if refusal is None else _reason(refusal),
            fault=fault,
            wire=None if response.wire is None else response.wire.kind,
            is_document=response.body is exchange.document,
        )
        if self._log.is_on:
            self._log.write(entry)
        try:
            await self._store.record(exchange.session, entry)
        except StoreUnavailable:
            return


def _without_store(error: StoreUnavailable) -> Refusal:
    return Refusal("store", error.sentence, status=503)


def _asked_for(exchange: Exchange, situation: str | None, code: int | None) -> Refusal:
    if situation is None:
        assert code is not None  # noqa: S101 - one of them is given
        situation = situation_of(code)
        if SITUATIONS[situation] != code:
            headers: Headers = ((b"location", LOGIN_PATH),) if code < 400 else ()
            situation = "failure" if code < 400 else situation
            return Refusal(situation, f"Status {code} was asked for.", headers=headers, status=code, is_asked_for=True)
    return asked_for(situation, role=exchange.credential.role, job_id=exchange.named_job_id, status=code)


def _reason(refusal: Refusal) -> str:
    return f"Asked for: {refusal.detail}" if refusal.is_asked_for else refusal.detail


def _of_http(error: HTTPException) -> Refusal:
    if error.status_code == 405:
        return not_allowed((error.headers or {}).get("Allow", "POST"))
    if error.status_code == 404:
        return Refusal("not-found", "There is nothing at this path.")
    headers: Headers = tuple((key.lower().encode(), value.encode()) for key, value in (error.headers or {}).items())
    return Refusal(situation_of(error.status_code), str(error.detail), headers=headers, status=error.status_code)

"""The way of a request through the watcher: on to the engine, the response back.

The response of a cancel is held until it is judged, so that its headers can say what broke the contract. All other
responses are passed on as they come; the last bytes wait until the exchange is written down.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any

import httpx

from contract_tests.judge.route import called_operation
from contract_tests.model import Fault
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.watch.access import CallerAccess
from contract_tests.watch.observer import Observer
from contract_tests.watch.upstream import BadRequestError, Upstream, UpstreamError, headers_back, parts_of
from engine_contract.http.content_encoding import READABLE, Unpacker, only_readable
from engine_contract.http.media_types import read_content_type
from engine_contract.http.own_origin import Mover, OwnOrigin, is_text
from engine_contract.http.proxy_headers import own_host, request_headers
from engine_contract.http.types import HeaderList, Receive, Send

_STATUS = {Fault.TIMEOUT: 504}
_SENTENCES = {
    Fault.CONNECT: "could not be reached",
    Fault.TLS: "could not be reached over TLS",
    Fault.DROPPED: "dropped the connection",
    Fault.TIMEOUT: "did not answer in time",
    Fault.PROTOCOL: "did not answer in HTTP",
}
# These headers describe the bytes of a body, which are others once it is rewritten.
_OF_THE_BYTES = {
    *(b"content-length", b"content-encoding", b"content-md5", b"digest", b"content-digest", b"repr-digest"),
    b"accept-ranges",
}
_CODE = {b"document", b"iframe", b"frame", b"script", b"style", b"worker", b"sharedworker", b"serviceworker"}
REST_S = 0.5
"""Seconds for which the rest of a request is read that was answered before it was whole."""
CALLER_GONE = "the caller went away"


class CallerGoneError(Exception):
    """The caller went away before the request was whole."""


class HttpProxy:
    """Passes requests on to one engine."""

    def __init__(self, upstream: Upstream, observer: Observer, access: CallerAccess) -> None:
        self._upstream = upstream
        self._observer = observer
        self._access = access
        self._rewrites = observer.settings.rewrite
        self._hold_for = observer.settings.connection.timeout

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> ProxiedExchange:
        """Pass one HTTP request on."""
        operations = self._observer.settings.operations
        operation = called_operation(operations, scope["method"], scope["raw_path"].decode("latin-1"))
        proxied = ProxiedExchange.of(scope, operation)
        way = _Way(proxied, receive, send, is_old=scope.get("http_version") == "1.0")
        with self._observer.under_way(proxied):
            try:
                await self._pass(way)
            except CallerGoneError:
                await self._give_up(way, f"{CALLER_GONE} before its request was whole")
            except asyncio.CancelledError:
                await asyncio.shield(self._give_up(way, CALLER_GONE if way.caller_gone else "the watcher was ended"))
                if not way.caller_gone:
                    raise
            except Exception as error:
                if way.observed or way.has_started:
                    raise
                detail = f"it failed with {type(error).__name__}: {error}"
                failure = f"itself could not pass the request on: {detail}"
                proxied.obstacle = f"the watcher {failure}"
                await self._answer_for_engine(way, 500, Fault.GUARD, f"The watcher {failure}")
            finally:
                way.forget_caller()
        return proxied

    async def _give_up(self, way: "_Way", why: str) -> None:
        if not way.observed:
            way.proxied.obstacle = why
            way.proxied.end(Fault.DROPPED, why)
            await self._observer.observe(way.proxied)

    async def _pass(self, way: "_Way") -> None:
        proxied = way.proxied
        if (objection := self._access.objection(proxied.method, proxied.headers)) is not None:
            status, reason = objection
            await self._answer_for_engine(way, status, Fault.GUARD, reason)
            return
        is_own = self._access.is_own(proxied.headers)
        headers = request_headers(proxied.headers, self._upstream.address, self._upstream.extra, is_own=is_own)
        if proxied.operation is not None or self._rewrites or _is_code(proxied):
            headers = only_readable(headers)
        try:
            received = await self._upstream.send(proxied.method, proxied.target, headers, way.request_body())
        except BadRequestError as error:
            await self._answer_for_engine(way, 400, Fault.GUARD, f"The request cannot be passed on as HTTP: {error}.")
            return
        except UpstreamError as error:
            await self._answer_for_engine(way, _STATUS.get(error.fault, 502), error.fault, str(error))
            return
        proxied.status, proxied.response_headers = received.status_code, list(received.headers.raw)
        if proxied.operation is not None:
            await way.read_rest()
            if not way.is_request_whole:
                proxied.obstacle = "the engine answered before the request was whole"
            await self._hold(way, received)
        else:
            await self._stream(way, received)

    async def _answer_for_engine(self, way: "_Way", status: int, fault: Fault, detail: str) -> None:
        """Answer in the place of an engine that gave no whole response, with the reason."""
        way.proxied.end(fault, detail)
        marks = await self._observe(way)
        base = self._observer.settings.connection.base
        reason = f"The engine at {base} {_SENTENCES[fault]}: {detail}." if fault in _SENTENCES else detail
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": f"watch-engine: {self._observer.redaction.text(reason)}",
        }
        body = json.dumps(problem).encode()
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()), *marks]
        await way.start(status, headers)
        await way.send_body(b"" if way.proxied.method == "HEAD" else body)

    async def _hold(self, way: "_Way", received: httpx.Response) -> None:
        """Judge the response to a call, then pass it on. One that is too large or too slow streams on unjudged."""
        proxied = way.proxied
        parts: list[bytes] = []
        try:
            async with aclosing(parts_of(received)) as stream:
                async for part in stream:
                    proxied.response.add(part)
                    parts.append(part)
                    if proxied.response.is_cut:
                        proxied.obstacle = f"the answer is larger than {proxied.response.limit >> 20} MiB"
                    elif time.monotonic() - proxied.started > self._hold_for:
                        proxied.obstacle = f"the answer was not complete after {self._hold_for:g} s"
                    if proxied.obstacle:
                        await self._stream_on(way, stream, b"".join(parts))
                        return
        except UpstreamError as error:
            if way.has_started:
                await self._cut_off(way, error)
            else:
                await self._answer_for_engine(way, _STATUS.get(error.fault, 502), error.fault, str(error))
            return
        proxied.end()
        marks = await self._observe(way)
        await way.response(proxied.status or 200, [*self._headers_back(proxied), *marks], b"".join(parts))

    async def _stream(self, way: "_Way", received: httpx.Response) -> None:
        """Pass any other response on as it comes."""
        way.watch_caller()
        try:
            async with aclosing(parts_of(received)) as stream:
                await self._stream_on(way, stream, b"")
        except UpstreamError as error:
            await self._cut_off(way, error)

    async def _stream_on(self, way: "_Way", stream: AsyncIterator[bytes], first: bytes) -> None:
        proxied = way.proxied
        headers = self._headers_back(proxied)
        stream = _copied(stream, proxied)
        if self._rewrites and (moved := _moved(proxied, stream, self._upstream.own_origin)) is not None:
            stream, headers = moved, [pair for pair in headers if pair[0] not in _OF_THE_BYTES]
        length = _length(proxied, headers)
        if length is None and way.is_old:
            whole = first + b"".join([part async for part in stream])
            proxied.end()
            await self._observe(way)
            await way.response(proxied.status or 200, headers, whole)
            return
        if length != 0:
            await way.start(proxied.status or 200, headers)
        passed = len(first)
        if first:
            await way.send_body(first, more=True)
        last = b""
        async for part in stream:
            passed += len(part)
            if length is not None and passed >= length:
                last = part
            else:
                await way.send_body(part, more=True)
        proxied.end()
        await self._observe(way)
        if length == 0:
            await way.start(proxied.status or 200, headers)
        await way.send_body(last)

    async def _cut_off(self, way: "_Way", error: UpstreamError) -> None:
        """Cut the response off as the engine did, once that is written down."""
        way.proxied.end(error.fault, str(error))
        await self._observe(way)
        if not way.has_started:
            raise error

    async def _observe(self, way: "_Way") -> HeaderList:
        way.observed = True
        try:
            return await self._observer.observe(way.proxied)
        except Exception as error:  # noqa: BLE001 - a live engine's response passes, whatever is wrong with its watcher
            what = f"{way.proxied.method} {self._observer.redaction.text(way.proxied.path)}"
            line = f"watch-engine: {what} could not be judged and recorded: {type(error).__name__}: {error}."
            print(line, file=sys.stderr, flush=True)  # noqa: T201 - there is no other place
            return []

    def _headers_back(self, proxied: ProxiedExchange) -> HeaderList:
        headers = headers_back(proxied, self._upstream.own_origin)
        # A 205 has no body either, but some have.
        if proxied.status == 205 and _length(proxied, headers) == 0:
            headers = [pair for pair in headers if pair[0] != b"content-length"]
        return headers


class _Way:
    """The connection between the caller and the watcher during one exchange."""

    def __init__(self, proxied: ProxiedExchange, receive: Receive, send: Send, *, is_old: bool) -> None:
        self.proxied = proxied
        self.is_old = is_old
        """Whether the caller speaks HTTP/1.0, which has no chunks: a response is given a length."""
        self.has_started = False
        self.observed = False
        self.is_request_whole = False
        self.caller_gone = False
        self._receive = receive
        self._send = send
        self._task = asyncio.current_task()
        self._waiter: asyncio.Task[None] | None = None

    async def request_body(self) -> AsyncIterator[bytes]:
        """Yield the body in parts, of which a copy is kept. Raises CallerGoneError."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CallerGoneError
            part = message.get("body", b"")
            self.is_request_whole = not message.get("more_body")
            if part:
                self.proxied.body.add(part)
                yield part
            if not message.get("more_body"):
                if self.proxied.operation is None:
                    self.watch_caller()
                return

    async def read_rest(self) -> None:
        """Read for a moment what the caller still sends, for the judge: an engine may refuse by the head alone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                while not self.is_request_whole and not self.proxied.body.is_cut:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        return
                    self.proxied.body.add(message.get("body", b""))
                    self.is_request_whole = not message.get("more_body")

    def watch_caller(self) -> None:
        """End this exchange if the caller goes away; a call that is judged goes on to its end."""
        if self._waiter is None:
            self._waiter = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self.observed and self._task is not None:
            self.caller_gone = True
            self._task.cancel()

    def forget_caller(self) -> None:
        """Stop watching whether the caller goes away."""
        if self._waiter is not None:
            self._waiter.cancel()

    async def start(self, status: int, headers: HeaderList) -> None:
        """Send the head of the response."""
        self.has_started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def response(self, status: int, headers: HeaderList, body: bytes) -> None:
        """Send a whole response."""
        if self.is_old and not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", str(len(body)).encode())]
        await self.start(status, headers)
        await self.send_body(body)

    async def send_body(self, part: bytes, *, more: bool = False) -> None:
        """Send a part of the body, the last one unless there is more."""
        await self._send({"type": "http.response.body", "body": part, "more_body": more})


async def _copied(stream: AsyncIterator[bytes], proxied: ProxiedExchange) -> AsyncIterator[bytes]:
    """Yield the parts of a response, of which a copy is kept."""
    async for part in stream:
        proxied.response.add(part)
        yield part


def _moved(proxied: ProxiedExchange, stream: AsyncIterator[bytes], engine: OwnOrigin) -> AsyncIterator[bytes] | None:
    """Return a text body with the watcher's address in place of the engine's, None if it is passed on as it is."""
    encodings = _value(proxied, b"content-encoding").split(",")
    encoding = encodings[0].strip().lower() or "identity"
    media = read_content_type(_value(proxied, b"content-type")).media
    is_whole = proxied.method != "HEAD" and proxied.status not in {204, 206, 304}
    if (
        proxied.operation is not None
        or not is_whole
        or not is_text(media)
        or len(encodings) > 1
        or encoding not in READABLE
    ):
        return None
    mover = engine.mover(own_host(proxied.headers))
    return None if mover is None else _through(mover, Unpacker(encoding), stream)


async def _through(mover: Mover, unpacker: Unpacker, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for packed in stream:
        try:
            for part in unpacker.add(packed):
                if moved := mover.add(part):
                    yield moved
        except ValueError as error:
            raise UpstreamError(Fault.PROTOCOL, str(error)) from error
    yield mover.add(b"", is_last=True)


def _value(proxied: ProxiedExchange, wanted: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in proxied.response_headers if name.lower() == wanted)


def _is_code(proxied: ProxiedExchange) -> bool:
    """Return whether a browser loads a page or a script, in which the engine's own address is looked for."""
    return any(name.lower() == b"sec-fetch-dest" and value in _CODE for name, value in proxied.headers)


def _length(proxied: ProxiedExchange, headers: HeaderList) -> int | None:
    """Return the length of the body, None if the response does not say."""
    if proxied.method == "HEAD" or proxied.status in {204, 304}:
        return 0
    announced = next((value for name, value in headers if name == b"content-length"), None)
    return int(announced) if announced is not None and announced.isdigit() else None

"""The connection of a proxy to the server behind it: requests out, responses back, nothing kept of either.

Each connection serves one request at a time and is kept for the next. There is no cookie jar: what a server sets for one
caller is that caller's alone.

A server may refuse a request before it has read the body, and close. So this side listens while it sends: once a refusal
is there, nothing more is sent, and the refusal is the response. Otherwise the server's end of the connection would be an
error of sending, or sending would wait for a server that does not read.

A server may also close a connection that it kept, just when the next request is on its way. A request that changes
nothing is then sent once more, on another connection (RFC 9110, section 9.2.2); any other may have been carried out.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

from engine_contract.dependencies import require
from engine_contract.http.proxy_headers import Address
from engine_contract.http.types import HeaderList

require(
    "httpx",
    "httpx:AsyncHTTPTransport._pool",
    "httpcore:AsyncConnectionPool._network_backend",
    breaks="a refusal that a server sends before it has read a body would be lost",
)

_READ_BYTES = 65_536
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""A header may not hold these (RFC 9110, section 5.5); a server that passes one on closes the connection."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSALS_FROM = 300
"""Statuses from here on are no reason to send on; a server that succeeds may answer while it reads."""

_refused: "ContextVar[asyncio.Future[None] | None]" = ContextVar("refused", default=None)
"""Done once the request that is being sent has been refused."""


class ServerBehind:
    """Sends requests to one server."""

    def __init__(  # noqa: PLR0913 - by name
        self,
        base: str,
        *,
        read_s: float,
        connect_s: float,
        proxy: httpx.Proxy | None,
        verify: ssl.SSLContext | bool = True,
        limits: httpx.Limits | None = None,
    ) -> None:
        """Prepare the connection. `read_s` are the seconds for which the server may send nothing, or read nothing."""
        self.address = Address.of(base)
        self._url = httpx.URL(self.address.origin)
        self._timeout = {"connect": connect_s, "read": read_s, "write": read_s, "pool": None}
        # A proxy is asked for a whole URL; through TLS it sees nothing.
        self._before = self.address.origin if proxy is not None and self.address.scheme == "http" else ""
        self._transport = httpx.AsyncHTTPTransport(
            verify=verify if self.address.scheme == "https" else False,
            trust_env=False,
            proxy=proxy,
            limits=limits or httpx.Limits(max_connections=None),
        )
        self._transport._pool._network_backend = _Backend()  # noqa: SLF001 - see `require`

    async def send(
        self, method: str, target: str, headers: HeaderList, body: AsyncIterator[bytes] | None
    ) -> httpx.Response:
        """Send a request and wait for the head of its response. `target` is a path below the base, with its query.

        Raise ValueError for a target outside of the base, and httpx's errors.
        """
        sent = (self._before + self.address.target(target)).encode("latin-1")
        refused = asyncio.get_running_loop().create_future()
        stream = _Body(body, refused)
        connection = _Connection()
        request = httpx.Request(
            method,
            self._url,
            headers=headers,
            stream=stream,
            extensions={"timeout": self._timeout, "target": sent, "trace": connection.notice},
        )
        _refused.set(refused)
        try:
            response = await self._transport.handle_async_request(request)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            if connection.is_new or method not in _SAFE or stream.has_begun:
                raise
            response = await self._transport.handle_async_request(request)
        finally:
            _refused.set(None)
        if flaw := _flaw_of(response):
            await response.aclose()
            raise httpx.RemoteProtocolError(flaw, request=request)
        return response

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


def _flaw_of(response: httpx.Response) -> str | None:
    """Return why a response cannot be passed on as HTTP, None if it can."""
    if not 200 <= response.status_code <= 599:
        return f"its status is {response.status_code}, which HTTP does not have"
    wrong = next((name for name, value in response.headers.raw if _CONTROL.search(value)), None)
    return None if wrong is None else f"its header {wrong.decode('latin-1')} holds a control character"


class _Body(httpx.AsyncByteStream):
    """The body of a request, in parts, to its end or until the request is refused."""

    def __init__(self, parts: AsyncIterator[bytes] | None, refused: "asyncio.Future[None]") -> None:
        self.has_begun = False
        """Whether a part has been sent, which is not there to be sent again."""
        self._parts = parts
        self._refused = refused

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._parts is not None:
            part = asyncio.ensure_future(_next(self._parts))
            either: list[asyncio.Future[Any]] = [part, self._refused]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                part.cancel()  # nothing, where it is there
            if not part.done() or part.cancelled():
                await asyncio.wait({part})
                raise httpcore.WriteError("The request was refused before it was sent.")
            if (found := part.result()) is None:
                return
            self.has_begun = True
            yield found


class _Connection:
    """The connection that a request is sent on, as httpcore tells of it."""

    def __init__(self) -> None:
        self.is_new = False
        """Whether it was made for this request."""

    async def notice(self, event: str, _: Any) -> None:
        """Take in what httpcore does."""
        self.is_new = self.is_new or event == "connection.connect_tcp.started"


async def _next(parts: AsyncIterator[bytes]) -> bytes | None:
    return await anext(parts, None)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that listens while it sends."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._heard: asyncio.Task[bytes] | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        if self._heard is None:
            return await self._stream.read(max_bytes, timeout)
        done, _ = await asyncio.wait({self._heard}, timeout=timeout)
        if not done:
            raise httpcore.ReadTimeout
        heard, self._heard = self._heard.result, None
        return heard()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        refused = _refused.get()
        if refused is None:
            await self._stream.write(buffer, timeout)
            return
        if self._heard is None:
            self._heard = asyncio.create_task(self._listen(refused))
        sending = asyncio.create_task(self._stream.write(buffer, timeout))
        try:
            await asyncio.wait({sending, refused}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not sending.done():
                sending.cancel()
        if refused.done():
            await asyncio.wait({sending})
            sending.cancelled() or sending.exception()  # seen
            raise httpcore.WriteError("The request was refused before it was sent.")
        sending.result()

    async def _listen(self, refused: "asyncio.Future[None]") -> bytes:
        """Return the beginning of a response, as far as its status is told."""
        data = b""
        while part := await self._stream.read(_READ_BYTES, None):
            data += part
            status = _status_of(data)
            if status is not None or len(data) > _READ_BYTES:
                if status is not None and status >= _REFUSALS_FROM and not refused.done():
                    refused.set_result(None)
                break
        return data

    async def aclose(self) -> None:
        if self._heard is not None:
            self._heard.cancel()
            await asyncio.wait({self._heard})
            self._heard.cancelled() or self._heard.exception()  # seen
            self._heard = None
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _status_of(data: bytes) -> int | None:
    """Return the status of a response, None while there are interim ones alone (RFC 9110, section 15.2)."""
    while data.startswith(b"HTTP/1.1 1"):
        _, end, data = data.partition(b"\r\n\r\n")
        if not end:
            return None
    line, end, _ = data.partition(b"\r\n")
    if not end:
        return None
    status = line[9:12]
    return int(status) if line.startswith(b"HTTP/1.") and status.isdigit() else 0


class _Backend(httpcore.AnyIOBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(host, port, timeout, local_address, socket_options))

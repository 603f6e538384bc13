"""The one guarded transport: bytes in, bytes out, one exchange for each request, no redirect followed."""

import asyncio
import re
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import cache
from typing import Any

import httpx

from contract_tests.config.auth import Auth, Basic, place_credential
from contract_tests.config.options import Connection
from contract_tests.errors import OutsideGuardError, SettingError
from contract_tests.model import Caller, Exchange, Fault, Request, Response
from contract_tests.safety.guard import Guard
from contract_tests.transport.tls_and_proxy import proxy_for, tls_for
from contract_tests.transport.tokens import Tokens, cut, other_case, token_of
from engine_contract.http.content_encoding import MAX_BODY_BYTES, decode_content
from engine_contract.version import kit_version

READ_AT_ONCE_BYTES = 8 * 1024 * 1024  # of a body beyond which one response at a time is read on
KEPT_OF_BROKEN_BYTES = 64 * 1024  # kept of a body that is not whole
GIVE_PROXY = "--proxy env:NAME, where NAME holds http://USER:PASSWORD@HOST:PORT"
KEEPALIVE_S = 2.0  # engines close idle connections after 5
_USUAL_HEADERS = (
    ("Accept", "application/json"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Connection", "keep-alive"),
    ("User-Agent", f"engine-contract/{kit_version()}"),
)
"""Sent where the run's own headers do not take their place."""


class Transport:
    """Sends requests to one engine, each past the guard."""

    def __init__(self, connection: Connection, guard: Guard, *, wrong_credential: str) -> None:
        """Prepare the connection. Raises SettingError for tokens, certificates or a proxy that cannot be used."""
        self.connection = connection
        self.guard = guard
        self.sent = 0
        self._large = asyncio.Lock()
        self._wrong = wrong_credential
        self.tokens = Tokens(connection.tokens, connection.auth)
        self._headers = [(name, source.read()) for name, source in connection.headers.items()]
        self._options = _way_to(connection)
        self._url_of = cache(lambda path: httpx.URL(connection.base + path))
        self._idle: deque[tuple[float, httpx.AsyncHTTPTransport]] = deque()
        """Connections that are kept, the last used at the end, and since when each is idle."""

    async def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    def secrets(self) -> frozenset[str]:
        """Return all values that must be shown nowhere."""
        proxy: httpx.Proxy | None = self._options.get("proxy")
        of_proxy = [part.decode() for part in (proxy.raw_auth or ())[1:]] if proxy else []
        return frozenset(filter(None, {*self.tokens.hidden, *(value for _, value in self._headers), *of_proxy}))

    @property
    def wrong_credentials(self) -> frozenset[str]:
        """Return what is sent as a wrong credential, in all its forms."""
        basic = Basic().wrong(self._wrong)
        return frozenset(filter(None, {self._wrong, *basic.split(":"), Basic().on_the_wire(basic)}))

    async def log_in(self, role: str) -> Exchange | None:
        """Get a role's token by its login. Return what was answered in its place, None where it was a token.

        Raises SettingError for a password that cannot be read.
        """
        source = self.connection.tokens[role]
        user, password = source.user or "", await asyncio.to_thread(self.tokens.password, role)
        if self.connection.auth.takes_users:
            self.tokens.set(role, f"{user}:{password}")
            return None
        exchange = await self.send(self.guard.log_in(user, password))
        token = token_of(exchange.response.body) if exchange.response and exchange.accepted else None
        if token is None:
            return exchange
        self.tokens.set(role, token)
        return None

    async def renew(self, role: str, refused: int, *, is_due: bool) -> bool:
        """Get another token, unless one has taken the place of the refused one by now. Return whether there is one.

        `is_due`: the refused request should have succeeded.
        """
        async with self.tokens.lock(role):
            if self.tokens.in_use(role) != refused:
                return True
            if not self.tokens.may_renew(role, is_due=is_due):
                return False
            try:
                if self.connection.tokens[role].user is None:
                    return await self.tokens.read_again(role)
                if await self.log_in(role) is not None:
                    return False
                self.tokens.renewed(role)
            except (SettingError, OutsideGuardError):
                return False
            return True

    async def send(self, request: Request, job_id: str | None = None) -> Exchange:
        """Send a request and wait for the whole response, at most the connection's timeout.

        Raises OutsideGuardError, before anything is sent, for a request that the guard objects to.
        """
        if (objection := self.guard.objection(request)) is not None:
            raise OutsideGuardError(f"A request was not sent: {objection}.")
        if request.caller.kind == "recased" and other_case(self.tokens[request.caller.role or ""]) is None:
            raise OutsideGuardError(
                f"A request was not sent: the token of {request.caller.role} has no other letter case."
            )
        self.sent += 1
        started_at, started = time.time(), time.monotonic()
        parts: list[bytes] = []
        head: list[httpx.Response] = []
        fault, detail, is_cut = None, "", False
        try:
            async with asyncio.timeout(self.connection.timeout) as bound:
                await self._receive(request, head, parts, bound)
        except TimeoutError:
            fault, detail = Fault.TIMEOUT, f"not complete within {self.connection.timeout:g} s"
        except _TooLargeError as error:
            fault, detail = Fault.PROTOCOL, str(error)
        except httpx.HTTPError as error:
            fault, detail = fault_of(error), sentence_of(error)
            is_cut = fault is Fault.DROPPED or "without sending complete" in detail
        except (httpx.InvalidURL, OSError, ValueError) as error:
            fault, detail = Fault.PROTOCOL, sentence_of(error)
        response = response_of(head, parts, detail if fault else None, time.monotonic() - started, is_cut=is_cut)
        return Exchange(request, request.situation, response, None if response else fault, detail, started_at, job_id)

    async def _receive(
        self, request: Request, head: list[httpx.Response], parts: list[bytes], bound: asyncio.Timeout
    ) -> None:
        query, headers = list(request.query), list(self._headers)
        auth = Auth.parse(request.caller.way) if request.caller.way else self.connection.auth
        place_credential(auth, self._credential(auth, request.caller), query, headers)
        if request.body is not None and request.content_type is not None:
            headers.append(("Content-Type", request.content_type))
        if self._is_alone(request):
            headers.append(("Connection", "close"))
        own = {name.lower() for name, _ in headers}
        usual = [(name, value) for name, value in _USUAL_HEADERS if name.lower() not in own]
        sent = httpx.Request(
            request.method,
            self._url_of(request.path),
            params=tuple(query) or None,
            headers=[(name.encode(), value.encode()) for name, value in (*usual, *headers)],
            content=request.body,
        )
        async with AsyncExitStack() as turn, self._connection_for(request) as connection:
            received = await connection.handle_async_request(sent)
            async with aclosing(received):
                if received.status_code == 407 and "proxy-authenticate" in received.headers:
                    raise httpx.ProxyError(f"407 {received.reason_phrase}")  # as where it refuses a tunnel
                head.append(received)
                size, is_large = 0, False
                async for part in received.aiter_raw():
                    size += len(part)
                    if size > READ_AT_ONCE_BYTES and not is_large:
                        is_large, waits_since = True, time.monotonic()
                        await turn.enter_async_context(self._large)
                        # The engine is not to blame for the wait.
                        bound.reschedule((bound.when() or 0.0) + time.monotonic() - waits_since)
                    if size > MAX_BODY_BYTES:
                        raise _TooLargeError(f"it is larger than {MAX_BODY_BYTES // 2**20} MiB")
                    parts.append(part)

    @asynccontextmanager
    async def _connection_for(self, request: Request) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """Give a connection: one of its own, or the kept one that was used last.

        Each is a pool of one, since httpcore looks at all connections of a pool at the beginning and the end of a request.
        """
        if self._is_alone(request):
            async with httpx.AsyncHTTPTransport(**self._options) as connection:
                yield connection
            return
        limits = httpx.Limits(max_connections=1, keepalive_expiry=KEEPALIVE_S)
        connection = self._idle.pop()[1] if self._idle else httpx.AsyncHTTPTransport(limits=limits, **self._options)
        try:
            yield connection
        except BaseException:
            await connection.aclose()
            raise
        self._idle.append((time.monotonic(), connection))
        while self._idle and self._idle[0][0] < time.monotonic() - KEEPALIVE_S:
            await self._idle.popleft()[1].aclose()

    def _is_alone(self, request: Request) -> bool:
        return request.fresh_connection or self.connection.new_connections

    def _credential(self, auth: Auth, caller: Caller) -> str | None:
        match caller.kind:
            case "none":
                return None
            case "empty":
                return auth.on_the_wire("")
            case "wrong":
                return auth.on_the_wire(auth.wrong(self._wrong))
            case "cut":
                return cut(self.tokens[caller.role or ""])
            case "recased":
                return other_case(self.tokens[caller.role or ""])
        return auth.on_the_wire(self.tokens[caller.role or ""])


# Alerts of TLS (RFC 8446, 6.2), as OpenSSL names them.
_ASKS_FOR_CERTIFICATE = re.compile(r"alert[ _]certificate[ _]required", re.IGNORECASE)
_REFUSES_CERTIFICATE = re.compile(
    r"alert[ _](handshake[ _]failure|bad[ _]certificate|unknown[ _]ca|access[ _]denied"
    r"|(unsupported[ _]certificate|certificate[ _](revoked|expired|unknown)))",
    re.IGNORECASE,
)


class _TooLargeError(Exception):
    """A body beyond what is read."""


def _way_to(connection: Connection) -> dict[str, Any]:
    """Return how connections are made.

    Without a client of httpx, no redirect is followed and no cookie kept: an engine's cookies belong to one caller, and
    would lend that role to the others. The one bound on time is that of an exchange.
    """
    # Without TLS nothing is verified, and httpx would prepare that anew for each connection.
    verify = tls_for(connection) or httpx.create_ssl_context(verify=False, trust_env=False)
    # The rule for proxies is our own: none for loopback.
    return {"verify": verify, "trust_env": False, "proxy": proxy_for(connection)}


def response_of(
    head: list[httpx.Response], parts: list[bytes], broken_off: str | None, elapsed: float, *, is_cut: bool
) -> Response | None:
    """Return the response that came, its content encodings undone; None where not even its head came."""
    if not head:
        return None
    received, body = head[0], b"".join(parts if broken_off is None else _beginning(parts))
    is_whole = broken_off is None
    if is_whole:
        body, broken_off = decode_content(body, received.headers.get("content-encoding", ""))
    if broken_off is not None:
        body = body[:KEPT_OF_BROKEN_BYTES]
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in received.headers.raw)
    return Response(
        received.status_code, headers, body, broken_off, elapsed, is_cut, is_whole and broken_off is not None
    )


def _beginning(parts: list[bytes]) -> Iterator[bytes]:
    size = 0
    for part in parts:
        yield part
        size += len(part)
        if size >= KEPT_OF_BROKEN_BYTES:
            return


def fault_of(error: httpx.HTTPError) -> Fault:
    """Return the fault that an error of httpx means."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return Fault.TLS
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError() | httpx.UnsupportedProtocol():
            return Fault.CONNECT
        case httpx.TimeoutException():
            return Fault.TIMEOUT
        case httpx.RemoteProtocolError() if "disconnected without" not in str(error):
            return Fault.PROTOCOL
        case httpx.LocalProtocolError():
            return Fault.PROTOCOL
    return Fault.DROPPED


def sentence_of(error: BaseException) -> str:
    """Return an error in a few words, and what to do where it is known."""
    said = str(error).strip()[:300] or type(error).__name__
    if isinstance(error, httpx.ProxyError) and said.startswith("407"):
        return f"the proxy asks for a user and a password ({said}); give {GIVE_PROXY}"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy does not pass it on: {said}"
    if _ASKS_FOR_CERTIFICATE.search(said):
        return f"the engine asks for a client certificate; give --client-cert FILE ({said})"
    if _REFUSES_CERTIFICATE.search(said):
        return f"the engine asks for a client certificate, or for another one; give --client-cert FILE ({said})"
    return said

"""The one guarded transport: bytes in, bytes out, one exchange for each request, no redirect followed."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from contract_tests.config.auth import Auth, on_the_wire, place_credential
from contract_tests.config.options import Connection
from contract_tests.errors import OutsideGuardError, SettingError
from contract_tests.model import Caller, Exchange, Fault, Request, Response
from contract_tests.safety.guard import Guard
from contract_tests.transport.tls_and_proxy import proxy_for, tls_for
from engine_contract.http.content_encoding import MAX_BODY_BYTES, decode_content
from engine_contract.version import kit_version

READ_AT_ONCE = 8 * 1024 * 1024  # bytes of a body beyond which one answer at a time is read on
KEPT_OF_BROKEN = 64 * 1024  # bytes kept of a body that is not whole
KEEPALIVE = 2.0  # seconds; engines close idle connections after 5


class Transport:
    """Sends requests to one engine, each past the guard."""

    def __init__(self, connection: Connection, guard: Guard, *, wrong_credential: str) -> None:
        """Raises SettingError for tokens, certificates or a proxy that cannot be used."""
        self.connection = connection
        self.guard = guard
        self.sent = 0
        self._large = asyncio.Lock()
        self._renewals: dict[str, int] = {}
        self._renewed_in_vain: set[str] = set()
        self._wrong = wrong_credential
        self._tokens = {role: source.read() for role, source in connection.tokens.items()}
        if connection.auth.scheme == "basic":
            for role, token in self._tokens.items():
                if ":" not in token:
                    raise SettingError(f"--token {role}: that is no user:password, which --auth basic takes.")
        self._headers = [(name, source.read()) for name, source in connection.headers.items()]
        self._options = _client_options(connection)
        self._client = httpx.AsyncClient(
            limits=httpx.Limits(keepalive_expiry=KEEPALIVE, max_connections=None), **self._options
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def secrets(self) -> frozenset[str]:
        """All values that must be shown nowhere."""
        # A token that is its role's own name, as test engines have them, is no secret.
        tokens = {token for role, token in self._tokens.items() if token.partition(":")[0] != role}
        secrets = {*tokens, *(value for _, value in self._headers)}
        if self.connection.auth.scheme == "basic":
            secrets |= {token.partition(":")[2] for token in tokens}
        # A token without its end is sent as a wrong credential, and gives most of the secret away.
        secrets |= {_cut(token) for token in tokens}
        return frozenset(secret for secret in secrets if secret)

    def token_in_use(self, role: str | None) -> int:
        """Which of a role's tokens is in use: 0 for the first, 1 for the one that took its place, and so on."""
        return self._renewals.get(role or "", 0)

    def renew(self, role: str, refused: int) -> bool:
        """Run a token's command once more, unless another token has taken the place of the refused one by now.

        False if the token does not come from a command, or if the last one that it gave was refused at once.
        """
        if self.token_in_use(role) != refused:
            return True
        source = self.connection.tokens[role]
        if source.kind != "cmd" or role in self._renewed_in_vain:
            return False
        self._tokens[role] = source.read(again=True)
        self._renewals[role] = refused + 1
        return True

    def renewed_in_vain(self, role: str) -> None:
        """A role's new token is refused too: the answer does not mean the token."""
        self._renewed_in_vain.add(role)

    async def send(self, request: Request, situation: str, job_id: str | None = None) -> Exchange:
        """Send a request and wait for the whole answer, at most the connection's timeout.

        Raises OutsideGuardError, before anything is sent, for a request that the guard objects to.
        """
        if (objection := self.guard.objection(request)) is not None:
            raise OutsideGuardError(f"A request was not sent: {objection}.")
        self.sent += 1
        started_at, started = time.time(), time.monotonic()
        parts: list[bytes] = []
        head: list[httpx.Response] = []
        fault, detail = None, ""
        try:
            async with asyncio.timeout(self.connection.timeout) as bound:
                await self._receive(request, head, parts, bound)
        except TimeoutError:
            fault, detail = Fault.TIMEOUT, f"not complete within {self.connection.timeout:g} s"
        except _TooLargeError as error:
            fault, detail = Fault.PROTOCOL, str(error)
        except httpx.HTTPError as error:
            fault, detail = fault_of(error), sentence_of(error)
        except (httpx.InvalidURL, OSError, ValueError) as error:
            fault, detail = Fault.PROTOCOL, sentence_of(error)
        response = _answer(head, parts, detail if fault else None, time.monotonic() - started)
        return Exchange(request, situation, response, None if response else fault, detail, started_at, job_id)

    async def _receive(
        self, request: Request, head: list[httpx.Response], parts: list[bytes], bound: asyncio.Timeout
    ) -> None:
        async with AsyncExitStack() as turn, self._client_for(request) as client:
            query, headers = list(request.query), list(self._headers)
            auth = Auth.parse(request.caller.way) if request.caller.way else self.connection.auth
            place_credential(auth, self._credential(auth, request.caller), query, headers)
            if request.body is not None and request.content_type is not None:
                headers.append(("Content-Type", request.content_type))
            if request.fresh_connection:
                headers.append(("Connection", "close"))
            async with client.stream(
                request.method,
                self.connection.base + request.path,
                params=tuple(query) or None,
                headers=[(name.encode(), value.encode()) for name, value in headers],
                content=request.body,
            ) as received:
                head.append(received)
                size, is_large = 0, False
                async for part in received.aiter_raw():
                    size += len(part)
                    if size > READ_AT_ONCE and not is_large:
                        is_large, waits_since = True, time.monotonic()
                        await turn.enter_async_context(self._large)
                        # The engine is not to blame for the wait.
                        bound.reschedule((bound.when() or 0.0) + time.monotonic() - waits_since)
                    if size > MAX_BODY_BYTES:
                        raise _TooLargeError(f"it is larger than {MAX_BODY_BYTES // 2**20} MiB")
                    parts.append(part)

    @asynccontextmanager
    async def _client_for(self, request: Request) -> AsyncIterator[httpx.AsyncClient]:
        if not request.fresh_connection:
            yield self._client
            return
        async with httpx.AsyncClient(**self._options) as client:
            yield client

    def _credential(self, auth: Auth, caller: Caller) -> str | None:
        match caller.kind:
            case "none":
                return None
            case "empty":
                return on_the_wire(auth, "")
            case "wrong":
                wrong = self._wrong
                if auth.scheme == "basic" and ":" not in wrong:
                    wrong = f"{wrong[:12]}:{wrong[12:]}"
                return on_the_wire(auth, wrong)
            case "cut":
                return _cut(self._tokens[caller.role or ""])
        return on_the_wire(auth, self._tokens[caller.role or ""])


def _cut(token: str) -> str:
    """A token without its end: more than base64 could do without where the token is long."""
    return token[:-3] if len(token) >= 16 else token[:-1]


class _TooLargeError(Exception):
    """A body beyond what is read."""


def _client_options(connection: Connection) -> dict[str, Any]:
    return {
        "verify": tls_for(connection),
        "trust_env": False,  # the rule for proxies is our own: none for loopback
        "proxy": proxy_for(connection),
        "timeout": None,  # one bound on the whole exchange instead of one on each read
        "follow_redirects": False,
        "event_hooks": {"response": [_keep_headers]},
        # An engine's cookies belong to one caller; kept, they would lend that role to the others.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "headers": {
            "User-Agent": f"engine-contract/{kit_version()}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        },
    }


async def _keep_headers(received: httpx.Response) -> None:
    """Take away where a redirect points to: httpx reads it even where it follows none, and may choke on it."""
    received.extensions["kept_headers"] = list(received.headers.raw)
    received.headers.pop("location", None)


def _answer(head: list[httpx.Response], parts: list[bytes], broken_off: str | None, elapsed: float) -> Response | None:
    if not head:
        return None
    received, body = head[0], b"".join(parts if broken_off is None else _beginning(parts))
    if broken_off is None:
        body, broken_off = decode_content(body, received.headers.get("content-encoding", ""))
    if broken_off is not None:
        body = body[:KEPT_OF_BROKEN]
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in received.extensions["kept_headers"]
    )
    return Response(received.status_code, headers, body, broken_off, elapsed)


def _beginning(parts: list[bytes]) -> Iterator[bytes]:
    size = 0
    for part in parts:
        yield part
        size += len(part)
        if size >= KEPT_OF_BROKEN:
            return


def fault_of(error: httpx.HTTPError) -> Fault:
    """Which fault an error of httpx stands for."""
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
    """An error in a few words."""
    return str(error).strip()[:300] or type(error).__name__

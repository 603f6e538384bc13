"""The connection to the engine: one request out, the head of its response back, bodies as streams of raw bytes."""

from collections.abc import AsyncGenerator, AsyncIterator

import httpx

from contract_tests.config.options import Connection
from contract_tests.model import Fault
from contract_tests.recording.proxied_exchange import ProxiedExchange
from contract_tests.transport.tls_and_proxy import proxy_for, tls_for
from contract_tests.transport.transport import KEEPALIVE_S, fault_of, sentence_of
from engine_contract.http.behind import ServerBehind
from engine_contract.http.own_origin import OwnOrigin
from engine_contract.http.proxy_headers import own_host, response_headers
from engine_contract.http.types import HeaderList

CONNECT_TIMEOUT_S = 10.0

# Headers with which the watcher marks responses: an engine's own would pass for them.
_MARKS = frozenset({b"contract-violations", b"contract-warnings"})


class UpstreamError(Exception):
    """The engine gave no response, or not all of it: which fault, and a sentence."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


class BadRequestError(Exception):
    """The request cannot be sent as HTTP."""


class Upstream:
    """Sends requests to the engine."""

    def __init__(self, connection: Connection) -> None:
        """Prepare the connection. Raises SettingError for certificates and proxies that cannot be used."""
        self.extra = tuple((name, source.read()) for name, source in connection.headers.items())
        self._server = ServerBehind(
            connection.base,
            read_s=connection.timeout,
            connect_s=min(CONNECT_TIMEOUT_S, connection.timeout),
            proxy=proxy_for(connection),
            verify=tls_for(connection),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=KEEPALIVE_S),
        )
        self.address = self._server.address
        self.own_origin = OwnOrigin(self.address)

    async def send(self, method: str, target: str, headers: HeaderList, body: AsyncIterator[bytes]) -> httpx.Response:
        """Send a request and wait for the head of its response. `target` is a path below the base, with its query.

        Raises UpstreamError, and BadRequestError for a request that is not HTTP.
        """
        try:
            self.address.target(target)
        except ValueError as error:
            raise BadRequestError(str(error)) from error
        try:
            return await self._server.send(method, target, headers, body)
        except httpx.LocalProtocolError as error:
            raise BadRequestError(sentence_of(error)) from error
        except httpx.HTTPError as error:
            raise _upstream_error(error) from error
        except (OSError, ValueError) as error:
            raise UpstreamError(Fault.PROTOCOL, sentence_of(error)) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._server.close()


def headers_back(proxied: ProxiedExchange, engine: OwnOrigin) -> HeaderList:
    """Return the headers of the engine's response as the caller gets them."""
    host = own_host(proxied.headers)
    own_origin = b"http://" + host if host else b""
    headers = response_headers(
        proxied.response_headers, engine.server, own_origin, status=proxied.status, dropped=_MARKS
    )
    return engine.moved_headers(headers, host)


async def parts_of(received: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the body of a response in raw parts, as they come. Raises UpstreamError if it breaks off."""
    stream = received.stream
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101 - it came from an asynchronous transport
    try:
        async for part in stream:
            yield part
    except httpx.HTTPError as error:
        raise _upstream_error(error) from error
    finally:
        await stream.aclose()


def _upstream_error(error: httpx.HTTPError) -> UpstreamError:
    fault = fault_of(error)
    # A connection that cannot be made in time is an engine that is not there, not a slow one.
    if isinstance(error, httpx.ConnectTimeout):
        return UpstreamError(Fault.CONNECT, "no connection in time")
    if fault is Fault.TIMEOUT:
        return UpstreamError(fault, "it sent nothing for as long as --timeout allows")
    return UpstreamError(fault, sentence_of(error))

"""The adapter to private parts of Schemathesis and requests: nothing is sent that the guard has not seen.

Everything here fails closed. A name that is gone, or a transport that does not pass the guard, ends the import; a
request that would pass it by ends the whole run.
"""

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

from contract_tests.errors import KitError, OutsideGuardError
from contract_tests.plan.generate import without_hooks
from engine_contract.dependencies import require

_BREAKS = "Schemathesis could cancel jobs that nobody supplied, or a failure could be misjudged"

require(
    "requests",
    "requests.adapters:HTTPAdapter.send",
    "requests.sessions:get_netrc_auth",
    "requests:Session.adapters",
    breaks=_BREAKS,
)
require(
    "schemathesis",
    *(
        f"schemathesis:Case.{name}"
        for name in ("body", "cookies", "headers", "id", "media_type", "method", "operation", "query")
    ),
    "schemathesis.cli:handler",
    "schemathesis.core.errors:IncorrectUsage",
    "schemathesis.core.errors:SerializationNotPossible",
    "schemathesis.core.failures:AcceptedNegativeData",
    "schemathesis.core.failures:Failure",
    "schemathesis.engine.events:EngineFinished",
    "schemathesis.hook_specs:before_call",
    "schemathesis.hook_specs:filter_failure",
    "schemathesis.openapi.checks:AllowHeaderMismatch",
    "schemathesis.openapi.checks:IgnoredAuth",
    "schemathesis.openapi.checks:JsonSchemaError",
    "schemathesis.openapi.checks:UnsupportedMethodResponse",
    "schemathesis.specs.openapi._auth_retry:INVALID_CREDENTIAL",
    "schemathesis.transport.requests:RequestsTransport.send",
    breaks=_BREAKS,
)

import requests
import schemathesis
import schemathesis.cli
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from schemathesis.config import SchemathesisConfig
from schemathesis.core.errors import IncorrectUsage, SerializationNotPossible
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.engine.events import EngineFinished
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    IgnoredAuth,
    JsonSchemaError,
    UnsupportedMethodResponse,
)
from schemathesis.specs.openapi._auth_retry import INVALID_CREDENTIAL
from schemathesis.transport.requests import RequestsTransport

__all__ = [
    "INVALID_CREDENTIAL",
    "AcceptedNegativeData",
    "AllowHeaderMismatch",
    "Failure",
    "IgnoredAuth",
    "JsonSchemaError",
    "Outgoing",
    "SendGuard",
    "UnsupportedMethodResponse",
    "fail_run_if",
    "stop",
]

_NOWHERE = "http://127.0.0.1:0"  # no server can listen on port 0

_FORM_ERRORS = (IncorrectUsage, SerializationNotPossible, TypeError, ValueError)
"""Errors about a request's form are raised before it is sent, and before the guard is asked."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that is about to leave the process."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    generated: str | None = None
    """The `Authorization` of the case that it is sent for, as Schemathesis has made it up."""


class _GuardAskedError(Exception):
    """Raised in the rehearsal in place of sending."""


class SendGuard:
    """Asks before each request of this process: `allow` returns what is sent, or raises OutsideGuardError.

    `answered` gets the request as it was asked for, the one that was sent, and the response's status; it returns
    whether others may be sent as this one was.
    """

    def __init__(
        self, allow: Callable[[Outgoing], Outgoing], answered: Callable[[Outgoing, Outgoing, int], bool]
    ) -> None:
        """Stand between Schemathesis and the network from now on. Raises KitError if its requests pass by."""
        self._allow, self._answered = allow, answered
        self._turn = threading.local()
        self._send_alike: Callable[[bytes], int] | None = None
        self._first_case = threading.RLock()
        self._has_seen_case = False
        # A .netrc would take the place of the credential, also where a request is to have none.
        requests.sessions.get_netrc_auth = lambda *_, **__: None  # type: ignore[attr-defined]
        self._send_request = self._guarded_request(HTTPAdapter.send)
        HTTPAdapter.send = self._send_request  # type: ignore[method-assign]
        self._rehearse()
        self._send_case = self._guarded_case(RequestsTransport.send)
        RequestsTransport.send = self._send_case  # type: ignore[method-assign]

    def expect(self, case: Any, options: Mapping[str, Any]) -> None:
        """Stop the run unless the transport that will send the case is the guarded one."""
        operation = case.operation
        send = getattr(operation.schema.transport.send, "__func__", None)
        if operation.app is not None or "app" in options or send is not self._send_case:
            stop("Schemathesis was about to send a case by a transport that the guard does not know")

    def send_alike(self, body: bytes) -> int | None:
        """Send a body as the last request that may be followed was sent. Return the status, None without such a request.

        The guard is not asked: the caller is responsible for the body.
        """
        return None if self._send_alike is None else self._send_alike(body)

    def _guarded_request(self, send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
        @wraps(send)
        def guarded(adapter: Any, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> Any:
            self._turn.is_seen = True
            asked = _outgoing(request, getattr(self._turn, "generated", None))
            allowed = self._allow(asked)
            if allowed is not asked:
                request = request.copy()
                request.prepare_body(allowed.body, None)
            response = send(adapter, request, *arguments, **options)
            if self._answered(asked, allowed, response.status_code):
                self._send_alike = _sends_alike(send, adapter, request, arguments, options)
            return response

        return guarded

    def _guarded_case(self, send: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(send)
        def guarded(transport: Any, case: Any, **options: Any) -> Any:
            session = options.get("session")
            self._expect_adapters(session if session is not None else requests.Session())
            # Workers wait until the guard has seen the first case, so that at most one can pass it by.
            with nullcontext() if self._has_seen_case else self._first_case:
                self._turn.is_seen = False
                self._turn.generated = (case.headers or {}).get("Authorization")
                try:
                    response = send(transport, case, **options)
                except _FORM_ERRORS:
                    raise
                except Exception:
                    self._expect_seen()
                    raise
                finally:
                    self._turn.generated = None
                self._expect_seen()
                return response

        return guarded

    def _expect_adapters(self, session: requests.Session) -> None:
        adapters = session.adapters.values()
        if any(getattr(adapter.send, "__func__", None) is not self._send_request for adapter in adapters):
            stop("A request was about to be sent by an adapter of requests that the guard does not know")

    def _expect_seen(self) -> None:
        if not self._turn.is_seen:
            stop("Schemathesis sent a request that did not pass the guard, which may have canceled a job")
        self._has_seen_case = True

    def _rehearse(self) -> None:
        """Send a case to nowhere. Raises KitError if the guard is not asked about it."""

        def refuse(_: Outgoing) -> NoReturn:
            raise _GuardAskedError

        allow, self._allow = self._allow, refuse
        try:
            with without_hooks():
                schema = schemathesis.openapi.from_dict(_ONE_OPERATION, config=SchemathesisConfig())
            schema.transport.send(schema["/"]["POST"].Case(), base_url=_NOWHERE)
        except _GuardAskedError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the guard was not asked
            found = f"{type(error).__name__}: {error}"
        else:
            found = "the case was sent"
        finally:
            self._allow = allow
        raise KitError(
            f"The guard was not asked about a case that Schemathesis {schemathesis.__version__} sent for a trial "
            f"({found}), so a live engine would be unprotected. Install the version of Schemathesis that was tested."
        )


def fail_run_if(why: Callable[[], str | None]) -> None:
    """Let `schemathesis run` and `fuzz` fail at their end where `why` returns a sentence, which is printed."""

    @schemathesis.cli.handler()
    class _LastWord:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def start(self, _context: Any) -> None:
            pass

        def handle_event(self, context: Any, event: Any) -> None:
            if isinstance(event, EngineFinished) and context.exit_code in {0, 1} and (sentence := why()) is not None:
                context.exit_code = 1
                sys.stdout.flush()
                sys.stderr.write(f"\ncontract_tests.hooks: {sentence}\n")

        def shutdown(self, _context: Any) -> None:
            pass


_ONE_OPERATION = {
    "openapi": "3.0.3",
    "info": {"title": "Rehearsal", "version": "1"},
    "paths": {"/": {"post": {"responses": {"200": {"description": "Never sent"}}}}},
}


def _outgoing(request: requests.PreparedRequest, generated: Any) -> Outgoing:
    body = request.body
    if isinstance(body, str):
        body = body.encode()
    if body is not None and not isinstance(body, bytes):
        raise OutsideGuardError("The request was not sent: its body is a stream, and its content is not known.")
    texts = ((name, _text(value)) for name, value in request.headers.items())
    return Outgoing(str(request.method), str(request.url), CaseInsensitiveDict(texts), body, _text(generated))


def _text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _sends_alike(
    send: Callable[..., requests.Response],
    adapter: Any,
    request: requests.PreparedRequest,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> Callable[[bytes], int]:
    """Return what sends another body with the same credential, by the same adapter, proxies and certificates."""
    model = request.copy()

    def send_body(body: bytes) -> int:
        other = model.copy()
        other.prepare_body(body, None)
        response = send(adapter, other, *arguments, **options)
        response.close()
        return response.status_code

    return send_body


def stop(what: str) -> NoReturn:
    """End the process: Schemathesis would take an exception for a failure of one case, and go on."""
    sys.stdout.flush()
    sys.stderr.write(f"\ncontract_tests.hooks: {what}. The run was stopped.\n")
    sys.stderr.flush()
    os._exit(2)

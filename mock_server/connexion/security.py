"""Security as the specification says it: its schemes tell how a credential may travel, `x-roles` who may.

Roles are not scopes. Listed as scopes of an http bearer scheme they fail open (connexion passes None), and
those of one oauth2 requirement must all hold, where the page means one of them.
"""

from collections.abc import Mapping
from typing import Any

from engine_contract.contract import Operation
from mock_server.connexion.imports import (
    NO_VALUE,
    AbstractSecurityHandler,
    OAuthProblem,
    SecurityAPI,
    SecurityMiddleware,
    SecurityOperation,
)
from mock_server.operations.credentials import objection, wrong_credential
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.refusals import Refusal, Refused


def _handler(kind_of: dict[str, str]) -> type[AbstractSecurityHandler]:
    """Return a handler of connexion's for schemes of a type. `kind_of`: where the credential is → `Credential.kind`."""

    class Handler(AbstractSecurityHandler):
        def get_fn(self, security_scheme: dict[str, Any], required_scopes: list[str]) -> Any:  # noqa: ARG002
            kinds = (kind_of[security_scheme.get("in", "header")], "default")

            def verify(exchange: Exchange) -> Any:
                credential = exchange.credential
                if credential.kind not in kinds:
                    return NO_VALUE
                if credential.role is None:
                    raise OAuthProblem
                return {"sub": credential.role}

            return verify

    return Handler


SECURITY_MAP = {
    "bearer": _handler({"header": "bearer"}),
    "basic": _handler({"header": "basic"}),
    "apiKey": _handler({"cookie": "cookieToken", "query": "queryToken"}),
}
"""The specification's schemes → handlers: passed to connexion, so that the specification names no Python."""


class _Operation(SecurityOperation):
    """Verifies the credential as connexion does, then the role, and lets a fault have its say."""

    operation: Operation

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange: Exchange = scope[SCOPE_KEY]
        refusal = await self._decide(exchange)
        if exchange.change is not None and exchange.change.may is not None:
            refusal = exchange.change.may(exchange, refusal)
        if refusal is not None:
            raise Refused(refusal)
        await self.next_app(scope, receive, send)

    async def _decide(self, exchange: Exchange) -> Refusal | None:
        try:
            # In place of a request of connexion's: its handlers ask for nothing but the credential.
            await self.verification_fn(exchange)
        except OAuthProblem:
            return wrong_credential(exchange.credential)
        return objection(exchange.credential, self.operation.roles, "cancel jobs")


def security_of(operations: Mapping[str, Operation]) -> type[SecurityMiddleware]:
    """Return connexion's security middleware with the role check. `operations`: by operation id."""

    class API(SecurityAPI):
        def make_operation(self, operation: Any) -> SecurityOperation:
            made = _Operation.from_operation(
                operation, next_app=self.next_app, security_handler_factory=self.security_handler_factory
            )
            assert isinstance(made, _Operation)  # noqa: S101 - for the type's sake
            made.operation = operations[operation.operation_id]
            return made

    class Middleware(SecurityMiddleware):
        api_cls = API

    return Middleware

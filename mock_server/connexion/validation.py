"""Validation as the specification says it: content types, and the body's schema, worked out once for each operation."""

from collections.abc import Mapping
from typing import Any

from engine_contract.contract import Operation
from mock_server.connexion.imports import (
    AbstractOperation,
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)
from mock_server.operations.body import BodyCheck, check_media
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.refusals import Refusal, Refused


class _Operation(RequestValidationOperation):
    """Connexion makes validators anew for each request and trusts the content type's case; this one does not."""

    def __init__(self, next_app: Any, *, operation: AbstractOperation, named: Operation, **options: Any) -> None:
        super().__init__(next_app, operation=operation, **options)
        self._consumes = frozenset(media.lower() for media in operation.consumes)
        self._check = BodyCheck(operation.body_schema(operation.consumes[0]))
        (self._id_name,) = named.request_schema["required"]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange: Exchange = scope[SCOPE_KEY]
        outcome: str | Refusal | None = check_media(exchange, self._consumes) or self._check.check(exchange)
        if outcome is None:
            outcome = exchange.json[self._id_name]
        if exchange.change is not None and exchange.change.parameters is not None:
            outcome = exchange.change.parameters(exchange, outcome)
        if not isinstance(outcome, str):
            raise Refused(outcome)
        exchange.job_id = outcome
        await self.next_app(scope, receive, send)


def validation_of(operations: Mapping[str, Operation]) -> type[RequestValidationMiddleware]:
    """Return connexion's validation middleware with validators that are made once. `operations`: by operation id."""

    class API(RequestValidationAPI):
        def make_operation(self, operation: AbstractOperation) -> _Operation:
            return _Operation(self.next_app, operation=operation, named=operations[operation.operation_id])

    class Middleware(RequestValidationMiddleware):
        api_cls = API

    return Middleware

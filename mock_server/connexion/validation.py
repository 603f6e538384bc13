"""Validation as the specification says it: content types, and the body's schema, worked out once for each operation."""

from typing import Any

from engine_contract.http.content_encoding import is_encoded
from engine_contract.http.media_types import accepts_json, codec_of, read_content_type
from mock_server.connexion.imports import (
    AbstractOperation,
    RequestValidationAPI,
    RequestValidationMiddleware,
    RequestValidationOperation,
)
from mock_server.operations.body import BodyCheck
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.refusals import Refusal, Refused


class _Operation(RequestValidationOperation):
    """Connexion makes validators anew for each request and trusts the content type's case; this one does not."""

    def __init__(self, next_app: Any, *, operation: AbstractOperation, **options: Any) -> None:
        super().__init__(next_app, operation=operation, **options)
        self._consumes = frozenset(media.lower() for media in operation.consumes)
        self._check = BodyCheck(operation.body_schema(operation.consumes[0]))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange: Exchange = scope[SCOPE_KEY]
        outcome: str | Refusal | None = self._refusal(exchange)
        if outcome is None:
            outcome = exchange.json["job_id"]
        if exchange.change is not None and exchange.change.parameters is not None:
            outcome = exchange.change.parameters(exchange, outcome)
        if not isinstance(outcome, str):
            raise Refused(outcome)
        exchange.job_id = outcome
        await self.next_app(scope, receive, send)

    def _refusal(self, exchange: Exchange) -> Refusal | None:
        headers = exchange.headers
        accept = headers.get(b"accept")
        if accept is not None and not accepts_json(accept):
            return Refusal("not-acceptable", "The answer is application/json, which Accept excludes.", "Accept")
        charset = None
        # No content type: taken for JSON, and checked like it.
        if header := headers.get(b"content-type"):
            media, charset = read_content_type(header)
            if media not in self._consumes:
                allowed = ", ".join(sorted(self._consumes))
                return Refusal("unsupported-media-type", f"Content-Type must be {allowed}.", "Content-Type")
            if charset is not None and codec_of(charset) is None:
                return Refusal(
                    "unsupported-media-type", "The charset is not known here; JSON is UTF-8.", "Content-Type"
                )
        if is_encoded(headers.get(b"content-encoding", b"").decode("latin-1")):
            return Refusal("unsupported-media-type", "A compressed body is not read here.", "Content-Encoding")
        return self._check.check(exchange, charset)


class _API(RequestValidationAPI):
    def make_operation(self, operation: AbstractOperation) -> _Operation:
        return _Operation(self.next_app, operation=operation)


class BodyValidationMiddleware(RequestValidationMiddleware):
    """Connexion's validation middleware with validators that are made once."""

    api_cls = _API

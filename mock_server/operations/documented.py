"""An operation that only a documentation page describes: its checks, and the page's example as its answer."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from engine_contract.contract import Operation
from engine_contract.contract.operation import JSON as JSON_MEDIA
from mock_server.operations.body import BodyCheck, check_media
from mock_server.operations.credentials import objection
from mock_server.operations.exchange import SCOPE_KEY, Exchange
from mock_server.operations.refusals import Refusal, Refused
from mock_server.operations.response import JSON, Response

SHORTEST_ID = 4
"""Characters of a text of the page's request from which on it is taken for the same one in the page's answer."""

Companion = Callable[[Exchange], Awaitable[Response]]
"""Answers a request that was checked, where the mock knows more of a route than its page."""

# A key of a map may be an id of the request; a field's name, which a request may name too, has no digit.
_HAS_DIGIT = frozenset("0123456789")
_ENDS_OF_IDS = ("_id", "Id", "ID")


class Documented:
    """Checks requests as the page says, and answers with its example; made once, an ASGI application.

    The response is left in the exchange. Raise ValueError for a schema that cannot be used.
    """

    def __init__(self, operation: Operation, prefix: str, companion: Companion | None = None) -> None:
        self._operation = operation
        self._prefix = prefix
        self._companion = companion
        named = {one.name: dict(one.schema) for one in operation.parameters}
        required = [one.name for one in operation.parameters if one.required]
        needed = {"required": required} if required else {}  # JSON Schema of this edition has no empty one
        self._parameters = BodyCheck({"type": "object", "properties": named, **needed})
        self._body = BodyCheck(operation.request_schema) if operation.takes_body else None

    async def __call__(self, scope: Any, _receive: Any, _send: Any) -> None:
        """Serve one request of the operation's route."""
        exchange: Exchange = scope[SCOPE_KEY]
        operation, change = self._operation, exchange.change
        refusal = objection(exchange.credential, operation.roles, f"call {operation.name}")
        if change is not None and change.may is not None:
            refusal = change.may(exchange, refusal)
        if refusal is not None:
            raise Refused(refusal)
        values: dict[str, Any] = {}
        outcome: str | Refusal = self._check(exchange, values) or ""
        if change is not None and change.parameters is not None:
            outcome = change.parameters(exchange, outcome)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        exchange.response = await self._answer(exchange, values)

    def _check(self, exchange: Exchange, values: dict[str, Any]) -> Refusal | None:
        """Read path, query and body into `values`; return the first refusal, None for a valid request."""
        in_path = self._operation.match(exchange.path.removeprefix(self._prefix)) or {}
        texts = parse_qs(exchange.query.decode("latin-1"), keep_blank_values=True)
        texts |= {name: [text.replace("%2F", "/")] for name, text in in_path.items()}
        values |= {
            one.name: _value(texts[one.name], one.schema) for one in self._operation.parameters if one.name in texts
        }
        refusal = self._parameters.check_value(values)
        refusal = check_media(exchange, {JSON_MEDIA} if self._body else None) or refusal
        if self._body is None or refusal is not None:
            return refusal
        if not exchange.body and not self._operation.requires_body:
            return None
        refusal = self._body.check(exchange)
        if isinstance(exchange.json, dict):
            values |= exchange.json
        return refusal

    async def _answer(self, exchange: Exchange, values: Mapping[str, Any]) -> Response:
        operation = self._operation
        if self._companion is not None:
            response = await self._companion(exchange)
        elif operation.response_status in {204, 205}:
            response = Response(operation.response_status, b"")
        else:
            wanted = exchange.preferences.example
            example = operation.response_example if wanted is None else operation.response_examples[wanted]
            if not operation.response_examples:
                example = sample(operation.response_schema)
            response = Response(operation.response_status, JSON, orjson.dumps(with_ids(example, operation, values)))
        return response._replace(body=exchange.edited(response.body))


def _value(texts: list[str], schema: Mapping[str, Any]) -> Any:
    """Return the value that texts of a path or query stand for; the text itself where it is not of the schema's type."""
    kind, text = schema.get("type"), texts[0]
    if kind == "array":
        items = schema.get("items")
        parts = texts if len(texts) > 1 else text.split(",")
        return [_value([part], items if isinstance(items, Mapping) else {}) for part in parts]
    if kind in {"integer", "number", "boolean", "object"}:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return text if isinstance(value, str) else value
    return text


def with_ids(example: Any, operation: Operation, values: Mapping[str, Any]) -> Any:
    """Return the page's answer to the values of a request.

    A text of the page's own request that the answer shows too is the request's there; so is a member of the answer
    that has the name of an id in the request. The answer's `_id` or `id` is the last id of the path.
    """
    shown = {one.name: one.example for one in operation.parameters}
    if isinstance(operation.request_example, Mapping):
        shown |= operation.request_example
    swaps = dict(pair for name, value in values.items() for pair in _pairs(shown.get(name), value))
    document = _swapped(example, swaps)
    if isinstance(document, dict):
        ids = {
            name: value
            for name, value in values.items()
            if isinstance(value, str) and (name == "id" or name.endswith(_ENDS_OF_IDS))
        }
        in_path = [one.name for one in operation.parameters_in("path") if one.name in ids]
        if in_path and not any(document.get(name) == ids[in_path[-1]] for name in ("_id", "id")):
            ids |= dict.fromkeys([name for name in ("_id", "id") if name in document][:1], ids[in_path[-1]])
        document |= {name: value for name, value in ids.items() if isinstance(document.get(name), str)}
    return document


def _pairs(shown: Any, value: Any) -> list[tuple[str, str]]:
    if isinstance(shown, list) and isinstance(value, list):
        return [pair for ours, theirs in zip(shown, value, strict=False) for pair in _pairs(ours, theirs)]
    if isinstance(shown, str) and isinstance(value, str) and len(shown) >= SHORTEST_ID:
        return [(shown, value)]
    return []


def _swapped(node: Any, swaps: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return swaps.get(node, node)
    if isinstance(node, list):
        return [_swapped(item, swaps) for item in node]
    if isinstance(node, Mapping):
        return {
            swaps.get(key, key) if _HAS_DIGIT.intersection(key) else key: _swapped(value, swaps)
            for key, value in node.items()
        }
    return node


_SAMPLES = {"string": "text", "integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}


def sample(schema: Mapping[str, Any]) -> Any:
    """Return a value of a schema, for a page that shows no answer; an empty object where nothing is said."""
    for keyword in ("example", "default", "enum"):
        if keyword in schema:
            return schema[keyword][0] if keyword == "enum" else schema[keyword]
    if "properties" in schema:
        return {name: sample(below) for name, below in schema["properties"].items() if isinstance(below, Mapping)}
    if isinstance(schema.get("items"), Mapping):
        return [sample(schema["items"])]
    return _SAMPLES.get(str(schema.get("type", "object")))

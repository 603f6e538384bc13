"""The requests that may be sent for another page's `GET`: the valid one, and those with one flaw in its parameters."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from contract_tests.model import Request
from engine_contract.contract import Operation, Parameter

SAFE = "GET"
_TYPED = frozenset({"integer", "number", "boolean"})

Query = tuple[tuple[str, str], ...]
Variant = tuple[str | None, str, Query]
"""The rule that a request breaks, without the operation's prefix (None for the valid one), its path and its query."""


@dataclass(frozen=True, slots=True)
class PageCalls:
    """The requests for one operation of another page. `missing` are parameters without a value: then there are none."""

    operation: Operation
    variants: tuple[Variant, ...] = ()
    """The requests, the valid one first."""
    missing: tuple[str, ...] = ()
    is_guessed: bool = False
    """Whether a value is the page's own, which the engine may not know."""

    def allow(self, request: Request) -> bool:
        """Return whether a request is one of these, whoever sends it."""
        shape = request.method, request.body, request.path, request.query
        return any(shape == (SAFE, None, path, query) for _, path, query in self.variants)


def page_calls(operation: Operation, given: Mapping[str, Mapping[str, Any]]) -> PageCalls:
    """Return the requests for an operation. `given` holds its values by name, for the `path` and for the `query`."""
    if operation.method != SAFE:
        return PageCalls(operation)
    in_path: dict[str, str] = {}
    in_query: dict[str, list[str]] = {}
    missing, is_guessed = [], False
    for one in operation.parameters:
        own = given.get(one.place, {})
        if one.name not in own and not one.required:
            continue
        texts = texts_of(one, own[one.name] if one.name in own else _of_page(one))
        is_guessed = is_guessed or one.name not in own
        if not texts:
            missing.append(one.name)
        elif one.place == "path":
            in_path[one.name] = quote(texts[0], safe="")
        else:
            in_query[one.name] = texts
    if missing:
        return PageCalls(operation, missing=tuple(missing))
    path, query = operation.path_with(in_path), _pairs(in_query)
    variants: list[Variant] = [(None, path, query)]
    for one in operation.parameters:
        if one.place == "query" and one.required:
            left = {name: texts for name, texts in in_query.items() if name != one.name}
            variants.append((f"request.{one.name}.required", path, _pairs(left)))
        if one.schema.get("type") in _TYPED:
            wrong = f"not-a-{one.schema['type']}"
            at_path = operation.path_with({**in_path, one.name: wrong}) if one.place == "path" else path
            changed = query if one.place == "path" else _pairs({**in_query, one.name: [wrong]})
            variants.append((f"request.{one.name}.type", at_path, changed))
    return PageCalls(operation, tuple(variants), is_guessed=is_guessed)


def texts_of(parameter: Parameter, value: Any) -> list[str]:
    """Return a value as it stands in the URL, an array as one text an element; empty where it cannot stand there."""
    if isinstance(value, list) and parameter.place == "query":
        return [text for each in value for text in texts_of(parameter, each)]
    if not isinstance(value, str | int | float):
        return []
    text = value if isinstance(value, str) else json.dumps(value)
    # A client takes dots for a way up in the path.
    return [] if parameter.place == "path" and text in {"", ".", ".."} else [text]


def _of_page(parameter: Parameter) -> Any:
    """Return the value that the page shows for a parameter, None without one."""
    if parameter.example is not None:
        return parameter.example
    return next(iter(parameter.schema.get("enum", ())), parameter.schema.get("default"))


def _pairs(texts: Mapping[str, list[str]]) -> Query:
    return tuple((name, text) for name, each in texts.items() for text in each)

"""Schemas of OpenAPI 3.0 from examples, at every depth: maps are recognised, the elements of arrays merged."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.located_json import Node

Schema = dict[str, Any]
Place = tuple[str, ...]

ANY = "*"
"""In a place: any key of a map, or any element of an array."""

_ID = re.compile(r"(?=.*\d)([0-9a-f]{2,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")

_NUMBERS = frozenset({"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"})
_WORDS = frozenset({"description", "title", "format", "enum", "nullable", "pattern", "uniqueItems"})
_KEYWORDS = frozenset({"type", "properties", "required", "items", "additionalProperties"}) | _NUMBERS | _WORDS
_DROPPED = frozenset({"$schema", "$id", "id", "$comment", "examples", "example", "default"})


def infer(samples: Sequence[Any]) -> Schema:
    """Return the schema that all these values of one place fit."""
    values = [sample for sample in samples if sample is not None]
    schema = _infer(values)
    return {**schema, "nullable": True} if schema and len(values) < len(samples) else schema


def _infer(values: Sequence[Any]) -> Schema:
    types = {type_of(value) for value in values}
    if types == {"integer", "number"}:
        return {"type": "number"}
    if len(types) != 1:
        return {}  # no value, or values of several types: the page does not say more
    (kind,) = types
    match kind:
        case "object":
            return _of_objects(values)
        case "array":
            return {"type": "array", "items": infer([element for value in values for element in value])}
        case "string" if all(_DATE_TIME.fullmatch(value) for value in values):
            return {"type": "string", "format": "date-time"}
    return {"type": kind}


def _of_objects(values: Sequence[dict[str, Any]]) -> Schema:
    if is_map(values):
        return {
            "type": "object",
            "additionalProperties": infer([child for value in values for child in value.values()]),
        }
    keys = list(dict.fromkeys(key for value in values for key in value))
    required = [key for key in keys if all(key in value for value in values)]
    properties = {key: infer([value[key] for value in values if key in value]) for key in keys}
    schema: Schema = {"type": "object"}
    if required:
        schema["required"] = required
    if properties:
        schema["properties"] = properties
    return schema


def is_map(values: Sequence[dict[str, Any]]) -> bool:
    """Return whether the keys of these objects are ids, and all their values are of one type.

    A key is an id if it looks like one, or if the object behind it bears it as its own name.
    """
    children = [(key, child) for value in values for key, child in value.items()]
    if len({type_of(child) for _, child in children}) != 1:
        return False
    return any(_ID.fullmatch(key) for key, _ in children) or all(_bears(child, key) for key, child in children)


def _bears(child: Any, key: str) -> bool:
    return isinstance(child, dict) and key in (child.get("_id"), child.get("id"), child.get("name"), child.get("key"))


def type_of(value: Any) -> str:
    """Return the JSON type of a value, as a schema names it."""
    for name, kinds in _TYPES:
        if isinstance(value, kinds):
            return name
    return "null"


def with_article(kind: str) -> str:
    """Return a type's name after its article, such as `an array`."""
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind}"


_TYPES: tuple[tuple[str, type], ...] = (
    ("boolean", bool),
    ("integer", int),
    ("number", float),
    ("string", str),
    ("array", list),
    ("object", dict),
)


def from_json_schema(node: Node) -> Schema:
    """Translate a JSON Schema to OpenAPI 3.0. Raise PageError for a keyword that OpenAPI 3.0 does not have."""
    schema: Schema = {}
    for key, child in node.children.items():
        value = child.value
        match key:
            case "properties":
                schema[key] = {name: from_json_schema(below) for name, below in child.children.items()}
            case "items" | "additionalProperties" if isinstance(value, dict):
                schema[key] = from_json_schema(child)
            case "type" if isinstance(value, list):
                named = [kind for kind in value if kind != "null"]
                if len(named) == 1:
                    schema["type"] = named[0]
                if len(named) < len(value):
                    schema["nullable"] = True
            case "const":
                schema["enum"] = [value]
            case _ if key in _KEYWORDS:
                schema[str(key)] = value
            case _ if key not in _DROPPED:
                allowed = ", ".join(sorted(_KEYWORDS))
                raise PageError(child.line, f"the schema's keyword {key!r} is not known", f"Allowed are {allowed}.")
    return schema


def places(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Yield each place that a schema describes, outermost first; an array of plain values is one with its elements."""
    yield place, schema
    for name, below in schema.get("properties", {}).items():
        yield from places(below, (*place, name))
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        yield from places(others, (*place, ANY))
    items = schema.get("items", {})
    if items.get("type") in {"object", "array"}:
        yield from places(items, (*place, ANY))


def lines_of_example(node: Node, schema: Schema, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Yield the lines of an example, each with the innermost place of the schema that it belongs to."""
    yield place, node.line
    for key, child in node.children.items():
        below, where = _step(schema, key)
        if where is None:
            yield from ((place, line) for line in child.lines())
        else:
            yield from lines_of_example(child, below, (*place, where))


def _step(schema: Schema, key: str | int) -> tuple[Schema, str | None]:
    """Return the schema of a child, and its key in the place; None if it has no place of its own."""
    if key in schema.get("properties", {}):
        return schema["properties"][key], str(key)
    below = schema.get("items" if isinstance(key, int) else "additionalProperties")
    if isinstance(below, dict) and (isinstance(key, str) or below.get("type") in {"object", "array"}):
        return below, ANY
    return {}, None


def lines_of_schema(node: Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Yield the lines of a JSON Schema, each with the place that it speaks of."""
    yield place, node.line
    for key, child in node.children.items():
        if key == "properties":
            yield place, child.line
            for name, below in child.children.items():
                yield from lines_of_schema(below, (*place, str(name)))
        elif key in {"items", "additionalProperties"} and child.children:
            inner = child.value.get("type") in {"object", "array"} or key == "additionalProperties"
            yield from lines_of_schema(child, (*place, ANY) if inner else place)
        else:
            yield from ((place, line) for line in child.lines())

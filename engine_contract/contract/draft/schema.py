"""Schemas of OpenAPI 3.0 from examples, at every depth: maps are recognised, the elements of arrays merged."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from engine_contract.contract.draft.kinds import ANY_TYPE
from engine_contract.contract.draft.located_json import Node
from engine_contract.contract.draft.notes import GUESSED, noted, opened
from engine_contract.contract.draft.table import Row

Schema = dict[str, Any]
Place = tuple[str, ...]

ANY = "*"
"""In a place: any key of a map, or any element of an array."""

_ID = re.compile(r"(?=.*\d)([0-9a-f]{2,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")

_ENOUGH_ALIKE = 3
"""Objects of the same shape that are a map even where the name before them is in the singular."""


def infer(samples: Sequence[Any], name: str = "", *, is_answer: bool = True) -> Schema:
    """Return the schema that all these values of one place fit; `name` is the key that they stand behind.

    In an answer the keys that all samples have are required. Of a caller nothing is, since an example is a choice.
    """
    values = [sample for sample in samples if sample is not None]
    schema = _infer(values, name, is_answer=is_answer)
    return {**schema, "nullable": True} if schema and len(values) < len(samples) else schema


def _infer(values: Sequence[Any], name: str, *, is_answer: bool) -> Schema:
    types = {type_of(value) for value in values}
    if types == {"integer", "number"}:
        return {"type": "number"}
    if not types:
        return {}
    if len(types) > 1:
        return opened(f"the page shows {', '.join(sorted(types))} here")
    if types == {"object"}:
        return _of_objects(values, name, is_answer=is_answer)
    if types == {"array"}:
        return {"type": "array", "items": infer([one for value in values for one in value], is_answer=is_answer)}
    (kind,) = types
    schema: Schema = {"type": kind}
    if kind == "string" and all(_DATE_TIME.fullmatch(value) for value in values):
        schema |= {"format": "date-time", GUESSED: "a time, by its look"}
    return schema


def _of_objects(values: Sequence[dict[str, Any]], name: str, *, is_answer: bool) -> Schema:
    if is_map(values, name):
        entry = _of_entries([child for value in values for child in value.values()], is_answer=is_answer)
        return {"type": "object", "additionalProperties": entry, GUESSED: "its keys are taken for ids, a map"}
    keys = list(dict.fromkeys(key for value in values for key in value))
    required = [key for key in keys if all(key in value for value in values)]
    properties = {
        key: infer([value[key] for value in values if key in value], key, is_answer=is_answer) for key in keys
    }
    schema: Schema = {"type": "object"}
    if required and is_answer:
        schema["required"] = required
    if properties:
        schema["properties"] = properties
    return schema


def _of_entries(children: Sequence[Any], *, is_answer: bool) -> Schema:
    """Return the schema of a map's entries, of which one may be of another type."""
    kinds = Counter(type_of(child) for child in children if child is not None)
    if len(kinds) < 2 or kinds.keys() == {"integer", "number"}:
        return infer(children, is_answer=is_answer)
    by_kind = [[child for child in children if type_of(child) == kind] for kind, _ in kinds.most_common()]
    if None in children:
        return opened(f"the page shows null, {', '.join(sorted(kinds))} here")
    return {"anyOf": [infer(some, is_answer=is_answer) for some in by_kind]}


def is_map(values: Sequence[dict[str, Any]], name: str = "") -> bool:
    """Return whether these objects, behind a key of this name, are maps: keyed by anything, with entries of one kind.

    The keys look like ids, or are the entries' own names, or the entries have the same shape and either a plural
    before them or company enough. Of three entries and more, one may differ.
    """
    children = [(key, child) for value in values for key, child in value.items()]
    spared = 1 if len(children) >= _ENOUGH_ALIKE else 0
    kinds = Counter(type_of(child) for _, child in children if child is not None)
    if not kinds or kinds.total() - max(kinds.values()) > spared:
        return False
    ids = sum(_ID.fullmatch(key) is not None for key, _ in children)
    if max(kinds, key=lambda kind: kinds[kind]) != "object":
        return ids * 2 >= len(children) and ids > 0
    if ids or sum(not _bears(child, key) for key, child in children) <= spared:
        return True
    entries = [child for _, child in children if isinstance(child, dict)]
    is_plural = name.endswith("s") and not name.endswith("ss")
    return len(entries) >= (2 if is_plural else _ENOUGH_ALIKE) and _are_alike(entries, spared)


def _are_alike(entries: Sequence[dict[str, Any]], spared: int) -> bool:
    """Return whether entries have two keys and more in common, and hardly others; some are spared."""
    shapes = Counter(frozenset(entry) for entry in entries)
    shape = max(shapes, key=lambda one: (shapes[one], len(one)))
    near = [one for one in map(frozenset, entries) if len(one & shape) * 3 >= len(one | shape) * 2]
    return len(shape) > 1 and len(entries) - len(near) <= spared


def _bears(child: Any, key: str) -> bool:
    return isinstance(child, dict) and key in (child.get("_id"), child.get("id"), child.get("name"), child.get("key"))


def type_of(value: Any) -> str:
    """Return the JSON type of a value, as a schema names it."""
    for name, kinds in _TYPES:
        if isinstance(value, kinds):
            return name
    return "null"


def of_row(row: Row, shown: Schema | None = None, *, is_answer: bool = True) -> Schema:
    """Return the schema of a row of a table: its type with what the page shows of it, and with the rows within it."""
    kind = row.kind
    if kind.name == ANY_TYPE:
        return opened(f"the table says {kind.said}")
    schema: Schema = {"type": kind.name} if shown is None else {**shown, "type": kind.name}
    if kind.name == "array" and not schema.get("items"):  # OpenAPI wants to know what the elements are
        schema["items"] = {"type": kind.element} if kind.element else {}
    if kind.is_nullable:
        schema["nullable"] = True
    if kind.said:
        schema = noted(schema, GUESSED, f"{with_article(kind.name)}, where the table says {kind.said}")
    for place, below in row.inner:
        _add_row(schema, place, below, is_answer=is_answer)
    return schema


def _add_row(schema: Schema, place: Place, row: Row, *, is_answer: bool) -> None:
    """Add a row of what is within a schema to it, unless the page shows something else there."""
    if schema.get("type") == "array":
        place = place[1:] if place[0] == "[]" else place
        if not schema.get("items"):
            schema["items"] = {"type": "object"} if place else of_row(row, is_answer=is_answer)
        if place:
            _add_row(schema["items"], place, row, is_answer=is_answer)
        return
    if schema.get("type") != "object" or "additionalProperties" in schema:
        return
    name, *rest = place
    properties = schema.setdefault("properties", {})
    if rest:
        _add_row(properties.setdefault(name, {"type": "object"}), tuple(rest), row, is_answer=is_answer)
        return
    properties[name] = of_row(row, properties.get(name), is_answer=is_answer)
    if row.description:
        properties[name]["description"] = row.description
    if row.required and not is_answer and name not in (needed := schema.get("required", [])):
        schema["required"] = [*needed, name]


def disagreement(kind: str, value: Any) -> str | None:
    """Return why a value that the page shows is not of the type that its table names; None if it is."""
    shown = type_of(value)
    if shown in {kind, "null"} or (kind, shown) == ("number", "integer") or kind == ANY_TYPE:
        return None
    return f"the table says {with_article(kind)}, the page shows {with_article(shown)}"


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


def places(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Yield each place that a schema describes, outermost first; an array of plain values is one with its elements."""
    yield place, schema
    inner = _with_children(schema)
    for name, below in inner.get("properties", {}).items():
        if is_nameable(name):
            yield from places(below, (*place, name))
    for key in ("additionalProperties", "items"):
        if has_entries(inner, key):
            yield from places(inner[key], (*place, ANY))


def has_entries(schema: Schema, key: str) -> bool:
    """Return whether the entries of a map, or the elements of an array, are a place of their own."""
    below = schema.get(key)
    if not isinstance(below, dict):
        return False
    return key == "additionalProperties" or _with_children(below).get("type") in {"object", "array"}


def _with_children(schema: Schema) -> Schema:
    """Return the schema, or the one choice of `anyOf` that has places in it."""
    inner = [part for part in schema.get("anyOf", ()) if {"properties", "additionalProperties", "items"} & part.keys()]
    return inner[0] if len(inner) == 1 else schema


def is_nameable(key: str) -> bool:
    """Return whether a key can stand in a place of the ledger, where dots part keys and a star is any of them."""
    return bool(key) and "." not in key and key != ANY


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
    inner = _with_children(schema)
    if isinstance(key, str) and key in inner.get("properties", {}):
        return inner["properties"][key], key if is_nameable(key) else None
    name = "items" if isinstance(key, int) else "additionalProperties"
    return (inner[name], ANY) if has_entries(inner, name) else ({}, None)


def lines_of_schema(node: Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Yield the lines of a JSON Schema, each with the place that it speaks of."""
    yield place, node.line
    for key, child in node.children.items():
        if key == "properties" and isinstance(child.value, dict):
            yield place, child.line
            for name, below in child.children.items():
                yield from lines_of_schema(below, (*place, str(name)))
        elif key == "patternProperties" and len(child.children) == 1:
            yield from ((place, line) for line in (child.line, *(below.line for below in child.children.values())))
            for below in child.children.values():
                yield from lines_of_schema(below, (*place, ANY))
        elif key in {"items", "additionalProperties"} and isinstance(child.value, dict):
            yield from lines_of_schema(child, (*place, ANY))
        else:
            yield from ((place, line) for line in child.lines())

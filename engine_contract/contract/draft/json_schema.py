"""A JSON Schema of a page, in the words of OpenAPI 3.0. Whatever has no words there is left open, with a note."""

import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from engine_contract.contract.draft.errors import PageError
from engine_contract.contract.draft.kinds import TYPES
from engine_contract.contract.draft.located_json import Node
from engine_contract.contract.draft.notes import GUESSED, OPEN, is_open, noted, opened

Schema = dict[str, Any]


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


# Keywords that mean the same in both, and what their values must be.
_SAME: dict[str, Callable[[Any], bool]] = {
    "title": _is_text,
    "description": _is_text,
    "format": _is_text,
    "pattern": _is_pattern,
    "nullable": _is_flag,
    "uniqueItems": _is_flag,
    "minimum": _is_number,
    "maximum": _is_number,
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_size),
    "enum": lambda value: isinstance(value, list) and bool(value),
}
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
MOST_PARTS = 100
"""Schemas in one `allOf`, `anyOf` or `oneOf`."""

_COMBINED = ("allOf", "anyOf", "oneOf")
# They describe no value.
_SILENT = frozenset(
    {"$schema", "$id", "id", "$comment", "$anchor", "$defs", "definitions", "default", "example", "examples"}
    | {"readOnly", "writeOnly", "deprecated"}
)
_OTHER = frozenset(
    {"if", "then", "else", "patternProperties", "propertyNames", "dependencies", "dependentRequired", "contains"}
    | {"dependentSchemas", "additionalItems", "prefixItems", "contentMediaType", "contentEncoding", "discriminator"}
    | {"unevaluatedProperties", "unevaluatedItems", "minContains", "maxContains"}
)
_HANDLED = frozenset({"$ref", "type", "properties", "required", "items", "additionalProperties", "not", "const"})
KEYWORDS = frozenset({*_SAME, *_BOUNDS, *_COMBINED}) | _SILENT | _OTHER | _HANDLED
"""All keywords of JSON Schema."""

_TELLING = frozenset({"$ref", "properties", "items", "required", "$schema", "additionalProperties", "enum", "const"})


def is_schema(value: Any) -> bool:
    """Return whether a value where a schema may stand is one."""
    if isinstance(value, bool):
        return True
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    names = kind if isinstance(kind, list) else [kind]
    return not value or bool({*_TELLING, *_COMBINED} & value.keys()) or all(name in (*TYPES, "null") for name in names)


def from_json_schema(node: Node) -> Schema:
    """Translate a JSON Schema to OpenAPI 3.0. Raise PageError for what is not a schema."""
    return _translated(node, node, ())


def _translated(node: Node, root: Node, above: tuple[str, ...]) -> Schema:
    """Translate a schema within the schema `root`; `above` are the references that led here."""
    if isinstance(node.value, bool):
        return {} if node.value else {"not": {}}
    if not isinstance(node.value, dict):
        raise PageError(node.line, f"{node.value!r} is not a JSON Schema", "Allowed is an object, true or false.")
    if "$ref" in node.children:
        return _referred(node.children["$ref"].value, root, above)
    schema: Schema = {}
    for key, child in node.children.items():
        schema = _with_keyword(schema, str(key), child, lambda below: _translated(below, root, above))
    if isinstance(node.value.get("patternProperties"), dict):
        entries = [_translated(below, root, above) for below in node.children["patternProperties"].children.values()]
        schema = _with_patterns(schema, entries)
    if required := _required(node):
        schema["required"] = required
    if "type" not in schema and ({"properties", "required"} & schema.keys()):
        schema = {"type": "object", **schema}
    if schema.get("type") == "array":
        schema.setdefault("items", {})
    if "items" in schema and "type" not in schema:
        schema = {"type": "array", **schema}
    return schema


def _with_patterns(schema: Schema, entries: list[Schema]) -> Schema:
    """Return a schema whose keys have patterns: a map with entries of one kind, or open."""
    if isinstance(schema.get("additionalProperties"), dict) or len(entries) != 1 or "properties" in schema:
        return noted({**schema, "additionalProperties": True}, OPEN, "the keyword patternProperties is left out")
    others = {} if schema.get("additionalProperties") is False else {GUESSED: "all its keys fit its pattern"}
    return {"type": "object", **schema, "additionalProperties": entries[0], **others}


def _referred(reference: Any, root: Node, above: tuple[str, ...]) -> Schema:
    target = _target(reference, root)
    if target is None:
        return opened(f"the page refers to {reference}, and does not hold it")
    if reference in above:
        return opened(f"{reference} leads back to itself")
    return _translated(target, root, (*above, reference))


def _target(reference: Any, root: Node) -> Node | None:
    if not isinstance(reference, str) or not f"{reference}/".startswith("#/"):
        return None
    found: Node | None = root
    for part in reference.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found and found.children.get(int(key) if isinstance(found.value, list) and key.isdecimal() else key)
    return found


def _required(node: Node) -> list[str]:
    """Return the required names; the third edition of JSON Schema has a flag at each property."""
    listed = node.value.get("required")
    names = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    properties = node.value.get("properties")
    below = properties.items() if isinstance(properties, dict) else ()
    names += [name for name, inner in below if isinstance(inner, dict) and inner.get("required") is True]
    return list(dict.fromkeys(names))


def _with_keyword(schema: Schema, key: str, child: Node, translate: Callable[[Node], Schema]) -> Schema:
    """Return the schema with a keyword of the JSON Schema."""
    match key:
        case "properties":
            return {**schema, key: _properties(child, translate)}
        case "items" if isinstance(child.value, list):
            return {**schema, key: opened("the page has a schema for each element by its position")}
        case "items" | "additionalProperties":
            is_flag = key != "items" and isinstance(child.value, bool)
            return {**schema, key: child.value if is_flag else translate(child)}
        case "not":
            below = translate(child)
            return noted(schema, OPEN, "`not` is left out") if _has_open(below) else {**schema, key: below}
        case "allOf" | "anyOf" | "oneOf":
            if not isinstance(child.value, list) or not child.value:
                raise PageError(child.line, f"{key} is {child.value!r}", "Allowed is an array of schemas.")
            return _combined(schema, key, [translate(below) for below in child.children.values()])
    return _with_plain(schema, key, child.value)


def _properties(child: Node, translate: Callable[[Node], Schema]) -> dict[str, Schema]:
    if not isinstance(child.value, dict):
        raise PageError(child.line, f"properties is {child.value!r}", "Allowed is an object of schemas by name.")
    return {str(name): translate(below) for name, below in child.children.items()}


def _with_plain(schema: Schema, key: str, value: Any) -> Schema:
    """Return the schema with a keyword that holds no schema."""
    if key == "type":
        return {**schema, **_typed(value)}
    if key == "const":
        return {**schema, "enum": [value]}
    if key in _BOUNDS:
        bound = {_BOUNDS[key]: value} if _is_number(value) else {}
        return noted({**schema, **bound}, OPEN, f"that the {_BOUNDS[key]} itself is not allowed is left out")
    if key in _SAME and _SAME[key](value):
        return {**schema, key: value}
    return (
        schema
        if key in _SILENT or key in {"required", "patternProperties"}
        else noted(schema, OPEN, f"the keyword {key} is left out")
    )


def _typed(kind: Any) -> Schema:
    """Return what `type` says, one or a list."""
    names = kind if isinstance(kind, list) else [kind]
    plain = [name for name in names if name != "null"]
    if not all(name in TYPES for name in plain):
        return opened(f"the type {', '.join(map(str, names))} is not one of JSON")
    nullable = {"nullable": True} if len(plain) < len(names) else {}
    if not plain:
        return {"enum": [None], **nullable}
    if len(plain) == 1:
        return {"type": plain[0], **nullable}
    if nullable:
        return opened(f"of the types {', '.join(names)}")
    return {"anyOf": [{"type": name, **({"items": {}} if name == "array" else {})} for name in plain]}


def _combined(schema: Schema, key: str, parts: list[Schema]) -> Schema:
    """Return the schema with `allOf`, `anyOf` or `oneOf` of parts; a part that is open leaves the choice open."""
    reasons = [reason for part in parts for reason in _reasons(part)]
    if len(parts) > MOST_PARTS:
        return noted(schema, OPEN, f"{key} is left out: it has more than {MOST_PARTS} parts")
    if any(is_open(part) for part in parts):
        return noted(schema, OPEN, "; ".join([f"{key} is left out", *reasons]))
    if key == "allOf":
        for part in parts:
            schema = _merged(schema, part)
        return schema
    others = [part for part in parts if part != {"enum": [None], "nullable": True}]
    if len(others) == 1 < len(parts):
        return _merged(schema, {**others[0], "nullable": True})
    if len(others) < len(parts):
        return noted(schema, OPEN, f"{key} with null is left out")
    return {**schema, key: parts}


def _reasons(schema: Schema) -> list[str]:
    return [schema[OPEN]] if OPEN in schema else []


def _has_open(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return OPEN in schema or any(map(_has_open, schema.values()))
    return isinstance(schema, list) and any(map(_has_open, schema))


def _merged(schema: Schema, part: Schema) -> Schema:
    """Return a schema for what fits both, as one; where both say something else of a keyword, in `allOf`."""
    both = {name for name in schema.keys() & part.keys() if schema[name] != part[name]}
    if both - {"properties", "required", OPEN, "title", "description"} or set(schema.get("properties", {})) & set(
        part.get("properties", {})
    ):
        return {**schema, "allOf": [*schema.get("allOf", ()), part]}
    merged = {**part, **schema}
    if "properties" in merged:
        merged["properties"] = {**schema.get("properties", {}), **part.get("properties", {})}
    if required := [*schema.get("required", ()), *part.get("required", ())]:
        merged["required"] = list(dict.fromkeys(required))
    return noted(merged, OPEN, part[OPEN]) if OPEN in both else merged

"""Notes on what a draft guessed and what it left open, in the document, at the places that they speak of."""

from collections.abc import Iterator, Mapping
from typing import Any

GUESSED = "x-guessed"
OPEN = "x-open"
_COMMENTS = frozenset({OPEN, GUESSED, "title", "description"})


def noted(node: Mapping[str, Any], kind: str, why: str) -> dict[str, Any]:
    """Return a part of the document with a note, behind those that it has."""
    return {**node, kind: f"{node[kind]}; {why}" if kind in node else why}


def opened(why: str) -> dict[str, Any]:
    """Return the schema that anything fits, with the reason why it is open."""
    return {OPEN: why}


def is_open(schema: Mapping[str, Any]) -> bool:
    """Return whether anything fits a schema."""
    return schema.keys() <= _COMMENTS


def guesses(document: Mapping[str, Any]) -> list[str]:
    """Return what was guessed in a drafted document, each with its place before it."""
    return [_line(place, node[GUESSED]) for place, node in _places(document) if GUESSED in node]


def open_places(document: Mapping[str, Any]) -> list[str]:
    """Return what was left open in a drafted document, each with its place before it."""
    found = []
    for place, node in _places(document):
        if OPEN in node:
            found.append(_line(place, node[OPEN]))
        elif place and is_open(node):
            found.append(_line(place, "anything fits"))
    return found


def _line(place: str, why: str) -> str:
    return f"{place}: {why}" if place else why


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the operation, its parameters, request and response, and each schema in them, with what it is called."""
    ((_, item),) = document["paths"].items()
    ((_, operation),) = item.items()
    yield "", operation
    for parameter in operation.get("parameters", ()):
        yield f"parameter {parameter['name']}", parameter
        yield from _within(f"parameter {parameter['name']}", parameter["schema"])
    for name, described in (("request", operation.get("requestBody", {})), ("answer", operation["responses"]["200"])):
        if described:
            yield name, described
        for media in described.get("content", {}).values():
            yield from ((f"example of the {name}", example) for example in media.get("examples", {}).values())
            schema = document["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
            yield from _within(name, schema)


def _within(place: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield place, schema
    for name, below in schema.get("properties", {}).items():
        yield from _within(f"{place}.{name}", below)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _within(f"{place}.*", schema[key])
    for key in ("allOf", "anyOf", "oneOf"):
        for below in schema.get(key, ()):
            yield from _within(place, below)

"""The types that a table names: those of JSON, and the words that other editions have for them."""

import re
from dataclasses import dataclass

from engine_contract.contract.draft.marks import plain, without_aside

TYPES = ("string", "number", "integer", "boolean", "object", "array")
ANY_TYPE = "any"

_WORDS = {
    **dict.fromkeys(("str", "text", "objectid", "uuid", "guid", "email", "uri", "url"), "string"),
    **dict.fromkeys(("date", "datetime", "date-time", "iso8601"), "string"),
    **dict.fromkeys(("int", "int32", "int64", "long"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    "bool": "boolean",
    "list": "array",
    **dict.fromkeys((ANY_TYPE, "mixed", "enum", "timestamp", "json", "*"), ANY_TYPE),  # of several types in JSON
}
_ARRAY = re.compile(r"(?:array|list)(?: of |[<\[])([\w-]++)[>\]]?|([\w-]++)\[\]")
_OR = re.compile(r"[|/,]|\bor\b")
_NOTHING = {"null", "nullable", "undefined", "none", "nil"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type as JSON has it, and what the table says in its place."""

    name: str
    """One of TYPES, or ANY_TYPE where the table's words leave it open."""
    element: str = ""
    """The type of an array's elements, where the table says it."""
    is_nullable: bool = False
    said: str = ""
    """The table's words, where they are not the name."""


def read_kind(text: str) -> Kind | None:
    """Return what a cell says of a type; None if it names none. Of several types it is the one that all are, or any."""
    said = plain(text) or text.strip()
    words = said.lower()
    if words in TYPES:
        return Kind(words)
    parts = [part.strip() for part in _OR.split(without_aside(words).removesuffix("?")) if part.strip()]
    kinds = [_kind(part) for part in parts if part not in _NOTHING]
    names = {kind.name for kind in kinds if kind is not None}
    if None in kinds or not names:
        return None
    elements = {kind.element for kind in kinds if kind is not None}
    return Kind(
        names.pop() if len(names) == 1 else ANY_TYPE,
        elements.pop() if len(elements) == 1 else "",
        is_nullable=len(kinds) < len(parts),
        said=said,
    )


def _kind(word: str) -> Kind | None:
    if (array := _ARRAY.fullmatch(word)) is not None:
        element = _kind((array[1] or array[2]).removesuffix("s"))
        return None if element is None else Kind("array", element.name if element.name in TYPES else "")
    name = word if word in TYPES else _WORDS.get(word)
    return None if name is None else Kind(name)

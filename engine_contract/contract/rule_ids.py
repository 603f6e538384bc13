"""Ids of rules that are named after a place in a JSON text: `request.members.entry.name.required`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ENTRY = "entry"
"""In an id: any key of a map, or any element of an array."""

_NOT_IN_IDS = re.compile(r"[^\w.$@-]")


def rule_id(*words: str) -> str:
    """Return the id of these words."""
    return _NOT_IN_IDS.sub("_", ".".join(words))


def words_of(path: Iterable[str | int], schema: Mapping[str, Any], *, entry: str = ENTRY) -> Iterator[str]:
    """Yield the words for a path through a value that has this schema; `entry` for what the schema does not name."""
    for key in path:
        named = schema.get("properties", {})
        if str(key) in named:
            yield str(key)
            schema = named[str(key)]
        else:
            yield entry
            below = schema.get("items") or schema.get("additionalProperties")
            schema = below if isinstance(below, Mapping) else {}

"""Places in a document: keys from the root, where `*` matches any key of a map or element of an array."""

from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[str, ...]
Parent = Any
"""A dict or a list."""


def places(document: Any, place: Place) -> Iterator[tuple[Parent, Any]]:
    """Yield the parents and keys (or indices) of everything at a place, in order."""
    *above, last = place
    parents = [document]
    for key in above:
        parents = [parent[found] for parent in parents for found in _keys(parent, key)]
    for parent in parents:
        for found in _keys(parent, last):
            yield parent, found


def put(document: Any, place: Place, value: Callable[[Any], Any]) -> None:
    """Replace everything at a place by what `value` makes of it."""
    for parent, key in list(places(document, place)):
        parent[key] = value(parent[key])


def put_last(document: Any, place: Place, value: Callable[[Any], Any]) -> None:
    """Replace only the last that stands at a place."""
    found = list(places(document, place))
    if found:
        parent, key = found[-1]
        parent[key] = value(parent[key])


def remove(document: Any, place: Place) -> None:
    """Take away everything at a place."""
    for parent, key in reversed(list(places(document, place))):
        del parent[key]


def _keys(parent: Any, key: str) -> list[Any]:
    if isinstance(parent, dict):
        return list(parent) if key == "*" else [key] if key in parent else []
    if isinstance(parent, list):
        return list(range(len(parent))) if key == "*" else []
    return []

# ruff: noqa: ARG001, ARG005 - a step has the same arguments in every engine
"""Places in a document, named by paths such as `tasks.$.metrics.app`."""

from collections.abc import Callable
from typing import Any

Change = Callable[[Any], Any]


class Dropped:
    """The change that takes a value out of its document."""


def dropped(value: Any) -> type[Dropped]:
    """Take the value out."""
    return Dropped


def becomes(new: Any) -> Change:
    """Put another value in its place."""
    return lambda value: new


def _keys(container: Any, step: str) -> list[Any]:
    if isinstance(container, dict):
        every: list[Any] = list(container)
    elif isinstance(container, list):
        every = list(range(len(container)))
    else:
        return []
    if step == "*":
        return every
    if step == "^":
        return every[:1]
    if step == "$":
        return every[-1:]
    return [step] if step in every else []


def change(document: Any, path: str, new: Change) -> int:
    """Change the values at a path; how many there were.

    Steps are keys, or `*` (every element), `^` (the first) or `$` (the last).
    """
    step, _, rest = path.partition(".")
    changed = 0
    for key in _keys(document, step):
        if rest:
            changed += change(document[key], rest, new)
            continue
        changed += 1
        value = new(document[key])
        if value is Dropped:
            del document[key]
        else:
            document[key] = value
    return changed

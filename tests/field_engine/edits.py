"""Changes of job documents by path, and the answers they are made in.

A path is dotted: `*` stands for every key or element, `$` for the last one, `?` for one in the middle.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from .jobs import Job
from .rules import Call, document

Edit = Callable[[Any], None]
When = Callable[[Call], bool]


def _keys(holder: Any, step: str) -> list[Any]:
    every = list(holder) if isinstance(holder, dict) else list(range(len(holder))) if isinstance(holder, list) else []
    if step == "*":
        return every
    if step == "$":
        return every[-1:]
    if step == "?":
        return every[len(every) // 2 : len(every) // 2 + 1]
    if isinstance(holder, list):
        return [int(step)] if step.isdecimal() and int(step) < len(holder) else []
    return [step]


def places(holder: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """The containers and keys that a path names; a missing last key of an object counts."""
    step, _, rest = path.partition(".")
    for key in _keys(holder, step):
        if not rest:
            if isinstance(holder, dict | list):
                yield holder, key
        elif isinstance(holder, list) or (isinstance(holder, dict) and key in holder):
            yield from places(holder[key], rest)


def drop(path: str) -> Edit:
    """Removes what the path names."""

    def edit(value: Any) -> None:
        for holder, key in list(places(value, path)):
            if isinstance(holder, dict):
                holder.pop(key, None)
            else:
                del holder[key]

    return edit


def put(path: str, new: Any) -> Edit:
    """Sets what the path names; a function makes the new value of the old one."""

    def edit(value: Any) -> None:
        for holder, key in list(places(value, path)):
            old = holder.get(key) if isinstance(holder, dict) else holder[key]
            holder[key] = new(old) if callable(new) else copy.deepcopy(new)

    return edit


def with_error(edit: Edit) -> Edit:
    """The edit of a document that has two errors at least."""

    def both(value: Any) -> None:
        start = value["metrics"]["start_time"]
        text = "No available transitions found from completed task(s)"
        errors = value.setdefault("error", [])
        while len(errors) < 2:
            errors.append({"task": "job", "message": text, "timestamp": start + len(errors)})
        edit(value)

    return both


def edited(edit: Edit, when: When | None = None) -> Callable[[Call, Job], Any]:
    """The rule for a document: the right one, edited in the answers that `when` names."""

    def rule(call: Call, job: Job) -> Any:
        value = document(call, job)
        if when is None or when(call):
            edit(value)
        return value

    return rule


def every(count: int, first: int = 0) -> When:
    """Every count-th success."""
    return lambda call: call.win % count == first % count


def after(count: int) -> When:
    """Every success but the first ones."""
    return lambda call: call.win > count


def by_role(*roles: str) -> When:
    """Answers to those roles."""
    return lambda call: call.role in roles


def reused(call: Call) -> bool:
    """Answers on a connection that has served before."""
    return bool(call.request.connection.get("served", 0))


def many_tasks(call: Call) -> bool:
    """Answers about jobs of more than six tasks."""
    job = call.mentioned()
    return job is not None and len(job.document["tasks"]) > 6


def with_errors(call: Call) -> bool:
    """Answers about jobs that report errors."""
    job = call.mentioned()
    return job is not None and bool(job.document.get("error"))

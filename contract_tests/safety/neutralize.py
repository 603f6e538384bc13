"""A generated request without anything that could name a job: its shape stays, its values go."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

JOB_ID = "job_id"

UNREADABLE = b'{"job_id": '
"""Replaces any raw-bytes body: invalid JSON that cannot name a job."""

_KEPT = frozenset({JOB_ID, "token"})


def neutralize(value: Any, mint: Callable[[], str]) -> Any:
    """Return the value with each text in it replaced by a minted id, each number made negative, each key renamed.

    The features that decide whether a body fits the request schema stay: types, emptiness, and the key `job_id`.
    """
    if isinstance(value, Mapping):
        names = (f"other_{number}" for number in count(1))
        return {key if key in _KEPT else next(names): neutralize(below, mint) for key, below in value.items()}
    if isinstance(value, list | tuple | set):
        return [neutralize(below, mint) for below in value]
    if isinstance(value, bool) or not value:
        return value
    if isinstance(value, int | float):
        return -abs(value)  # an engine may read 5 as the id "5"; none reads -5 as one
    return UNREADABLE if isinstance(value, bytes) else mint()


def neutralize_query(
    query: Mapping[str, Any], mint: Callable[[], str], is_credential: Callable[[str, Any], bool]
) -> Any:
    """Return the query with each parameter but the credential renamed, and minted ids in place of its values."""
    safe: dict[str, Any] = {}
    names = (f"other_{number}" for number in count(1))
    for name, value in query.items():
        if is_credential(name, value):
            safe[name] = value
        else:
            safe[name if name in _KEPT else next(names)] = mint() if value else ""
    return safe


def names_job(body: Any) -> bool:
    """Return whether a body is a valid request: an object whose `job_id` is a text, and not the empty one."""
    return isinstance(body, Mapping) and isinstance(body.get(JOB_ID), str) and bool(body[JOB_ID])

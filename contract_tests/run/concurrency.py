"""Doing several things at once."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def gather_limited(work: Iterable[Coroutine[Any, Any, T]], *, at_once: int | None = None) -> list[T]:
    """Return all results in order, running at most `at_once` at a time. The first failure cancels the rest."""
    items = list(work)
    gate = asyncio.Semaphore(at_once or len(items) or 1)

    async def carried_out(item: Coroutine[Any, Any, T]) -> T:
        async with gate:
            return await item

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(carried_out(item)) for item in items]
    finally:
        for item in items:
            item.close()  # Python would warn of coroutines that were never awaited
    return [task.result() for task in tasks]

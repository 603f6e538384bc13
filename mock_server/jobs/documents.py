"""Jobs as JSON documents, drawn from a job's id and a seed: the same on every machine and at every start.

The clock adds only an offset. A document is a compiled template whose blanks are filled by the bits of a hash of the
id; templates are compiled when first needed, and kept.
"""

from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from hashlib import blake2b
from json import loads
from operator import sub
from struct import Struct
from typing import NamedTuple

from mock_server.jobs.compiled_template import CompiledTemplate
from mock_server.jobs.execution import Moment, draw_execution
from mock_server.jobs.fields import drawer
from mock_server.jobs.ids import ids, task_keys
from mock_server.jobs.installation import AFFIXES, PEOPLE, Installation, encode, installation
from mock_server.jobs.job import State
from mock_server.jobs.job_template import write_template
from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.timestamps import rfc3339
from mock_server.jobs.vocabulary import THEMES
from mock_server.jobs.workflow import SMALLEST, Workflow, draw_workflow

__all__ = [
    "DEFAULT",
    "LARGEST",
    "SMALLEST",
    "describe",
    "document",
    "ids",
    "summary",
    "written",
]

LARGEST = 2_000
DEFAULT = (
    *(3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5),
    *(5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 9, 10, 11, 12, 13, 15),
)
"""The numbers of tasks from which a job's is drawn where none is asked for: a document of 2 KB, half of the time."""

LARGE_TASKS = 200
"""Tasks of a job above which its document is written outside the loop: the first of a size takes up to 65 ms."""

# One thread: the loop then waits for no more than one other at a time.
_writer = ThreadPoolExecutor(1, "large-documents")

_bits = Struct("<16H").unpack
_keys = task_keys()
_drawer = lru_cache(maxsize=16)(drawer)
# The longest stride at which the largest job still finds a key of its own for each task.
_STRIDES = len(_keys) // LARGEST
_OFFSETS = len(_keys)
_keys += _keys  # a slice may run over the end


class _Tier(NamedTuple):
    """The number of templates for jobs of some size, and how many are kept: large ones take a megabyte each."""

    themed: bool
    """Whether a workflow's tasks are of one theme; large ones do a bit of everything."""
    workflows: int
    executions: int
    template: Callable[[int, int, int | None, int, int, str], CompiledTemplate]


def _make_template(  # noqa: PLR0913, PLR0917 - the key of the caches
    seed: int, tasks: int, theme: int | None, workflow: int, execution: int, status: str
) -> CompiledTemplate:
    """Make a template. `status` is that of the document, or `canceled/` and the status before."""
    place = installation(seed)
    document, _, before = status.partition("/")
    ending = before or document
    ending = "running" if ending == "paused" else ending
    drawn = _workflow(seed, tasks, theme, workflow)
    played = draw_execution(SeededRandom("run", seed, tasks, theme, workflow, execution, "running"), drawn, ending)
    return write_template(
        SeededRandom("scenery", seed, tasks, theme, workflow, execution), place, drawn, played, document
    )


@lru_cache(maxsize=64)
def _workflow(seed: int, tasks: int, theme: int | None, variant: int) -> Workflow:
    return draw_workflow(SeededRandom("graph", seed, tasks, theme, variant), tasks, theme)


_SMALL = _Tier(themed=True, workflows=4, executions=2, template=lru_cache(maxsize=4096)(_make_template))
_MEDIUM = _Tier(themed=False, workflows=32, executions=2, template=lru_cache(maxsize=128)(_make_template))
_LARGE = _Tier(themed=False, workflows=3, executions=2, template=lru_cache(maxsize=12)(_make_template))


def document(job_id: str, state: State, *, seed: int = 0) -> bytes:
    """Return the whole document of a job, as UTF-8 JSON. Raise ValueError for a number of tasks out of range.

    A job stands as it did when it was made, or where that is not known at its cancel: what happened before keeps its time.
    It ends by its cancel, or when it came to an end after it was made. An incomplete job has not started.
    """
    place = installation(seed)
    bits = _bits(blake2b(place.salt + job_id.encode("utf-8", "surrogatepass"), digest_size=32).digest())
    as_of, before, since, updated = state.made_at_ms, state.status, state.changed_at_ms, state.changed_at_ms or None
    is_canceled = before == "canceled"
    if is_canceled:
        updated = state.changed_at_ms
        as_of, before, since = min(as_of or updated, updated), state.was, state.was_since_ms
    has_stopped = before not in _GOES_ON
    template = _template(place, bits, state.tasks, _CANCELED[before] if is_canceled else before)
    start = None if state.age_ms is None and not has_stopped else _start(place, bits, state.tasks, state.age_ms)
    moments = _moments(bits, template, as_of, start, since or None if has_stopped else None)
    user = place.user_id(state.changed_by) if is_canceled or state.changed_by else None
    return _fill(template, place, bits, job_id, state.name, moments, updated, user)


async def written(job_id: str, state: State, *, seed: int) -> bytes:
    """Return the whole document of a job; others are served while a large one is written."""
    if state.tasks is None or state.tasks <= LARGE_TASKS:
        return document(job_id, state, seed=seed)
    return await get_running_loop().run_in_executor(_writer, partial(document, job_id, state, seed=seed))


def summary(job_id: str, state: State, *, seed: int) -> dict[str, str]:
    """Return a job as lists show it: id, status and name."""
    return {"job_id": job_id, "status": state.status, "name": describe(job_id, seed=seed, name=state.name)}


def describe(job_id: str, *, seed: int = 0, name: str | None = None) -> str:
    """Return the name of a job: the given one, or the one drawn."""
    if name is not None:
        return name
    place = installation(seed)
    bits = _bits(blake2b(place.salt + job_id.encode("utf-8", "surrogatepass"), digest_size=32).digest())
    described: str = loads(b'"%b"' % _name(place, bits))
    return described


_GOES_ON = frozenset({"running", "paused"})
_CANCELED = {"running": "canceled/running", "paused": "canceled/running", "error": "canceled/error"}

_Bits = tuple[int, ...]
"""Sixteen numbers of 16 bits from the hash of the job's id. Each number selects one property:

0 theme, 1 number of tasks, 2 graph, 3 run, 4 title, 5 affixes, 6 and 7 keys, 8 and 9 pace; 10 to 15 are those of `fields`.
"""


def _template(place: Installation, bits: _Bits, tasks: int | None, status: str) -> CompiledTemplate:
    if tasks is None:
        tasks = DEFAULT[bits[1] % len(DEFAULT)]
    elif not SMALLEST <= tasks <= LARGEST:
        raise ValueError(f"tasks is {tasks}; a job has {SMALLEST} to {LARGEST} tasks")
    themed, workflows, executions, template = _SMALL if tasks <= 24 else _MEDIUM if tasks <= 200 else _LARGE
    theme = bits[0] % len(THEMES) if themed else None
    return template(place.seed, tasks, theme, bits[2] % workflows, bits[3] % executions, status)


def _name(place: Installation, bits: _Bits) -> bytes:
    before, after = place.affix(bits[5] % AFFIXES)
    return before + place.titles[bits[0] % len(THEMES)][bits[4] % 16] + after


def _start(place: Installation, bits: _Bits, tasks: int | None, age_ms: int | None) -> tuple[int, int]:
    """Return how long ago a job was created and started: the same in whichever status, so that neither ever moves."""
    created, started, *_ = _before(bits, _template(place, bits, tasks, "running").moments[:2])
    age = started if age_ms is None else age_ms
    return age + created - started, age


def _before(bits: _Bits, moments: tuple[Moment, ...]) -> list[int]:
    """Return how long before the look each moment was, in milliseconds; less than 0 after it."""
    # Two schedules, each weighed from 1/8 to 9/8 (`execution.py`).
    one, other = 512 + bits[8] % 4096, 512 + bits[9] % 4096
    return [(one * first + other * second) >> 12 for first, second in moments]


def _moments(
    bits: _Bits, template: CompiledTemplate, as_of: int, start: tuple[int, int] | None, stopped: int | None
) -> list[int]:
    """Return each moment in epoch milliseconds: what was seen keeps its time, the rest is stretched to where it stands.

    At `as_of` the run stood as its execution says. `start` is how long before that it was created and started, in
    milliseconds; as the template says if None. `stopped` is when its last thing happened, if that was later.
    """
    if start is None:  # nearly always, so in one pass
        one, other = 512 + bits[8] % 4096, 512 + bits[9] % 4096
        return [as_of - ((one * first + other * second) >> 12) for first, second in template.moments]
    before = _before(bits, template.moments)
    created, age = start
    left, look = 0, 0
    if stopped is not None:
        left = max(stopped - as_of, 0)
    elif any(template.rest):  # it was over when it was made
        (look,) = _before(bits, (template.rest,))
    length, last = max(before[1] + look, 1), min(*before, -1)
    moments = [
        as_of - (one + look) * age // length if one + look >= 0 else as_of + one * left // last for one in before
    ]
    moments[0] = as_of - created
    return moments


def _fill(  # noqa: PLR0913, PLR0917 - called here only, by position for speed
    template: CompiledTemplate,
    place: Installation,
    bits: _Bits,
    job_id: str,
    name: str | None,
    moments: list[int],
    updated: int | None,
    changed_by: bytes | None,
) -> bytes:
    created = moments[0]
    if updated is None:  # nothing and nobody changed the job
        updated = max(moments)
    moments.append(updated)
    text, gather, keys, _, _, begins, finishes = template  # at once, for speed
    first_key, stride = bits[6] % _OFFSETS, 1 + bits[7] % _STRIDES
    return (
        text
        % gather(
            (  # those of GIVEN, then those of DRAWN
                job_id.encode() if job_id.isalnum() else encode(job_id),
                _name(place, bits) if name is None else encode(name),
                rfc3339(created),
                rfc3339(updated),
                changed_by or place.people[bits[10] % PEOPLE],
                *_drawer(place)(bits),
                *_keys[first_key : first_key + keys * stride : stride],
                *map(sub, finishes(moments), begins(moments)),
                *moments,
            )
        )
    )

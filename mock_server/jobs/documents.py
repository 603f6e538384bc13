"""Jobs as JSON documents, drawn from a job's id and a seed: the same on every machine and at every start.

The clock adds only an offset. A document is a compiled template whose blanks are filled by the bits of a hash of the
id; templates are compiled when first needed, and kept.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from json import loads
from operator import sub
from struct import Struct
from typing import NamedTuple

from engine_contract.contract.job_status import Active, NotCanceled
from mock_server.jobs.compiled_template import CompiledTemplate
from mock_server.jobs.execution import Moment, draw_execution
from mock_server.jobs.fields import drawer
from mock_server.jobs.ids import ids, task_keys
from mock_server.jobs.installation import AFFIXES, PEOPLE, Installation, encode, installation
from mock_server.jobs.job_template import write_template
from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.timestamps import rfc3339
from mock_server.jobs.vocabulary import THEMES
from mock_server.jobs.workflow import SMALLEST, Workflow, draw_workflow

__all__ = [
    "DEFAULT",
    "LARGEST",
    "SMALLEST",
    "active_document",
    "canceled_document",
    "describe",
    "ids",
]

LARGEST = 2_000
DEFAULT = (
    *(3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5),
    *(5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 9, 10, 11, 12, 13, 15),
)
"""The numbers of tasks from which a job's is drawn where none is asked for: a document of 2 KB, half of the time."""

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


def canceled_document(  # noqa: PLR0913 - named, and mostly left out
    job_id: str,
    *,
    seed: int = 0,
    was: Active = "running",
    tasks: int | None = None,
    name: str | None = None,
    canceled_at_ms: int,
    canceled_by: str,
    as_of_ms: int | None = None,
    age_ms: int | None = None,
    failed_at_ms: int | None = None,
) -> bytes:
    """Write the document of a job after its cancel, as UTF-8 JSON.

    `was` is the status before, `tasks` the number of tasks (3 to 2,000, drawn if None), `name` the job's name (drawn if
    None), `canceled_by` a user or role, of whom the document shows an object id. `as_of_ms` is the moment at which the
    job stood as `active_document` shows it with that `now_ms`: what happened before keeps its time. It is the cancel
    unless given. `age_ms` is for how long it had run by then (drawn if None), `failed_at_ms` when a job in error came to
    it, if that was later. Times are epoch milliseconds. Raise ValueError for a number of tasks out of range.
    """
    place = installation(seed)
    bits = _bits(blake2b(place.salt + job_id.encode("utf-8", "surrogatepass"), digest_size=32).digest())
    as_of = canceled_at_ms if as_of_ms is None else min(as_of_ms, canceled_at_ms)
    template = _template(place, bits, tasks, _CANCELED[was])
    start = None if age_ms is None and was != "error" else _start(place, bits, tasks, age_ms)
    moments = _moments(bits, template, as_of, start, failed_at_ms)
    return _fill(template, place, bits, job_id, name, moments, canceled_at_ms, place.user_id(canceled_by))


def active_document(  # noqa: PLR0913 - named, and mostly left out
    job_id: str,
    *,
    seed: int = 0,
    status: NotCanceled = "running",
    tasks: int | None = None,
    name: str | None = None,
    now_ms: int,
    age_ms: int | None = None,
    changed_at_ms: int | None = None,
    changed_by: str = "",
) -> bytes:
    """Write the document of a job that was not canceled, as it stands at `now_ms` (epoch milliseconds).

    `changed_at_ms` is when it got its status, if that was later: a job that ended then did so at that moment.
    `changed_by` is empty for one that nobody changed. The other arguments, and errors, are those of
    `canceled_document`. Only a complete job has an end. An incomplete one has not started.
    """
    place = installation(seed)
    bits = _bits(blake2b(place.salt + job_id.encode("utf-8", "surrogatepass"), digest_size=32).digest())
    has_stopped = status not in _GOES_ON
    start = None if age_ms is None and not has_stopped else _start(place, bits, tasks, age_ms)
    template = _template(place, bits, tasks, status)
    moments = _moments(bits, template, now_ms, start, changed_at_ms if has_stopped else None)
    user = place.user_id(changed_by) if changed_by else None
    return _fill(template, place, bits, job_id, name, moments, changed_at_ms, user)


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

"""What `POST /workflow_engine/jobs/search` asks for: which jobs, in which order, which part of them, which fields.

Clients send `{"options": {"fields", "sort", "limit", "skip", "query"}}`, in the language of the engine's database. The mock
refuses the parts that it does not know, so that nobody takes jobs for found that were not looked for.
"""

import re
from collections.abc import Callable, Collection, Mapping
from heapq import merge
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from mock_server.jobs.documents import document, summary
from mock_server.jobs.job import State
from mock_server.jobs.turns import Turns
from mock_server.operations.refusals import Refusal, Refused
from mock_server.store.jobs import Jobs

DEFAULT_LIMIT = 50
MOST_RESULTS = 1_000

MOST_CONDITIONS = 50
"""The most operators and places, of a query, its order and its fields together."""
LONGEST_NAME = 200
"""The most characters of a place, and of a pattern: to compile a pattern takes time that others wait."""
MOST_PATTERN = 2_000
"""The most characters of all patterns."""
MOST_COMPILED_BYTES = 1 << 20

_RUN_JOBS = 5_000

_Test = Callable[[Any], bool]
_OPTIONS = ("fields", "limit", "query", "skip", "sort")
_UP, _DOWN = (1, "asc", "ascending"), (-1, "desc", "descending")
_CAPITAL = re.compile(r"\\.|[A-Z]", re.DOTALL)
_SHORT = frozenset({"_id", "name", "status"})  # what is known of a job without its document


class Search(NamedTuple):
    """A search. Places in documents are keys with dots between them."""

    tests: tuple[tuple[str, _Test], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Places to sort by, the first counts most; True for the largest first."""
    shown: frozenset[str] = frozenset()
    """The places of a result besides `_id`; empty for all."""
    hidden: frozenset[str] = frozenset()
    limit: int = DEFAULT_LIMIT
    skip: int = 0

    @property
    def is_short(self) -> bool:
        """Return whether no document is needed to find the jobs."""
        return all(place in _SHORT for place, _ in (*self.tests, *self.order))


def _unedited(job: dict[str, Any]) -> dict[str, Any]:
    return job


class Edits(NamedTuple):
    """How the documents of jobs differ from the mock's own."""

    of_all: Callable[[dict[str, Any]], dict[str, Any]] = _unedited
    """Before a query looks at them."""
    of_found: Callable[[dict[str, Any]], dict[str, Any]] = _unedited
    """After that, for those that are found, before the part that is asked for is taken."""


async def search_jobs(jobs: Jobs, session: str, wanted: Search, edits: Edits, *, seed: int) -> dict[str, Any]:
    """Return the part of the jobs that is asked for, and how many there are in all."""

    def whole(job_id: str, state: State) -> dict[str, Any]:
        return edits.of_all(orjson.loads(document(job_id, state, seed=seed)))

    turns = Turns()
    # Ids alone: a collection of garbage, which holds others, would look at each state.
    found: list[str] = []
    columns: list[list[tuple[int, Any]]] = [[] for _ in wanted.order]
    total, end = 0, wanted.skip + wanted.limit
    async for job_id, state in jobs.jobs(session, None):
        known = _short(job_id, state, seed) if wanted.is_short else whole(job_id, state)
        if all(test(_at(known, place)) for place, test in wanted.tests):
            total += 1
            for column, (place, _) in zip(columns, wanted.order, strict=True):
                column.append(_rank(_at(known, place)))
            if wanted.order or wanted.skip < total <= end:
                found.append(job_id)
            if len(found) >= 2 * end + _RUN_JOBS:
                await _keep_first(end, found, columns, wanted.order, turns)
        await turns.give()
    if wanted.order:
        await _keep_first(end, found, columns, wanted.order, turns)
        del found[: wanted.skip]
    results = []
    for job_id in found:
        if (job := await jobs.get(session, job_id)) is not None:  # removed meanwhile
            results.append(_part(edits.of_found(whole(job_id, job)), wanted))
        await turns.give()
    return {"results": results, "total": total, "metadata": {"limit": wanted.limit, "skip": wanted.skip}}


def read_search(body: Any) -> Search:
    """Read a search from its JSON. Raise Refused for one that is not understood."""
    if body is None:
        return Search()
    options = body.get("options", body) if isinstance(body, dict) else body
    if not isinstance(options, dict):
        raise _bad("options", "must be an object")
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise _bad(unknown[0], f"no such option; there are {', '.join(_OPTIONS)}")
    fields, order, query = _object(options, "fields"), _object(options, "sort"), _object(options, "query")
    _bound(query, order, fields)
    if odd := next((place for place, value in order.items() if value not in (*_UP, *_DOWN) or value is True), None):
        raise _bad(f"sort.{odd}", "must be 1, -1, asc or desc")
    if odd := next((place for place, value in fields.items() if value not in (0, 1)), None):
        raise _bad(f"fields.{odd}", "must be 0 or 1")
    return Search(
        tests=tuple((place, _test(place, value)) for place, value in query.items()),
        order=tuple((place, value in _DOWN) for place, value in order.items()),
        shown=frozenset(name for name, value in fields.items() if value),
        hidden=frozenset(name for name, value in fields.items() if not value),
        limit=min(_whole(options, "limit", DEFAULT_LIMIT), MOST_RESULTS),
        skip=_whole(options, "skip", 0),
    )


def _short(job_id: str, state: State, seed: int) -> dict[str, str]:
    shown = summary(job_id, state, seed=seed)
    return {"_id": job_id, "name": shown["name"], "status": shown["status"]}


def _bound(query: Mapping[str, Any], order: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Raise Refused for a search that is too large: others wait while it is read."""
    operators = [value for value in query.values() if isinstance(value, dict) and value]
    conditions = len(query) + len(order) + len(fields) + sum(len(value) - 1 for value in operators)
    if conditions > MOST_CONDITIONS:
        raise _bad("options", f"{conditions} places and operators in query, sort and fields; at most {MOST_CONDITIONS}")
    if too_long := next((place for place in (*query, *order, *fields) if len(place) > LONGEST_NAME), None):
        raise _bad(too_long, f"{len(too_long)} characters; a place has at most {LONGEST_NAME}")
    patterns = sum(len(pattern) for value in operators if isinstance(pattern := value.get("$regex"), str))
    if patterns > MOST_PATTERN:
        raise _bad("options.query", f"{patterns} characters of $regex in all; at most {MOST_PATTERN}")


async def _keep_first(
    count: int,
    found: list[str],
    columns: list[list[tuple[int, Any]]],
    order: tuple[tuple[str, bool], ...],
    turns: Turns,
) -> None:
    """Sort the rows, and leave out those behind the first `count`."""
    places = (await _sorted(columns, order, turns))[:count]
    for column in columns:
        column[:] = [column[place] for place in places]
    found[:] = [found[place] for place in places]


async def _sorted(columns: list[list[tuple[int, Any]]], order: tuple[tuple[str, bool], ...], turns: Turns) -> list[int]:
    """Return the places of the rows in their order. It is sorted in runs, since nobody is served during one sort."""
    places = list(range(len(columns[0])))
    for column, (_, is_down) in reversed(list(zip(columns, order, strict=True))):
        key: Callable[[int], tuple[int, Any]] = column.__getitem__
        runs = []
        for start in range(0, len(places), _RUN_JOBS):
            runs.append(sorted(places[start : start + _RUN_JOBS], key=key, reverse=is_down))
            await turns.give()
        places = []
        for place in merge(*runs, key=key, reverse=is_down):
            places.append(place)
            await turns.give()
    return places


def _at(known: Any, place: str) -> Any:
    for key in place.split("."):
        known = known.get(key) if isinstance(known, dict) else None
    return known


def _rank(value: Any) -> tuple[int, Any]:
    """Return a key by which values of several types can be sorted."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return (0, 0)
    return (1, value) if isinstance(value, int | float) else (2, value)


def _part(found: dict[str, Any], wanted: Search) -> dict[str, Any]:
    for place in wanted.hidden:
        parent, _, key = place.rpartition(".")
        node = _at(found, parent) if parent else found
        if isinstance(node, dict):
            node.pop(key, None)
    return _only(found, {"_id", *wanted.shown}) if wanted.shown else found


def _only(node: dict[str, Any], places: Collection[str]) -> dict[str, Any]:
    """Return the parts of an object at these places."""
    below: dict[str, list[str]] = {}
    for place in places:
        key, _, rest = place.partition(".")
        below.setdefault(key, []).append(rest)
    return {
        key: _only(value, below[key]) if isinstance(value, dict) and "" not in below[key] else value
        for key, value in node.items()
        if key in below
    }


def _test(place: str, value: Any) -> _Test:
    if place.startswith("$"):
        raise _bad(f"query.{place}", "no such operator; a query has fields of jobs")
    if not isinstance(value, dict) or not any(key.startswith("$") for key in value):
        return lambda found: found == value
    if "$options" in value and "$regex" not in value:
        raise _bad(f"{place}.$options", "belongs to $regex, which is not there")
    tests = []
    for operator, operand in value.items():
        if operator == "$regex":
            tests.append(_pattern(place, operand, value.get("$options", "")))
        elif operator in _OPERATORS:
            tests.append(_OPERATORS[operator](operand))
        elif operator != "$options":
            raise _bad(f"{place}.{operator}", f"no such operator; there are {', '.join(('$regex', *_OPERATORS))}")
    return lambda found: all(test(found) for test in tests)


def _pattern(place: str, pattern: Any, options: Any) -> _Test:
    if not isinstance(options, str) or set(options) - set("ims"):
        raise _bad(f"{place}.$options", "must be some of i, m and s")
    if not isinstance(pattern, str) or len(pattern) > LONGEST_NAME:
        raise _bad(f"{place}.$regex", f"must be a string of at most {LONGEST_NAME} characters")
    if is_folded := "i" in options:
        pattern = _CAPITAL.sub(lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), pattern)
    try:  # the library's expressions take linear time, whatever a caller sends
        schema = {"type": "string", "pattern": pattern}
        bounds = jsonschema_rs.RegexOptions(size_limit=MOST_COMPILED_BYTES, dfa_size_limit=MOST_COMPILED_BYTES)
        check = jsonschema_rs.Draft4Validator(schema, pattern_options=bounds)
    except (jsonschema_rs.ValidationError, ValueError):
        why = "is not a regular expression that is known here; looking around, back references and large counts are not"
        raise _bad(f"{place}.$regex", f"{why}: {pattern!r:.80}") from None
    return lambda found: check.is_valid(found.lower() if is_folded and isinstance(found, str) else found)


def _among(operand: Any) -> _Test:
    listed = operand if isinstance(operand, list) else [operand]
    nested = [value for value in listed if isinstance(value, list | dict)]
    values = frozenset(value for value in listed if not isinstance(value, list | dict))
    return lambda found: found in (nested if isinstance(found, list | dict) else values)


def _not_among(operand: Any) -> _Test:
    is_among = _among(operand)
    return lambda found: not is_among(found)


def _compared(holds: Callable[[Any, Any], bool]) -> Callable[[Any], _Test]:
    def of(operand: Any) -> _Test:
        return lambda found: _rank(found)[0] == _rank(operand)[0] != 0 and holds(found, operand)

    return of


_OPERATORS: Mapping[str, Callable[[Any], _Test]] = {
    "$eq": lambda operand: lambda found: found == operand,
    "$ne": lambda operand: lambda found: found != operand,
    "$in": _among,
    "$nin": _not_among,
    "$exists": lambda operand: lambda found: (found is not None) == bool(operand),
    "$gt": _compared(lambda found, operand: bool(found > operand)),
    "$gte": _compared(lambda found, operand: bool(found >= operand)),
    "$lt": _compared(lambda found, operand: bool(found < operand)),
    "$lte": _compared(lambda found, operand: bool(found <= operand)),
}


def _object(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = options.get(name, {})
    if not isinstance(value, dict):
        raise _bad(f"options.{name}", "must be an object")
    return value


def _whole(options: Mapping[str, Any], name: str, default: int) -> int:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _bad(f"options.{name}", "must be a whole number, 0 or more")
    return value


def _bad(field: str, why: str) -> Refused:
    return Refused(Refusal("bad-parameter", f"{field[:80]}: {why}.", field[:80]))

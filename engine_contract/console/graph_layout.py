"""Where the boxes of a graph stand: at their `x` and `y`, drawn apart until each can be read."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

WIDTH, HEIGHT = 160, 46
"""The size of a box, in pixels."""

_APART_X, _APART_Y = 40, 26
MARGIN = 26

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Edge:
    """A transition, as the document has it."""

    source: str
    target: str
    state: str
    kind: str


def lay_out(keys: list[str], tasks: Mapping[str, Mapping[str, Any]], edges: list[Edge]) -> dict[str, Place]:
    """Return the upper left corner of each key's box in pixels, also for keys without a task, tasks without a place."""
    depths = _depths(keys, edges)
    return _spread(_places(keys, tasks, edges, depths), depths, edges)


def _depths(keys: list[str], edges: list[Edge]) -> dict[str, int]:
    """Return the depth of each task: the most transitions that lead to it, not counting those that go back."""
    follows: dict[str, list[str]] = {key: [] for key in keys}
    entered = set()
    for edge in edges:
        if edge.kind != "revert" and edge.source != edge.target:
            follows[edge.source].append(edge.target)
            entered.add(edge.target)
    depths = dict.fromkeys(keys, 0)
    seen: dict[str, int] = {}  # 1: on the way, 2: done
    finished: list[str] = []
    roots = sorted(keys, key=lambda key: (key != "workflow_start", key in entered))
    for root in roots:
        stack = [] if root in seen else [(root, iter(follows[root]))]
        seen.setdefault(root, 1)
        while stack:
            key, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                seen[key] = 2
                finished.append(key)
                stack.pop()
            elif target not in seen:
                seen[target] = 1
                stack.append((target, iter(follows[target])))
    position = {key: number for number, key in enumerate(reversed(finished))}
    for key in reversed(finished):
        for target in follows[key]:
            if position[target] > position[key]:
                depths[target] = max(depths[target], depths[key] + 1)
    return depths


def _places(
    keys: list[str], tasks: Mapping[str, Mapping[str, Any]], edges: list[Edge], depths: Mapping[str, int]
) -> dict[str, Place]:
    """Return a place in 0..1 for each task: its own, one beside its neighbours, or by depth where no task has one."""
    own = {key: place for key in keys if (place := _own_place(tasks.get(key, {}))) is not None}
    if not own:
        return _layered(keys, depths)
    left, right = min(x for x, _ in own.values()), max(x for x, _ in own.values())
    top, bottom = min(y for _, y in own.values()), max(y for _, y in own.values())
    wide, high = right - left or 1.0, bottom - top or 1.0
    places = {key: ((x - left) / wide, (y - top) / high) for key, (x, y) in own.items()}
    step = 1 / max(*depths.values(), 1)
    before, after = defaultdict(list), defaultdict(list)
    for edge in edges:
        before[edge.target].append(edge.source)
        after[edge.source].append(edge.target)
    for key in sorted((key for key in keys if key not in own), key=lambda key: depths[key]):
        sources = [places[other] for other in before[key] if other in places and depths[other] < depths[key]]
        targets = [places[other] for other in after[key] if other in places and depths[other] > depths[key]]
        near = sources + targets
        if sources and targets:
            across = (max(x for x, _ in sources) + min(x for x, _ in targets)) / 2
        elif sources:
            across = max(x for x, _ in sources) + step
        elif targets:
            across = min(x for x, _ in targets) - step
        else:
            across = depths[key] * step
        places[key] = (across, sum(y for _, y in near) / len(near) if near else 1.0)
    return places


def _own_place(task: Mapping[str, Any]) -> Place | None:
    x, y = task.get("x"), task.get("y")
    for value in (x, y):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > 1e9:
            return None
    return (float(x), float(y))  # type: ignore[arg-type]  # both are numbers


def _layered(keys: list[str], depths: Mapping[str, int]) -> dict[str, Place]:
    columns: dict[int, list[str]] = defaultdict(list)
    for key in keys:
        columns[depths[key]].append(key)
    last = max(depths.values()) or 1
    places = {}
    for depth, column in columns.items():
        for row, key in enumerate(column, 1):
            places[key] = (depth / last, row / (len(column) + 1))
    return places


def _spread(places: Mapping[str, Place], depths: Mapping[str, int], edges: list[Edge]) -> dict[str, Place]:
    """Return upper left corners in pixels: in the order of the places, as near to one another as can be read."""
    rows: dict[int, int] = defaultdict(int)
    for depth in depths.values():
        rows[depth] += 1
    high = 90.0 if max(rows.values()) == 1 else min(max(rows.values()) * (HEIGHT + _APART_Y) * 1.1, 12_000.0)
    downs = {key: y * high for key, (_, y) in places.items()}
    corners = _push_apart(_columns(places, downs, edges, len(rows)))
    left, top = min(x for x, _ in corners.values()), min(y for _, y in corners.values())
    return {key: (round(x - left + MARGIN, 1), round(y - top + MARGIN, 1)) for key, (x, y) in corners.items()}


def _columns(
    places: Mapping[str, Place], downs: Mapping[str, float], edges: list[Edge], columns: int
) -> dict[str, Place]:
    """Return where boxes stand from left to right: beside those that they would cover, right of where arrows start."""
    step, need_y = float(WIDTH + _APART_X), HEIGHT + _APART_Y / 3
    sources: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if places[edge.target][0] - places[edge.source][0] > 0.35 / columns:
            sources[edge.target].append(edge.source)
    corners: dict[str, Place] = {}
    rows: dict[int, list[tuple[float, float, float]]] = defaultdict(list)  # of what was placed: own x, left, top
    last_x, last = 0.0, 0.0
    for key in sorted(places, key=lambda key: places[key]):
        x, top = places[key][0], downs[key]
        left = last + min((x - last_x) * columns * step / 2, step) if corners else 0.0
        row = int(top // need_y)
        for near in (row - 1, row, row + 1):
            # Lefts only grow: of those in the way the newest one counts.
            beside = next((o for o in reversed(rows[near]) if abs(o[2] - top) < need_y and o[0] < x), None)
            left = left if beside is None else max(left, beside[1] + step)
        for source in sources[key]:
            left = max(left, corners[source][0] + step)
        corners[key] = (left, top)
        rows[row].append((x, left, top))
        last_x, last = x, left
    return corners


def _push_apart(corners: Mapping[str, Place]) -> dict[str, Place]:
    """Move boxes that lie on others down, one after another from the left."""
    placed: dict[str, Place] = {}
    columns: dict[int, list[Place]] = defaultdict(list)
    need_x, need_y = WIDTH + _APART_X / 2, HEIGHT + _APART_Y / 3
    for key in sorted(corners, key=lambda key: corners[key]):
        x, y = corners[key]
        at = int(x // need_x)
        near = [place for column in (at - 1, at, at + 1) for place in columns[column] if abs(place[0] - x) < need_x]
        for other_y in sorted(place[1] for place in near):
            if abs(other_y - y) < need_y:
                y = other_y + need_y
        placed[key] = (x, y)
        columns[at].append((x, y))
    return placed

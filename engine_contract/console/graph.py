"""A job's tasks and transitions as a drawing: where each box stands, and how each arrow runs.

Boxes stand where `x` and `y` put them, as far apart as it takes to read them. A task without a place gets one
beside its neighbours. The document may come from any engine: values of a wrong type are passed over.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine_contract.console.graph_layout import HEIGHT, MARGIN, WIDTH, Edge, Place, lay_out
from engine_contract.contract.job_status import STATUSES
from engine_contract.text.printable import scalar

_MOST = 3_000
_MAX_NAME_CHARS = 18  # characters of a name in a box


@dataclass(frozen=True, slots=True)
class Box:
    """A task: `x` and `y` are those of its upper left corner."""

    key: str
    name: str
    short: str
    status: str
    tone: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition: `path` is what an SVG path takes."""

    source: str
    target: str
    state: str
    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it, with what a legend names: tones of boxes and arrows that are there."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    tones: tuple[tuple[str, int], ...]
    lines: tuple[str, ...]


def tone(status: str) -> str:
    """Return the name of a status's colour."""
    return status if status in STATUSES else "other"


def tasks_of(document: Any) -> dict[str, Mapping[str, Any]]:
    """Return the tasks of a document that are objects, by their keys."""
    tasks = document.get("tasks") if isinstance(document, Mapping) else None
    if not isinstance(tasks, Mapping):
        return {}
    return {key: task for key, task in list(tasks.items())[:_MOST] if isinstance(task, Mapping)}


def draw(document: Any) -> Drawing | None:
    """Return the drawing of a job's document; None if it has no tasks."""
    tasks = tasks_of(document)
    edges = _edges(document)
    keys = list(dict.fromkeys([*tasks, *(key for edge in edges for key in (edge.source, edge.target))]))[:_MOST]
    if not keys:
        return None
    known = set(keys)
    edges = [edge for edge in edges if edge.source in known and edge.target in known]
    corners = lay_out(keys, tasks, edges)
    boxes = tuple(_box(key, tasks.get(key), corners[key]) for key in keys)
    arrows = tuple(_arrow(edge, corners) for edge in edges)
    tones: dict[str, int] = defaultdict(int)
    for box in boxes:
        tones[box.tone] += 1
    order = (*STATUSES, "other", "absent")
    return Drawing(
        width=round(max(x for x, _ in corners.values()) + WIDTH + MARGIN),
        height=round(max(y for _, y in corners.values()) + HEIGHT + MARGIN + (18 if _has_back(edges, corners) else 0)),
        boxes=boxes,
        arrows=arrows,
        tones=tuple((name, tones[name]) for name in order if tones[name]),
        lines=tuple(name for name in ("success", "failure", "error", "other") if any(a.tone == name for a in arrows)),
    )


def _edges(document: Any) -> list[Edge]:
    transitions = document.get("transitions") if isinstance(document, Mapping) else None
    if not isinstance(transitions, Mapping):
        return []
    found = []
    for source, targets in transitions.items():
        for target, how in targets.items() if isinstance(targets, Mapping) else ():
            given = how if isinstance(how, Mapping) else {}
            found.append(Edge(source, target, scalar(given.get("state")), scalar(given.get("type"))))
    return found[: 4 * _MOST]


def _box(key: str, task: Mapping[str, Any] | None, corner: Place) -> Box:
    if task is None:
        return Box(key, "not among the tasks", "not among the tasks", "absent", "absent", *corner)
    name, status = scalar(task.get("name", key)), scalar(task.get("status", "no status"))
    short = name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 1]}…"
    return Box(key, name, short, status, tone(status), *corner)


def _has_back(edges: list[Edge], corners: Mapping[str, Place]) -> bool:
    return any(corners[edge.target][0] <= corners[edge.source][0] for edge in edges)


def _arrow(edge: Edge, corners: Mapping[str, Place]) -> Arrow:
    (x1, y1), (x2, y2) = corners[edge.source], corners[edge.target]
    line = edge.state if edge.state in {"success", "failure", "error"} else "other"
    if x2 >= x1 + WIDTH:  # on to the right
        start_x, start_y, end_x, end_y = x1 + WIDTH, y1 + HEIGHT / 2, x2, y2 + HEIGHT / 2
        bend = max(18.0, (end_x - start_x) / 2)
        points = (start_x, start_y, start_x + bend, start_y, end_x - bend, end_y, end_x, end_y)
    elif abs(x2 - x1) < WIDTH and abs(y2 - y1) >= HEIGHT:  # up or down
        down = y2 > y1
        start_x, end_x = x1 + WIDTH / 2, x2 + WIDTH / 2
        start_y, end_y = (y1 + HEIGHT, y2) if down else (y1, y2 + HEIGHT)
        bend = max(12.0, abs(end_y - start_y) / 2) * (1 if down else -1)
        points = (start_x, start_y, start_x, start_y + bend, end_x, end_y - bend, end_x, end_y)
    else:  # back, below the boxes
        start_x, start_y = x1 + WIDTH / 2, y1 + HEIGHT
        end_x, end_y = x2 + WIDTH / 2 + (20 if edge.source == edge.target else 0), y2 + HEIGHT
        bend = 26 + min(30.0, abs(x1 - x2) / 20)
        points = (start_x, start_y, start_x, start_y + bend, end_x, end_y + bend, end_x, end_y)
    x, y, *curve = [f"{round(point, 1):g}" for point in points]
    return Arrow(edge.source, edge.target, edge.state or "no state", line, f"M {x} {y} C {' '.join(curve)}")

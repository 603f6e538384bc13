"""The graph of a job's tasks: drawn block by block from `workflow_start` to `workflow_end`, then laid out by depth.

Blocks are what people draw on such a canvas: one task after another, a decision with two ways on, a fork whose
branches join again, a task with a handler for its error, a retry that goes back, a loop over a list.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.vocabulary import CHECKS, COMMON, END, HANDLERS, LOOPS, PEOPLE, START, THEMES, WAITS, Step

SMALLEST = 3  # workflow_start, one task, workflow_end

# Sizes of the canvas (pixels) that tasks are placed on. The page's x and y are 115 / 1367 and 400 / 805.
_CANVASES = ((1367, 805), (1367, 805), (1440, 789), (1920, 937), (1680, 939))
_UNPLACED = 0.06  # share of tasks without x and y (absent on some in public captures)

Exit = tuple[int, str]  # a task's index, and the outcome on which the next task follows


class Edge(NamedTuple):
    """A transition between two tasks, by their index."""

    source: int
    target: int
    state: str = "success"
    back: bool = False
    """It leads to an earlier task (type `revert`)."""


class Workflow(NamedTuple):
    """Tasks and transitions. Task 0 is `workflow_start`, the last is `workflow_end`; forward edges lead to higher indices."""

    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    places: tuple[tuple[float, float] | None, ...]
    """x and y of each task, both in 0..1; None where the document leaves them out."""
    loops: frozenset[int]
    """The tasks that iterate over a list: they finish as `loop`."""


@dataclass(slots=True)
class _Canvas:
    """A workflow while it is drawn."""

    random: SeededRandom
    theme: int | None
    steps: list[Step] = field(default_factory=lambda: [START])
    edges: list[Edge] = field(default_factory=list)
    loops: set[int] = field(default_factory=set)
    to_the_end: list[Exit] = field(default_factory=list)

    def add(self, step: Step, exits: list[Exit]) -> int:
        """Place a task after the given exits; return its index."""
        index = len(self.steps)
        self.steps.append(step)
        self.edges += [Edge(source, index, state) for source, state in exits]
        return index

    def action(self) -> Step:
        """Draw the action of a plain task."""
        random = self.random
        roll = random.below(100)
        if roll < 62:
            theme = random.below(len(THEMES)) if self.theme is None else self.theme
            return random.pick(THEMES[theme].actions)
        return random.pick(COMMON if roll < 82 else PEOPLE if roll < 94 else WAITS)

    def check(self) -> Step:
        """Draw the question of a task that decides."""
        theme = self.random.below(len(THEMES)) if self.theme is None else self.theme
        return self.random.pick(CHECKS if self.random.chance(0.5) else THEMES[theme].checks)


def draw_workflow(random: SeededRandom, size: int, theme: int | None) -> Workflow:
    """Draw a graph of exactly `size` tasks (at least 3), named after a theme (an index of THEMES) or after all of them."""
    canvas = _Canvas(random, theme)
    exits = _sequence(canvas, size - 2, [(0, "success")])
    canvas.add(END, exits + canvas.to_the_end)
    return Workflow(tuple(canvas.steps), tuple(canvas.edges), _layout(random, canvas), frozenset(canvas.loops))


def _sequence(canvas: _Canvas, budget: int, exits: list[Exit]) -> list[Exit]:
    """Draw blocks one after another until `budget` tasks are placed; return the last exits."""
    while budget > 0:
        roll = canvas.random.below(100)
        if roll < 24 and budget >= 3 and len(exits) == 1:
            # A fork takes a part of what is left, so that branches nest a few levels deep at most.
            spent = canvas.random.between(2, min(budget, max(3, budget // 3)))
            exits = _fork(canvas, spent, exits)
        elif roll < 42 and budget >= 3:
            spent = canvas.random.between(2, min(budget, max(3, budget // 4)))
            exits = _decision(canvas, spent, exits)
        elif roll < 54 and budget >= 2:
            spent = 2
            exits = _handled(canvas, exits)
        elif roll < 66 and budget >= 2:
            spent = canvas.random.between(2, min(budget, 4))
            exits = _repeated(canvas, spent, exits)
        else:
            spent = 1
            exits = [(canvas.add(canvas.action(), exits), "success")]
        budget -= spent
    return exits


def _fork(canvas: _Canvas, budget: int, exits: list[Exit]) -> list[Exit]:
    """Draw two to six branches side by side; the next task joins them."""
    branches = canvas.random.between(2, min(budget, 2 + min(4, budget // 3)))
    ends: list[Exit] = []
    for left in range(branches, 0, -1):
        share = (
            budget - left + 1 if left == 1 else canvas.random.between(1, max(1, 2 * (budget - left + 1) // left - 1))
        )
        share = min(share, budget - left + 1)
        budget -= share
        ends += _sequence(canvas, share, exits)
    return ends


def _decision(canvas: _Canvas, budget: int, exits: list[Exit]) -> list[Exit]:
    """Draw a check with a way on for success and one for failure, which is the shorter and may be empty."""
    check = canvas.add(canvas.check(), exits)
    other = canvas.random.between(0, (budget - 1) // 2)
    ends = _sequence(canvas, budget - 1 - other, [(check, "success")])
    return ends + (_sequence(canvas, other, [(check, "failure")]) if other else [(check, "failure")])


def _handled(canvas: _Canvas, exits: list[Exit]) -> list[Exit]:
    """Draw a task and the handler of its error or failure, which goes on with the others or gives up."""
    task = canvas.add(canvas.action(), exits)
    state = "error" if canvas.random.chance(0.7) else "failure"
    handler = canvas.add(canvas.random.pick(HANDLERS), [(task, state)])
    if canvas.random.chance(0.5):
        canvas.to_the_end.append((handler, "success"))
        return [(task, "success")]
    return [(task, "success"), (handler, "success")]


def _repeated(canvas: _Canvas, budget: int, exits: list[Exit]) -> list[Exit]:
    """Draw a chain whose last task leads back to its first one, either to try again or as a loop over a list."""
    loop = budget > 2 and canvas.random.chance(0.4)
    first = canvas.add(canvas.random.pick(LOOPS) if loop else canvas.action(), exits)
    if loop:
        canvas.loops.add(first)
    last = first
    for left in range(budget - 1, 0, -1):
        last = canvas.add(canvas.check() if left == 1 and not loop else canvas.action(), [(last, "success")])
    canvas.edges.append(Edge(last, first, "error" if canvas.random.chance(0.2) else "failure", back=True))
    return [(last, "success")]


def _layout(random: SeededRandom, canvas: _Canvas) -> tuple[tuple[float, float] | None, ...]:
    """Place tasks from left to right by their depth, and those of one depth below one another."""
    depths = [0] * len(canvas.steps)
    for edge in sorted(canvas.edges, key=lambda edge: edge.source):
        if not edge.back:
            depths[edge.target] = max(depths[edge.target], depths[edge.source] + 1)
    rows = [0] * (max(depths) + 1)
    for depth in depths:
        rows[depth] += 1
    width, height = random.pick(_CANVASES)
    taken = [0] * len(rows)
    places: list[tuple[float, float] | None] = []
    for index, depth in enumerate(depths):
        taken[depth] += 1
        # Half a column and half a row at the borders; a few pixels off, as tasks dragged by hand are.
        column, row = width // (len(rows) + 1), height // (rows[depth] + 1)
        across = width * (depth + 1) // (len(rows) + 1) + random.between(-(column // 4), column // 4)
        down = height * taken[depth] // (rows[depth] + 1) + random.between(-(row // 8), row // 8)
        placed = index == 0 or not random.chance(_UNPLACED)
        places.append((across / width, down / height) if placed else None)
    return tuple(places)

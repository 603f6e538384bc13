"""One execution of a workflow: what each task came to, and when, up to the moment at which the job is looked at.

However a job ends, it ran as it was seen to run: all its executions are one until the look, at which a task runs.

An execution holds two schedules, drawn apart. Every sum of the two with weights of zero or more is a schedule as well:
it keeps the order of all moments. A job weighs them by bits of its own, so that jobs of one execution differ in all
their times.
"""

from collections.abc import Iterable
from typing import NamedTuple

from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.workflow import Edge, Workflow

Moment = tuple[int, int]
"""How long before the look something happened, in ms: by the first and by the second schedule; less than 0 after it."""

_OTHER_WAY = {"failure": 0.35, "error": 0.3}  # how often a task that has such a way on takes it
_IDLE_MS = (200, 90_000)  # ms from a job's end, or its error, to the look


class TaskRun(NamedTuple):
    """A task that has started."""

    start: Moment
    end: Moment | None
    """None while it runs."""
    finish: str
    """success, failure, error or loop; empty while it runs."""


class Execution(NamedTuple):
    """The work that a job has done by the moment at which it is looked at."""

    created: Moment
    started: Moment
    ended: Moment | None
    """When it completed, or stopped for want of a transition; None while it goes on."""
    rest: Moment
    """How long after the look everything is over, for a job of which nobody says when it ended; zero while it goes on."""
    tasks: tuple[TaskRun | None, ...]
    """By the task's index; None for a task that was not reached."""
    stopped: int | None = None
    """The task that no transition follows on, in a run that ends in an error."""


class _Schedule:
    """When each task starts and ends, in ms after the job was created."""

    def __init__(self, random: SeededRandom, workflow: Workflow) -> None:
        self.begin = random.between(2, 60)
        self.starts = [self.begin] * len(workflow.steps)
        self.ends = [0] * len(workflow.steps)
        self._workflow = workflow
        self._durations = [random.skewed(*step.pace) for step in workflow.steps]
        self._gaps = [random.between(2, 40) for _ in workflow.steps]

    def play(self, outcomes: list[str]) -> list[int]:
        """Run the tasks with these outcomes; return the tasks that were reached, in order of their index.

        A task starts when all that were reached before it have ended, and one of them in the way that leads to it.
        """
        matched = [index == 0 for index in range(len(outcomes))]
        reached = []
        for index, ways in enumerate(_ways(self._workflow)):
            if not matched[index]:
                continue
            reached.append(index)
            self.starts[index] += self._gaps[index]
            end = self.ends[index] = self.starts[index] + self._durations[index]
            taken = "success" if outcomes[index] == "loop" else outcomes[index]
            for edge in ways:
                matched[edge.target] |= edge.state == taken
                self.starts[edge.target] = max(self.starts[edge.target], end)
        return reached

    def last(self, started: Iterable[int], ended: Iterable[int]) -> int:
        """Return when the last of these tasks started, or the last of those ended."""
        return max(
            [self.starts[index] for index in started] + [self.ends[index] for index in ended], default=self.begin
        )

    def delay(self, starts: Iterable[int], ends: Iterable[int], look: int) -> None:
        """Let these tasks start, and those end, after the look."""
        soonest = min([self.starts[index] for index in starts] + [self.ends[index] for index in ends], default=look)
        late = max(look + 2 - soonest, 0)  # two: one millisecond by both schedules is the mark of the cancel
        for index in starts:
            self.starts[index] += late
        for index in ends:
            self.ends[index] += late


def _ways(workflow: Workflow) -> list[list[Edge]]:
    """Return the forward transitions from each task."""
    ways: list[list[Edge]] = [[] for _ in workflow.steps]
    for edge in workflow.edges:
        if not edge.back:
            ways[edge.source].append(edge)
    return ways


def _outcome(random: SeededRandom, workflow: Workflow, ways: list[Edge], index: int) -> str:
    """Draw how a task finishes: in a way on which something follows."""
    if index in workflow.loops:
        return "loop"
    for state in {edge.state: None for edge in ways}:
        if state != "success" and random.chance(_OTHER_WAY[state]):
            return state
    return "success"


def draw_execution(random: SeededRandom, workflow: Workflow, ending: str) -> Execution:
    """Draw an execution. Generators that start alike give the same one up to the look, whatever the ending.

    `ending` is "running" (at least one task runs), "error" (a task that ran had no transition to follow),
    "complete" (`workflow_end` was reached) or "incomplete" (nothing has started).
    """
    outcomes = [_outcome(random, workflow, ways, index) for index, ways in enumerate(_ways(workflow))]
    first, second = _Schedule(random, workflow), _Schedule(random, workflow)
    reached = first.play(outcomes)
    second.play(outcomes)
    waiting = [index for index in reached if 0 < index < len(workflow.steps) - 1]
    # The longest of five: a job is most often found at a task that takes long.
    halt = max((random.pick(waiting) for _ in range(5)), key=lambda index: first.ends[index] - first.starts[index])
    look = random.between(first.starts[halt], first.ends[halt] - 1)
    seen = [index for index in reached if first.starts[index] <= look]
    finished = {index for index in seen if first.ends[index] <= look}
    idle = random.skewed(*_IDLE_MS)
    second_look = second.last(seen, finished) + random.skewed(*_IDLE_MS)

    started, ended, stopped = seen, finished, None
    if ending == "error":
        stopped = halt
        taken = {edge.state for edge in workflow.edges if edge.source == stopped}
        outcomes[stopped] = "error" if "error" not in taken else "failure"
        # Tasks that ran at the same time still finish.
        started = [index for index in reached if index == stopped or first.starts[index] < first.ends[stopped]]
    elif ending != "running":
        started = reached if ending == "complete" else []
    if ending != "running":
        ended = set(started)
    second.delay(set(started) - set(seen), ended - finished, second_look)
    over = first.last(started, ended), second.last(started, ended)

    def moment(one: int, other: int) -> Moment:
        return look - one, second_look - other

    tasks: list[TaskRun | None] = [None] * len(workflow.steps)
    for index in started:
        done = index in ended
        tasks[index] = TaskRun(
            start=moment(first.starts[index], second.starts[index]),
            end=moment(first.ends[index], second.ends[index]) if done else None,
            finish=outcomes[index] if done else "",
        )
    goes_on = ending == "running" or not started
    return Execution(
        created=moment(0, 0),
        started=moment(first.begin, second.begin),
        ended=None if goes_on else moment(*over),
        rest=(0, 0) if goes_on else (over[0] + idle - look, over[1] + random.skewed(*_IDLE_MS) - second_look),
        tasks=tuple(tasks),
        stopped=stopped,
    )

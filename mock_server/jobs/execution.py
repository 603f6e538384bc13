"""One execution of a workflow: what each task came to, and when, up to the moment at which the job is looked at.

An execution holds two schedules, drawn apart. Every sum of the two with weights of zero or more is a schedule as well:
it keeps the order of all moments. A job weighs them by bits of its own, so that jobs of one execution differ in all
their times.
"""

from dataclasses import dataclass

from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.workflow import Edge, Workflow

Moment = tuple[int, int]
"""How long before the look something happened, in ms: by the first and by the second schedule."""

_OTHER_WAY = {"failure": 0.35, "error": 0.3}  # how often a task that has such a way on takes it
_IDLE_MS = (200, 90_000)  # ms from a job's end, or its error, to the look


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task that has started."""

    start: Moment
    end: Moment | None
    """None while it runs."""
    finish: str
    """success, failure, error or loop; empty while it runs."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The work that a job has done by the moment at which it is looked at."""

    created: Moment
    started: Moment
    ended: Moment | None
    """When it completed, or stopped for want of a transition; None while it goes on."""
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
    """Draw an execution.

    `ending` is "running" (at least one task runs), "error" (stopped at a task for want of a transition),
    "complete" (`workflow_end` was reached) or "incomplete" (nothing has started).
    """
    outcomes = [_outcome(random, workflow, ways, index) for index, ways in enumerate(_ways(workflow))]
    first, second = _Schedule(random, workflow), _Schedule(random, workflow)
    reached = first.play(outcomes)
    second.play(outcomes)
    waiting = [index for index in reached if 0 < index < len(workflow.steps) - 1]

    stopped = None
    if ending == "running":
        # The longest of five: a job is most often found at a task that takes long.
        halt = max((random.pick(waiting) for _ in range(5)), key=lambda index: first.ends[index] - first.starts[index])
        look = random.between(first.starts[halt], first.ends[halt] - 1)
        seen = [index for index in reached if first.starts[index] <= look]
        finished = {index for index in seen if first.ends[index] <= look}
    elif ending == "error":
        stopped = random.pick(waiting)
        taken = {edge.state for edge in workflow.edges if edge.source == stopped}
        outcomes[stopped] = "error" if "error" not in taken else "failure"
        # Tasks that ran at the same time still finish.
        seen = [index for index in reached if index == stopped or first.starts[index] < first.ends[stopped]]
        finished = set(seen)
    else:
        seen = reached if ending == "complete" else []
        finished = set(seen)

    looks = []
    for schedule in (first, second):
        last = max([schedule.ends[i] for i in finished] + [schedule.starts[i] for i in seen], default=schedule.begin)
        looks.append((last, last + (random.skewed(*_IDLE_MS))))
    idle = ending != "running"

    def moment(one: int, other: int) -> Moment:
        # A running job is looked at where its first schedule was cut.
        return (looks[0][1] if idle else look) - one, looks[1][1] - other

    tasks: list[TaskRun | None] = [None] * len(workflow.steps)
    for index in seen:
        done = index in finished
        tasks[index] = TaskRun(
            start=moment(first.starts[index], second.starts[index]),
            end=moment(first.ends[index], second.ends[index]) if done else None,
            finish=outcomes[index] if done else "",
        )
    return Execution(
        created=moment(0, 0),
        started=moment(first.begin, second.begin),
        ended=moment(looks[0][0], looks[1][0]) if idle and seen else None,
        tasks=tuple(tasks),
        stopped=stopped,
    )

"""Write the template of a job's document, by the rows of FIELDS in the page's order."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from mock_server.jobs.compiled_template import CANCEL, CompiledTemplate, TemplateWriter
from mock_server.jobs.execution import Execution
from mock_server.jobs.fields import (
    BLANKS,
    Drawn,
    ErrorStory,
    Field,
    Given,
    JobStory,
    MetricsStory,
    Nested,
    TaskStory,
    rows,
)
from mock_server.jobs.installation import Installation
from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.vocabulary import MANUAL, NO_TRANSITION, PRODUCTS, STOPPED_SHORT, TASK_ERRORS
from mock_server.jobs.workflow import Workflow

_OWNERS = ("Pronghorn", "Pronghorn", "Pronghorn", "")  # page: the engine or a user; empty is the one who owns the job


def write_template(
    random: SeededRandom, place: Installation, workflow: Workflow, execution: Execution, status: str
) -> CompiledTemplate:
    """Write the template of a job's document.

    `status` is the job's: "canceled", where what the run left running ends with the cancel, or an active or ended one.
    `random` decides on the scenery (owners, groups, messages) and must start alike for all statuses of one run, so that
    they tell the same story.
    """
    keys = len(workflow.steps) - 2
    writer = TemplateWriter(execution.created, execution.started, execution.rest, keys=keys, blanks=BLANKS)
    _Template(writer, random, place, workflow, execution, status).job()
    return writer.template()


@cache
def _keyed(of: str) -> tuple[tuple[str, Field], ...]:
    """Return the rows of an object, each with the text before its value."""
    keyed = []
    for number, row in enumerate(rows(of)):
        has_key_in_blank = isinstance(row.value, Drawn) and row.absent
        keyed.append(("" if has_key_in_blank else f'{"," if number else ""}"{row.name}":', row))
    return tuple(keyed)


class _Template:
    """A template while it is written, and everything that it is written from."""

    def __init__(  # noqa: PLR0913, PLR0917 - called here only
        self,
        writer: TemplateWriter,
        random: SeededRandom,
        place: Installation,
        workflow: Workflow,
        execution: Execution,
        status: str,
    ) -> None:
        self._writer, self._random, self._place = writer, random, place
        self._workflow, self._execution, self._status = workflow, execution, status
        self._product = random.pick(PRODUCTS)
        self._nested: dict[str, Callable[[Any], None]] = {
            "tasks": self._tasks,
            "tasks.*.metrics": self._task_metrics,
            "tasks.*.metrics.app": partial(self._object, "tasks.*.metrics.app"),
            "transitions": self._transitions,
            "metrics": self._metrics,
            "metrics.app": partial(self._object, "metrics.app"),
            "error": self._errors,
        }

    def job(self) -> None:
        """Write the whole document."""
        self._object("", JobStory(self._status))

    def _object(self, of: str, story: Any) -> None:
        """Write an object by its rows."""
        writer = self._writer
        writer.text("{")
        for key, row in _keyed(of):
            value = row.value
            if isinstance(value, Given):
                writer.text(f'{key}"')
                writer.blank(row.place)
                writer.text('"')
            elif isinstance(value, Drawn):
                writer.text(key)
                writer.blank(row.place)
            elif isinstance(value, Nested):
                writer.member(key, self._nested[row.place], story)
            else:
                writer.member(key, value, writer, story)
        writer.text("}")

    def _tasks(self, _job: JobStory) -> None:
        end = len(self._workflow.steps) - 1
        for number, index in enumerate((0, end, *range(1, end))):  # page: start and end come first
            self._writer.text(',"' if number else '{"')
            self._writer.key(index)
            self._writer.text('":')
            self._object("tasks.*", self._task(index))
        self._writer.text("}")

    def _task(self, index: int) -> TaskStory:
        """Draw what one task shows."""
        random, status = self._random, self._status
        step, at, run = self._workflow.steps[index], self._workflow.places[index], self._execution.tasks[index]
        manual = step.pace == MANUAL
        groups = self._place.task_groups(random, manual=manual).decode()
        owner = "worker" if manual else random.pick(_OWNERS) or "owner"
        server = "other_server" if random.chance(0.12) else "server"
        if run is None:
            return TaskStory(step.name, at, groups, "incomplete", None)
        state, end, finish = "complete", run.end, run.finish
        if end is None:
            state = status
            end, finish = (CANCEL, "canceled") if status == "canceled" else (None, "")
        version = self._place.version(step.app)
        metrics = MetricsStory(run.start, end, finish, owner, server, step.app, version)
        return TaskStory(step.name, at, groups, state, metrics)

    def _task_metrics(self, task: TaskStory) -> None:
        if task.metrics is not None:
            self._object("tasks.*.metrics", task.metrics)

    def _metrics(self, _job: JobStory) -> None:
        execution, product = self._execution, self._product
        end = {"canceled": CANCEL, "complete": execution.ended}.get(self._status)
        version = self._place.version(product)
        story = MetricsStory(execution.started, end, self._status, "owner", "server", product, version)
        self._object("metrics", story)

    def _transitions(self, _job: JobStory) -> None:
        writer, source = self._writer, None
        for edge in sorted(self._workflow.edges, key=lambda edge: (edge.source, edge.back)):
            if edge.source != source:
                writer.text('{"' if source is None else '},"')
                writer.key(edge.source)
                writer.text('":{"')
            else:
                writer.text(',"')
            source = edge.source
            writer.key(edge.target)
            writer.text('":')
            self._object("transitions.*.*", edge)
        writer.text("}}")

    def _errors(self, _job: JobStory) -> None:
        """Write an entry for each task that ended in an error, and why the job stopped if it did."""
        random, execution, workflow = self._random, self._execution, self._workflow
        stopped = execution.stopped or 0
        entries = [
            ErrorStory(index, random.pick(TASK_ERRORS), stopped, task.end)
            for index, task in enumerate(execution.tasks)
            if task is not None and task.finish == "error" and task.end is not None
        ]
        if execution.stopped is not None and execution.ended is not None:
            last = any(
                edge.source == execution.stopped and edge.target == len(workflow.steps) - 1 for edge in workflow.edges
            )
            entries.append(ErrorStory(None, STOPPED_SHORT if last else NO_TRANSITION, stopped, execution.ended))
            if random.chance(0.2):
                entries.append(entries[-1])  # page: the same error twice
        for number, entry in enumerate(entries):
            self._writer.text("," if number else "[")
            self._object("error.*", entry)
        self._writer.text("]" if entries else "")

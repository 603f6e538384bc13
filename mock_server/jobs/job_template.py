"""Write the template of a job's document, field after field in the page's order."""

from dataclasses import dataclass

from mock_server.jobs.compiled_template import CANCEL, CompiledTemplate, TemplateWriter
from mock_server.jobs.execution import Execution, Moment
from mock_server.jobs.installation import Installation, encode
from mock_server.jobs.seeded_random import SeededRandom
from mock_server.jobs.vocabulary import MANUAL, NO_TRANSITION, PRODUCTS, STOPPED_SHORT, TASK_ERRORS
from mock_server.jobs.workflow import Workflow

_OWNERS = ("Pronghorn", "Pronghorn", "Pronghorn", "")  # page: the engine or a user; empty is the one who owns the job


@dataclass(frozen=True, slots=True)
class _Story:
    """Everything that the template is written from."""

    random: SeededRandom
    place: Installation
    workflow: Workflow
    execution: Execution
    status: str


@dataclass(frozen=True, slots=True)
class _Metrics:
    """The content of a `metrics` object."""

    start: Moment
    end: Moment | None
    """None while it goes on: then there is neither `end_time` nor `run_time` nor `finish_state`."""
    finish: str
    owner: str
    """A name, or the blank `owner` or `worker`."""
    server: str
    """The blank `server` or `other_server`."""
    app: str


def write_template(
    random: SeededRandom, place: Installation, workflow: Workflow, execution: Execution, status: str
) -> CompiledTemplate:
    """Write the template of a job's document.

    `status` is the job's: "canceled", where what the run left running ends with the cancel, or an active or ended one.
    `random` decides on the scenery (owners, groups, messages) and must start alike for all statuses of one run, so that
    they tell the same story.
    """
    story = _Story(random, place, workflow, execution, status)
    end = len(workflow.steps) - 1
    writer = TemplateWriter(execution.created, keys=end - 1)
    product = random.pick(PRODUCTS)
    writer.text('{"_id":"')
    writer.blank("_id")
    writer.text('","name":"')
    writer.blank("name")
    writer.text('","tasks":')
    for number, index in enumerate((0, end, *range(1, end))):  # page: start and end come first
        writer.text(",{"[not number])
        _write_task(writer, story, index)
    writer.text('},"transitions":')
    _write_transitions(writer, workflow)
    writer.text(',"font_size":')
    writer.blank("font_size")
    for name in ("created", "created_by", "last_updated", "last_updated_by"):
        writer.text(f',"{name}":"')
        writer.blank(name)
        writer.text('"')
    writer.text(',"groups":')
    writer.blank("groups")
    writer.text(',"type":"automation","watchers":')
    writer.blank("watchers")
    ended = {"canceled": CANCEL, "complete": execution.ended}.get(status)
    _write_metrics(writer, place, _Metrics(execution.started, ended, status, "owner", "server", product))
    writer.text(f',"status":"{status}"')
    writer.blank("locked")
    _write_errors(writer, random, workflow, execution)
    writer.text("}")
    return writer.template()


def _write_task(writer: TemplateWriter, story: _Story, index: int) -> None:
    random, status = story.random, story.status
    step, at, execution = story.workflow.steps[index], story.workflow.places[index], story.execution.tasks[index]
    manual = step.pace == MANUAL
    groups = story.place.task_groups(random, manual=manual).decode()
    owner = "worker" if manual else random.pick(_OWNERS) or "owner"
    server = "other_server" if random.chance(0.12) else "server"

    writer.text('"')
    writer.key(index)
    writer.text(f'":{{"name":"{encode(step.name).decode()}","groups":{groups}')
    writer.text(f',"x":{at[0]!r},"y":{at[1]!r}' if at else "")
    if execution is None:
        writer.text(',"status":"incomplete"}')
        return
    state, end, finish = "complete", execution.end, execution.finish
    if end is None:
        state = status
        end, finish = (CANCEL, "canceled") if status == "canceled" else (None, "")
    writer.text(f',"status":"{state}"')
    _write_metrics(writer, story.place, _Metrics(execution.start, end, finish, owner, server, step.app))
    writer.text("}")


def _write_metrics(writer: TemplateWriter, place: Installation, metrics: _Metrics) -> None:
    writer.text(',"metrics":{"owner":"')
    if metrics.owner in {"owner", "worker"}:
        writer.blank(metrics.owner)
    else:
        writer.text(metrics.owner)
    writer.text('","start_time":')
    writer.moment(metrics.start)
    if metrics.end is not None:
        writer.text(',"end_time":')
        writer.moment(metrics.end)
        writer.text(',"run_time":')
        writer.span(metrics.start, metrics.end)
        writer.text(f',"finish_state":"{metrics.finish}"')
    writer.text(',"server_id":"')
    writer.blank(metrics.server)
    writer.text(f'","app":{{"id":"{metrics.app}","version":"{place.version(metrics.app)}"}}}}')


def _write_transitions(writer: TemplateWriter, workflow: Workflow) -> None:
    source = None
    for edge in sorted(workflow.edges, key=lambda edge: (edge.source, edge.back)):
        if edge.source != source:
            writer.text('{"' if source is None else '},"')
            writer.key(edge.source)
            writer.text('":{"')
        else:
            writer.text(',"')
        source = edge.source
        writer.key(edge.target)
        kind = "revert" if edge.back else "standard"
        writer.text(f'":{{"type":"{kind}","state":"{edge.state}"}}')
    writer.text("}}")


def _write_errors(writer: TemplateWriter, random: SeededRandom, workflow: Workflow, execution: Execution) -> None:
    """Write the errors: an entry for each task that ended in an error, and why the job stopped if it did."""
    entries: list[tuple[int | None, str, Moment]] = []
    for index, task in enumerate(execution.tasks):
        if task is not None and task.finish == "error" and task.end is not None:
            entries.append((index, random.pick(TASK_ERRORS), task.end))
    if execution.stopped is not None and execution.ended is not None:
        last = any(
            edge.source == execution.stopped and edge.target == len(workflow.steps) - 1 for edge in workflow.edges
        )
        entries.append((None, STOPPED_SHORT if last else NO_TRANSITION, execution.ended))
        if random.chance(0.2):
            entries.append(entries[-1])  # page: the same error twice
    for number, (culprit, message, moment) in enumerate(entries):
        writer.text(',{"task":"' if number else ',"error":[{"task":"')
        if culprit is None:
            writer.text("job")
        else:
            writer.key(culprit)
        before, *after = encode(message).decode().split("{}")
        writer.text(f'","message":"{before}')
        for rest in after:
            writer.key(execution.stopped or 0)
            writer.text(rest)
        writer.text('","timestamp":')
        writer.moment(moment)
        writer.text("}")
    writer.text("]" if entries else "")

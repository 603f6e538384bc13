"""The fields of a job's document, a row each, in the page's order: name, where the value comes from, where it is absent.

Template and filler are compiled from these rows: a further field is its row here and its place in `spec/`.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from json import dumps
from typing import Any, NamedTuple

from mock_server.jobs.compiled_template import TemplateWriter
from mock_server.jobs.execution import Moment
from mock_server.jobs.installation import Installation, encode

Write = Callable[[TemplateWriter, Any], None]
"""Gets the story of an object (a `JobStory`, `TaskStory`, …, an `Edge`); writes JSON, nothing where the field is absent."""


class JobStory(NamedTuple):
    """Everything that the rows of the job are written from."""

    status: str


class MetricsStory(NamedTuple):
    """Everything that the rows of a `metrics` object are written from."""

    start: Moment
    end: Moment | None
    """None while it goes on."""
    finish: str
    owner: str
    """A name, or the part `owner` or `worker`."""
    server: str
    """The part `server` or `other_server`."""
    app: str
    version: str


class TaskStory(NamedTuple):
    """Everything that the rows of a task are written from."""

    name: str
    at: tuple[float, float] | None
    """x and y on the canvas."""
    groups: str
    status: str
    metrics: MetricsStory | None
    """None for a task that was not reached."""


class ErrorStory(NamedTuple):
    """Everything that the rows of an entry of `error` are written from."""

    task: int | None
    """The index of the task that failed, None for the job."""
    message: str
    """With `{}` where the key of `stopped` stands."""
    stopped: int
    moment: Moment


class Given:
    """A text that the caller of `documents` gives, or that follows from the times: the filler passes it by name."""


class Nested:
    """An object or array with rows of its own, which `job_template` walks through."""


class Drawn(NamedTuple):
    """A value for each job from a table, by one of the sixteen numbers of its hash (`documents`)."""

    table: Callable[[Installation], Sequence[bytes | None]]
    """JSON, None where the field is absent. As many as a power of two."""
    number: int
    shift: int = 0


class Field(NamedTuple):
    """One field. `place` are keys from the root, where `*` matches any key or element."""

    place: str
    value: Given | Nested | Drawn | Write
    absent: str = ""
    """Where the document lacks it; empty for a field that is always there."""

    @property
    def name(self) -> str:
        """Return the key of the field."""
        return self.place.rpartition(".")[2]


def _constant(value: object) -> Write:
    return lambda writer, _story: writer.text(dumps(value))


def _text(read: Callable[[Any], str]) -> Write:
    return lambda writer, story: writer.text(_quoted(read(story)))


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return f'"{encode(text).decode()}"'


def _texts(read: Callable[[Installation], Sequence[bytes]]) -> Callable[[Installation], Sequence[bytes]]:
    return lambda place: [b'"%b"' % text for text in read(place)]


def _coordinate(index: int) -> Write:
    return lambda writer, task: writer.text("" if task.at is None else repr(task.at[index]))


def _owner(writer: TemplateWriter, metrics: MetricsStory) -> None:
    if metrics.owner in PARTS:
        writer.blank(metrics.owner)
    else:
        writer.text(f'"{metrics.owner}"')


def _end_time(writer: TemplateWriter, metrics: MetricsStory) -> None:
    if metrics.end is not None:
        writer.moment(metrics.end)


def _run_time(writer: TemplateWriter, metrics: MetricsStory) -> None:
    if metrics.end is not None:
        writer.span(metrics.start, metrics.end)


def _culprit(writer: TemplateWriter, error: ErrorStory) -> None:
    writer.text('"')
    if error.task is None:
        writer.text("job")
    else:
        writer.key(error.task)
    writer.text('"')


def _message(writer: TemplateWriter, error: ErrorStory) -> None:
    before, *after = encode(error.message).decode().split("{}")
    writer.text(f'"{before}')
    for rest in after:
        writer.key(error.stopped)
        writer.text(rest)
    writer.text('"')


def _metrics(of: str) -> tuple[Field, ...]:
    goes_on = "while it goes on"
    return (
        Field(f"{of}.owner", _owner),
        Field(f"{of}.start_time", lambda writer, metrics: writer.moment(metrics.start)),
        Field(f"{of}.end_time", _end_time, goes_on),
        Field(f"{of}.run_time", _run_time, goes_on),
        Field(
            f"{of}.finish_state",
            lambda writer, metrics: writer.text("" if metrics.end is None else f'"{metrics.finish}"'),
            goes_on,
        ),
        Field(f"{of}.server_id", lambda writer, metrics: writer.blank(metrics.server)),
        Field(f"{of}.app", Nested()),
        Field(f"{of}.app.id", _text(lambda metrics: metrics.app)),
        Field(f"{of}.app.version", _text(lambda metrics: metrics.version)),
    )


FIELDS: tuple[Field, ...] = (
    Field("_id", Given()),
    Field("name", Given()),
    Field("tasks", Nested()),
    Field("tasks.*.name", _text(lambda task: task.name)),
    Field("tasks.*.groups", lambda writer, task: writer.text(task.groups)),
    Field("tasks.*.x", _coordinate(0), "where the task has no place on the canvas"),
    Field("tasks.*.y", _coordinate(1), "where the task has no place on the canvas"),
    Field("tasks.*.status", _text(lambda task: task.status)),
    Field("tasks.*.metrics", Nested(), "where the task was not reached"),
    *_metrics("tasks.*.metrics"),
    Field("transitions", Nested()),
    Field("transitions.*.*.type", _text(lambda edge: "revert" if edge.back else "standard")),
    Field("transitions.*.*.state", _text(lambda edge: edge.state)),
    # page: 12; other sizes are a guess
    Field("font_size", Drawn(lambda _: [b"12"] * 13 + [b"14", b"10", b"16"], 13)),
    Field("created", Given()),
    Field("created_by", Drawn(_texts(lambda place: place.creators), 14)),
    Field("last_updated", Given()),
    Field("last_updated_by", Given()),
    Field("groups", Drawn(lambda place: place.groups, 12)),
    Field("type", _constant("automation")),
    Field("watchers", Drawn(lambda place: place.watchers, 11)),
    Field("metrics", Nested()),
    *_metrics("metrics"),
    Field("status", _text(lambda job: job.status)),
    # page: true; in none of twelve captures of 2021.1 and 2023.1
    Field("locked", Drawn(lambda _: [None] * 8 + [b"true"] * 3 + [b"false"] * 5, 13, 4), "in half of the jobs"),
    Field("error", Nested(), "where nothing went wrong"),
    Field("error.*.task", _culprit),
    Field("error.*.message", _message),
    Field("error.*.timestamp", lambda writer, error: writer.moment(error.moment)),
)

PARTS = {
    "owner": Drawn(_texts(lambda place: place.people), 10),
    "worker": Drawn(_texts(lambda place: place.people), 10, 6),
    "server": Drawn(_texts(lambda place: place.servers), 15),
    "other_server": Drawn(_texts(lambda place: place.servers), 15, 2),
}
"""Values of a job that stand in several fields."""

GIVEN = tuple(field.place for field in FIELDS if isinstance(field.value, Given))
DRAWN = {field.place: field.value for field in FIELDS if isinstance(field.value, Drawn)} | PARTS
BLANKS = (*GIVEN, *DRAWN)
"""The blanks that a document fills by name, in the order in which the filler passes their values."""

_OPTIONAL = {field.place: field.name for field in FIELDS if field.absent}


@cache
def rows(of: str) -> tuple[Field, ...]:
    """Return the rows of one object, in order: `""` for the job, `tasks.*` for its tasks."""
    found = tuple(field for field in FIELDS if field.place.rpartition(".")[0] == of)
    if found[0].absent:
        raise ValueError(
            f"{found[0].place}: the first field of an object must always be there. Put its row further down."
        )
    return found


def drawer(place: Installation) -> Callable[[Sequence[int]], tuple[bytes, ...]]:
    """Return a function that gives the values of DRAWN, in order, for the sixteen numbers of a job's hash."""
    drawn_from: dict[str, list[bytes]] = {}
    picks = []
    for index, (name, drawn) in enumerate(DRAWN.items()):
        drawn_from[f"t{index}"] = table = _table(place, name, drawn)
        shifted = f"bits[{drawn.number}] >> {drawn.shift}" if drawn.shift else f"bits[{drawn.number}]"
        picks.append(f"t{index}[{shifted} & {len(table) - 1}]")
    # Compiled, since a loop over the rows would take a tenth of the time of a document.
    compiled: Callable[[Sequence[int]], tuple[bytes, ...]] = eval(f"lambda bits: ({', '.join(picks)})", drawn_from)  # noqa: S307 - numbers of ours
    return compiled


def _table(place: Installation, name: str, drawn: Drawn) -> list[bytes]:
    values = drawn.table(place)
    if len(values).bit_count() != 1:
        raise ValueError(f"{name}: its table has {len(values)} values. Give it as many as a power of two.")
    key = f',"{_OPTIONAL[name]}":'.encode() if name in _OPTIONAL else b""
    return [b"" if value is None else key + value for value in values]

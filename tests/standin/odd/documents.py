# ruff: noqa: ARG005 - a step has the same arguments in every engine
"""Variations of the document: its values, its size and more fields."""

from collections.abc import Callable
from typing import Any

from tests.standin.cancel import Cancel
from tests.standin.document import Document, document_of
from tests.standin.engine import Engine
from tests.standin.places import becomes, change

from .listing import Listing

variation = Listing()

RECORDS = (
    "tasks.*",
    "tasks.*.metrics",
    "tasks.*.metrics.app",
    "transitions.*.*",
    "metrics",
    "metrics.app",
    "error.*",
)


def _made(new: Callable[[Document], Any]) -> type[Engine]:
    """An engine that changes the document, in place or by returning another."""

    class Made(Engine):
        def document(self, cancel: Cancel) -> Document:
            document = super().document(cancel)
            changed: Document | None = new(document)
            return document if changed is None else changed

    return Made


def _more(**fields: Any) -> Callable[[Document], Document]:
    def more(document: Document) -> Document:
        for path in RECORDS:
            change(document, path, lambda record: {**record, **fields})
        return {**document, **fields}

    return more


def _set(*places: tuple[str, Any]) -> Callable[[Document], None]:
    def put(document: Document) -> None:
        for path, value in places:
            change(document, path, becomes(value))

    return put


def _renamed(name: Callable[[int, str], str]) -> Callable[[Document], Document]:
    """Gives the tasks other keys, in the transitions as well."""

    def renamed(document: Document) -> Document:
        new = {old: name(at, old) for at, old in enumerate(document["tasks"])}
        return {
            **document,
            "tasks": {new[k]: v for k, v in document["tasks"].items()},
            "transitions": {
                new[here]: {new[there]: v for there, v in steps.items()}
                for here, steps in document["transitions"].items()
            },
        }

    return renamed


def _mapped(number: Callable[[int], Any]) -> Callable[[Any], Any]:
    """Changes all integers."""

    def mapped(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: mapped(v) for k, v in value.items()}
        if isinstance(value, list):
            return [mapped(v) for v in value]
        whole = isinstance(value, int) and not isinstance(value, bool)
        return number(value) if whole else value

    return mapped


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _backwards(value[k]) for k in reversed(value)}
    return value


def _branched(document: Document) -> None:
    end = {"type": "standard", "state": "error"}
    for steps in document["transitions"].values():
        steps.setdefault("workflow_end", end)
    document["transitions"]["workflow_end"] = {}


def _captured(document: Document) -> Document:
    """The document with the metrics that public captures of later editions show, and no others."""
    kept = {
        "workflow_start": ("start_time", "finish_state"),
        "workflow_end": ("end_time", "run_time"),
    }
    usual = ("start_time", "owner", "server_id", "end_time", "finish_state", "run_time")
    tasks = {}
    for at, (key, task) in enumerate(document["tasks"].items()):
        names = kept.get(key, usual if at % 2 else ())
        own = {name: task["metrics"][name] for name in names} | ({"user": "5b3496d74da02e9dfa0b2e91"} if names else {})
        tasks[key] = {**task, "view": None, "metrics": own or {"owner": ""}}
    times = {name: document["metrics"][name] for name in ("start_time", "end_time")}
    metrics = {**times, "user": "5b3496d74da02e9dfa0b2e91", "progress": 1}
    left = {name: value for name, value in document.items() if name not in ("locked", "error")}
    return {**left, "tasks": tasks, "metrics": metrics, "description": None, "ancestors": [document["_id"]]}


_GROUPS = ["5cb7b531d06cceb89fd21b1c", "Pronghorn Admins", ""]
_NAMES = ("status", "_id", "metrics", "é", "a b", "", "length", "__proto__", "0", "a.b")

for _name, _says, _new in (
    ("more-fields", "Every object has more fields than the example.",
     _more(comment="ok", rank=7, tags=["a", {"b": None}], extra={"deep": {"er": 1}})),
    ("more-null-fields", "Every object has more fields, and they are null.",
     _more(description=None, deletedAt=None)),
    ("captured", "The metrics are those that later editions were seen to send.", _captured),
    ("one-digit-task-keys", "Tasks have the keys 0 to 9, a, b, c.",
     _renamed(lambda at, old: f"{at:x}")),
    ("number-task-keys", "Task keys are numbers with leading zeros.",
     _renamed(lambda at, old: f"{at:04d}")),
    ("odd-task-keys", "Task keys are field names, empty, with blanks, dots, é.",
     _renamed(lambda at, old: _NAMES[at] if at < len(_NAMES) else old)),
    ("empty-arrays", "groups, watchers and error are empty.",
     _set(("watchers", []), ("error", []), ("groups", []))),
    ("empty-maps", "tasks and transitions are empty.",
     _set(("tasks", {}), ("transitions", {}))),
    ("empty-strings", "Names, versions, owners and messages are empty strings.",
     _set(("name", ""), ("metrics.owner", ""), ("tasks.*.metrics.owner", ""),
          ("metrics.app.version", ""), ("tasks.*.name", ""), ("error.*.message", ""))),
    ("filled-groups", "groups have strings in them.",
     _set(("groups", _GROUPS), ("tasks.*.groups", _GROUPS))),
    ("branched", "Transitions branch, and workflow_end has an empty map.", _branched),
    ("whole-coordinates", "x and y are whole numbers, some of them negative.",
     _set(("tasks.*.x", 0), ("tasks.*.y", -3))),
    ("zero-numbers", "Times, run times and the font size are 0.",
     _set(("font_size", 0), ("metrics.run_time", 0), ("tasks.*.metrics.run_time", 0),
          ("metrics.start_time", 0), ("error.*.timestamp", 0))),
    ("large-numbers", "Run times are beyond 2^53.",
     _set(("metrics.run_time", 2**60), ("tasks.*.metrics.run_time", 2**60))),
    ("integers-with-point", "Integers are written with a point: 5.0.",
     _mapped(float)),
    ("dates-without-fraction", "Dates have no fraction of a second.",
     _set(("created", "2018-07-26T19:37:05Z"),
          ("last_updated", "2018-08-02T15:56:12Z"))),
    ("dates-with-offset", "Dates have an offset and microseconds.",
     _set(("created", "2018-07-26T21:37:05.123456+02:00"),
          ("last_updated", "2018-08-02T11:26:12.000001-04:30"))),
    ("locked-false", "The job is not locked.", _set(("locked", False))),
    ("other-words", "Type, states and statuses of parts are other words.",
     _set(("type", "resource"), ("metrics.finish_state", "aborted"),
          ("tasks.*.status", "paused"), ("tasks.*.metrics.finish_state", "error"),
          ("transitions.*.*.type", "revert"), ("transitions.*.*.state", "failure"))),
    ("other-owners", "Owners and authors are mail addresses and service names.",
     _set(("created_by", "ops.team+night@example.com"), ("metrics.owner", "svc/é"),
          ("last_updated_by", "Pronghorn"), ("tasks.*.metrics.owner", "a b"))),
    ("other-servers", "Server ids are host names.",
     _set(("metrics.server_id", "node-1.example.com"),
          ("tasks.*.metrics.server_id", "[::1]:3000"))),
    ("non-ascii", "The texts have letters of many scripts and emoji.",
     _set(("name", 'Gerät Ω 設備 🚀 \u2028 "\\/\t'),
          ("error.*.message", "Žádný přechod"))),
    ("backwards", "The fields of objects stand in the reverse order.", _backwards),
):  # fmt: skip
    variation.put(_name, _says, _made(_new))


def _sized(tasks: int) -> type[Engine]:
    """An engine whose jobs have a number of tasks."""

    class Sized(Engine):
        def document(self, cancel: Cancel) -> Document:
            return document_of(cancel.job_id, tasks)

    return Sized


variation.put("huge-documents", "Jobs have 2000 tasks.", _sized(2000))
variation.put("two-tasks", "Jobs have only a start and an end.", _sized(2))

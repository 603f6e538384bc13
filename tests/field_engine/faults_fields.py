"""Faults of single fields of the document: missing, null, or of another type, at every level."""

from __future__ import annotations

from typing import Any

from .catalogue import Entry, fault
from .edits import Edit, When, after, by_role, drop, edited, every, many_tasks, put, reused, with_error, with_errors
from .variations_documents import captured

EXAMPLE = "Return, example schema: "


def _of(name: str, says: str, field: str, edit: Edit, when: When | None = None) -> Entry:
    return fault(name, says, "response", f"{EXAMPLE}{field}", document=edited(edit, when))


TOP = {
    "_id": 4430,
    "name": ["8917Test2"],
    "tasks": [],
    "transitions": [],
    "font_size": "12",
    "created": 1532633825000,
    "created_by": {"username": "admin@pronghorn"},
    "last_updated": 1533225372912,
    "last_updated_by": 5,
    "groups": {},
    "type": 1,
    "watchers": {},
    "metrics": [],
    "status": 5,
}

MISSING = [_of(f"missing-{key}", f"`{key}` is missing from the document.", key, drop(key)) for key in TOP]
TYPED = [_of(f"typed-{key}", f"`{key}` is a {type(new).__name__}.", key, put(key, new)) for key, new in TOP.items()]
NULLS = [
    _of(f"null-{key}", f"`{key}` is null.", key, put(key, None))
    for key in ("_id", "tasks", "transitions", "created", "watchers", "groups", "metrics", "font_size", "status")
]

DEEP_MISSING = {
    "tasks.*.name": "all tasks",
    "tasks.?.status": "one task of several",
    "tasks.$.groups": "the last task",
    "tasks.workflow_start.metrics.owner": "the first task",
    "tasks.workflow_start.metrics.app.version": "the first task",
    "tasks.*.metrics.server_id": "every task that ran",
    "tasks.*.metrics.app": "every task that ran",
    "tasks.workflow_start.metrics.start_time": "the first task",
    "metrics.owner": "the job",
    "metrics.start_time": "the job",
    "metrics.server_id": "the job",
    "metrics.app": "the job",
    "metrics.app.id": "the job",
    "metrics.app.version": "the job",
    "transitions.*.*.type": "every transition",
    "transitions.$.*.state": "the last transition",
}
DEEP = [
    _of(f"missing-{path}", f"`{path}` is missing: {where}.", path, drop(path)) for path, where in DEEP_MISSING.items()
]

DEEP_TYPED: dict[str, object] = {
    "tasks.*": "complete",
    "tasks.$": None,
    "tasks.*.name": 12,
    "tasks.?.status": {"state": "complete"},
    "tasks.$.status": None,
    "tasks.$.groups": "default",
    "tasks.*.x": "0.084",
    "tasks.workflow_start.y": [0.4],
    "tasks.workflow_start.metrics": "none",
    "tasks.workflow_start.metrics.start_time": "1555430149763",
    "tasks.workflow_start.metrics.end_time": "2019-04-16T15:56:09.683Z",
    "tasks.workflow_start.metrics.run_time": "75069184",
    "tasks.workflow_start.metrics.finish_state": 0,
    "tasks.workflow_start.metrics.app": "WorkflowBuilder",
    "tasks.workflow_start.metrics.app.version": 1.2,
    "transitions.*": [],
    "transitions.$.*": "standard",
    "transitions.?.*.type": 1,
    "transitions.*.*.state": True,
    "watchers.$": 4321,
    "watchers.*": {"_id": "5cb7b531d06cceb89fd21b1c"},
    "watchers.0": None,
    "metrics.start_time": "2019-04-16T15:55:49.763Z",
    "metrics.end_time": 1555430169683.5,
    "metrics.run_time": {"ms": 75069184},
    "metrics.finish_state": None,
    "metrics.server_id": 3000,
    "metrics.app": None,
    "metrics.app.id": 7,
    "metrics.app.version": ["3", "2", "1"],
    "locked": "true",
}
DEEP += [_of(f"typed-{path}", f"`{path}` is {new!r}.", path, put(path, new)) for path, new in DEEP_TYPED.items()]

ERROR_TYPED: dict[str, object] = {
    "error": {"task": "job", "message": "failed", "timestamp": 1555471643117},
    "error.*": "No available transitions found from completed task(s)",
    "error.$": None,
    "error.$.task": 5,
    "error.*.message": {"text": "failed"},
    "error.$.message": None,
    "error.*.timestamp": "1555471643117",
    "error.$.timestamp": 1555471643117.25,
}
ERRORS = [
    _of(f"typed-{path}", f"`{path}` is {new!r}.", path, with_error(put(path, new))) for path, new in ERROR_TYPED.items()
]
ERRORS += [
    _of(f"missing-{path}", f"`{path}` is missing.", path, with_error(drop(path)))
    for path in ("error.*.task", "error.$.message", "error.$.timestamp")
]
ERRORS += [
    _of("error-as-string", "`error` is a text.", "error", put("error", "job failed")),
    _of("error-false", "`error` is false.", "error", put("error", False)),
    _of("locked-number", "`locked` is 1.", "locked", put("locked", 1)),
]

VALUES: dict[str, tuple[str, object]] = {
    "created-space": ("created", "2018-07-26 19:37:05"),
    "created-no-zone": ("created", "2018-07-26T19:37:05.000"),
    "created-date": ("created", "2018-07-26"),
    "created-impossible": ("created", "2018-13-45T25:61:61.000Z"),
    "created-words": ("created", "Thu Jul 26 2018 19:37:05 GMT+0000 (Coordinated Universal Time)"),
    "created-empty": ("created", ""),
    "created-epoch-text": ("created", "1532633825000"),
    "updated-local": ("last_updated", "02.08.2018, 15:56:12"),
    "updated-object": ("last_updated", {"$date": "2018-08-02T15:56:12.912Z"}),
    "id-object": ("_id", {"$oid": "4430ceadbd694aa79994ad47"}),
    "id-empty": ("_id", ""),
    "negative-start": ("metrics.start_time", -1555430149763),
    "negative-task-start": ("tasks.workflow_start.metrics.start_time", -1),
    "true-run-time": ("metrics.run_time", True),
    "true-font-size": ("font_size", True),
    "fraction-task-end": ("tasks.workflow_start.metrics.end_time", 1555430169683.75),
    "status-cancelled": ("status", "cancelled"),
    "status-upper": ("status", "CANCELED"),
    "status-title": ("status", "Canceled"),
    "status-running": ("status", "running"),
    "status-canceling": ("status", "canceling"),
    "status-complete": ("status", "complete"),
    "status-blank": ("status", "canceled "),
    "status-empty": ("status", ""),
    "status-list": ("status", ["canceled"]),
    "status-object": ("status", {"value": "canceled"}),
}
VALUED = [_of(name, f"`{path}` is {new!r}.", path, put(path, new)) for name, (path, new) in VALUES.items()]


def _captured_but(dates: bool = False, **metrics: object) -> Edit:
    """Makes the document one as captured, but for these metrics of the job, or dates where tasks have times."""

    def edit(value: Any) -> None:
        captured(value, dates=dates)
        value["metrics"] |= metrics

    return edit


CAPTURED = [
    _of(
        "captured-start-time",
        "Documents are as captured of later editions: `start_time` of tasks is a date.",
        "tasks.*.metrics.start_time",
        _captured_but(dates=True),
    ),
    _of(
        "captured-app-without-id",
        "As captured, but there is an `app` without `id`.",
        "metrics.app.id",
        _captured_but(app={"version": "3.2.1"}),
    ),
    _of("captured-owner-null", "As captured, but `owner` is null.", "metrics.owner", _captured_but(owner=None)),
]

SOMETIMES = [
    _of(
        "third-missing-created_by", "Every third answer lacks `created_by`.", "created_by", drop("created_by"), every(3)
    ),
    _of("third-status-running", "Every third answer says `running`.", "status", put("status", "running"), every(3)),
    _of(
        "fourth-watchers-null", "Every fourth answer has null `watchers`.", "watchers", put("watchers", None), every(4)
    ),
    _of("second-on-missing-type", "All answers but the first lack `type`.", "type", drop("type"), after(1)),
    _of(
        "first-missing-metrics",
        "The first answer lacks `metrics`.",
        "metrics",
        drop("metrics"),
        lambda call: call.win < 2,
    ),
    _of("reused-missing-groups", "Answers on a used connection lack `groups`.", "groups", drop("groups"), reused),
    _of("many-tasks-null", "Jobs of many tasks have a null task.", "tasks.?", put("tasks.?", None), many_tasks),
    _of(
        "many-tasks-metrics",
        "Jobs of many tasks have text `start_time`.",
        "tasks.*.metrics.start_time",
        put("tasks.*.metrics.start_time", "0"),
        many_tasks,
    ),
    _of("with-errors-status", "Jobs with errors answer status `error`.", "status", put("status", "error"), with_errors),
    _of("with-errors-no-watchers", "Jobs with errors lack `watchers`.", "watchers", drop("watchers"), with_errors),
    _of(
        "support-missing-transitions",
        "`support` gets no `transitions`.",
        "transitions",
        drop("transitions"),
        by_role("support"),
    ),
    _of(
        "apiwrite-epoch-created",
        "`apiwrite` gets `created` as a number.",
        "created",
        put("created", 1532633825000),
        by_role("apiwrite"),
    ),
    _of(
        "engineering-null-task-metrics",
        "`engineering` gets null metrics in tasks.",
        "tasks.*.metrics",
        put("tasks.*.metrics", None),
        by_role("engineering"),
    ),
]

ENTRIES = [*MISSING, *TYPED, *NULLS, *DEEP, *ERRORS, *VALUED, *CAPTURED, *SOMETIMES]

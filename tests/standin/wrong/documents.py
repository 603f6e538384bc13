"""Faults of the response: one place of the document is wrong."""

from collections.abc import Callable
from typing import Any

from tests.standin.places import Change, becomes, dropped

from .listing import Listing
from .spoiled import When, always, by, later, second, spoiled, third

fault = Listing("response")

null = becomes(None)
text: Change = str
Row = tuple[str, str, str, Change] | tuple[str, str, str, Change, When]


def _number(value: str) -> int:
    """A number made of a text."""
    return sum(value.encode())


def _as_list(value: dict[str, Any]) -> list[Any]:
    """The values of a map without its keys."""
    return list(value.values())


def _as_map(value: list[Any]) -> dict[str, Any]:
    """A list as a map with number keys."""
    return {str(at): item for at, item in enumerate(value)}


def _mixed(new: Any) -> Callable[[list[Any]], list[Any]]:
    """A list with a foreign element at its end."""
    return lambda value: [*value, new]


TOP: tuple[Row, ...] = (
    ("id-missing", "_id is missing.", "_id", dropped),
    ("id-number", "_id is a number.", "_id", _number),
    ("id-null", "_id is null.", "_id", null),
    ("id-shortened", "_id is the job id without its last character.", "_id",
     lambda v: v[:-1]),
    ("id-prefixed", "_id is the job id with a prefix.", "_id", lambda v: "job-" + v),
    ("name-missing", "name is missing.", "name", dropped),
    ("name-null", "name is null.", "name", null),
    ("name-number", "name is a number.", "name", _number),
    ("tasks-missing", "tasks is missing.", "tasks", dropped),
    ("tasks-array", "tasks is an array of tasks.", "tasks", _as_list),
    ("tasks-null", "tasks is null.", "tasks", null),
    ("tasks-text", "tasks is JSON in a string.", "tasks", text),
    ("transitions-missing", "transitions is missing.", "transitions", dropped),
    ("transitions-array", "transitions is an array.", "transitions", _as_list),
    ("font-size-text", "font_size is a string.", "font_size", text),
    ("font-size-missing", "font_size is missing.", "font_size", dropped),
    ("created-number", "created is a number.", "created", _number),
    ("created-missing", "created is missing.", "created", dropped),
    ("created-by-null", "created_by is null.", "created_by", null),
    ("created-by-object", "created_by is an object.", "created_by",
     lambda v: {"username": v}),
    ("created-by-missing", "created_by is missing.", "created_by", dropped),
    ("last-updated-null", "last_updated is null.", "last_updated", null),
    ("last-updated-by-number", "last_updated_by is a number.", "last_updated_by",
     _number),
    ("last-updated-missing", "last_updated is missing.", "last_updated", dropped),
    ("last-updated-by-missing", "last_updated_by is missing.", "last_updated_by",
     dropped),
    ("groups-null", "groups is null.", "groups", null),
    ("groups-missing", "groups is missing.", "groups", dropped),
    ("groups-object", "groups is an object.", "groups", becomes({})),
    ("groups-text", "groups is a string.", "groups", becomes("")),
    ("type-missing", "type is missing.", "type", dropped),
    ("type-number", "type is a number.", "type", _number),
    ("watchers-missing", "watchers is missing.", "watchers", dropped),
    ("watchers-text", "watchers is one string.", "watchers", ",".join),
    ("watcher-last-number", "The last watcher is a number.", "watchers.$", _number),
    ("watcher-last-null", "The last watcher is null.", "watchers.$", null),
    ("watcher-last-object", "The last watcher is an object.", "watchers.$",
     lambda v: {"_id": v}),
    ("metrics-missing", "The job's metrics is missing.", "metrics", dropped),
    ("metrics-array", "The job's metrics is an array.", "metrics", lambda v: [v]),
    ("status-missing", "status is missing.", "status", dropped),
    ("status-running", "status is running.", "status", becomes("running")),
    ("status-number", "status is a number.", "status", becomes(3)),
    ("status-null", "status is null.", "status", null),
    ("status-complete-third", "status is complete in every third answer.", "status",
     becomes("complete"), third),
    ("status-running-engineering", "status is running for the role engineering.",
     "status", becomes("running"), by("engineering")),
    ("locked-text", "locked is a string.", "locked", lambda v: str(v).lower()),
    ("locked-number", "locked is 0 or 1.", "locked", int),
    ("locked-null", "locked is null.", "locked", null),
    ("locked-missing", "locked is missing.", "locked", dropped),
    ("error-missing", "error is missing.", "error", dropped),
    ("error-object", "error is an object, not an array.", "error", _as_map),
    ("error-null", "error is null.", "error", null),
    ("error-texts", "error is an array of strings.", "error",
     lambda v: [e["message"] for e in v]),
)  # fmt: skip

DEEP: tuple[Row, ...] = (
    ("task-last-null", "The last task is null.", "tasks.$", null),
    ("task-last-array", "The last task is an array.", "tasks.$", _as_list),
    ("task-last-name-missing", "The last task has no name.", "tasks.$.name", dropped),
    ("task-first-status-number", "The first task's status is a number.",
     "tasks.^.status", becomes(1)),
    ("task-last-status-missing", "The last task has no status.", "tasks.$.status",
     dropped),
    ("task-x-text", "The last task's x is a string.", "tasks.$.x", text),
    ("task-y-null", "The last task's y is null.", "tasks.$.y", null),
    ("task-x-missing", "The first task has no x.", "tasks.^.x", dropped),
    ("task-groups-missing", "The last task has no groups.", "tasks.$.groups", dropped),
    ("task-groups-object", "The last task's groups is an object.", "tasks.$.groups",
     becomes({})),
    ("task-metrics-missing", "The last task has no metrics.", "tasks.$.metrics",
     dropped),
    ("task-metrics-null-third", "The last task's metrics is null in every third answer.",
     "tasks.$.metrics", null, third),
    ("task-owner-number", "The last task's metrics.owner is a number.",
     "tasks.$.metrics.owner", _number),
    ("task-start-time-text", "The last task's metrics.start_time is a string.",
     "tasks.$.metrics.start_time", text),
    ("task-end-time-null", "The last task's metrics.end_time is null.",
     "tasks.$.metrics.end_time", null),
    ("task-run-time-missing", "The last task's metrics has no run_time.",
     "tasks.$.metrics.run_time", dropped),
    ("task-run-time-boolean", "The last task's metrics.run_time is a boolean.",
     "tasks.$.metrics.run_time", bool),
    ("task-finish-state-null", "The last task's metrics.finish_state is null.",
     "tasks.$.metrics.finish_state", null),
    ("task-server-id-missing", "The last task's metrics has no server_id.",
     "tasks.$.metrics.server_id", dropped),
    ("task-app-text", "The last task's metrics.app is a string.",
     "tasks.$.metrics.app", lambda v: f"{v['id']}@{v['version']}"),
    ("task-app-version-number", "The last task's metrics.app.version is a number.",
     "tasks.$.metrics.app.version", becomes(1.2)),
    ("task-app-id-missing", "The last task's metrics.app has no id.",
     "tasks.$.metrics.app.id", dropped),
    ("task-app-version-null-support",
     "For the role support the last task's metrics.app.version is null.",
     "tasks.$.metrics.app.version", null, by("support")),
    ("transition-last-null", "The last map of transitions is null.", "transitions.$",
     null),
    ("transition-last-array", "The last map of transitions is an array.",
     "transitions.$", _as_list),
    ("transition-text", "The last transition is a string.", "transitions.$.$",
     lambda v: v["state"]),
    ("transition-type-missing", "The last transition has no type.",
     "transitions.$.$.type", dropped),
    ("transition-state-null", "The last transition's state is null.",
     "transitions.$.$.state", null),
    ("transition-state-number-later",
     "The first transition's state is a number in all answers but the first.",
     "transitions.^.^.state", becomes(0), later),
    ("metrics-start-time-date", "The job's metrics.start_time is a date in a string.",
     "metrics.start_time", becomes("2019-04-16T15:55:49.763Z")),
    ("metrics-end-time-missing", "The job's metrics has no end_time.",
     "metrics.end_time", dropped),
    ("metrics-run-time-text-second",
     "The job's metrics.run_time is a string in the second answer only.",
     "metrics.run_time", text, second),
    ("metrics-owner-object", "The job's metrics.owner is an object.", "metrics.owner",
     lambda v: {"_id": v}),
    ("metrics-server-id-number", "The job's metrics.server_id is a number.",
     "metrics.server_id", becomes(3000)),
    ("metrics-finish-state-missing", "The job's metrics has no finish_state.",
     "metrics.finish_state", dropped),
    ("metrics-app-missing", "The job's metrics has no app.", "metrics.app", dropped),
    ("metrics-app-id-number", "The job's metrics.app.id is a number.",
     "metrics.app.id", becomes(7)),
    ("metrics-app-version-missing", "The job's metrics.app has no version.",
     "metrics.app.version", dropped),
    ("error-last-null", "The last error is null.", "error.$", null),
    ("error-last-text", "A string stands after the errors.", "error",
     _mixed("No available transitions")),
    ("error-task-missing", "The last error has no task.", "error.$.task", dropped),
    ("error-message-null", "The last error's message is null.", "error.$.message",
     null),
    ("error-message-array", "The last error's message is an array.",
     "error.$.message", lambda v: [v]),
    ("error-timestamp-text", "The last error's timestamp is a string.",
     "error.$.timestamp", text),
    ("error-timestamp-missing-third",
     "The last error has no timestamp in every third answer.",
     "error.$.timestamp", dropped, third),
)  # fmt: skip

for _name, _says, _path, _new, *_when in TOP + DEEP:
    fault.put(_name, _says, spoiled(_path, _new, _when[0] if _when else always))

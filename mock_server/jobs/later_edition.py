"""Documents as captures of the editions 2021.1 and 2023.1 show them: fewer metrics, more fields."""

from typing import Any

from mock_server.jobs.timestamps import rfc3339

# Fields that captures show and the page does not; the kit judges none of them.
_OF_A_JOB: dict[str, Any] = {
    "description": None,
    "decorators": [],
    "tags": [],
    "variables": {},
    "createdVersion": None,
    "errorHandler": None,
    "lastUpdatedVersion": None,
    "canvasVersion": 3,
    "encodingVersion": 1,
    "preAutomationTime": 0,
    "sla": 0,
}
_OF_A_TASK: dict[str, Any] = {
    "variables": {},
    "deprecated": False,
    "scheduled": False,
    "view": None,
    "actor": "Pronghorn",
    "iterations": [],
    "location": "Application",
    "locationType": None,
    "nodeLocation": {"x": 84, "y": 496},
}
_AT_A_FOUND_TASK = {name: name for name in ("start_time", "end_time", "finish_state", "owner")} | {
    "server_id": "serverId"
}
"""The metrics of a task that a search shows → their names there."""
_ENDED = frozenset({"complete", "error", "canceled"})


def as_later_edition(job: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a job as a later edition writes it."""
    metrics, tasks = job["metrics"], job["tasks"]
    done = sum(task["status"] in _ENDED for task in tasks.values())
    later = {key: value for key, value in job.items() if key not in {"locked", "error"}}
    return later | _OF_A_JOB | {
        "ancestors": [job["_id"]],
        "tasks": {key: _task(key, task, job) for key, task in tasks.items()},
        "metrics": {
            "start_time": metrics["start_time"],
            "user": metrics["owner"],
            "progress": round(done / max(len(tasks), 1), 2),
            **_of(metrics, "end_time"),
        },
    }  # fmt: skip


def as_found(job: dict[str, Any]) -> dict[str, Any]:
    """Return a later edition's document as a search answers it: tasks have no metrics, and some of them themselves."""
    if "tasks" not in job:  # a profile leaves them out
        return job
    return job | {"tasks": {key: _found_task(task) for key, task in job["tasks"].items()}}


def _found_task(task: dict[str, Any]) -> dict[str, Any]:
    shown = {
        _AT_A_FOUND_TASK[name]: value for name, value in task.get("metrics", {}).items() if name in _AT_A_FOUND_TASK
    }
    return {name: value for name, value in task.items() if name != "metrics"} | shown


def _task(key: str, task: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    of_job = {"_id": job["_id"], "task": key, "name": job["name"], "description": None, "ancestors": [job["_id"]]}
    named = {"taskId": key, "canvasName": task["name"], "displayName": task["name"], "job": of_job}
    return task | _OF_A_TASK | named | {"metrics": _metrics(key, task.get("metrics"), job["metrics"]["owner"])}


def _metrics(key: str, metrics: dict[str, Any] | None, user: str) -> dict[str, Any]:
    if metrics is None:
        return {"owner": ""}  # not reached
    if key == "workflow_start":
        return _of(metrics, "start_time", "finish_state") | {"user": user}
    if key == "workflow_end":
        return _of(metrics, "end_time", "run_time")
    own = _of(metrics, "owner", "server_id", "end_time", "finish_state", "run_time")
    started = rfc3339(metrics["start_time"]).decode()  # a date where end_time is a number
    return own | {"user": user, "start_time": started, "retrying": None}


def _of(metrics: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: metrics[name] for name in names if name in metrics}

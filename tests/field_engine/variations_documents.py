"""Right versions whose documents, ids and JSON texts are unlike the page's example."""

from __future__ import annotations

import json
import random
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from .catalogue import Entry, variation
from .documents import stamp
from .edits import Edit, drop, edited, put, with_error
from .http import JSON_TYPE, Answer
from .jobs import Job
from .rules import Call, as_is


def _many_tasks(value: Any) -> None:
    sample = value["tasks"]["workflow_end"]
    for number in range(2000):
        value["tasks"][f"{number:x}z"] = sample | {"name": f"task {number}", "x": number / 7}


def _extra(value: Any) -> None:
    value |= {"x": None, "start_time": "soon", "app": 7, "message": {"task": 1}, "finish_state": None, "job_id": 5}
    value["canceled_job"] = {"_id": 1, "status": "running"}
    for task in value["tasks"].values():
        task.update(
            {"_id": 12, "watchers": "none", "created": 1532633825000, "locked": "no", "error": None, "type": []}
        )
    value["metrics"] |= {"status": 5, "_id": None, "tasks": [], "created": False}


def _nulls(value: Any) -> None:
    names = ("description", "variables", "ancestors", "decorators", "tags", "canvasVersion", "preAutomationTime")
    value |= dict.fromkeys(names)
    for task in value["tasks"].values():
        task.update(dict.fromkeys(("iterations", "nodeLocation", "actor", "summary", "scheduled")))


def _empty(value: Any) -> None:
    value |= {"tasks": {}, "transitions": {}, "watchers": [], "groups": []}


def _sparse(value: Any) -> None:
    for key, task in value["tasks"].items():
        value["tasks"][key] = {"name": task["name"], "groups": [], "status": "incomplete"}


def captured(value: Any, *, dates: bool = False) -> None:
    """Makes the document one of the editions 2021.1 and 2023.1, as captured; with `dates` tasks start at a date."""
    metrics = value["metrics"]
    user = metrics["owner"]
    value.pop("locked", None)
    value.pop("error", None)
    value |= dict.fromkeys(("description", "errorHandler", "createdVersion", "lastUpdatedVersion"))
    value |= {"ancestors": [value["_id"]], "decorators": [], "tags": [], "variables": {}, "canvasVersion": 3, "sla": 0}
    value["metrics"] = {"start_time": metrics["start_time"], "user": user, "progress": 50}
    value["metrics"] |= {"end_time": metrics["end_time"]}
    for key, task in value["tasks"].items():
        task |= {"taskId": key, "previous": {"success": []}, "locationType": None, "view": None, "scheduled": False}
        task |= {"canvasName": task["name"], "job": {"_id": value["_id"], "task": key, "ancestors": [value["_id"]]}}
        own = task.get("metrics")
        if own is None:
            task["metrics"] = {"owner": ""}
        elif key == "workflow_start":
            task["metrics"] = {"start_time": own["start_time"], "user": user, "finish_state": own["finish_state"]}
        else:
            del own["app"]
            own |= {"user": user, "retrying": None, "server_id": "0f" * 32}
            own["start_time"] = stamp(own["start_time"]) if dates else own["start_time"]
    value["tasks"]["workflow_start"]["x"] = 0


def _captured_complete(value: Any) -> None:
    """Sets a captured document whose end was reached."""
    captured(value)
    end = value["metrics"]["end_time"]
    value["tasks"]["workflow_end"] |= {"status": "complete", "metrics": {"end_time": end, "run_time": 3}}


def _sister_page(value: Any) -> None:
    """Makes it as the examples of the vendor's sister pages: a task without groups, one without metrics.owner."""
    value["tasks"]["workflow_end"].pop("groups")
    value["tasks"]["workflow_start"]["metrics"].pop("owner")


def _in_transit(value: Any) -> None:
    for task in value["tasks"].values():
        if task["status"] == "canceled":
            task["status"] = "running"
            for key in ("end_time", "run_time", "finish_state"):
                task["metrics"].pop(key, None)


def _unicode(value: Any) -> None:
    value["name"] = 'Änderung \u2028 \U0001f680 \u0000 \\ " / \t 作業'
    value["created_by"] = "Zoë O'Brien <zoe@example.com>"


def _soon_read(job: Job) -> Any:
    """For 300 ms a read shows the job as it was."""
    recent = job.canceled_at is not None and time.monotonic() - job.canceled_at < 0.3
    return job.before if recent else as_is(job)


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


def _text(change: Callable[[Any], str], kind: str = JSON_TYPE) -> Callable[[Call, Any], Answer]:
    return lambda call, value: Answer(200, change(value).encode(), kind)


def _spaced(value: Any) -> str:
    text = json.dumps(value, indent="\t", separators=("\t,\r\n", "\n:  "))
    return f"\r\n\t {text} \n\n"


def _escaped(value: Any) -> str:
    text = json.dumps(value)
    return re.sub(
        r'"((?:[^"\\]|\\.)*)"', lambda m: '"' + re.sub(r"\\u[0-9a-f]{4}|\\.|[A-Za-z]", _escape, m.group(1)) + '"', text
    )


def _escape(found: re.Match[str]) -> str:
    text = found.group(0)
    return text if len(text) > 1 else f"\\u{ord(text):04X}"


def _exponents(value: Any) -> str:
    return re.sub(r"(?<=: )(\d)(\d{12})(?=[,}])", r"\1.\2E+12", json.dumps(value))


def _float_integers(value: Any) -> str:
    return re.sub(r"(?<=: )(\d{2,13})(?=[,}])", r"\1.0", json.dumps(value))


def _alphabet(letters: str, count: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choice(letters) for _ in range(count))


def _document(name: str, says: str, edit: Edit, **changes: Any) -> Entry:
    return variation(name, says, "response", document=edited(edit), **changes)


def _json(name: str, says: str, change: Callable[[Any], str], kind: str = JSON_TYPE) -> Entry:
    return variation(name, says, "response", success=_text(change, kind))


def _ids(name: str, says: str, make: Callable[[random.Random], str]) -> Entry:
    return variation(name, says, "parameters", new_id=make)


ENTRIES: list[Entry] = [
    _document("document-2000-tasks", "A job has 2,000 tasks more.", _many_tasks),
    _document("document-extra", "Added fields are named like those of other levels.", _extra),
    _document("document-nulls", "Added fields are null.", _nulls),
    _document("document-empty", "Tasks, transitions, watchers and groups are empty.", _empty),
    _document("document-sparse", "Tasks have a name, groups and a status alone.", _sparse),
    _document("document-captured", "Documents are as those of later editions, times are numbers.", captured),
    _document("document-captured-complete", "As captured, and the end was reached.", _captured_complete),
    _document("document-sister-page", "A task has no groups, one no `metrics.owner`.", _sister_page),
    _document("document-no-error", "`error` is never there.", drop("error")),
    _document("document-errors", "`error` is always there.", with_error(lambda value: None)),
    _document("document-empty-error", "`error` is empty.", put("error", [])),
    _document("document-no-locked", "`locked` is never there.", drop("locked")),
    _document("document-locked-false", "`locked` is false.", put("locked", False)),
    _document("document-no-places", "No task has x and y.", lambda v: (drop("tasks.*.x")(v), drop("tasks.*.y")(v))[0]),
    _document(
        "document-whole-places",
        "x and y are whole or negative.",
        lambda v: (put("tasks.*.x", 120)(v), put("tasks.*.y", -444)(v))[0],
    ),
    _document("document-group-names", "Groups have names.", put("groups", ["default", "Ops Team (EU)"])),
    _document("document-watchers-names", "Watchers are user names.", put("watchers", ["admin@pronghorn", "admin"])),
    _document("document-other-type", "`type` is another.", put("type", "resourceAction")),
    _document("document-other-states", "Finish states are rarer ones.", put("tasks.*.metrics.finish_state", "loop")),
    _document(
        "document-dangling",
        "Transitions name tasks that are not there.",
        put("transitions.6a90", {"c841": {"type": "revert", "state": "failure"}}),
    ),
    _document("document-empty-name", "The name is empty.", put("name", "")),
    _document("document-zero-font", "`font_size` is 0.", put("font_size", 0)),
    _document("document-created-offset", "`created` has an offset.", put("created", "2018-07-26T21:37:05.000+02:00")),
    _document("document-unicode", "Names hold unusual characters.", _unicode),
    variation(
        "asynchronous",
        "For 300 ms reads show the job running, and tasks in transit stay so.",
        "effects",
        document=edited(_in_transit),
        read=_soon_read,
    ),
    _json("json-pretty", "The JSON is indented.", lambda v: json.dumps(v, indent=4)),
    _json("json-spaced", "The JSON has unusual whitespace.", _spaced),
    _json("json-escaped", "All letters are escaped.", _escaped),
    _json("json-raw-unicode", "No character is escaped.", lambda v: json.dumps(v, ensure_ascii=False)),
    _json("json-exponents", "Times have exponents.", _exponents),
    _json("json-float-integers", "Whole numbers end in .0.", _float_integers),
    _json("json-reversed", "Keys stand in reverse order.", lambda v: json.dumps(_reversed(v))),
    _json("json-sorted", "Keys are sorted.", lambda v: json.dumps(v, sort_keys=True)),
    _json("type-plain-json", "The content type has no charset.", json.dumps, "application/json"),
    _json("type-capitals", "The content type has capitals.", json.dumps, 'Application/JSON;Charset="UTF-8"'),
    _ids("ids-short", "Ids have six characters.", _alphabet("0123456789abcdef", 6)),
    _ids("ids-digits", "Ids are digits.", lambda rng: str(rng.randrange(10_000, 99_999_999))),
    _ids("ids-uuid", "Ids are UUIDs.", lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4))),
    _ids("ids-long", "Ids have 64 characters.", _alphabet("0123456789abcdef", 64)),
    _ids("ids-very-long", "Ids have 200 characters.", _alphabet("abcdefghijklmnop", 200)),
    _ids("ids-mixed", "Ids have letters of both cases, dashes and underscores.", _alphabet("abcXYZ019-_", 22)),
    _ids("ids-upper", "Ids are in upper case.", _alphabet("0123456789ABCDEF", 24)),
    _ids("ids-marks", "Ids have dots, colons, slashes, quotes and percent signs.", _alphabet("ab12.:/+=%'\"&?", 16)),
    _ids("ids-unicode", "Ids have letters of other scripts.", _alphabet("äßжλ作業é", 10)),
    _ids("ids-words", "Ids are words and numbers.", lambda rng: f"job {rng.randrange(10**6)} (EU)"),
]

"""Job documents as the engines of the field make them: ids, running jobs, and what a cancel makes of them."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import uuid
from typing import Any

Document = dict[str, Any]

NAMES = ("Port Turn Up", "8917Test2", "Software Upgrade - IOS", "Provisionierung München")
APPS = (("WorkflowBuilder", "4.9.1"), ("WorkFlowEngine", "7.2.3"), ("MOP", "5.0.2"), ("FormBuilder", "2.8.0"))
ERRORS = (
    "No available transitions found from completed task(s)",
    "Job has no available transitions. {task} could have led to the workflow end task, but did not.",
)
SIZES = (1, 2, 3, 5, 2, 14, 4)
STATUSES = ("running", "running", "running", "paused", "running", "error", "running")


def job_id(rng: random.Random) -> str:
    """24 lowercase hex characters: a version-4 UUID without dashes, cut."""
    return uuid.UUID(int=rng.getrandbits(128), version=4).hex[:24]


def object_id(rng: random.Random) -> str:
    """24 hex characters as of users and watchers."""
    return f"5{rng.getrandbits(92):023x}"


def stamp(milliseconds: int) -> str:
    """ISO 8601 with milliseconds and Z."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def _metrics(rng: random.Random, start: int, server: str, app: int, end: int | None, state: str | None) -> Document:
    made: Document = {"owner": rng.choice(["Pronghorn", object_id(rng)]), "start_time": start}
    if end is not None:
        made |= {"end_time": end, "run_time": end - start, "finish_state": state}
    return made | {"server_id": server, "app": {"id": APPS[app][0], "version": APPS[app][1]}}


def _task(rng: random.Random, name: str, newer: bool) -> Document:
    made: Document = {"name": name, "groups": rng.choice([[], ["default"], [object_id(rng)]]), "status": "incomplete"}
    if rng.random() < 0.7:
        made |= {"x": rng.random(), "y": round(rng.random(), 3)}
    if newer:
        made |= {"description": None, "iterations": [], "nodeLocation": {"x": 120, "y": -444.5}, "actor": "Pronghorn"}
    return made


def new_document(rng: random.Random, index: int, identity: str, now: int, owner: str, status: str) -> Document:
    """A job that started some minutes ago: finished tasks, one in work, and the rest not reached."""
    newer = index % 2 == 1
    server = f"ac:de:48:00:11:{rng.randrange(256):02x}:3000"
    count = SIZES[index % len(SIZES)]
    keys = [f"{value:x}" for value in rng.sample(range(1, 65536), count)]
    keys.sort(key=lambda key: rng.random())
    at = count // 2
    start = now - rng.randrange(60_000, 900_000)
    names = ("newVariable", "viewData", "ManualTask", "delay", "runTemplate")
    tasks: Document = {"workflow_start": _task(rng, "workflow_start", newer)}
    tasks["workflow_start"] |= {
        "status": "complete",
        "metrics": _metrics(rng, start, server, 0, start + 3, "success"),
    }
    for number, key in enumerate(keys):
        tasks[key] = _task(rng, names[number % len(names)], newer)
        begun = start + 40 * number
        if number < at:
            metrics = _metrics(
                rng, begun, server, number % 4, begun + 31, rng.choice(["success", "success", "failure"])
            )
            tasks[key] |= {"status": "complete", "metrics": metrics}
        elif number == at and status == "error":
            tasks[key] |= {"status": "error", "metrics": _metrics(rng, begun, server, 2, begun + 9, "error")}
        elif number == at:
            tasks[key] |= {"status": "running", "metrics": _metrics(rng, begun, server, 2, None, None)}
    tasks["workflow_end"] = _task(rng, "workflow_end", newer)
    chain = ["workflow_start", *keys, "workflow_end"]
    transitions: Document = {
        here: {there: {"type": "standard", "state": "success"}} for here, there in itertools.pairwise(chain)
    }
    if count > 3:
        transitions[keys[0]][keys[2]] = {"type": "standard", "state": "error"}
    made: Document = {
        "_id": identity,
        "name": NAMES[index % len(NAMES)],
        "tasks": tasks,
        "transitions": transitions,
        "font_size": 12,
        "created": stamp(start - 20),
        "created_by": f"{owner}@pronghorn" if index % 3 else object_id(rng),
        "last_updated": stamp(start + 900),
        "last_updated_by": object_id(rng),
        "groups": rng.choice([[], ["default"], [object_id(rng), object_id(rng)]]),
        "type": "automation",
        "watchers": [object_id(rng) for _ in range(1 + index % 4)],
        "metrics": _metrics(rng, start, server, 0, None, None),
        "status": status,
    }
    if newer:
        made |= {"description": None, "variables": {"device": None, "count": 2}, "ancestors": [identity]}
        made |= {"decorators": [], "tags": [], "canvasVersion": None, "parent": None}
    else:
        made["locked"] = index % 4 == 0
    if status == "error" or index % 6 == 4:
        made["error"] = [
            {"task": "job", "message": text.format(task=keys[0]), "timestamp": start + 5 * place}
            for place, text in enumerate(ERRORS)
        ]
    return made


def cancel_document(document: Document, now: int, by: str) -> None:
    """Makes the document that of a canceled job: tasks in work become canceled, all others stay."""
    for part in [document, *document["tasks"].values()]:
        metrics = part.get("metrics")
        if metrics is not None and (part is document or part["status"] in ("running", "paused")):
            part["status"] = "canceled"
            start = metrics["start_time"]
            metrics |= {"end_time": now, "run_time": now - start, "finish_state": "canceled"}
    document |= {"status": "canceled", "last_updated": stamp(now), "last_updated_by": by}

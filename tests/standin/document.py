"""The document of a canceled job, made from its id alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

Document = dict[str, Any]

WORDS = ("Backup", "Upgrade", "Port Turn Up", "Compliance", "Decommission", "Sync")
APPS = ("WorkflowBuilder", "WorkFlowEngine", "ConfigurationManager", "MOP")
MESSAGES = (
    "No available transitions found from completed task(s)",
    "Job was canceled while a task was running",
    "Task timed out",
)


def _hex(random: Random, digits: int) -> str:
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def _moment(random: Random) -> str:
    at = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(milliseconds=random.randrange(5 * 365 * 86_400_000))
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _metrics(random: Random) -> Document:
    start = random.randrange(1_500_000_000_000, 1_700_000_000_000)
    run = random.randrange(1, 90_000_000)
    mac = ":".join(_hex(random, 2) for _ in range(6))
    return {
        "owner": random.choice(("Pronghorn", _hex(random, 24))),
        "start_time": start,
        "end_time": start + run,
        "run_time": run,
        "finish_state": random.choice(("canceled", "complete")),
        "server_id": f"{mac}:{random.randrange(1024, 65536)}",
        "app": {
            "id": random.choice(APPS),
            "version": ".".join(str(random.randrange(20)) for _ in range(3)),
        },
    }


def _task(random: Random, name: str) -> Document:
    return {
        "name": name,
        "groups": [],
        "x": random.random(),
        "y": random.random(),
        "status": random.choice(("complete", "canceled", "incomplete")),
        "metrics": _metrics(random),
    }


def _transition(random: Random) -> Document:
    return {
        "type": random.choice(("standard", "standard", "revert")),
        "state": random.choice(("success", "success", "failure")),
    }


def _error(random: Random) -> Document:
    return {
        "task": random.choice(("job", _hex(random, 4))),
        "message": random.choice(MESSAGES),
        "timestamp": random.randrange(1_500_000_000_000, 1_700_000_000_000),
    }


def document_of(job_id: str, tasks: int | None = None) -> Document:
    """The document of a job: the same for the same id and number of tasks.

    A job has 3 to 12 tasks unless `tasks` says otherwise.
    """
    random = Random(job_id)  # noqa: S311 - sample data
    count = random.randint(3, 12) if tasks is None else tasks
    steps: dict[str, None] = {}
    while len(steps) < count - 2:
        steps[_hex(random, 4)] = None
    path = ["workflow_start", *steps, "workflow_end"]
    names = ["workflow_start", "workflow_end", *steps]
    return {
        "_id": job_id,
        "name": f"{random.choice(WORDS)} {random.randrange(10_000)}",
        "tasks": {name: _task(random, name) for name in names},
        "transitions": {here: {there: _transition(random)} for here, there in pairwise(path)},
        "font_size": random.randint(8, 24),
        "created": _moment(random),
        "created_by": random.choice(("admin@pronghorn", _hex(random, 24))),
        "last_updated": _moment(random),
        "last_updated_by": _hex(random, 24),
        "groups": [],
        "type": "automation",
        "watchers": [_hex(random, 24) for _ in range(random.randint(2, 5))],
        "metrics": _metrics(random),
        "status": "canceled",
        "locked": random.random() < 0.5,
        "error": [_error(random) for _ in range(random.randint(2, 4))],
    }

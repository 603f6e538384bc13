"""The test-control surface: making jobs and reading the log."""

import json

from .engine import Engine
from .reply import Reply
from .request import Request

BASE = "/_test/"
MOST = 100_000


def control(engine: Engine, request: Request) -> Reply | None:
    """The reply to a control request; None when it is none.

    Control paths work with and without the base path of the engine.
    """
    path = request.path.removeprefix(engine.prefix)
    if not path.startswith(BASE):
        return None
    if path == BASE + "jobs" and request.method == "POST":
        number = request.in_query("count") or "1"
        if not (number.isascii() and number.isdigit() and int(number) <= MOST):
            return _text(400, f"count must be a number up to {MOST}\n")
        ids = engine.make_jobs(int(number))
        return _text(200, "".join(f"{job_id}\n" for job_id in ids))
    if path == BASE + "log" and request.method == "GET":
        log = {
            "canceled": sorted(engine.canceled),
            "requests": engine.log.all(),
        }
        return Reply(200, json.dumps(log).encode("utf-8"))
    return _text(404, "POST /_test/jobs?count=N or GET /_test/log\n")


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode("utf-8"), "text/plain; charset=utf-8")

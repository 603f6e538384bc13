"""The surface for tests under `/_test`: jobs are made, the record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .http import Answer, Request, json_answer

if TYPE_CHECKING:
    from .engine import Engine

PREFIX = "/_test/"


def is_control(request: Request) -> bool:
    """Whether the request is for the surface, which no version changes."""
    return request.path.startswith(PREFIX)


def answer(engine: Engine, request: Request) -> Answer:
    """Jobs as lines of ids, or the record as JSON."""
    what = (request.method, request.path.removeprefix(PREFIX))
    if what == ("POST", "jobs"):
        query = request.query
        count = int(query["count"]) if query.get("count", "").isdecimal() else 1
        made = engine.jobs.make(min(count, 10_000), query.get("owner", "admin"), query.get("status"))
        return Answer(200, "".join(f"{identity}\n" for identity in made).encode(), "text/plain; charset=utf-8")
    if what == ("GET", "log"):
        return json_answer({"canceled": engine.jobs.canceled, "requests": engine.requests})
    return json_answer("Unknown control call", 404)

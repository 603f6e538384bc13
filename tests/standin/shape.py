"""The shape of a job document, written down from the example of the page."""

from typing import Any

TEXT, NUMBER, FLAG = "text", "number", "flag"


class MapOf:
    """An object whose values all have one shape."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


class Some:
    """An object that has those of the fields that it has."""

    def __init__(self, shape: dict[str, Any]) -> None:
        self.shape = shape


METRICS = {
    **dict.fromkeys(("owner", "finish_state", "server_id"), TEXT),
    **dict.fromkeys(("start_time", "end_time", "run_time"), NUMBER),
    "app": {"id": TEXT, "version": TEXT},
}
TASK = {"name": TEXT, "groups": [TEXT], "x": NUMBER, "y": NUMBER, "status": TEXT, "metrics": METRICS}
JOB = {
    **dict.fromkeys(
        ("_id", "name", "created", "created_by", "last_updated", "last_updated_by", "type", "status"), TEXT
    ),
    "tasks": MapOf(TASK),
    "transitions": MapOf(MapOf({"type": TEXT, "state": TEXT})),
    "font_size": NUMBER,
    "groups": [TEXT],
    "watchers": [TEXT],
    "metrics": METRICS,
    "locked": FLAG,
    "error": [{"task": TEXT, "message": TEXT, "timestamp": NUMBER}],
}

# Of later editions' captures, which have `ancestors`; the page shows none of it.
CAPTURED = {
    **{name: part for name, part in JOB.items() if name not in ("locked", "error")},
    "tasks": MapOf({**TASK, "metrics": Some(METRICS)}),
    "metrics": {"start_time": NUMBER, "end_time": NUMBER},
    "ancestors": [TEXT],
}


def misfit(value: Any, shape: Any = JOB, at: str = "job") -> str | None:
    """The first place where a value does not have a shape; None if it fits."""
    fits = {
        TEXT: isinstance(value, str),
        NUMBER: isinstance(value, int | float) and not isinstance(value, bool),
        FLAG: isinstance(value, bool),
    }
    if isinstance(shape, str):
        return None if fits[shape] else at
    if isinstance(shape, list):
        if not isinstance(value, list):
            return at
        parts = [(item, shape[0], f"{at}[]") for item in value]
    elif not isinstance(value, dict):
        return at
    elif isinstance(shape, MapOf):
        parts = [(item, shape.shape, f"{at}.{key}") for key, item in value.items()]
    elif isinstance(shape, Some):
        parts = [(value[key], part, f"{at}.{key}") for key, part in shape.shape.items() if key in value]
    elif shape.keys() - value.keys():
        return f"{at}: {sorted(shape.keys() - value.keys())}"
    else:
        parts = [(value[key], part, f"{at}.{key}") for key, part in shape.items()]
    return next((found for part in parts if (found := misfit(*part))), None)

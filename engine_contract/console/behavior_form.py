"""The form that arms a behaviour: from its fields to the JSON of `PUT /_mock/behavior`, and back."""

from collections.abc import Mapping
from typing import Any

from engine_contract.console.interface import ConsoleError

FIELDS = ("code", "latency", "times", "percentage", "job_id", "role")


def read_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return the behaviour that a form describes; empty if it disarms. Raise ConsoleError."""
    if form.get("disarm") == "all":
        return {}
    given = {name: form.get(name, "").strip() for name in (*FIELDS, "fault")}
    if form.get("disarm"):
        given["fault"] = ""
    behavior: dict[str, Any] = {name: given[name] for name in ("fault", "job_id", "role") if given[name]}
    for name in ("code", "times"):
        if given[name]:
            behavior[name] = _number(name, given[name], whole=True)
    if given["percentage"]:
        behavior["percentage"] = _number("percentage", given["percentage"].removesuffix("%").strip())
    if given["latency"]:
        behavior["latency_ms"] = given["latency"].lower().removesuffix("ms").strip()
    acts = {"fault", "code", "latency_ms"} & set(behavior)
    if behavior and not acts and not form.get("disarm"):
        raise ConsoleError("Choose a fault, a status or a delay: the other fields only say for which requests.")
    return behavior if acts else {}


def values_of(behavior: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of the form for what is armed."""
    values = {name: _text(behavior.get(name)) for name in ("fault", "code", "times", "percentage", "job_id", "role")}
    latency = behavior.get("latency_ms")
    if isinstance(latency, list | tuple) and len(latency) == 2:
        low, high = (_text(value) for value in latency)
        return {**values, "latency": low if low == high else f"{low}-{high}"}
    return {**values, "latency": _text(latency)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(name: str, value: str, *, whole: bool = False) -> int | float:
    try:
        return int(value) if whole else float(value)
    except ValueError:
        raise ConsoleError(f"{name} {value[:40]!r}: must be {'a whole number' if whole else 'a number'}.") from None

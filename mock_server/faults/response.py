"""Faults of the canceled job: every field's type, and its absence, from the ledger; and shapes that people make."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from engine_contract.contract import Operation, Rule, load_contract
from engine_contract.contract import rule as rule_of
from mock_server.jobs.document_paths import Place, put, put_last, remove
from mock_server.operations.exchange import Change, Document, Exchange

Edit = Callable[[dict[str, Any]], Any]
Prepare = Callable[[Any], Any]
"""Returns a document in which a fault has something to break."""

_ERROR = {"task": "job", "message": "Job has no available transitions.", "timestamp": 1555471643117}


def whole(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with all that an engine may leave out, so that a fault has something to break."""
    document.setdefault("locked", True)
    document["error"] = document.get("error") or [deepcopy(_ERROR)]
    document["watchers"] = document["watchers"] or ["5cb7b531d06cceb89fd21b1c"]
    metrics = document["metrics"]
    _complete(metrics, load_contract().response_examples["page"]["metrics"])
    for task in document["tasks"].values():
        _complete(task, {"groups": [], "x": 0.5, "y": 0.5, "metrics": metrics})
        _complete(task["metrics"], metrics)
    return document


def response(operation: Operation) -> Iterator[Change]:
    """Yield all faults of the canceled job."""
    yield from fields(operation)
    yield from _in_places()
    yield from _shapes()


def fields(operation: Operation, prepare: Prepare | None = whole) -> Iterator[Change]:
    """Yield the faults of each field that a rule of the operation owns: another type, null, left out."""
    owned = {rule.field: rule for rule in operation.rules if rule.field and not rule.id.endswith(".present")}
    absent = may_be_absent(operation)
    prefix = f"{operation.rule_prefix}response."
    for place, rule in owned.items():
        name = rule.id.removeprefix(prefix)
        if (value := _WRONG.get(str(schema_at(operation.response_schema, place).get("type")))) is not None:
            yield _edited(
                f"wrong-type.{name}", f"{_named(place)} has another type.", rule, _replaced(place, value), prepare
            )
            yield _edited(
                f"null.{name}", f"{_named(place)} is null.", rule, _replaced(place, lambda _value: None), prepare
            )
    for place, rule in absent.items():
        name = rule.id.removeprefix(prefix).removesuffix(".present")
        yield _edited(f"absent.{name}", f"{_named(place)} is left out.", rule, _removed(place), prepare)
    for place, rule in owned.items():
        name = rule.id.removeprefix(prefix)
        required = schema_at(operation.response_schema, place[:-1]).get("required", ())
        if place not in absent and place[-1] in required:
            yield _edited(f"absent.{name}", f"{_named(place)} is left out.", rule, _removed(place), prepare)


def may_be_absent(operation: Operation) -> dict[Place, Rule]:
    """Return the places of a document that engines leave out, by the rule that warns of it."""
    return {rule.field: rule for rule in operation.rules if rule.field and rule.id.endswith(".present")}


def _in_places() -> Iterator[Change]:
    """Yield faults that are there for some of the elements, callers or responses only."""
    yield _edited(
        "wrong-in-last-task",
        "x of the last task alone is a string.",
        _rule("tasks.x"),
        lambda document: put_last(document, ("tasks", "*", "x"), str),
    )
    yield _edited(
        "wrong-in-last-transition",
        "state of the last transition alone is null.",
        _rule("transitions.state"),
        lambda document: put_last(document, ("transitions", "*", "*", "state"), lambda _: None),
    )
    yield _edited(
        "wrong-in-last-watcher",
        "The last watcher alone is an object.",
        _rule("watchers"),
        lambda document: document["watchers"].append({"id": "5cb7b531d06cceb89fd21b1c"}),
    )
    yield _edited(
        "wrong-in-last-error",
        "timestamp of the last error alone is a date.",
        _rule("error.timestamp"),
        lambda document: document["error"].append(_ERROR | {"timestamp": "2019-04-17T03:27:23.117Z"}),
    )
    yield _edited(
        "wrong-in-last-metrics",
        "finish_state of the last task that has metrics is a number.",
        _rule("tasks.metrics.finish_state"),
        lambda document: put_last(document, ("tasks", "*", "metrics", "finish_state"), lambda _: 3),
    )
    for role, field in (("support", "name"), ("apiwrite", "created_by"), ("engineering", "font_size")):
        yield Change(
            name=f"wrong-for-{role}",
            sentence=f"For the role {role} alone {field} is null.",
            rule=f"response.{field}",
            document=lambda document, exchange, role=role, field=field: (
                document | {field: None}  # type: ignore[misc]
                if exchange.credential.role == role
                else document
            ),
        )
    yield Change(
        name="wrong-in-one-of-three",
        sentence="In one of three answers run_time of the job is a string.",
        rule="response.metrics.run_time",
        document=_in_one_of_three,
    )


def _in_one_of_three(document: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    if exchange.serial % 3 == 0:
        document["metrics"]["run_time"] = str(document["metrics"]["run_time"])
    return document


def shapes(rule: Rule, noun: str, key: str, prepare: Prepare | None = whole) -> Iterator[Change]:
    """Yield the faults of a whole answer, called by its noun; `key` is what it is wrapped in."""
    yield _made("wrapped", f"The {noun} is wrapped in {key}.", rule, lambda answer: {key: answer}, prepare)
    one_element = f"The {noun} is the one element of an array."
    yield _made("wrapped-in-array", one_element, rule, lambda answer: [answer], prepare)
    yield _made("answers-null", "The answer is null.", rule, lambda _answer: None, prepare)
    yield _made("answers-empty-object", "The answer is an empty object.", rule, lambda _answer: {}, prepare)


def _shapes() -> Iterator[Change]:
    document = _rule("document")
    yield from shapes(document, "job", "canceled_job")
    yield _made(
        "wrapped-in-data",
        "The job is wrapped in data, beside a message.",
        document,
        lambda job: {"message": "ok", "data": job},
    )
    yield _made("answers-true", "The answer is true.", document, lambda _job: True)
    yield _made("answers-id", "The answer is the job's id as a string.", document, lambda job: job["_id"])
    yield _made(
        "answers-message",
        "The answer is a message in place of the job.",
        document,
        lambda job: {"message": f"Job {job['_id']} canceled"},
    )
    for state in ("running", "complete", "cancelled", "CANCELED", "canceling"):
        name = "status-in-capitals" if state.isupper() else f"status-{state}"
        yield _made(name, f"status is {state}.", _rule("status"), _with_status(state))
    yield _made(
        "tasks-as-array",
        "tasks is an array of tasks.",
        _rule("tasks"),
        lambda job: job | {"tasks": list(job["tasks"].values())},
    )
    yield _made("transitions-as-array", "transitions is an array of steps.", _rule("transitions"), _steps)
    yield _made(
        "transition-as-string",
        "A transition is its state alone.",
        _rule("transitions.to"),
        lambda job: _put(job, ("transitions", "*", "*"), lambda step: step["state"]),
    )
    yield _made(
        "error-as-object",
        "error is one object in place of an array.",
        _rule("error"),
        lambda job: job | {"error": job["error"][0]},
    )
    yield _made(
        "error-as-string",
        "An entry of error is its message alone.",
        _rule("error.entry"),
        lambda job: job | {"error": ["It failed."]},
    )
    yield _made(
        "created-as-number",
        "created is in milliseconds.",
        _rule("created"),
        lambda job: job | {"created": 1555430149763},
    )
    yield _made(
        "created-without-zone",
        "created has no offset from UTC.",
        _rule("created"),
        lambda job: job | {"created": "2019-04-16T15:55:49.763"},
    )
    yield _made(
        "last_updated-as-text",
        "last_updated is a date for people.",
        _rule("last_updated"),
        lambda job: job | {"last_updated": "Thu Aug 02 2018 15:56:12"},
    )
    yield _made(
        "start_time-as-date",
        "start_time of the job is a date-time.",
        _rule("metrics.start_time"),
        lambda job: _put(job, ("metrics", "start_time"), lambda _: "2019-04-16T15:55:49.763Z"),
    )
    yield _made(
        "timestamp-with-fraction",
        "timestamp of an error has a fraction.",
        _rule("error.timestamp"),
        lambda job: _put(job, ("error", "*", "timestamp"), lambda time: time + 0.5),
    )
    yield _made(
        "end_time-with-fraction",
        "end_time of tasks has a fraction.",
        _rule("tasks.metrics.end_time"),
        lambda job: _put(job, ("tasks", "*", "metrics", "end_time"), lambda time: time + 0.25),
    )
    yield _made(
        "locked-as-number", "locked is 0 or 1.", _rule("locked"), lambda job: job | {"locked": int(job["locked"])}
    )


# ── how a field is broken ────────────────────────────────────────────────────────────────────────

_WRONG: dict[str, Callable[[Any], Any]] = {
    "string": lambda _value: 5,
    "number": str,
    "integer": str,
    "boolean": lambda value: str(value).lower(),
    "array": lambda _value: {},
    "object": lambda _value: [],
}
"""The replacement of a value of each type; for arrays and objects the other one, empty."""


def schema_at(schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """Return the schema of a place, an empty one where the document does not describe it."""
    for key in place:
        below = schema.get("properties", {}).get(key) if key != "*" else schema.get("items")
        if below is None and key == "*":
            below = schema.get("additionalProperties")
        schema = below if isinstance(below, Mapping) else {}
    return schema


def _replaced(place: Place, value: Callable[[Any], Any]) -> Edit:
    return lambda document: put(document, place, value)


def _removed(place: Place) -> Edit:
    return lambda document: remove(document, place)


def _put(document: dict[str, Any], place: Place, value: Callable[[Any], Any]) -> dict[str, Any]:
    put(document, place, value)
    return document


def _with_status(state: str) -> Edit:
    return lambda job: job | {"status": state}


def _steps(job: dict[str, Any]) -> dict[str, Any]:
    steps = [{"from": parent, "to": list(nexts)} for parent, nexts in job["transitions"].items()]
    return job | {"transitions": steps}


def _complete(part: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    for key, value in defaults.items():
        part.setdefault(key, deepcopy(value))


def _rule(name: str) -> Rule:
    return rule_of(f"response.{name}")


def _edited(name: str, sentence: str, rule: Rule, edit: Edit, prepare: Prepare | None = whole) -> Change:
    def made(document: dict[str, Any]) -> Any:
        edit(document)
        return document

    return _made(name, sentence, rule, made, prepare)


def _made(name: str, sentence: str, rule: Rule, make: Edit, prepare: Prepare | None = whole) -> Change:
    document: Document = lambda answer, _exchange: make(prepare(answer) if prepare else answer)  # noqa: E731
    return Change(name=name, sentence=sentence, rule=rule.id, document=document)


def _named(place: Place) -> str:
    return ".".join(place)

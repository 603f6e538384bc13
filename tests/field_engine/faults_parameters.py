"""Faults of the parameter: values that are no job's id are taken, or right ones are not."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from .catalogue import Entry, fault
from .http import Answer, json_answer
from .jobs import Job
from .rules import MAY, Call, Refusal, document, find, job_id, refusal

REQUIRED = "Parameters: job_id, string, required: yes, ID of the job to cancel"
BY_ID = "Cancel an active job by job ID"
NOTHING = object()

Kinds = dict[str, Callable[[Any], bool]]
KINDS: Kinds = {
    "missing": lambda value: value is NOTHING,
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "empty": lambda value: value == "",
}


def sent_value(call: Call) -> Any:
    body = call.body()
    return body.get("job_id", NOTHING) if isinstance(body, dict) else NOTHING


def _newest(kind: str) -> Callable[[Call], object]:
    def rule(call: Call) -> object:
        job = call.engine.jobs.newest()
        return job.identity if KINDS[kind](sent_value(call)) and job is not None else job_id(call)

    return rule


def _soft(kind: str, answer: Callable[[Call], Answer]) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        return answer(call) if reason.why == "parameter" and KINDS[kind](sent_value(call)) else refusal(call, reason)

    return rule


def _some_document(call: Call) -> Answer:
    jobs = list(call.engine.jobs.by_id.values())
    return json_answer(document(call, jobs[-1]) | {"status": "canceled"} if jobs else {})


def _error(call: Call) -> Answer:
    return json_answer({"error": "Missing Params: job_id"})


OUTCOMES: dict[str, tuple[str, Callable[[Call], Answer]]] = {
    "200-error": ("is answered 200 with an error", _error),
    "204": ("is answered 204", lambda call: Answer(204)),
    "200-document": ("is answered with the document of a job that goes on", _some_document),
    "200-empty": ("is answered 200 and an empty object", lambda call: json_answer({})),
}
SOFT = {
    "missing": ("200-error", "204", "200-document"),
    "null": ("200-error", "200-empty"),
    "number": ("200-error", "200-document"),
    "boolean": ("200-document", "204"),
    "object": ("200-error", "200-document"),
    "array": ("200-empty", "200-document"),
    "empty": ("200-error", "204", "200-document"),
}


def _try(change: Callable[[Call], Any]) -> Callable[[Call], object]:
    """The id as `change` finds it, when it is that of a job; the right way otherwise."""

    def rule(call: Call) -> object:
        value = change(call)
        known = isinstance(value, str) and value in call.engine.jobs.by_id
        return value if known else job_id(call)

    return rule


def _inner(call: Call) -> Any:
    value = sent_value(call)
    return next(iter(value.values()), None) if isinstance(value, dict) else None


def _operator(call: Call) -> Any:
    value = sent_value(call)
    job = call.engine.jobs.newest()
    asks = isinstance(value, dict) and any(str(key).startswith("$") for key in value)
    return job.identity if asks and job is not None else None


def _named(*names: str) -> Callable[[Call], Any]:
    def rule(call: Call) -> Any:
        body = call.body()
        return next((body[name] for name in names if name in body), None) if isinstance(body, dict) else None

    return rule


def _only(change: Callable[[Call], Any]) -> Callable[[Call], object]:
    def rule(call: Call) -> object:
        value = change(call)
        if not isinstance(value, str):
            raise Refusal("parameter", 400, "Missing Params: job_id")
        return value

    return rule


def _in_text(call: Call) -> Any:
    found = re.search(rb'"job_id"\s*:\s*"([^"]+)"', call.request.body)
    return found.group(1).decode("latin-1") if found and call.body() is None else None


def _match(test: Callable[[str, str], bool]) -> Callable[[Call, object], Job | None]:
    def rule(call: Call, value: object) -> Job | None:
        exact = find(call, value)
        if exact is not None or not isinstance(value, str):
            return exact
        return next((job for key, job in call.engine.jobs.by_id.items() if test(key, value)), None)

    return rule


def _regex(key: str, value: str) -> bool:
    try:
        return re.fullmatch(value, key) is not None
    except re.error:
        return False


def _unknown(answer: Callable[[Call], Answer], test: Callable[[str], bool] = bool) -> Callable[[Call, Refusal], Answer]:
    def rule(call: Call, reason: Refusal) -> Answer:
        chosen = reason.why == "unknown" and test(str(sent_value(call)))
        return answer(call) if chosen else refusal(call, reason)

    return rule


def _made_up(call: Call) -> Answer:
    jobs = list(call.engine.jobs.by_id.values())
    return json_answer(document(call, jobs[0]) | {"_id": sent_value(call), "status": "canceled"} if jobs else {})


def _newest_for_unknown(call: Call, value: object) -> Job | None:
    return find(call, value) or call.engine.jobs.newest()


def _hexadecimal(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def _digits(rng: random.Random) -> str:
    return str(rng.randrange(10_000_000, 99_999_999))


def _number(call: Call) -> Any:
    value = sent_value(call)
    return str(value) if KINDS["number"](value) else None


def _zeros(call: Call) -> Any:
    value = sent_value(call)
    return str(int(value)) if isinstance(value, str) and value.isascii() and value.isdecimal() else None


def _text_body(call: Call) -> Any:
    body = call.body()
    return body if isinstance(body, str) else None


def _listed_body(call: Call) -> Any:
    body = call.body()
    return body[0].get("job_id") if isinstance(body, list) and body and isinstance(body[0], dict) else None


def _needs(name: str) -> Callable[[Call], object]:
    def rule(call: Call) -> object:
        value = job_id(call)
        if name not in call.body():
            raise Refusal("parameter", 400, f"Missing Params: {name}")
        return value

    return rule


def _refuses(test: Callable[[str], bool]) -> Callable[[Call, object], Job | None]:
    return lambda call, value: None if test(str(value)) else find(call, value)


def _late_check(call: Call) -> bool:
    if call.body() is None or KINDS["missing"](sent_value(call)):
        raise Refusal("parameter", 200, "Missing Params: job_id")
    return call.role in MAY


def _made(name: str, says: str, **changes: Any) -> Entry:
    return fault(name, says, "parameters", REQUIRED, **changes)


ENTRIES: list[Entry] = [
    *(
        _made(f"{kind}-cancels-newest", f"A job_id that is {kind} cancels the newest job.", job_id=_newest(kind))
        for kind in KINDS
    ),
    *(
        _made(f"{kind}-{name}", f"A job_id that is {kind} {OUTCOMES[name][0]}.", refusal=_soft(kind, OUTCOMES[name][1]))
        for kind, names in SOFT.items()
        for name in names
    ),
    _made(
        "array-of-id",
        "An array of the id is taken as the id.",
        job_id=_try(lambda c: v[0] if isinstance(v := sent_value(c), list) and len(v) == 1 else None),
    ),
    _made(
        "array-first",
        "The first id of a longer array is taken.",
        job_id=_try(lambda c: v[0] if isinstance(v := sent_value(c), list) and len(v) > 1 else None),
    ),
    _made("object-of-id", "An object with the id as a value is taken.", job_id=_try(_inner)),
    _made("object-operator", "A query operator cancels the newest job.", job_id=_try(_operator)),
    _made(
        "id-in-query",
        "The id is taken from the query when the body has none.",
        job_id=_try(lambda c: c.request.query.get("job_id")),
    ),
    _made(
        "id-in-query-only",
        "The id is taken from the query alone.",
        job_id=_only(lambda c: c.request.query.get("job_id")),
    ),
    _made(
        "id-in-form-only",
        "The id is taken from a form alone.",
        job_id=_only(lambda c: dict(parse_qsl(c.request.body.decode("latin-1"))).get("job_id")),
    ),
    _made("other-names", "The id is taken under other names too.", job_id=_try(_named("jobId", "_id", "id", "job"))),
    _made("other-name-only", "The id is taken as `jobId` alone.", job_id=_only(_named("jobId"))),
    _made("upper-name", "The id is taken as `JOB_ID` too.", job_id=_try(_named("JOB_ID", "Job_Id"))),
    _made("broken-json-taken", "The id is taken from a body that is no JSON.", job_id=_try(_in_text)),
    _made("body-text-taken", "The body may be the id as a string.", job_id=_try(_text_body)),
    _made("body-array-taken", "The body may be an array of parameters.", job_id=_try(_listed_body)),
    _made("needs-options", "`options` is required too.", job_id=_needs("options")),
    _made(
        "cut-id",
        "The first eight characters of an id are enough.",
        find=_match(lambda key, value: len(value) >= 8 and key.startswith(value)),
    ),
    _made("cut-one", "An id without its last character is taken.", find=_match(lambda key, v: key[:-1] == v)),
    _made("cut-start", "An id without its first character is taken.", find=_match(lambda key, v: key[1:] == v)),
    _made("long-id", "Whatever follows an id is ignored.", find=_match(lambda key, v: v.startswith(key))),
    _made("id-with-nul", "Whatever follows a NUL is ignored.", find=_match(lambda key, v: v.split("\0")[0] == key)),
    _made("id-in-text", "A text that holds an id is taken.", find=_match(lambda key, v: key in v)),
    _made(
        "last-differs",
        "The last character does not count.",
        find=_match(lambda key, v: len(key) == len(v) and key[:-1] == v[:-1]),
    ),
    _made("id-regex", "The id is a pattern.", find=_match(_regex)),
    _made("id-comma-list", "The first of ids with commas is taken.", find=_match(lambda k, v: v.split(",")[0] == k)),
    _made("unknown-document", "An unknown id gets a document of that id.", refusal=_unknown(_made_up)),
    _made("unknown-null", "An unknown id gets 200 and null.", refusal=_unknown(lambda c: json_answer(None))),
    _made(
        "unknown-error",
        "An unknown id gets 200 with an error.",
        refusal=_unknown(lambda c: json_answer({"error": "Job not found"})),
    ),
    _made("unknown-204", "An unknown id gets 204.", refusal=_unknown(lambda c: Answer(204))),
    _made(
        "unknown-hex-document",
        "An unknown id of the usual form gets a document.",
        refusal=_unknown(_made_up, _hexadecimal),
    ),
    _made(
        "malformed-document",
        "An id of an unusual form gets a document.",
        refusal=_unknown(_made_up, lambda text: not _hexadecimal(text)),
    ),
    _made(
        "malformed-200",
        "An id of an unusual form gets 200 and an error.",
        refusal=_unknown(lambda c: json_answer({"icode": "AD.500"}), lambda text: not _hexadecimal(text)),
    ),
    _made("unknown-cancels-newest", "An unknown id cancels the newest job.", find=_newest_for_unknown),
    _made("number-as-id", "Ids are digits, and a number is taken.", new_id=_digits, job_id=_try(_number)),
    _made("zeros-as-id", "Ids are digits, and leading zeros are dropped.", new_id=_digits, job_id=_try(_zeros)),
    fault(
        "digit-ids-refused",
        "Ids that begin with a digit are unknown.",
        "parameters",
        BY_ID,
        find=_refuses(lambda text: text[:1].isdecimal()),
    ),
    fault(
        "letter-ids-refused",
        "Ids that begin with a letter are unknown.",
        "parameters",
        BY_ID,
        find=_refuses(lambda text: text[:1].isalpha()),
    ),
    _made("check-before-role-200", "A missing job_id is 200 with a text, before all else.", may=_late_check),
    _made(
        "empty-body-200",
        "An empty body is answered 200.",
        refusal=lambda c, r: json_answer("OK") if r.why == "parameter" and not c.request.body else refusal(c, r),
    ),
    _made(
        "refuses-spaces",
        "A body with blanks between its tokens is refused.",
        job_id=lambda c: job_id(c) if c.request.body == json.dumps(c.body(), separators=(",", ":")).encode() else "",
    ),
]

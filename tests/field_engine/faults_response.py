"""Faults of the answer as a whole: whose document it is, how it is wrapped, encoded, and with which status."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from .catalogue import Entry, fault
from .documents import new_document
from .edits import every
from .http import Answer, html_answer, json_answer
from .jobs import Job
from .rules import Call, Refusal, document, success

RETURN = "Return: canceled_job, object, data from the canceled job"


def _previous(call: Call, job: Job) -> Any:
    now = document(call, job)
    before = call.engine.memory.get("previous", now)
    call.engine.memory["previous"] = now
    return copy.deepcopy(before)


def _first(call: Call, job: Job) -> Any:
    return copy.deepcopy(call.engine.memory.setdefault("first", document(call, job)))


def _previous_id(call: Call, job: Job) -> Any:
    return document(call, job) | {"_id": _previous(call, job)["_id"]}


def _previous_tasks(call: Call, job: Job) -> Any:
    value = document(call, job)
    return value | {key: _previous(call, job)[key] for key in ("tasks", "transitions")}


def _third_previous(call: Call, job: Job) -> Any:
    before = _previous(call, job)
    return before if call.win % 3 == 0 else document(call, job)


def _example(call: Call, job: Job) -> Any:
    value = document(call, job)
    return value | {"_id": "4430ceadbd694aa79994ad47", "name": "8917Test2", "created": "2018-07-26T19:37:05.000Z"}


def _stale(call: Call, job: Job) -> Any:
    return copy.deepcopy(job.before)


def _other_shape(change: Callable[[str], str]) -> Callable[[Call, Job], Any]:
    return lambda call, job: document(call, job) | {"_id": change(job.identity)}


def _foreign(call: Call, job: Job) -> Any:
    other = new_document(call.engine.rng, 5, job.identity, 1_700_000_000_000, "other", "running")
    return other | {"_id": call.engine.jobs.new_id(call.engine.rng), "status": "canceled"}


DOCUMENTS: list[tuple[str, str, Callable[[Call, Job], Any]]] = [
    ("previous-document", "Each answer is the document of the call before.", _previous),
    ("first-document", "Each answer is the document of the first job canceled.", _first),
    ("third-previous-document", "Every third answer is the document of the call before.", _third_previous),
    ("previous-id", "The document is right but for the `_id` of the call before.", _previous_id),
    ("previous-tasks", "The tasks and transitions are those of the call before.", _previous_tasks),
    ("page-example-id", "`_id` is always the one of the page's example.", _example),
    ("stale-document", "The document is the one from before the cancel.", _stale),
    ("foreign-document", "The document is that of a job nobody asked for.", _foreign),
    ("id-upper", "`_id` is in upper case.", _other_shape(str.upper)),
    ("id-cut", "`_id` lacks its last character.", _other_shape(lambda text: text[:-1])),
    ("id-padded", "`_id` ends in a blank.", _other_shape(lambda text: text + " ")),
    ("id-reversed", "`_id` is reversed.", _other_shape(lambda text: text[::-1])),
    ("id-dashed", "`_id` has a dash that the job's id has not.", _other_shape(lambda text: text[:8] + "-" + text[8:])),
    ("id-prefixed", "`_id` has a prefix.", _other_shape(lambda text: "job:" + text)),
]


def _shown(change: Callable[[Any], Any]) -> Callable[[Call, Any], Answer]:
    return lambda call, value: json_answer(change(value))


def _compact(value: Any, *, ascii_only: bool = True) -> str:
    return json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))


def _text(change: Callable[[str], str], kind: str = "application/json; charset=utf-8") -> Callable[[Call, Any], Answer]:
    return lambda call, value: Answer(200, change(_compact(value)).encode("utf-8", "surrogatepass"), kind)


def _bytes(change: Callable[[str], bytes]) -> Callable[[Call, Any], Answer]:
    return lambda call, value: Answer(200, change(_compact(value, ascii_only=False)))


WRAPPED: list[tuple[str, str, Callable[[Any], Any]]] = [
    (
        "wrapped-canceled-job",
        "The document stands in `canceled_job`, unlike the example.",
        lambda v: {"canceled_job": v},
    ),
    ("wrapped-canceled", "The document stands in `canceled`.", lambda value: {"canceled": value}),
    ("wrapped-array", "The document stands in an array.", lambda value: [value]),
    ("wrapped-data", "The document stands in `data` beside a message.", lambda v: {"message": "ok", "data": v}),
    ("wrapped-string", "The document is JSON in a string.", json.dumps),
    (
        "wrapped-string-twice",
        "The document is in `canceled_job` as a string.",
        lambda v: {"canceled_job": json.dumps(v)},
    ),
    ("wrapped-list-inside", "`canceled_job` is an array.", lambda v: {"canceled_job": [v]}),
    ("wrapped-null-inside", "`canceled_job` is null.", lambda v: {"canceled_job": None}),
    ("answers-null", "The body is null.", lambda value: None),
    ("answers-true", "The body is true.", lambda value: True),
    ("answers-empty-object", "The body is an empty object.", lambda value: {}),
    ("answers-empty-array", "The body is an empty array.", lambda value: []),
    ("answers-id", "The body is the job's id alone.", lambda value: value["_id"]),
    ("answers-word", "The body is the string `canceled`.", lambda value: "canceled"),
    ("answers-summary", "The body has `_id` and `status` alone.", lambda v: {"_id": v["_id"], "status": v["status"]}),
    ("answers-success", "The body is a success flag.", lambda v: {"success": True, "job_id": v["_id"]}),
    ("answers-pairs", "The document is an array of pairs.", lambda value: [list(pair) for pair in value.items()]),
    ("answers-error-inside", "The document has status 200 and an error body.", lambda v: {"error": "cancel failed"}),
]

TEXTS: list[tuple[str, str, Callable[[Call, Any], Answer]]] = [
    ("json-nan", "A number is NaN.", _text(lambda text: text.replace('"font_size":12', '"font_size":NaN'))),
    ("json-infinity", "A number is Infinity.", _text(lambda t: t.replace('"font_size":12', '"font_size":-Infinity'))),
    ("json-trailing-comma", "The object ends in a comma.", _text(lambda text: text[:-1] + ",}")),
    ("json-single-quotes", "Strings stand in single quotes.", _text(lambda text: text.replace('"', "'"))),
    ("json-two", "Two documents follow one another.", _text(lambda text: text + "\n" + text)),
    ("json-tail", "Text follows the document.", _text(lambda text: text + "\nundefined")),
    ("json-comment", "A comment precedes the document.", _text(lambda text: "// canceled\n" + text)),
    ("json-guard", "A guard line precedes the document.", _text(lambda text: ")]}',\n" + text)),
    ("json-callback", "The document stands in a call.", _text(lambda text: f"callback({text});")),
    (
        "json-truncated",
        "The body ends in the midst, its length told rightly.",
        _text(lambda text: text[: len(text) // 2]),
    ),
    ("json-unquoted", "A key is not quoted.", _text(lambda text: text.replace('"_id"', "_id", 1))),
    (
        "json-leading-zero",
        "A number has a leading zero.",
        _text(lambda t: t.replace('"font_size":12', '"font_size":012')),
    ),
    (
        "json-control",
        "A string holds a raw line feed.",
        _text(lambda t: t.replace('"type":"automation"', '"type":"auto\nmation"')),
    ),
    ("json-duplicate-id", "`_id` stands twice, the second time another.", _text(lambda t: t[:-1] + ', "_id": "0"}')),
    (
        "json-python",
        "Literals are those of Python.",
        _text(lambda t: t.replace("true", "True").replace("null", "None")),
    ),
    (
        "json-utf8",
        "The body has an invalid UTF-8 byte.",
        _bytes(lambda t: t.replace("automation", "auto\udcff").encode("utf-8", "surrogateescape")),
    ),
    (
        "json-latin1",
        "The body is in Latin-1.",
        _bytes(lambda t: t.replace("automation", "für").encode("latin-1", "replace")),
    ),
    ("json-utf16", "The body is in UTF-16.", _bytes(lambda t: t.encode("utf-16"))),
    ("type-html", "The content type is text/html.", _text(str, "text/html; charset=utf-8")),
    ("type-text", "The content type is text/plain.", _text(str, "text/plain")),
    ("type-octets", "The content type is application/octet-stream.", _text(str, "application/octet-stream")),
    (
        "type-xml",
        "The answer is XML.",
        lambda c, v: Answer(200, f"<job><_id>{v['_id']}</_id></job>".encode(), "application/xml"),
    ),
    ("type-none", "There is no content type.", lambda c, v: Answer(200, _compact(v).encode(), None)),
    ("empty-body", "The body is empty.", lambda c, v: Answer(200, b"")),
    ("html-body", "The body is a page.", lambda c, v: html_answer("Job canceled")),
    ("html-as-json", "The body is a page, the type JSON.", lambda c, v: Answer(200, html_answer("Job canceled").body)),
]


def _status(status: int) -> Callable[[Call, Any], Answer]:
    def rule(call: Call, value: Any) -> Answer:
        answer = success(call, value)
        answer.status = status
        if status == 206:
            answer.headers = [("Content-Range", f"bytes 0-{len(answer.body) - 1}/{len(answer.body)}")]
        if status in (302, 303, 307):
            answer.headers = [("Location", "/")]
        return answer

    return rule


def _third(status: int) -> Callable[[Call, Any], Answer]:
    return lambda call, value: (_status(status) if every(3)(call) else success)(call, value)


STATUSES = [
    fault(f"status-{code}", f"A cancel is answered {code}.", "response", RETURN, success=_status(code))
    for code in (201, 202, 204, 205, 206, 302, 304, 400, 404, 409, 500, 503, 599)
]
STATUSES += [
    fault(
        f"third-{code}",
        f"Every third cancel is answered {code}, though done.",
        "response",
        RETURN,
        success=_third(code),
    )
    for code in (204, 500)
]


def _refuse_first(call: Call, job: Job) -> None:
    if call.engine.memory.setdefault(job.identity, 0) == 0:
        call.engine.memory[job.identity] = 1
        raise Refusal("inactive", 500, "Job is busy")
    call.engine.jobs.cancel(job)


ENTRIES: list[Entry] = [
    *(fault(name, says, "response", RETURN, document=rule) for name, says, rule in DOCUMENTS),
    *(fault(name, says, "response", RETURN, success=_shown(change)) for name, says, change in WRAPPED),
    *(fault(name, says, "response", RETURN, success=rule) for name, says, rule in TEXTS),
    *STATUSES,
    fault(
        "needs-second-try",
        "Each job is refused the first time and canceled the second.",
        "response",
        "Cancel an active job by job ID",
        effect=_refuse_first,
    ),
]

# ruff: noqa: ARG005 - a step has the same arguments in every engine
"""Faults of the response: the answer as a whole is wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.standin.cancel import Cancel
from tests.standin.document import Document, document_of
from tests.standin.engine import Engine
from tests.standin.jobs import Outcome, State
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing
from .spoiled import When, always, by, third

fault = Listing("response")


def _shaped(new: Callable[[Any, Cancel], Any], when: When = always) -> type[Engine]:
    """An engine that answers with another value."""

    class Shaped(Engine):
        def shape(self, document: Document, cancel: Cancel) -> Any:
            value = super().shape(document, cancel)
            return new(value, cancel) if when(cancel) else value

    return Shaped


for _name, _says, _new in (
    ("wrapped-in-canceled-job", "The document is wrapped in a field canceled_job.",
     lambda d, c: {"canceled_job": d}),
    ("wrapped-in-data", "The document is wrapped: message, data.",
     lambda d, c: {"message": "Job canceled", "data": d}),
    ("wrapped-in-array", "The document is in an array.", lambda d, c: [d]),
    ("json-in-string", "The answer is a JSON string with the document's JSON in it.",
     lambda d, c: json.dumps(d)),
    ("true-only", "The answer is true.", lambda d, c: True),
    ("null-only", "The answer is null.", lambda d, c: None),
    ("empty-object", "The answer is {}.", lambda d, c: {}),
    ("empty-array", "The answer is [].", lambda d, c: []),
    ("id-only", "The answer is the job id as a string.", lambda d, c: c.job_id),
    ("request-echoed", "The answer is the request's parameters.",
     lambda d, c: {"job_id": c.job_id}),
    ("error-in-200", "A good request gets 200 with an error object.",
     lambda d, c: {"error": "inactive"}),
    ("all-numbers-text", "All numbers are strings.", lambda d, c: _texts(d)),
    ("metrics-flattened", "The job's metrics stand in the document itself.",
     lambda d, c: {**{k: v for k, v in d.items() if k != "metrics"}, **d["metrics"]}),
    ("camel-case", "The document's field names are in camel case.",
     lambda d, c: {_camel(k): v for k, v in d.items()}),
    ("id-without-underscore", "The job id is in the field id; there is no _id.",
     lambda d, c: {"id" if k == "_id" else k: v for k, v in d.items()}),
    ("example-always", "_id is that of the documentation's example in every answer.",
     lambda d, c: {**d, "_id": "4430ceadbd694aa79994ad47"}),
):  # fmt: skip
    fault.put(_name, _says, _shaped(_new))

fault.put(
    "wrapped-third",
    "The document is wrapped in an array in every third answer.",
    _shaped(lambda d, c: [d], third),
)
fault.put(
    "admin-gets-wrapped",
    "For the role admin the document is wrapped in a field job.",
    _shaped(lambda d, c: {"job": d}, by("admin")),
)


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else value


def _camel(name: str) -> str:
    first, *rest = name.lstrip("_").split("_")
    return name[: len(name) - len(name.lstrip("_"))] + "".join([first, *(part.title() for part in rest)])


@fault("document-of-job-before", "The answer is the document of the job canceled before.")
class Before(Engine):
    """Is one answer behind."""

    def document(self, cancel: Cancel) -> Document:
        """The last document but one; right for the first cancel."""
        before: str = self.__dict__.get("last", cancel.job_id)
        self.last = cancel.job_id
        return document_of(before)


@fault("document-of-first-job", "Every answer is the document of the first job canceled.")
class First(Engine):
    """Caches the answer."""

    def document(self, cancel: Cancel) -> Document:
        """The first document."""
        return document_of(self.__dict__.setdefault("first", cancel.job_id))


@fault("document-of-neighbour", "The answer is the document of another active job.")
class Neighbour(Engine):
    """Shows the wrong job."""

    def document(self, cancel: Cancel) -> Document:
        """The neighbour's document if there is one."""
        return document_of(self.jobs.neighbour(cancel.job_id) or cancel.job_id)


@fault("unknown-made-up", "An unknown job ID is answered with 200 and a made-up document.")
class MadeUp(Engine):
    """Knows every job."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Success for unknown ids."""
        outcome = super().cancel(job_id, role)
        return Outcome.CANCELED if outcome is Outcome.UNKNOWN else outcome


def _welcomed(why: Refusal, body: bytes) -> type[Engine]:
    """An engine that answers a refusal with 200."""

    class Welcomed(Engine):
        def refuse(self, reason: Refusal, request: Request) -> Reply:
            if reason is why:
                return Reply(200, body)
            return super().refuse(reason, request)

    return Welcomed


fault.put(
    "unknown-200-null",
    "An unknown job ID is answered with 200 and null.",
    _welcomed(Refusal.UNKNOWN, b"null"),
)
fault.put(
    "repeat-200-error",
    "A second cancel is answered with 200 and an error object.",
    _welcomed(Refusal.INACTIVE, b'{"error": "The job is not active."}'),
)


@fault("repeat-200-document", "A second cancel is answered with 200 and the document.")
class RepeatDocument(Engine):
    """Shows the canceled job again; nothing happens to it."""

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """The document for a job that is not active."""
        if why is Refusal.INACTIVE:
            job_id = self.job_id(request) or ""
            return Reply(200, self.encode(document_of(job_id)))
        return super().refuse(why, request)


def _status(status: int, when: When = always) -> type[Engine]:
    """An engine that gives its good answers another status."""

    class Status(Engine):
        def succeed(self, cancel: Cancel) -> Reply:
            reply = super().succeed(cancel)
            return replace(reply, status=status) if when(cancel) else reply

    return Status


for _code, _why in (
    (204, "and so no document"),
    (206, "as if it were a part"),
    (302, "as if it were elsewhere"),
    (400, "as if the request were bad"),
    (404, "as if there were no such job"),
    (500, "as if the engine had failed"),
):
    fault.put(
        f"status-{_code}",
        f"A job is canceled, but the answer has status {_code}, {_why}.",
        _status(_code),
    )
fault.put(
    "status-500-third",
    "Every third cancel takes effect but is answered with 500.",
    _status(500, third),
)


@fault("first-try-fails", "The first good request for each job gets 500 and no effect.")
class FirstTry(Engine):
    """Needs to be asked twice."""

    def answer(self, request: Request) -> Reply:
        """Fail once for each active job."""
        tried: set[str] = self.__dict__.setdefault("tried", set())
        job_id = self.job_id(request) or ""
        role = self.role(request) or ""
        active = self.jobs.state(job_id) is State.ACTIVE
        if active and self.may(role, request) and job_id not in tried:
            tried.add(job_id)
            return Reply(500, b'{"error": "internal"}')
        return super().answer(request)

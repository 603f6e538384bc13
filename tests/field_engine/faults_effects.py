"""Faults of what a call does: nothing, too much, twice, or to another job; and of the route."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable
from typing import Any

from .catalogue import Entry, fault
from .edits import every
from .engine import Engine
from .faults_parameters import KINDS, sent_value
from .http import Answer, Request, html_answer, json_answer
from .jobs import Job
from .rules import MAY, ROUTE, Call, Refusal, document, effect, find, is_route, refusal, role

CANCEL = "Cancel an active job by job ID"
ONCE = "Cancel an active job: one that is canceled is active no more"
PATH = "Route: POST /workflow_engine/cancelJob"


def _spares(when: Callable[[Call], bool]) -> Callable[[Call, Job], None]:
    return lambda call, job: None if when(call) else effect(call, job)


def _says_canceled(call: Call, job: Job) -> Any:
    return document(call, job) | {"status": "canceled"}


def _pretends(call: Call, job: Job) -> None:
    call.engine.memory.setdefault("pretended", set()).add(job.identity)


def _pretended(call: Call, job: Job) -> bool:
    return job.active and job.identity not in call.engine.memory.get("pretended", set())


def _and_others(test: Callable[[Job, Job], bool]) -> Callable[[Call, Job], None]:
    def rule(call: Call, job: Job) -> None:
        effect(call, job)
        for other in call.engine.jobs.actives():
            if test(job, other):
                call.engine.jobs.cancel(other)

    return rule


def _and_newest(call: Call, job: Job) -> None:
    effect(call, job)
    other = call.engine.jobs.newest()
    if other is not None:
        call.engine.jobs.cancel(other)


def _another(call: Call, job: Job) -> None:
    effect(call, call.engine.jobs.newest(but=job) or job)


def _again(*roles: str | None) -> Callable[[Call, Job], bool]:
    return lambda call, job: job.active or (job.canceled_at is not None and (not roles or call.role in roles))


def _again_late(seconds: float) -> Callable[[Call, Job], bool]:
    return lambda call, job: job.active or time.monotonic() - (job.canceled_at or 0) > seconds


def _third_time(call: Call, job: Job) -> bool:
    counts = call.engine.memory.setdefault("counts", {})
    counts[job.identity] = counts.get(job.identity, 0) + 1
    return job.active or counts[job.identity] > 2


def _inactive(answer: Callable[[Call], Answer]) -> Callable[[Call, Refusal], Answer]:
    return lambda call, reason: answer(call) if reason.why == "inactive" else refusal(call, reason)


def _read_back(call: Call) -> Answer:
    job = call.mentioned()
    return json_answer(copy.deepcopy(job.document) if job else {})


def _complete(call: Call, job: Job) -> bool:
    return job.active or job.document["status"] == "complete"


async def _moment(call: Call) -> None:
    await asyncio.sleep(0.1)


def _shared_document(call: Call, job: Job) -> Any:
    return document(call, call.engine.memory.get("current", job))


def _shared_find(call: Call, value: object) -> Job | None:
    job = find(call, value)
    if job is not None and job.active:
        call.engine.memory["current"] = job
    return job


def _busy_find(call: Call, value: object) -> Job | None:
    now = time.monotonic()
    before = call.engine.memory.get("busy", 0.0)
    call.engine.memory["busy"] = now
    if now - before < 0.01:
        raise Refusal("unknown", 500, "Engine is busy")
    return find(call, value)


def _revives(seconds: float) -> Callable[[Call, Job], None]:
    def rule(call: Call, job: Job) -> None:
        before = copy.deepcopy(job.document)
        effect(call, job)

        def revive() -> None:
            job.document = before

        asyncio.get_running_loop().call_later(seconds, revive)

    return rule


def _wrong_type_cancels(*kinds: str) -> Callable[[Call, Refusal], None]:
    def rule(call: Call, reason: Refusal) -> None:
        job = call.mentioned() or call.engine.jobs.newest()
        if reason.why == "parameter" and any(KINDS[kind](sent_value(call)) for kind in kinds) and job is not None:
            call.engine.jobs.cancel(job)

    return rule


def _cut_cancels(call: Call, reason: Refusal) -> None:
    value = sent_value(call)
    if reason.why == "unknown" and isinstance(value, str) and len(value) > 5:
        for job in call.engine.jobs.actives():
            if job.identity.startswith(value) or value.startswith(job.identity):
                call.engine.jobs.cancel(job)


def _second_cancels_next(call: Call, reason: Refusal) -> None:
    job = call.engine.jobs.newest()
    if reason.why == "inactive" and job is not None:
        call.engine.jobs.cancel(job)


def _method(*methods: str, answer: Callable[[str], Answer]) -> Callable[[Engine, Request], Answer | None]:
    """Those methods cancel the job that the query or the body names, whatever the answer says."""

    def rule(engine: Engine, request: Request) -> Answer | None:
        if request.method not in methods or request.path != ROUTE:
            return None
        job = Call(engine, request).mentioned()
        if role(engine, request) in MAY and job is not None and job.active:
            engine.jobs.cancel(job)
            return answer(job.identity)
        return json_answer("Missing Params: job_id", 400)

    return rule


def _fine(identity: str) -> Answer:
    return json_answer({"_id": identity, "status": "canceled"})


def _not_allowed(identity: str) -> Answer:
    return html_answer("Method Not Allowed", 405)


def _at(path: str, method: str = "POST") -> Callable[[Engine, Request], bool]:
    return lambda engine, request: request.method == method and request.path == path


def _with_header(name: str) -> Callable[[Engine, Request], bool]:
    return lambda engine, request: is_route(engine, request) and request.header(name) is not None


def _effect(name: str, says: str, breaks: str = CANCEL, **changes: Any) -> Entry:
    return fault(name, says, "effects", breaks, **changes)


def _route(name: str, says: str, **changes: Any) -> Entry:
    return fault(name, says, "route", PATH, **changes)


ENTRIES: list[Entry] = [
    _effect(
        "no-effect",
        "The answer says canceled, the job goes on.",
        effect=_spares(lambda call: True),
        document=_says_canceled,
    ),
    _effect(
        "third-no-effect",
        "Every third job answered as canceled goes on.",
        effect=_spares(lambda c: c.number % 3 == 0),
        document=_says_canceled,
    ),
    _effect(
        "pretends",
        "The job goes on, yet a second cancel is refused.",
        effect=_pretends,
        active=_pretended,
        document=_says_canceled,
    ),
    _effect(
        "paused-no-effect",
        "Jobs that are not running go on, though answered as canceled.",
        effect=lambda c, j: effect(c, j) if j.document["status"] == "running" else None,
        document=_says_canceled,
    ),
    _effect("revives-soon", "The job runs again after 50 ms.", effect=_revives(0.05)),
    _effect("revives-later", "The job runs again after 400 ms.", effect=_revives(0.4)),
    _effect(
        "cancels-same-name",
        "All jobs of the same name are canceled.",
        effect=_and_others(lambda job, other: job.document["name"] == other.document["name"]),
    ),
    _effect(
        "cancels-all-of-owner",
        "All jobs of the same owner are canceled.",
        effect=_and_others(lambda job, other: job.owner == other.owner),
    ),
    _effect("cancels-everything", "All jobs are canceled.", effect=_and_others(lambda job, other: True)),
    _effect(
        "cancels-same-first-letter",
        "Jobs whose ids begin alike are canceled.",
        effect=_and_others(lambda job, other: job.identity[:1] == other.identity[:1]),
    ),
    _effect("cancels-newest-too", "The newest job is canceled too.", effect=_and_newest),
    _effect(
        "cancels-another", "Another job is canceled than the one answered.", effect=_another, document=_says_canceled
    ),
    _effect("second-succeeds", "A second cancel succeeds.", ONCE, active=_again()),
    _effect("second-succeeds-apiwrite", "A second cancel succeeds for `apiwrite`.", ONCE, active=_again("apiwrite")),
    _effect("second-succeeds-support", "A second cancel succeeds for `support`.", ONCE, active=_again("support")),
    _effect("second-succeeds-late", "A second cancel succeeds after 500 ms.", ONCE, active=_again_late(0.5)),
    _effect("third-succeeds", "A third cancel succeeds.", ONCE, active=_third_time),
    _effect("second-document", "A second cancel is answered with the document.", ONCE, refusal=_inactive(_read_back)),
    _effect("second-204", "A second cancel is answered 204.", ONCE, refusal=_inactive(lambda call: Answer(204))),
    _effect(
        "second-200-error",
        "A second cancel is answered 200 with an error.",
        ONCE,
        refusal=_inactive(lambda call: json_answer({"error": "Job is not active"})),
    ),
    _effect(
        "second-200-null",
        "A second cancel is answered 200 and null.",
        ONCE,
        refusal=_inactive(lambda call: json_answer(None)),
    ),
    _effect(
        "second-cancels-newest",
        "A second cancel is refused and cancels the newest job.",
        ONCE,
        refused=_second_cancels_next,
    ),
    _effect("complete-canceled", "A complete job is canceled.", ONCE, active=_complete),
    _effect("race-both", "Two cancels at once both succeed.", ONCE, pause=_moment),
    _effect(
        "race-mixed",
        "Calls at once get one another's documents.",
        find=_shared_find,
        pause=_moment,
        document=_shared_document,
    ),
    _effect("race-refused", "Calls within 10 ms of one another are refused with 500.", find=_busy_find),
    _effect(
        "missing-refusal-cancels",
        "A call without job_id is refused and cancels the newest job.",
        refused=_wrong_type_cancels("missing"),
    ),
    _effect(
        "null-refusal-cancels",
        "A null job_id is refused and cancels the newest job.",
        refused=_wrong_type_cancels("null", "empty"),
    ),
    _effect(
        "array-refusal-cancels",
        "An array of the id is refused, and the job is canceled.",
        refused=_wrong_type_cancels("array"),
    ),
    _effect(
        "object-refusal-cancels",
        "An object of the id is refused, and the job is canceled.",
        refused=_wrong_type_cancels("object"),
    ),
    _effect("cut-refusal-cancels", "A cut or lengthened id is refused, and the job is canceled.", refused=_cut_cancels),
    _effect(
        "fourth-unknown",
        "Every fourth call finds its job unknown.",
        find=lambda c, v: find(c, v) if c.number % 4 else None,
    ),
    _route("get-cancels", "GET cancels too.", other=_method("GET", answer=_fine)),
    _route("get-405-cancels", "GET is answered 405 and cancels.", other=_method("GET", answer=_not_allowed)),
    _route("put-cancels", "PUT cancels too.", other=_method("PUT", answer=_fine)),
    _route("patch-cancels", "PATCH cancels too.", other=_method("PATCH", answer=_fine)),
    _route("delete-cancels", "DELETE cancels too.", other=_method("DELETE", answer=_fine)),
    _route("head-cancels", "HEAD cancels too.", other=_method("HEAD", answer=_fine)),
    _route("options-cancels", "OPTIONS cancels too.", other=_method("OPTIONS", answer=_fine)),
    _route("slash-only", "The route ends in a slash.", is_route=_at(ROUTE + "/")),
    _route("lower-only", "The route is in lower case.", is_route=_at(ROUTE.lower())),
    _route("put-only", "The method is PUT.", is_route=_at(ROUTE, "PUT")),
    _route("get-only", "The method is GET.", is_route=_at(ROUTE, "GET")),
    _route("newer-route-only", "The route is that of newer editions.", is_route=_at("/operations-manager/jobs/cancel")),
    _route("api-prefix-only", "The route begins with /api.", is_route=_at("/api" + ROUTE)),
    _route("dash-only", "The route has dashes.", is_route=_at("/workflow-engine/cancelJob")),
    _route(
        "gone", "The route is answered 410.", other=lambda e, r: html_answer("Gone", 410) if is_route(e, r) else None
    ),
    _route(
        "every-fourth-404",
        "Every fourth call finds no route.",
        other=lambda e, r: html_answer("Cannot POST", 404) if is_route(e, r) and len(e.requests) % 4 == 0 else None,
    ),
    _route(
        "needs-header", "The route is there only with `X-Requested-With`.", is_route=_with_header("X-Requested-With")
    ),
    fault(
        "stale-after-eight",
        "From the ninth success on the document is one of before.",
        "effects",
        CANCEL,
        document=lambda c, j: copy.deepcopy(j.before) if c.win > 8 else document(c, j),
    ),
    fault(
        "fifth-status",
        "Every fifth answer says `complete`.",
        "effects",
        CANCEL,
        document=lambda c, j: document(c, j) | ({"status": "complete"} if every(5)(c) else {}),
    ),
]

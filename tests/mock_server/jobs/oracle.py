"""A small judge for the catalogue's own tests, written from the page: for each rule a probe that says whether it is broken.

It knows that it faces a mock, makes as many jobs as it likes and reads their state back; the kit's judge may not.
"""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema_rs

from engine_contract.contract import load_contract, load_rules
from mock_server.serving.in_process import RunningMock
from tests.support.caller import ROUTE

OWNED = {rule.field for rule in load_rules() if rule.field}
MAY_BE_ABSENT = {rule.field for rule in load_rules() if rule.field and rule.id.endswith(".present")}
NO_STRINGS: list[Any] = [None, 5, True, {}, [], ["<job>"], {"$eq": "<job>"}]
ROLES = load_contract().roles
UNKNOWN = "0f0f0f0f0f0f4f0f8f0f0f0f"


@dataclass(frozen=True)
class Engine:
    """The mock in one session, and how to call it."""

    mock: RunningMock
    client: httpx.Client
    session: str

    def jobs(self, count: int = 1) -> list[str]:
        """Make active jobs."""
        return self.mock.add_jobs(count, session=self.session)

    def is_canceled(self, job_id: str) -> bool:
        """Whether a job's state is canceled, whatever was answered."""
        answer = self.client.get(f"/_mock/jobs/{job_id}", headers={"Mock-Session": self.session})
        return bool(answer.json()["status"] == "canceled")

    def send(
        self, body: Any = None, *, role: str | None = "admin", method: str = "POST", **options: Any
    ) -> httpx.Response | None:
        """Send a request, once more after 429 and 503; None if the answer breaks off or never comes."""
        headers = {"Mock-Session": self.session, "Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if role is not None:
            headers["Authorization"] = f"Bearer {role}"
        headers |= options.pop("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = options.pop("path", ROUTE)
        for _ in range(6):
            try:
                answer = self.client.request(method, path, content=content, headers=headers, **options)
            except httpx.HTTPError:
                return None
            if answer.status_code not in {429, 503}:
                return answer
            time.sleep(float(answer.headers["Retry-After"]) * 0.6)
        return answer

    def cancel(self, job_id: Any, **options: Any) -> httpx.Response | None:
        """A valid request."""
        return self.send({"job_id": job_id}, **options)


def _accepted(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.is_success


def _is_refused(role: str) -> Callable[[Engine], bool]:
    return lambda engine: not all(_accepted(engine.cancel(job_id, role=role)) for job_id in engine.jobs(8))


def _others(engine: Engine) -> bool:
    bodies: tuple[dict[str, str], ...] = ({}, {"role": "admin"})
    return any(
        _accepted(engine.send({"job_id": engine.jobs()[0]} | more, role=role))
        for role in ("apiread", "operator")
        for more in bodies
    )


def _credential(**headers: str) -> Callable[[Engine], bool]:
    return lambda engine: _accepted(engine.cancel(engine.jobs()[0], role=None, headers=headers))


def _bodies(*bodies: Any, query: bool = False) -> Callable[[Engine], bool]:
    def probe(engine: Engine) -> bool:
        for body in bodies:
            (job_id,) = engine.jobs()
            content = json.dumps(body).encode() if not isinstance(body, bytes) else body
            params = {"job_id": job_id} if query else {}
            if _accepted(engine.send(content.replace(b"<job>", job_id.encode()), params=params)):
                return True
        return False

    return probe


def _json(engine: Engine) -> bool:
    spellings = (b'{"job_id": "%s"}', b'{"job_id":"%s"}', b'{\n "job_\\u0069d" :\t"%s" }\n')
    answers = [engine.send(spelling % engine.jobs()[0].encode()) for spelling in spellings for _ in range(3)]
    return any(answer is None or answer.status_code in {400, 415} for answer in answers)


def _identity(engine: Engine) -> bool:
    return any(document["_id"] != job_id for job_id, document in _documents(engine))


def _documents(engine: Engine) -> Iterator[tuple[str, Any]]:
    for role in ROLES * 2:
        (job_id,) = engine.jobs()
        answer = engine.cancel(job_id, role=role)
        if answer is not None and answer.is_success and answer.content:
            yield job_id, answer.json()


def _overlap(engine: Engine) -> bool:
    jobs = engine.jobs(8)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(engine.cancel, jobs))
    return any(
        answer is not None and answer.is_success and answer.json()["_id"] != job_id
        for job_id, answer in zip(jobs, answers, strict=True)
    )


def _refused_and_canceled(engine: Engine) -> bool:
    for body, role in (
        (b'{"job_id": "<job>"}', "apiread"),
        (b'{"job_id": "<job>"}', "nobody"),
        (b'{"job_id": "<job>"}', None),
        (b'{"job_id": ["<job>"]}', "admin"),
        (b'{"job_id": "<job>"', "admin"),
    ):
        (job_id,) = engine.jobs()
        answer = engine.send(body.replace(b"<job>", job_id.encode()), role=role)
        if not _accepted(answer) and engine.is_canceled(job_id):
            return True
    return False


def _isolation(engine: Engine) -> bool:
    jobs = engine.jobs(5)
    engine.cancel(jobs[2])
    active = engine.client.get("/_mock/jobs?status=active", headers={"Mock-Session": engine.session}).json()["jobs"]
    return not {*jobs[:2], *jobs[3:]} <= {job["job_id"] for job in active}


def _edited(*edits: Callable[[str], str]) -> Callable[[Engine], bool]:
    return lambda engine: any(_accepted(engine.cancel(edit(engine.jobs()[0]))) for edit in edits)


def _not_canceled(engine: Engine) -> bool:
    answers = {job_id: engine.cancel(job_id) for job_id in engine.jobs(12)}
    return any(
        answer is not None and (answer.status_code == 409 or (_accepted(answer) and not engine.is_canceled(job_id)))
        for job_id, answer in answers.items()
    )


def _repeat(engine: Engine) -> bool:
    (job_id,) = engine.jobs()
    engine.cancel(job_id)
    return _accepted(engine.cancel(job_id))


def _methods(engine: Engine) -> bool:
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        (job_id,) = engine.jobs()
        engine.send({"job_id": job_id}, method=method, params={"job_id": job_id})
        if engine.is_canceled(job_id):
            return True
    return False


def _paths(engine: Engine) -> bool:
    (job_id,) = engine.jobs()
    engine.cancel(job_id, path="/workflow_engine/nothing")
    return engine.is_canceled(job_id)


def _valid(broken: Callable[[httpx.Response | None], bool]) -> Callable[[Engine], bool]:
    return lambda engine: any(broken(engine.cancel(job_id)) for job_id in engine.jobs(4))


def _refusals(engine: Engine) -> bool:
    answers = [
        engine.cancel(UNKNOWN),
        engine.cancel(UNKNOWN, role=None),
        engine.cancel(UNKNOWN, role="apiread"),
        engine.send({}),
        engine.send(b"{"),
    ]
    return any(answer is None or not 400 <= answer.status_code <= 499 for answer in answers)


def _is_no_json(answer: httpx.Response | None) -> bool:
    if answer is None:
        return False
    try:
        json.loads(answer.content.decode("utf-8"), parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError):
        return True
    return False


def _field(place: tuple[str, ...], *, present: bool) -> Callable[[Engine], bool]:
    schema = _strict(dict(load_contract().response_schema))
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    must_be_there = present or place not in MAY_BE_ABSENT

    def at(path: list[Any], wanted: tuple[str, ...]) -> bool:
        return len(path) == len(wanted) and all(want in ("*", str(key)) for key, want in zip(path, wanted, strict=True))

    def probe(engine: Engine) -> bool:
        for _, document in _documents(engine):
            for error in validator.iter_errors(document):
                path = list(error.instance_path)
                is_absence = type(error.kind).__name__.endswith("Required")
                if is_absence:
                    broken = must_be_there and at(path, place[:-1]) and f'"{place[-1]}"' in error.message
                else:
                    broken = not present and (
                        at(path, place) or (at(path, (*place, "*")) and (*place, "*") not in OWNED)
                    )
                if broken:
                    return True
        return False

    return probe


def _strict(schema: Any) -> Any:
    """The response schema with every property required."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if isinstance(strict.get("properties"), dict) and strict.get("type") == "object":
        strict["required"] = list(strict["properties"])
    return strict


def _document(engine: Engine) -> bool:
    (job_id,) = engine.jobs()
    answer = engine.cancel(job_id)
    if answer is None or not answer.is_success:
        return False
    return (
        not answer.content
        or not isinstance(answer.json(), dict)
        or "_id" not in answer.json()
        or "data" in answer.json()
    )


PROBES: dict[str, Callable[[Engine], bool]] = {
    "route.path": _valid(lambda answer: answer is not None and answer.status_code in {404, 405}),
    **{f"roles.{role}": _is_refused(role) for role in ROLES},
    "roles.others": _others,
    "roles.none": _credential(),
    "roles.empty": _credential(Authorization="Bearer"),
    "roles.wrong": _credential(Authorization="Bearer given-to-nobody"),
    "roles.case": _credential(Authorization="Bearer ADMIN"),
    "request.job_id.required": _bodies({}),
    "request.job_id.type": _bodies(*({"job_id": wrong} for wrong in NO_STRINGS)),
    "request.job_id.empty": _bodies({"job_id": ""}),
    "request.job_id.location": _bodies({}, query=True),
    "request.body": _bodies(
        [], ["<job>"], [{"job_id": "<job>"}], "<job>", b"", b'{"job_id": "<job>"', b"{'job_id': '<job>'}"
    ),
    "request.json": _json,
    "request.charset": lambda engine: (
        not _accepted(engine.cancel(engine.jobs()[0], headers={"Content-Type": "application/json; charset=utf-8"}))
        and _accepted(engine.cancel(engine.jobs()[0]))
    ),
    "effects.canceled": _not_canceled,
    "effects.identity": _identity,
    "effects.overlap": _overlap,
    "effects.refused": _refused_and_canceled,
    "effects.isolation": _isolation,
    "effects.unknown": lambda engine: any(
        _accepted(engine.cancel(job_id)) for job_id in (UNKNOWN, f"{engine.jobs()[0]},{UNKNOWN}")
    ),
    "effects.exact": _edited(lambda i: i[:-1], lambda i: i[1:], lambda i: i + "0", lambda i: "0" + i),
    "effects.spelling": _edited(str.upper, lambda i: f"{i} "),
    "effects.repeat": _repeat,
    "effects.methods": _methods,
    "effects.paths": _paths,
    "transport.status": _valid(
        lambda answer: answer is not None and not answer.is_success and answer.status_code != 502
    ),
    "transport.status.exact": _valid(lambda answer: answer is not None and answer.status_code != 200),
    "transport.refusal_status": _refusals,
    "transport.content_type": _valid(
        lambda answer: (
            answer is not None
            and answer.headers.get("content-type", "").partition(";")[0].lower() != "application/json"
        )
    ),
    "transport.json": _valid(_is_no_json),
    "transport.complete": _valid(lambda answer: answer is None),
    "transport.stable": _valid(lambda answer: answer is None or answer.status_code == 502),
    "response.document": _document,
    **{rule.id: _field(rule.field, present=rule.id.endswith(".present")) for rule in load_rules() if rule.field},
}
"""Rule → whether an engine breaks it."""

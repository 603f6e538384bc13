"""Cancels are judged as they pass, by the functions that check-engine uses."""

import asyncio
import json
from typing import Any, cast

import httpx
import pytest

from contract_tests.config.options import Connection
from contract_tests.config.sources import Source
from contract_tests.watch.app import WatchApp
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from tests import field_engine, standin
from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROLES, ROUTE, run, watching

ALLOWED = ROLES[:4]
UNKNOWN = "0123456789abcdef01234567"


def cancel(url: str, body: Any, token: str | None = "admin", **options: Any) -> httpx.Response:  # noqa: S107
    """Cancel a job, or send any other body as it is."""
    content = body if isinstance(body, bytes) else json.dumps({"job_id": body}).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    return httpx.post(url + ROUTE, content=content, headers=headers, timeout=20, **options)


def marks(response: httpx.Response) -> tuple[str | None, str | None]:
    """What the watcher marked the answer with."""
    return response.headers.get("contract-violations"), response.headers.get("contract-warnings")


def traffic(engine: Any) -> list[httpx.Response]:
    """Valid cancels by all roles, some of them at once, a second cancel, and what must be refused."""

    async def send() -> list[httpx.Response]:
        tokens = {role: Source(role, "--token") for role in ROLES}
        watch = Watch(WatchSettings(Connection(engine.url, tokens=tokens, timeout=2.0)))
        jobs = engine.make_jobs(12)
        transport = httpx.ASGITransport(cast("Any", WatchApp(watch, 0)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:4011") as client:

            async def one(body: str, token: str | None = "admin") -> httpx.Response:  # noqa: S107
                headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
                return await client.post(ROUTE, content=body, headers=headers)

            def naming(job_id: str) -> str:
                return json.dumps({"job_id": job_id})

            answers = [await one(naming(jobs[index]), ALLOWED[index % 4]) for index in range(8)]
            answers.append(await one(naming(jobs[0])))
            answers += await asyncio.gather(*(one(naming(job_id)) for job_id in jobs[8:11]))
            for body in (naming(UNKNOWN), "{}", '{"job_id": 5}', '{"job_id": ""}', "[]", ""):
                answers.append(await one(body))
            answers += [await one(naming(UNKNOWN), None), await one(naming(UNKNOWN), "apiread")]
        await watch.close()
        return answers

    return run(send())


# Those that take long, and do nothing that the others do not.
SLOW = {"slow", "slower", "pieces", "huge-documents", "document-2000-tasks", "lockout-all", "starting"}


@pytest.mark.parametrize("variation", sorted(standin.VARIATIONS.keys() - SLOW))
def test_an_odd_engine_that_conforms_is_not_accused(variation: str) -> None:
    """Whatever an engine does where the page is silent, no answer is marked with a violation."""
    with standin.serve(variation=variation) as engine:
        assert [marks(response)[0] for response in traffic(engine) if marks(response)[0]] == []


FIELD_VARIATIONS = sorted(
    entry.name for entry in field_engine.VARIATIONS if entry.name.startswith(("refusal", "limit", "ids", "json"))
)


@pytest.mark.parametrize("version", [name for name in FIELD_VARIATIONS if name not in SLOW])
def test_an_odd_field_engine_that_conforms_is_not_accused(version: str) -> None:
    """So it is with the other engine's ways to refuse, to limit, to name jobs and to write JSON."""
    with field_engine.serve(version) as engine:
        assert [marks(response)[0] for response in traffic(engine) if marks(response)[0]] == []


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("wrapped-in-canceled-job", "response.document"),
        ("tasks-array", "response.tasks"),
        ("watcher-last-number", "response.watchers"),
        ("status-running", "response.status"),
        ("document-of-first-job", "effects.identity"),
        ("overlap-mixed", "effects.overlap"),
        ("type-html", "transport.content_type"),
        ("body-trailing-comma", "transport.json"),
        ("cut-off", "transport.complete"),
        ("status-500", "transport.status"),
        ("status-302", "transport.status"),
        ("status-404", "transport.status"),
        ("method-put-only", "route.path"),
        ("anonymous-allowed", None),
        ("role-refused-with-200", "roles.others"),
        ("anonymous-refused-with-200", "roles.none"),
        ("support-refused", "roles.support"),
        ("missing-accepted", "request.job_id.required"),
        ("number-accepted", "request.job_id.type"),
        ("bad-parameter-200", "request.job_id.type"),
    ],
)
def test_a_fault_is_named_by_its_rule(fault: str, rule: str | None) -> None:
    """An answer that breaks the contract bears the rule's id; one that no exchange shows, none."""
    with standin.serve(fault=fault) as engine:
        named = {item for response in traffic(engine) for item in (marks(response)[0] or "").split(", ") if item}
    assert (rule in named) if rule else not named


def test_an_answer_that_breaks_nothing_has_no_marks() -> None:
    """Both headers are absent where there is nothing to say."""
    with standin.serve() as engine, watching(engine.url) as watch:
        assert marks(cancel(watch.url, engine.make_jobs(1)[0])) == (None, None)
        assert marks(cancel(watch.url, UNKNOWN)) == (None, None)
        assert marks(cancel(watch.url, UNKNOWN, None)) == (None, None)


def test_a_second_success_is_a_warning() -> None:
    """The page is silent on a second cancel, so that its success is marked as an assumed rule's break."""
    with standin.serve(fault="second-cancel-works") as engine, watching(engine.url) as watch:
        (job_id,) = engine.make_jobs(1)
        assert marks(cancel(watch.url, job_id)) == (None, None)
        assert marks(cancel(watch.url, job_id)) == (None, "effects.repeat")


def test_broken_and_assumed_rules_stand_apart() -> None:
    """One answer may bear both headers."""
    with standin.serve() as engine:
        document = json.loads(cancel(engine.url, engine.make_jobs(1)[0]).content)
    del document["locked"], document["name"]
    response = answer_of("200 OK", json.dumps(document).encode(), "Content-Type: application/json")
    with raw_server(response) as wrong, watching(wrong.url) as watch:
        assert marks(cancel(watch.url, document["_id"])) == ("response.name", "response.locked.present")


def test_a_credential_that_has_canceled_a_job_is_an_allowed_role() -> None:
    """Without tokens nobody is known; an error of the engine counts once the caller has canceled a job."""
    failing = answer_of("500 Oops", b"Internal Server Error", "Content-Type: text/plain")
    with standin.serve() as right:
        document = cancel(right.url, right.make_jobs(1)[0])
    good = answer_of("200 OK", document.content, "Content-Type: application/json")
    answers = [failing, good, failing]

    def talk(connection: Any) -> None:
        connection.sendall(answers.pop(0))

    with raw_server(talk) as engine, watching(engine.url, tokens={}) as watch:
        assert marks(cancel(watch.url, UNKNOWN, "some-token")) == (None, "transport.refusal_status")
        assert marks(cancel(watch.url, document.json()["_id"], "some-token")) == (None, None)
        assert marks(cancel(watch.url, UNKNOWN, "some-token")) == ("transport.status", None)


def test_an_active_job_that_another_route_told_of_must_be_canceled() -> None:
    """An error for a job that was seen running is a break, however it reads."""
    listing = answer_of(
        "200 OK", b'{"results": [{"_id": "j1", "name": "n", "status": "running"}]}', "Content-Type: application/json"
    )
    refusal = answer_of("500 Oops", b'{"error": "Job j1 not found"}', "Content-Type: application/json")
    answers = [refusal, listing, refusal]

    def talk(connection: Any) -> None:
        connection.sendall(answers.pop(0))

    with raw_server(talk) as engine, watching(engine.url) as watch:
        assert marks(cancel(watch.url, "j1")) == (None, "transport.refusal_status")
        httpx.get(f"{watch.url}/jobs")
        assert marks(cancel(watch.url, "j1")) == ("transport.status", None)
        assert [(job.job_id, job.status, job.name) for job in watch.watch.journal.jobs()] == [("j1", "running", "n")]


@pytest.mark.parametrize("way", ["bearer", "basic", "cookie:token", "query:token", "header:X-Auth"])
def test_roles_are_known_by_name_however_tokens_travel(way: str) -> None:
    """`--token` gives a caller its name, whichever way the token travels."""
    token = "user:s3cret-token=="
    requests: dict[str, dict[str, Any]] = {
        "bearer": {"headers": {"Authorization": f"Bearer {token}"}},
        "basic": {"auth": ("user", "s3cret-token==")},
        "cookie:token": {"headers": {"Cookie": "a=b; token=user%3As3cret-token%3D%3D"}},
        "query:token": {"params": {"token": token}},
        "header:X-Auth": {"headers": {"X-Auth": token}},
    }
    with raw_server(answer_of("403 No")) as engine, watching(engine.url, tokens={"support": token}, auth=way) as watch:
        response = httpx.post(watch.url + ROUTE, json={"job_id": UNKNOWN}, **requests[way])
        assert marks(response) == ("roles.support", None)
        (entry,) = watch.watch.journal.entries()
        assert entry.role == "support"
        assert "s3cret" not in repr(entry)


def test_busy_answers_are_not_judged() -> None:
    """429 and 503 ask for another try: nothing is said of them."""
    with raw_server(answer_of("503 Busy", b"", "Retry-After: 1")) as engine, watching(engine.url) as watch:
        assert marks(cancel(watch.url, UNKNOWN)) == (None, None)
        (entry,) = watch.watch.journal.entries()
        assert "asks to be asked again later" in (entry.reason or "")


def test_an_answer_in_a_coding_that_was_not_asked_for_breaks_the_contract() -> None:
    """A content encoding that the request rules out is passed on as it came, and judged as check-engine judges it."""
    response = answer_of("200 OK", b"\x1b\x03\x00", "Content-Encoding: br", "Content-Type: application/json")
    with raw_server(response) as engine, watching(engine.url) as watch:
        with (
            httpx.Client(headers={"Accept-Encoding": "br", "Authorization": "Bearer admin"}) as browser,
            browser.stream("POST", watch.url + ROUTE, json={"job_id": "x"}) as received,
        ):
            assert b"".join(received.iter_raw()) == b"\x1b\x03\x00"
            assert marks(received) == ("transport.complete", None)
        assert engine.header("Accept-Encoding") == ["identity"]
        (entry,) = watch.watch.journal.entries()
        assert "its content encoding br was not asked for" in entry.findings[0].received


def test_compressed_documents_are_judged() -> None:
    """Gzip is undone for the judge alone."""
    with standin.serve(variation="gzip") as engine, watching(engine.url) as watch:
        response = cancel(watch.url, engine.make_jobs(1)[0])
        assert response.headers["content-encoding"] == "gzip"
        assert marks(response) == (None, None)
        (entry,) = watch.watch.journal.entries()
        assert entry.situation == "a valid request"
        assert json.loads(entry.response.body)["status"] == "canceled"

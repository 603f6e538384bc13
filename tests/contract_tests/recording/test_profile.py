"""--write-profile: the mock that reads what was written refuses and answers as the engine does."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.model import Caller, Exchange, Request, Response
from contract_tests.recording.profile import SITUATIONS, ProfileWriter, profile_from
from engine_contract.contract import load_contract
from mock_server.operations.profile import load_profile
from mock_server.operations.refusals import SITUATIONS as OF_THE_MOCK
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests import field_engine, standin
from tests.support.watching import ROLES, ROUTE, watching

UNKNOWN = "0123456789abcdef01234567"


def refusals(url: str, canceled: str) -> dict[str, tuple[int, str, Any]]:
    """How an engine refuses, by situation: status, content type, and body with the job's id replaced."""
    found = {}
    sent: dict[str, tuple[str | None, Any]] = {
        "no-credential": (None, {"job_id": UNKNOWN}),
        "wrong-credential": ("nobody-s-token", {"job_id": UNKNOWN}),
        "other-role": ("apiread", {"job_id": UNKNOWN}),
        "unknown-job": ("admin", {"job_id": UNKNOWN}),
        "not-active": ("admin", {"job_id": canceled}),
        "missing-parameter": ("admin", {}),
        "bad-parameter": ("admin", {"job_id": 5}),
        "bad-body": ("admin", [1]),
    }
    with httpx.Client(timeout=20) as client:
        for situation, (token, body) in sent.items():
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            response = client.post(url + ROUTE, json=body, headers=headers)
            kind = response.headers.get("content-type", "").lower()
            text = response.text.replace(canceled, "ID").replace(UNKNOWN, "ID")
            # Without a body the mock sends no content type.
            found[situation] = (response.status_code, kind if text else "", _value(text, kind))
    return found


def _value(text: str, kind: str) -> Any:
    try:
        return json.loads(text) if "json" in kind else text
    except ValueError:
        return text


def check(url: str, jobs: list[str], folder: Path, *options: str) -> int:
    """check-engine's exit status for an engine."""
    (folder / "jobs").write_text("\n".join(jobs))
    tokens = [option for role in ROLES for option in ("--token", f"{role}={role}")]
    arguments = [url, *tokens, "--jobs", str(folder / "jobs"), "-q", *options]
    return CliRunner().invoke(main, arguments, prog_name="check-engine").exit_code


ODD = [
    "refusals-all-400", "refusals-all-500", "credential-403", "role-refused-404", "unknown-400-repeat-422",
    "unknown-500-repeat-500", "repeat-410", "bad-parameter-500", "refusal-text", "refusal-html", "refusal-string",
    "refusal-null", "refusal-empty",
]  # fmt: skip


@pytest.mark.parametrize("variation", ODD)
def test_the_mock_refuses_as_the_engine_that_was_watched(tmp_path: Path, variation: str) -> None:
    """An engine with odd refusals is watched; the mock with its profile answers each situation alike."""
    profile = tmp_path / "profile.json"
    with standin.serve(variation=variation) as engine:
        with watching(engine.url, tokens={role: role for role in ROLES}, write_profile=profile) as watch:
            (job_id,) = engine.make_jobs(1)
            httpx.post(watch.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
            theirs = refusals(watch.url, job_id)
        with running_mock(Settings(profile=str(profile))) as mock:
            (job_id,) = mock.add_jobs(1)
            httpx.post(mock.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
            ours = refusals(mock.url, job_id)
    assert ours == theirs


@pytest.mark.parametrize("version", ["refusal-iap", "refusal-message-data", "refusal-list"])
def test_the_circle_closes(tmp_path: Path, version: str) -> None:
    """An engine is checked; the mock with its profile behaves alike; both conform."""
    profile = tmp_path / "profile.json"
    with field_engine.serve(version) as engine:
        assert check(engine.url, engine.make_jobs(24), tmp_path, "--write-profile", str(profile)) == 0
        (job_id,) = engine.make_jobs(1)
        httpx.post(engine.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
        theirs = refusals(engine.url, job_id)
    with running_mock(Settings(profile=str(profile))) as mock:
        assert check(mock.url, mock.add_jobs(24), tmp_path) == 0
        (job_id,) = mock.add_jobs(1)
        httpx.post(mock.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
        ours = refusals(mock.url, job_id)
    assert ours == theirs


def situations(path: Path) -> dict[str, int]:
    """The statuses of a profile's situations."""
    return {name: look["status"] for name, look in json.loads(path.read_text())["situations"].items()}


@pytest.mark.parametrize("variation", [None, "role-refused-404"])
@pytest.mark.parametrize("right", ["admin", None])
def test_a_wrong_roles_refusal_is_not_that_of_a_job(tmp_path: Path, variation: str | None, right: str | None) -> None:
    """Where a documented role's token is another role's, how jobs are refused is learned from those who canceled one."""
    profile = tmp_path / "profile.json"
    tokens = {"support": "apiread", **({right: right} if right else {})}
    options = [option for role, token in tokens.items() for option in ("--token", f"{role}={token}")]
    with standin.serve(variation=variation) as engine:
        (tmp_path / "jobs").write_text("\n".join(engine.make_jobs(24)))
        arguments = [engine.url, *options, "--jobs", str(tmp_path / "jobs"), "-q", "--write-profile", str(profile)]
        CliRunner().invoke(main, arguments, prog_name="check-engine")
    found = situations(profile)
    if right:
        assert (found["unknown-job"], found["not-active"]) == (404, 409)
    elif variation is None:
        assert found.keys().isdisjoint({"unknown-job", "not-active", "bad-parameter", "bad-body"})


def test_a_watched_wrong_role_teaches_no_situation_of_a_job(tmp_path: Path) -> None:
    """The watcher learns of jobs from whoever has canceled one, also what it saw of that caller before."""
    profile = tmp_path / "profile.json"
    tokens = {"support": "apiread", "admin": "admin"}
    with (
        standin.serve() as engine,
        watching(engine.url, tokens=tokens, write_profile=profile) as watch,
        httpx.Client(base_url=watch.url, timeout=20) as client,
    ):

        def cancel(token: str, job_id: str) -> None:
            client.post(ROUTE, json={"job_id": job_id}, headers={"Authorization": f"Bearer {token}"})

        for _ in range(3):
            cancel("apiread", UNKNOWN)
        assert "unknown-job" not in situations(profile)
        cancel("admin", UNKNOWN)
        assert situations(profile)["unknown-job"] == 404
        cancel("admin", *engine.make_jobs(1))
        assert situations(profile)["unknown-job"] == 404


def test_what_documents_leave_out_is_learned(tmp_path: Path) -> None:
    """Fields that no document had are left out by the mock too; `error` depends on the job, and says nothing."""
    profile = tmp_path / "profile.json"
    with standin.serve(fault="locked-missing") as engine, watching(engine.url, write_profile=profile) as watch:
        for job_id in engine.make_jobs(2):
            httpx.post(watch.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
    assert json.loads(profile.read_text())["documents"] == {"absent": ["locked"]}
    with running_mock(Settings(profile=str(profile))) as mock:
        for job_id in mock.add_jobs(3):
            response = httpx.post(mock.url + ROUTE, json={"job_id": job_id}, headers={"Authorization": "Bearer admin"})
            assert "locked" not in response.json()


def test_the_writer_names_situations_as_the_mock_does() -> None:
    """Every name that is written is one that the mock reads."""
    assert set(SITUATIONS.values()) <= OF_THE_MOCK.keys()


def refused(body: bytes, content_type: str | None, job_id: str, status: int = 409) -> Exchange:
    """A refused cancel by admin."""
    headers = () if content_type is None else (("Content-Type", content_type),)
    sent = json.dumps({"job_id": job_id}).encode()
    return Exchange(
        Request("POST", load_contract().path, Caller("admin", "token"), body=sent), "", Response(status, headers, body)
    )


@pytest.mark.parametrize(
    ("body", "content_type", "job_id", "look"),
    [
        (b'{"a": "job x-1 (x-1)", "b": ["x-1x"]}', "application/json", "x-1", {"a": "job {job_id} ({job_id})", "b": ["x-1x"]}),
        (b"no job 5, 55 tried", "text/plain", "5", "no job {job_id}, 55 tried"),
        (b"not { json x-1", "application/json; charset=utf-8", "x-1", "not { json {job_id}"),
        ("früher x".encode("latin-1"), "text/plain; charset=ISO-8859-1", "x", "früher {job_id}"),
        (b"\xff\xfe x", None, "x", "ÿþ {job_id}"),
        (b"", "application/json", "x", None),
    ],
)  # fmt: skip
def test_bodies_become_templates(tmp_path: Path, body: bytes, content_type: str | None, job_id: str, look: Any) -> None:
    """The job's id becomes a placeholder wherever it stands by itself; what is no JSON, or in another charset, is kept."""
    path = tmp_path / "p.json"
    profile_from(load_contract(), [refused(body, content_type, job_id)], path, "http://e").write()
    (shown,) = json.loads(path.read_text())["situations"].values()
    assert shown.get("body") == look
    rendered = load_profile(path).situations
    assert len(rendered) == 1


def test_the_usual_look_of_a_situation_is_kept(tmp_path: Path) -> None:
    """Where one situation looked different at times, what was seen most often counts."""
    exchanges = [
        refused(b"gone", "text/plain", "a"),
        refused(b"no job", "text/plain", "b"),
        refused(b"no job", "text/plain", "c"),
    ]
    profile = profile_from(load_contract(), exchanges, tmp_path / "p.json", "http://e").profile()
    assert profile["situations"] == {"unknown-job": {"status": 409, "content_type": "text/plain", "body": "no job"}}


def test_faults_are_no_refusals(tmp_path: Path) -> None:
    """An error in place of a cancel, and a gateway's answer, tell nothing of how the engine refuses."""
    exchanges = [
        refused(b"Internal Server Error", "text/plain", "a", 500),
        refused(b"Bad Gateway", "text/plain", "a", 502),
    ]
    assert profile_from(load_contract(), exchanges, tmp_path / "p.json", "http://e").profile()["situations"] == {}


def test_a_profile_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The failure is kept as a sentence, and nothing else stops."""
    writer = ProfileWriter(load_contract(), tmp_path / "none" / "p.json", "http://e")
    writer.write()
    assert "could not be written" in (writer.failure or "")


def test_profile_holds_no_raw_control_characters_and_marks_of_direction(tmp_path: Path) -> None:
    """They are escaped, so that a terminal and a reviewer see them; the mock reads what they are."""
    odd = "a\x1b[31m\x9b\u202eb\u2066c\u200bd é ü"
    body = json.dumps({"error": odd}, ensure_ascii=False).encode()
    request = Request("POST", ROUTE, Caller(None, "none"), body=b"{}", content_type="application/json")
    answer = Response(401, (("Content-Type", "application/json"),), body)
    profile_from(load_contract(), [Exchange(request, "", answer)], tmp_path / "p.json", "http://e").write()
    text = (tmp_path / "p.json").read_text(encoding="utf-8")
    assert text.replace("\n", "").isprintable()
    assert "é ü" in text
    assert json.loads(text)["situations"]["no-credential"]["body"] == {"error": odd}

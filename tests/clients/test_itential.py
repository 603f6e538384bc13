"""`Itential.py`: it logs in at `/login/` after a 401 or 403, and asks for the health of applications before that."""

from importlib import import_module
from typing import Any

import pytest

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID
from tests.support.requirements import need_client


@pytest.fixture
def itential() -> Any:
    return need_client("itential")


def _client(itential: Any, engine: RunningMock, **user: str) -> tuple[Any, Any]:
    client = itential.Itential(url=engine.url, **user)
    return client, import_module("itential.modules.v2020_2").AppWorkflowEngine(client)


def test_cancels_a_job_once(itential: Any, engine: RunningMock) -> None:
    """Logged in as its default user; the second cancel is refused, and so is that of a job that nobody knows."""
    client, workflows = _client(itential, engine)
    first, second, unknown = (workflows.cancel_job(job_id) for job_id in (PAGE_ID, PAGE_ID, "f" * 24))
    assert (first.status_code, first.json()["status"]) == (200, "canceled")
    assert (second.status_code, unknown.status_code) == (409, 404)
    assert client.get_version_health_check().json()["results"]
    paths = [entry["request"]["path"] for entry in engine.requests()]  # type: ignore[index]
    assert paths[:4] == [
        "/workflow_engine/cancelJob",
        "/health/applications",
        "/login/",
        "/workflow_engine/cancelJob",
    ]


def test_role_that_may_not_is_refused(itential: Any, engine: RunningMock) -> None:
    """It asks once more, and gives up."""
    _, workflows = _client(itential, engine, username="reader@example", password="reads")
    assert workflows.cancel_job(PAGE_ID).status_code == 403


def test_expired_session_is_renewed(itential: Any, engine: RunningMock) -> None:
    """A token that ended in between is a 401, after which it logs in again."""
    _, workflows = _client(itential, engine)
    first, second = engine.add_jobs(2)
    assert workflows.cancel_job(first).status_code == 200
    engine.advance(3_600_000)
    assert workflows.cancel_job(second).status_code == 200
    assert [entry["status"] for entry in engine.requests()][-4:] == [401, 401, 200, 200]
    assert "The token has expired" in str(engine.requests()[-4]["reason"])


def test_wrong_password_is_told(itential: Any, engine: RunningMock, caplog: pytest.LogCaptureFixture) -> None:
    """It reads `message` of the refused login."""
    _, workflows = _client(itential, engine, password="wrong")
    assert workflows.cancel_job(PAGE_ID).status_code == 401
    assert "401 - Failed to authenticate" in caplog.text
    assert "Nobody has that name and password." in caplog.text

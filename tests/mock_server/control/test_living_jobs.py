"""Jobs that live: their times, their ends, what somebody else does to them, and the clock."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import running_mock
from tests.support.caller import PAGE_ID, Caller

NOON = "2026-03-01T12:00:00.000Z"
NOON_MS = 1_772_366_400_000


@pytest.fixture(params=["memory", "redis"])
def still(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Caller]:
    """A mock whose clock stands at noon."""
    store = "memory" if request.param == "memory" else redis_url
    with (
        running_mock(Settings(now_ms=NOON_MS, store=store)) as mock,
        httpx.Client(base_url=mock.url, trust_env=False) as client,
    ):
        yield Caller(client)


def _make(caller: Caller, **wanted: Any) -> str:
    response = caller.client.post("/_mock/jobs", json=wanted)
    assert response.status_code == 201, response.text
    return str(response.json()["job_ids"][0])


def _document(caller: Caller, job_id: str) -> Any:
    return caller.client.get(f"/_mock/jobs/{job_id}").json()


def _advance(caller: Caller, by_ms: int) -> Any:
    return caller.client.post("/_mock/clock", json={"advance_ms": by_ms}).json()


def test_job_that_runs_grows_older_and_nothing_of_it_moves(still: Caller) -> None:
    """Its document is the same at each read; `age_ms` says when it started."""
    old, other = _make(still, age_ms=180_000), _make(still, status="complete", age_ms=600_000)
    before = [_document(still, job_id) for job_id in (old, other, PAGE_ID)]
    clock = _advance(still, 60_000)
    assert clock == {"now": "2026-03-01T12:01:00.000Z", "now_ms": NOON_MS + 60_000, "is_stopped": True}
    assert [_document(still, job_id) for job_id in (old, other, PAGE_ID)] == before
    assert [document["metrics"]["start_time"] for document in before[:2]] == [NOON_MS - 180_000, NOON_MS - 600_000]
    assert NOON_MS - 600_000 <= before[1]["metrics"]["end_time"] <= NOON_MS


@pytest.mark.parametrize("status", ["running", "paused", "complete", "incomplete"])
def test_start_of_a_job_stays_whatever_becomes_of_it(still: Caller, status: str) -> None:
    """Neither somebody else's change nor a cancel moves what happened before."""
    job_id = _make(still, status=status)
    started = [_document(still, job_id)]
    for change in ("error", "running", "complete", "paused"):
        _advance(still, 1000)
        started.append(still.client.patch(f"/_mock/jobs/{job_id}", json={"status": change}).json())
    _advance(still, 1000)
    started.append(still.cancel(job_id).json())
    assert len({(one["created"], one["metrics"]["start_time"]) for one in started}) == 1
    assert [one["last_updated"] for one in started[1:]] == [f"2026-03-01T12:00:0{n}.000Z" for n in range(1, 6)]
    assert started[3]["metrics"]["end_time"] == NOON_MS + 3000


@pytest.mark.parametrize("ends_as", ["complete", "error"])
def test_job_ends_by_itself_when_it_is_time(still: Caller, ends_as: str) -> None:
    """Then its status is the one that was asked for; a job in error can still be canceled, and its error stays."""
    job_id = _make(still, ends_in_ms=5000, ends_as=ends_as)
    _advance(still, 4999)
    assert still.status(job_id) == "running"
    _advance(still, 1)
    ended = _document(still, job_id)
    assert ended["status"] == ends_as
    assert ended["last_updated"] == "2026-03-01T12:00:05.000Z"
    _advance(still, 1000)
    canceled = still.cancel(job_id)
    if ends_as == "complete":
        assert ended["metrics"]["end_time"] == NOON_MS + 5000
        assert (canceled.status_code, _document(still, job_id)) == (409, ended)
    else:
        assert ended["error"][-1]["timestamp"] == NOON_MS + 5000
        assert (canceled.status_code, canceled.json()["error"]) == (200, ended["error"])


def test_health_tells_the_time_of_the_session(still: Caller) -> None:
    """A snapshot of it is the same in each run while the clock is stopped."""
    status = still.client.get("/health/status", headers={"Authorization": "Bearer admin"}).json()
    assert status["timestamp"] == NOON_MS


def test_somebody_else_changes_and_removes_a_job(caller: Caller) -> None:
    """`PATCH` gives it a status and a name, `DELETE` removes it; neither makes one, and POST is not allowed there."""
    changed = caller.client.patch(f"/_mock/jobs/{PAGE_ID}", json={"status": "complete", "name": "Renamed"})
    assert (changed.status_code, changed.json()["status"], changed.json()["name"]) == (200, "complete", "Renamed")
    assert caller.cancel().status_code == 409
    assert caller.client.delete(f"/_mock/jobs/{PAGE_ID}").status_code == 204
    assert caller.cancel().status_code == 404
    for method, status in [("PATCH", 404), ("DELETE", 404), ("POST", 405)]:
        response = caller.client.request(method, f"/_mock/jobs/{PAGE_ID}", json={"status": "complete"})
        assert response.status_code == status
    assert response.headers["allow"] == "DELETE, GET, HEAD, PATCH"
    assert len(caller.client.get("/_mock/jobs").json()["jobs"]) == 19


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("POST", "jobs", {"age_ms": -1}, "age_ms -1: must be a whole number from 0"),
        ("POST", "jobs", {"ends_as": "complete"}, "ends_as complete: say when, by ends_in_ms"),
        ("POST", "jobs", {"ends_in_ms": 5, "ends_as": "paused"}, "ends_as 'paused': must be one of complete, error"),
        ("POST", "jobs", {"ends_in_ms": 5, "status": "canceled"}, "a job that is canceled has ended"),
        ("PATCH", f"jobs/{PAGE_ID}", {}, "A change is an object such as"),
        ("PATCH", f"jobs/{PAGE_ID}", {"age_ms": 5}, "age_ms: no such key; a change has status, name"),
        ("PATCH", f"jobs/{PAGE_ID}", {"status": "done"}, "status 'done': must be one of running"),
        ("POST", "clock", {}, "The clock takes"),
        ("POST", "clock", {"advance_ms": -5}, "advance_ms -5: must be a whole number"),
        ("POST", "clock", {"now": "noon"}, "now 'noon': must be a time with its zone"),
        ("POST", "clock", {"now": "0001-01-01T00:00:00+23:00"}, "+23:00': must be in the years 100 to 9899"),
        ("POST", "clock", {"now": "9999-12-31T23:59:59Z"}, "must be in the years 100 to 9899"),
    ],
)
def test_what_cannot_be_done_says_why(caller: Caller, method: str, path: str, body: Any, says: str) -> None:
    """A change that is not understood is refused with the key, the value and what is allowed."""
    response = caller.client.request(method, f"/_mock/{path}", json=body)
    assert response.status_code == 400
    assert says in response.json()["detail"]


def test_clock_that_would_leave_the_years_that_can_be_written_stays(caller: Caller) -> None:
    """Clocks stand in years that documents can hold, however often they are moved on."""
    caller.client.post("/_mock/clock", json={"now": "9899-12-31T00:00:00Z"})
    moved = caller.client.post("/_mock/clock", json={"advance_ms": 86_400_000})
    assert (moved.status_code, moved.json()["detail"]) == (
        400,
        "advance_ms 86400000: the clock would stand after the year 9899. Move it on by less.",
    )
    assert caller.client.get("/_mock/clock").json()["now"] == "9899-12-31T00:00:00.000Z"


def test_clock_stops_moves_on_and_runs_again(caller: Caller) -> None:
    """It stands where it is told, for one session alone."""
    headers = {"Mock-Session": "still"}
    stopped = caller.client.post("/_mock/clock", json={"now": NOON}, headers=headers).json()
    assert stopped == {"now": NOON, "now_ms": NOON_MS, "is_stopped": True}
    canceled = caller.cancel(headers=headers).json()
    assert (canceled["last_updated"], canceled["metrics"]["end_time"]) == (NOON, NOON_MS)
    assert caller.client.get("/_mock/clock").json()["is_stopped"] is False
    running = caller.client.post("/_mock/clock", json={"now": None}, headers=headers).json()
    assert running["is_stopped"] is False


def test_sessions_are_listed_with_their_last_use(caller: Caller) -> None:
    """Each with its name, the entries of its journal, its jobs, and when it was used; and health says which process it is."""
    caller.cancel(headers={"Mock-Session": "listed-one"})
    caller.client.post("/_mock/jobs", json={"count": 3}, headers={"Mock-Session": "listed-two"})
    listed = {one.pop("name"): one for one in caller.client.get("/_mock/sessions").json()["sessions"]}
    health = caller.client.get("/_mock/health").json()
    assert health["pid"] > 0
    started = datetime.fromisoformat(health["started"])
    assert (listed["listed-one"]["entries"], listed["listed-one"]["jobs"]) == (1, 20)
    assert (listed["listed-two"]["entries"], listed["listed-two"]["jobs"]) == (0, 23)
    assert all(datetime.fromisoformat(one["last_used"]) >= started for one in listed.values())

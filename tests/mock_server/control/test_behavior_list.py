"""Armed behaviour as an ordered list, and everything that an entry of it may say."""

from threading import Thread
from time import monotonic
from typing import Any

import httpx
import pytest

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, Caller
from tests.support.eventually import eventually


def _arm(caller: Caller, *entries: dict[str, Any]) -> None:
    response = caller.client.put("/_mock/behavior", json=list(entries))
    assert response.status_code == 200, response.text


def test_entries_answer_in_their_order(caller: Caller) -> None:
    """503, 504, then 200 is two entries with `times`; each goes when it is used up."""
    _arm(caller, {"code": 503, "times": 1}, {"code": 504, "times": 2})
    assert [caller.cancel().status_code for _ in range(2)] == [503, 504]
    assert caller.client.get("/_mock/behavior").json() == {"code": 504, "times": 1}
    assert [caller.cancel().status_code for _ in range(2)] == [504, 200]
    assert caller.client.get("/_mock/behavior").json() == {}


def test_fault_of_another_path_counts_after_an_entry_for_one_job(caller: Caller) -> None:
    """A fault that serves the operation at another path does so whichever place of the list it has."""
    _arm(caller, {"code": 409, "job_id": "another"}, {"fault": "any-path-cancels"})
    headers = {"Authorization": "Bearer admin"}
    response = caller.client.post("/workflow_engine/elsewhere", headers=headers, json={"job_id": PAGE_ID})
    assert (response.status_code, caller.status()) == (200, "canceled")


def test_first_entry_that_matches_counts(caller: Caller) -> None:
    """Others are left alone, and so is one whose share a request is not in; an empty list disarms."""
    armed: list[dict[str, Any]] = [
        {"code": 403, "role": "support"},
        {"code": 418, "percentage": 0},
        {"code": 409, "job_id": PAGE_ID},
    ]
    _arm(caller, *armed)
    assert [caller.cancel(role=role).status_code for role in ("support", "admin")] == [403, 409]
    assert caller.client.get("/_mock/behavior").json() == armed
    _arm(caller)
    assert caller.cancel().status_code == 200


def test_armed_headers_stand_in_the_place_of_the_answers_own(caller: Caller) -> None:
    """On a refusal, on a success and on a body, of the cancel and of the calls around it; the journal has them."""
    _arm(
        caller,
        {"code": 503, "headers": {"Retry-After": "30", "X-Trace": "a b"}, "times": 1},
        {"code": 200, "body": [], "headers": {"content-type": "application/vnd.x+json"}, "times": 1},
        {"headers": {"ETag": '"1"'}},
        {"operation": "searchJobs", "headers": {"X-Total": "20"}},
        {"operation": "login", "code": 401, "headers": {"WWW-Authenticate": "Basic"}},
    )
    busy = caller.cancel()
    assert (busy.status_code, busy.headers.get_list("retry-after"), busy.headers["x-trace"]) == (503, ["30"], "a b")
    assert caller.cancel().headers["content-type"] == "application/vnd.x+json"
    assert caller.cancel().headers["etag"] == '"1"'
    assert (again := caller.cancel()).status_code == 409
    assert again.headers["etag"] == '"1"'
    found = caller.client.post("/workflow_engine/jobs/search", headers={"Authorization": "Bearer admin"})
    assert (found.headers["x-total"], found.headers["mock-companion"]) == ("20", "no part of the contract")
    login = caller.client.post("/login", json={"user": {"username": "admin", "password": ""}})
    assert login.headers.get_list("www-authenticate") == ["Basic"]
    assert ["retry-after", "30"] in caller.journal()[0]["answer"]["headers"]
    assert caller.client.get("/_mock/behavior").json()[0] == {"headers": {"ETag": '"1"'}}


def test_delete_disarms(caller: Caller) -> None:
    """`DELETE /_mock/behavior` is the same as to arm nothing."""
    caller.arm(code=503)
    assert caller.client.delete("/_mock/behavior").status_code == 204
    assert (caller.client.get("/_mock/behavior").json(), caller.cancel().status_code) == ({}, 200)


@pytest.mark.parametrize("profile", [None, "icode"])
def test_situation_is_refused_as_it_would_be(caller: Caller, profile: str | None) -> None:
    """With the sentence of the situation, in the form of a profile, a status as a number where the form has one."""
    _arm(caller, {"situation": "not-active", **({"profile": profile} if profile else {})})
    armed = caller.cancel()
    sentence = f"The job {PAGE_ID} is no longer active."
    if profile is None:
        assert (armed.status_code, armed.json()["detail"], armed.json()["status"]) == (409, sentence, 409)
    else:
        error = armed.json()["IAPerror"]
        assert (armed.status_code, error["displayString"], error["code"]) == (500, sentence, 500)
    assert caller.status() == "running"


def test_example_and_body_are_answered(caller: Caller) -> None:
    """An example of the specification; a body with a status, which leaves the job alone where that is a refusal."""
    _arm(
        caller,
        {"example": "sparse", "times": 1},
        {"code": 409, "body": {"error": "gone"}, "times": 1},
        {"code": 200, "body": [1, {}], "times": 1},
    )
    (other,) = caller.client.post("/_mock/jobs", json={}).json()["job_ids"]
    sparse, refused = caller.cancel(), caller.cancel(other)
    assert (sparse.status_code, refused.status_code, refused.json()) == (200, 409, {"error": "gone"})
    assert sparse.json() != caller.client.get(f"/_mock/jobs/{PAGE_ID}").json()
    assert caller.status(other) == "running"
    accepted = caller.cancel(other)
    assert (accepted.status_code, accepted.json(), caller.status(other)) == (200, [1, {}], "canceled")
    assert caller.journal()[-1]["status"] == 200


def test_delay_before_the_effect_lets_somebody_be_faster(mock: RunningMock, caller: Caller) -> None:
    """While the cancel waits, somebody else changes the job: it is refused then."""
    caller.arm(latency_before_ms=1500)
    answers: list[int] = []

    def cancel() -> None:
        with httpx.Client(base_url=mock.url, trust_env=False) as client:
            answers.append(Caller(client).cancel().status_code)

    started, mine = monotonic(), Thread(target=cancel)
    mine.start()
    eventually(lambda: caller.client.get("/_mock/metrics").status_code == 200)
    caller.client.patch(f"/_mock/jobs/{PAGE_ID}", json={"status": "complete"})
    mine.join()
    assert (answers, monotonic() - started >= 1.5) == ([409], True)


def test_login_is_slow_and_fails_as_armed(caller: Caller) -> None:
    """By its name; the cancel is not meant."""
    login = {"user": {"username": "admin", "password": "x"}}
    _arm(caller, {"operation": "login", "latency_ms": 300, "times": 1}, {"operation": "login", "code": 503})
    started = monotonic()
    assert caller.client.post("/login", json=login).status_code == 200
    assert monotonic() - started >= 0.3
    assert caller.client.post("/login", json=login).status_code == 503
    assert caller.cancel().status_code == 200


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"code": 503}, {"code": 7}], "Entry 2: code 7: must be a status"),
        ([{}], "Entry 1 is empty"),
        ([{"situation": "sleepy"}], "Entry 1: situation 'sleepy': no such situation; there are no-credential"),
        ([{"profile": "mine"}], "Entry 1: profile 'mine': no such profile; there are all-500"),
        ([{"example": "huge"}], "Entry 1: example 'huge': no such example; there are"),
        ([{"operation": "whoami", "example": "sparse"}], "there are none here"),
        ([{"body": {}}], "Entry 1: body: say with which status, by code"),
        ([{"code": 500}] * 101, "at most 100 behaviours, and this one 101"),
        ([{"operation": ["x"]}], "Entry 1: operation ['x']: no such operation; there are cancelJob"),
    ],
)
def test_list_that_cannot_be_armed_says_which_entry(caller: Caller, entries: Any, says: str) -> None:
    """With its number, the key, the value and what is allowed."""
    response = caller.client.put("/_mock/behavior", json=entries)
    assert response.status_code == 400
    assert says in response.json()["detail"]


def test_mock_in_process_is_armed_by_a_list(mock: RunningMock, caller: Caller) -> None:
    """`behave` takes entries in order as it takes keywords for one."""
    mock.behave({"code": 503, "times": 1}, {"code": 504, "times": 1})
    assert [caller.cancel().status_code for _ in range(3)] == [503, 504, 200]

"""The control API: jobs, reset, journal, health and metrics, and who may use it."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import SettingsError
from tests.support.caller import PAGE_ID, ROUTE, Caller


def test_jobs_are_made_and_listed(caller: Caller) -> None:
    """Jobs are made running unless said otherwise, and listed with id, status and name."""
    made = caller.client.post("/_mock/jobs", json={"count": 3}).json()["job_ids"]
    paused = caller.client.post("/_mock/jobs", json={"job_id": "j1", "status": "paused", "name": "Mine ✓"})
    caller.client.post("/_mock/jobs", json={"job_id": "j2", "status": "complete"})
    assert (paused.status_code, paused.json()) == (201, {"job_ids": ["j1"]})
    listed = {job["job_id"]: job for job in caller.client.get("/_mock/jobs").json()["jobs"]}
    assert len(listed) == 20 + 5
    assert PAGE_ID in listed
    assert [listed[job_id]["status"] for job_id in made] == ["running"] * 3
    assert listed["j1"] == {"job_id": "j1", "status": "paused", "name": "Mine ✓"}
    active = {job["job_id"] for job in caller.client.get("/_mock/jobs", params={"status": "active"}).json()["jobs"]}
    assert "j1" in active
    assert "j2" not in active


def test_list_of_jobs_with_a_limit_is_cut(caller: Caller) -> None:
    """`limit` counts the jobs of the status that is asked for, and must be a number."""
    caller.client.post("/_mock/jobs", json={"count": 3, "status": "paused"})
    for query, count in (("limit=2", 2), ("limit=0", 0), ("status=paused&limit=5", 3)):
        assert len(caller.client.get(f"/_mock/jobs?{query}").json()["jobs"]) == count
    refused = caller.client.get("/_mock/jobs?limit=few")
    assert (refused.status_code, refused.json()["detail"]) == (400, "limit=few: must be a whole number, 0 or more.")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("jobs?state=active", "state: no such parameter of the query; there are status, limit."),
        ("jobs?limit=2&Status=paused", "Status: no such parameter of the query; there are status, limit."),
        ("requests?last=5", "last: no such parameter of the query; there are limit, since."),
        ("requests?limit=-1", "limit=-1: must be a whole number, 0 or more."),
    ],
)
def test_lists_with_a_misspelt_query_are_refused(caller: Caller, path: str, says: str) -> None:
    """Nobody takes the whole list for the part that was asked for."""
    refused = caller.client.get(f"/_mock/{path}")
    assert (refused.status_code, refused.json()["detail"]) == (400, says)


@pytest.mark.parametrize("path", ["jobs?limit=1&token=admin", "requests?_=1700000000"])
def test_lists_take_what_clients_add_to_each_query(caller: Caller, path: str) -> None:
    """A token, and the number by which clients get past a cache, ask for nothing else."""
    assert caller.client.get(f"/_mock/{path}").status_code == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{code:503}", "line 1 column 2 (char 1). No quotation mark arrived; a shell may have taken them."),
        (b"'{code:503}'", "No quotation mark arrived; a shell may have taken them."),
        (b'{"code": 503', "The body is not well-formed JSON: unexpected end of data: line 1 column 13 (char 12)."),
        ('{"code": "ü"}'.encode("latin-1"), "The body is not well-formed JSON: it is not UTF-8."),
    ],
)
@pytest.mark.parametrize(
    "path", ["_mock/behavior", "workflow_engine/jobs/search", "workflow_engine/cancelJob", "login"]
)
def test_a_body_that_is_not_json_says_why(caller: Caller, path: str, body: bytes, says: str) -> None:
    """Control API, operation, companions and login say the same: where it breaks, and what may have broken it."""
    method = "PUT" if path == "_mock/behavior" else "POST"
    headers = {"Content-Type": "application/json", "Authorization": "Bearer admin"}
    refused = caller.client.request(method, f"/{path}", content=body, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["detail"].endswith(says)


@pytest.mark.parametrize(
    ("job_id", "session", "says"),
    [
        ("nope", None, "There is no job nope."),
        ("nope", "anna", "There is no job nope in the session anna."),
        (f"{PAGE_ID} ", None, f"There is no job {PAGE_ID} : there are blanks around its id."),
        (
            "{{job_id}}",
            "anna",
            "There is no job {{job_id}} in the session anna: its id is a variable that was not filled in.",
        ),
        ("${id}", None, "There is no job ${id}: its id is a variable that was not filled in."),
        ("x" * 90, None, f"There is no job {'x' * 80}…."),
    ],
)
def test_a_job_that_is_not_there_is_told_with_what_may_be_wrong(
    caller: Caller, job_id: str, session: str | None, says: str
) -> None:
    """The cancel, the details and the control API say the same: most of all in which session it was looked for."""
    headers = {"Authorization": "Bearer admin", **({"Mock-Session": session} if session else {})}
    path = quote(job_id, safe="")
    answers = [
        caller.client.post("/workflow_engine/cancelJob", json={"job_id": job_id}, headers=headers),
        caller.client.get(f"/workflow_engine/job/{path}/details", headers=headers),
        caller.client.get(f"/_mock/jobs/{path}", headers=headers),
        caller.client.patch(f"/_mock/jobs/{path}", json={"status": "complete"}, headers=headers),
        caller.client.delete(f"/_mock/jobs/{path}", headers=headers),
    ]
    assert [(answer.status_code, answer.json()["detail"]) for answer in answers] == [(404, says)] * 5


def test_a_job_is_shown_whole(caller: Caller) -> None:
    """One job is its whole document, before and after its cancel, and the cancel's answer is that document."""
    before = caller.client.get(f"/_mock/jobs/{PAGE_ID}").json()
    answered = caller.cancel().json()
    after = caller.client.get(f"/_mock/jobs/{PAGE_ID}").json()
    assert (before["_id"], before["status"], before["name"]) == (PAGE_ID, "running", answered["name"])
    assert after == answered
    assert caller.client.get("/_mock/jobs/nope").status_code == 404


def test_tasks_sets_the_size_of_a_document(caller: Caller) -> None:
    """`tasks` is the number of tasks of the jobs made."""
    (job_id,) = caller.client.post("/_mock/jobs", json={"tasks": 40}).json()["job_ids"]
    assert len(caller.cancel(job_id).json()["tasks"]) == 40


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"count": -1}, 400, "count -1: must be a whole number from 0 to 1000000"),
        ({"count": 1_000_001}, 400, "from 0 to 1000000"),
        ({"count": "2"}, 400, "count '2'"),
        ({"count": True}, 400, "count True"),
        ({"status": "sleeping"}, 400, "status 'sleeping': must be one of running"),
        ({"tasks": 2}, 400, "tasks 2: must be a whole number from 3 to 2000"),
        ({"job_id": ""}, 400, "job_id ''"),
        ({"job_id": "a", "count": 2}, 400, "one job has one job_id"),
        ({"name": 5}, 400, "name 5"),
        ({"jobs": 5}, 400, "jobs: no such key; jobs have count"),
        ([], 400, "Jobs are described by an object"),
        ({"job_id": PAGE_ID}, 409, "there is a job with that id"),
    ],
)
def test_what_cannot_be_made_says_why(caller: Caller, body: Any, status: int, says: str) -> None:
    """A job that cannot be made is refused with the key, the value and what is allowed."""
    answer = caller.client.post("/_mock/jobs", json=body)
    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_reset_restores_the_start(caller: Caller) -> None:
    """Reset brings back the jobs, empties the journal, disarms, and mints the same ids again."""
    start = caller.client.get("/_mock/jobs").json()
    minted = caller.client.post("/_mock/jobs", json={"count": 2}).json()
    caller.cancel()
    caller.arm(code=409)
    assert caller.client.post("/_mock/reset").status_code == 204
    assert caller.client.get("/_mock/jobs").json() == start
    assert caller.journal() == []
    assert caller.client.get("/_mock/behavior").json() == {}
    assert caller.client.post("/_mock/jobs", json={"count": 2}).json() == minted
    assert caller.cancel().status_code == 200
    assert caller.journal()[-1]["number"] == 1


def test_the_journal_says_why(caller: Caller) -> None:
    """An entry holds the request, the role, the answer and the reason for a refusal; the newest is last."""
    caller.cancel(role="support")
    caller.cancel(role="apiread")
    caller.client.post(ROUTE, json={"job_id": "x"})
    granted, refused, anonymous = caller.journal()
    assert (granted["role"], granted["status"], granted["reason"], granted["job_id"]) == ("support", 200, None, PAGE_ID)
    assert granted["request"]["method"] == "POST"
    assert granted["request"]["path"] == ROUTE
    assert PAGE_ID in granted["request"]["body"]
    assert granted["answer"]["body"].startswith('{"_id"')
    assert (refused["role"], refused["status"], refused["situation"]) == ("apiread", 403, "other-role")
    assert "apiread may not cancel" in refused["reason"]
    assert (anonymous["role"], anonymous["status"], anonymous["credential"]) == (None, 401, "none")
    assert [entry["number"] for entry in (granted, refused, anonymous)] == [1, 2, 3]


def test_the_journal_is_read_in_parts(caller: Caller) -> None:
    """`limit` and `since` choose entries, DELETE empties the journal, and numbers go on."""
    for _ in range(5):
        caller.cancel("x")
    assert [entry["number"] for entry in caller.journal(limit=2)] == [4, 5]
    assert [entry["number"] for entry in caller.journal(since=3)] == [4, 5]
    assert caller.client.get("/_mock/requests", params={"limit": "x"}).status_code == 400
    assert caller.client.delete("/_mock/requests").status_code == 204
    caller.cancel("x")
    assert [entry["number"] for entry in caller.journal()] == [6]


def test_the_journal_keeps_what_it_may() -> None:
    """--journal is the number of entries kept; the oldest go first."""
    with running_mock(Settings(journal=3)) as mock:
        for number in range(5):
            httpx.post(mock.url + ROUTE, json={"job_id": str(number)})
        assert [entry["number"] for entry in mock.requests()] == [3, 4, 5]


def test_the_journal_holds_no_secret() -> None:
    """A token shows nowhere in the journal: not in headers, cookies, queries, bodies, reasons or answers."""
    secret = "tOpSecret=="
    with running_mock(Settings(tokens={secret: "support", "other-secret": "admin"})) as mock:
        url = mock.url + ROUTE
        sent: Any = {"json": {"job_id": "x", "token": secret, "note": f"my token is {secret}"}}
        httpx.post(url, headers={"Authorization": f"Bearer {secret}"}, **sent)
        httpx.post(url, headers={"Authorization": f"Basic {secret}"}, **sent)
        httpx.post(url, auth=("support", secret), **sent)
        httpx.post(url, headers={"Cookie": f"token={secret}; session=abc; Mock-Session=s"}, **sent)
        httpx.post(url, params={"token": secret}, **sent)
        httpx.post(url, headers={"X-Api-Key": secret, "Authorization": f"Bearer {secret}"}, **sent)
        login = httpx.post(mock.url + "/login", json={"user": {"username": "support", "password": secret}})
        assert login.text == secret
        shown = str(mock.requests()) + str(mock.requests(session="s"))
    assert shown.count("'number'") == 7
    for part in ("tOpSecret", "dE9wU2VjcmV0", "abc", secret):
        assert part not in shown


def test_sessions_do_not_meet(caller: Caller) -> None:
    """A session has jobs, journal and behaviour of its own, and starts as the mock started."""
    one, two = {"Mock-Session": "one"}, {"Cookie": "Mock-Session=two"}
    assert caller.cancel(headers=one).status_code == 200
    assert caller.cancel(headers=one).status_code == 409
    assert caller.cancel(headers=two).status_code == 200
    assert caller.cancel().status_code == 200
    caller.client.put("/_mock/behavior", json={"code": 418}, headers=one)
    assert [caller.cancel("x", headers=headers).status_code for headers in (one, two, {})] == [418, 404, 404]
    assert len(caller.client.get("/_mock/requests", headers=one).json()["requests"]) == 3
    assert len(caller.journal()) == 2
    caller.client.post("/_mock/reset", headers=one)
    assert caller.status(session="one") == "running"
    assert caller.status(session="two") == "canceled"
    assert caller.status() == "canceled"


@pytest.mark.parametrize("name", ["", "a b", "x" * 101, "a/b"])
def test_a_session_has_a_plain_name(caller: Caller, name: str) -> None:
    """A name that no session can have is a 400 that says what is allowed."""
    answer = caller.cancel(headers={"Mock-Session": name})
    assert answer.status_code == 400
    assert "Mock-Session takes" in answer.json()["detail"]
    assert caller.client.get("/_mock/jobs", headers={"Mock-Session": name}).status_code == 400


def test_health_and_metrics(caller: Caller) -> None:
    """Health is 200 when requests are served; metrics count answers by status and reason."""
    caller.cancel()
    caller.cancel(role="apiread")
    assert caller.client.get("/_mock/health").json()["status"] == "ready"
    metrics = caller.client.get("/_mock/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'mock_engine_requests_total{status="403",refused="other-role"}' in metrics.text
    assert "mock_engine_request_seconds_count" in metrics.text
    assert "mock_engine_jobs " in metrics.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/_mock/nope", 404),
        ("GET", "/_mock/", 404),
        ("GET", "/_mock/reset", 405),
        ("POST", "/_mock/behavior", 405),
        ("DELETE", "/_mock/jobs", 405),
        ("GET", "/_mock/requests/5", 404),
    ],
)
def test_what_the_control_api_has_not(caller: Caller, method: str, path: str, status: int) -> None:
    """Unknown resources and methods are 404 and 405, and say what there is."""
    answer = caller.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert ("allow" in answer.headers) == (status == 405)


def test_wrong_method_is_405_with_those_allowed(caller: Caller) -> None:
    """The header Allow and the reason name the methods of the path."""
    answer = caller.client.put("/_mock/requests")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD")
    assert answer.json()["detail"] == "/_mock/requests takes DELETE, GET, HEAD."


def test_job_with_slashes_in_its_id_is_shown(caller: Caller) -> None:
    """Everything behind `jobs/` is the id."""
    caller.client.post("/_mock/jobs", json={"job_id": "a/b", "name": "Mine"})
    assert caller.client.get("/_mock/jobs/a/b").json()["name"] == "Mine"
    assert caller.client.head("/_mock/jobs/a/b").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "evil.example:4010"},
        {"Host": "127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_the_control_api_is_closed_to_pages(caller: Caller, headers: dict[str, str]) -> None:
    """Pages of other origins, localhost included, and names that DNS may have rebound are turned away, unread."""
    for method, path, body in (("GET", "/_mock/requests", None), ("PUT", "/_mock/behavior", {"code": 500})):
        answer = caller.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    assert caller.client.get("/_mock/behavior").json() == {}


def test_the_control_api_takes_json_alone(caller: Caller) -> None:
    """What a form of a page can send is 415."""
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = caller.client.put("/_mock/behavior", content=b'{"code": 500}', headers={"Content-Type": media})
        assert answer.status_code == 415
    assert (
        caller.client.put("/_mock/behavior", content=b"{", headers={"Content-Type": "application/json"}).status_code
        == 400
    )


def test_the_mocks_own_page_may(mock: RunningMock, caller: Caller) -> None:
    """A page that the mock itself served uses the control API."""
    headers = {"Origin": mock.url, "Sec-Fetch-Site": "same-origin"}
    assert caller.client.post("/_mock/reset", headers=headers).status_code == 204


def test_control_origin_opens_it() -> None:
    """--control-origin lets a page of that origin in, with the CORS headers that it needs."""
    origin = "https://tests.example"
    with running_mock(Settings(control_origins=(origin,))) as mock:
        preflight = httpx.options(
            f"{mock.url}/_mock/behavior", headers={"Origin": origin, "Access-Control-Request-Method": "PUT"}
        )
        assert preflight.status_code == 204
        assert "PUT" in preflight.headers["access-control-allow-methods"]
        answer = httpx.get(f"{mock.url}/_mock/jobs", headers={"Origin": origin})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert httpx.get(f"{mock.url}/_mock/jobs", headers={"Origin": "https://other.example"}).status_code == 403


def test_control_token_is_asked_for() -> None:
    """With --control-token nobody gets in without it; health and metrics stay open for probes."""
    with running_mock(Settings(control_token="k3y")) as mock:
        jobs = f"{mock.url}/_mock/jobs"
        assert httpx.get(jobs).status_code == 403
        assert httpx.get(jobs, headers={"Authorization": "Bearer nope"}).status_code == 403
        assert httpx.get(jobs, headers={"Authorization": "Bearer k3y"}).status_code == 200
        assert httpx.get(jobs, headers={"Mock-Control-Token": "k3y"}).status_code == 200
        assert httpx.get(f"{mock.url}/_mock/health").status_code == 200


def test_a_hundred_thousand_jobs_are_made_in_one_call(caller: Caller) -> None:
    """Jobs are made by the hundred thousand; each is active and has an id of its own."""
    made = caller.client.post("/_mock/jobs", json={"count": 100_000}, timeout=60).json()["job_ids"]
    assert len(set(made)) == 100_000
    assert caller.cancel(made[-1]).status_code == 200


def test_an_empty_control_token_is_refused() -> None:
    """A variable that is not set leaves nothing open."""
    with pytest.raises(SettingsError, match="--control-token: it is empty"), running_mock(Settings(control_token="")):
        pass

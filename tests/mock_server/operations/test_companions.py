"""The calls around a cancel: who may, what they take of the mock's abilities, and that they are no part of the contract."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from operator import itemgetter
from time import thread_time
from typing import Any, cast

import httpx
import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from engine_contract.contract import load_contract
from mock_server import Settings
from mock_server.jobs.job import State
from mock_server.operations.companions import companions
from mock_server.operations.credentials import Credentials, wrong_credential
from mock_server.operations.job_search import Edits, read_search, search_jobs
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import SettingsError, check_settings, read_users
from mock_server.store.jobs import Jobs
from tests.support.caller import PAGE_ID, ROUTE, Caller

MARK = "no part of the contract"
ALL = companions(load_contract().roles)
LOGIN = {"user": {"username": "admin@pronghorn", "password": "any"}}


def _send(client: httpx.Client, operation: Any, role: str | None, **headers: str) -> httpx.Response:
    path = operation.path.replace("{workflow}", "Backup").replace("{id}", PAGE_ID)
    if role is not None:
        headers["Authorization"] = f"Bearer {role}"
    form = {"grant_type": "client_credentials", "client_id": "support"} if operation.name == "oauthToken" else None
    login = LOGIN if operation.name == "login" else None
    response = client.request(operation.method, path, headers=headers, data=form, json=login)
    client.cookies.clear()
    return response


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
def test_companion_is_marked_and_asks_for_a_credential(caller: Caller, operation: Any) -> None:
    """Each says that it is no part of the contract, refusals included; only the four roles start jobs."""
    answers = [_send(caller.client, operation, role) for role in ("support", "apiread", "nobody", None)]
    assert {answer.headers["mock-companion"] for answer in answers} == {MARK}
    if operation.name in {"login", "oauthToken"}:
        assert [answer.status_code for answer in answers] == [200] * 4
    else:
        assert [answer.status_code for answer in answers] == [200, 403 if operation.roles else 200, 401, 401]


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.name)
def test_companion_takes_what_the_operation_takes(caller: Caller, operation: Any) -> None:
    """`Prefer`, armed behaviour, CORS and the journal; what is armed for it leaves the cancel alone."""
    asked = _send(caller.client, operation, "admin", Prefer="code=503", Origin="http://localhost:5173")
    assert (asked.status_code, asked.headers["preference-applied"]) == (503, "code=503")
    assert asked.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert caller.arm(operation=operation.name, code=502, times=1).status_code == 200
    assert caller.cancel().status_code == 200
    assert _send(caller.client, operation, "admin").status_code == 502
    with pytest.raises(httpx.ReadError):
        _send(caller.client, operation, "admin", Prefer="fault=reset")
    assert [entry["status"] for entry in caller.journal()][:3] == [503, 200, 502]


def test_path_is_read_as_such_engines_read_it(caller: Caller) -> None:
    """The case and a slash at the end do not matter there, and do at the contract's own path."""
    for path in ("/Login/", "/LOGIN", "/login/"):
        assert caller.client.post(path, json=LOGIN).status_code == 200
    headers = {"Authorization": "Bearer admin"}
    assert caller.client.get(f"/Workflow_Engine/JOB/{PAGE_ID}/Details/", headers=headers).json()["_id"] == PAGE_ID
    assert caller.client.post(f"{ROUTE}/", json={"job_id": PAGE_ID}).status_code == 404
    wrong = caller.client.get("/workflow_engine/startJob/Backup", headers=headers)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


def test_started_job_is_one_of_the_mock(caller: Caller) -> None:
    """It is named after its workflow, shown whole by three calls, and canceled once."""
    headers = {"Authorization": "Bearer apiwrite"}
    started = caller.client.post("/workflow_engine/startJob/A%20%C3%BC%2Fb", headers=headers).json()
    assert (started["name"], started["status"]) == ("A ü/b", "running")
    job_id = started["_id"]
    for path in (f"job/{job_id}/details", f"getJobShallow/{job_id}", f"getJobDeep/{job_id}"):
        assert caller.client.get(f"/workflow_engine/{path}", headers=headers).json() == started
    canceled = caller.cancel(job_id).json()
    assert caller.client.get(f"/workflow_engine/getJobDeep/{job_id}", headers=headers).json() == canceled
    unknown = caller.client.get("/workflow_engine/getJobDeep/none", headers=headers)
    assert (unknown.status_code, unknown.json()["situation"]) == (404, "unknown-job")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["a", "B", "c"]),
        ({"sort": {"name": -1}}, ["c", "a", "B"]),
        ({"sort": {"metrics.start_time": 1}}, ["c", "B", "a"]),
        ({"query": {"status": {"$in": ["paused", "error"]}}, "sort": {"status": 1}}, ["c", "B"]),
        ({"query": {"status": {"$ne": "error"}, "name": {"$regex": "[A-C]", "$options": "i"}}, "skip": 1}, ["B"]),
        ({"query": {"metrics.start_time": {"$lt": 1}}}, []),
        ({"query": {"metrics.end_time": {"$exists": True}}}, []),
        ({"limit": 1}, ["a"]),
    ],
)
def test_search_finds_jobs(options: dict[str, Any], names: list[str]) -> None:
    """By equality and operators, on fields of documents too, in an order, a part of them; `total` counts all that match."""
    with running_mock(Settings(jobs=0)) as mock, httpx.Client(base_url=mock.url, trust_env=False) as client:
        for name, status, age_ms in (("a", "running", 0), ("B", "paused", 10_000), ("c", "error", 20_000)):
            mock.add_jobs(1, name=name, status=status, age_ms=age_ms)
        headers = {"Authorization": "Bearer apiread"}
        found = client.post("/workflow_engine/jobs/search", json={"options": options}, headers=headers).json()
    assert [one["name"] for one in found["results"]] == names
    assert found["total"] == len(names) + options.get("skip", 0) + (2 if "limit" in options else 0)


def test_search_shows_the_fields_that_are_asked_for(caller: Caller) -> None:
    """A field within another may be shown or left out alone."""

    def found(**fields: int) -> dict[str, Any]:
        body = {"options": {"fields": fields, "limit": 1}}
        response = caller.client.post("/workflow_engine/jobs/search?token=admin", json=body)
        return cast("dict[str, Any]", response.json()["results"][0])

    whole = found()
    assert found(**{"metrics.start_time": 1, "name": 1}) == {
        "_id": whole["_id"],
        "name": whole["name"],
        "metrics": {"start_time": whole["metrics"]["start_time"]},
    }
    metrics = {key: value for key, value in whole["metrics"].items() if key != "start_time"}
    assert found(**{"metrics.start_time": 0, "tasks": 0, "name.x": 0}) == {
        key: value for key, value in {**whole, "metrics": metrics}.items() if key != "tasks"
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"where": 1}, "where: no such option; there are fields, limit, query, skip, sort"),
        ({"query": {"name": {"$near": 1}}}, "name.$near: no such operator; there are $regex"),
        ({"query": {"name": {"$regex": "("}}}, "name.$regex: is not a regular expression"),
        ({"query": {"$or": [{"name": "a"}]}}, "query.$or: no such operator; a query has fields of jobs"),
        ({"query": {"name": {"$options": "i"}}}, "name.$options: belongs to $regex, which is not there"),
        ({"limit": -1}, "options.limit: must be a whole number"),
        ({"query": []}, "options.query: must be an object"),
        ({"query": {"name": {"$regex": "a" * 201}}}, "name.$regex: must be a string of at most 200 characters"),
        ({"query": {"name": {"$regex": 5}}}, "name.$regex: must be a string of at most 200 characters"),
        ({"query": {"name": {"$regex": "((a{99}){99}){99}"}}}, "name.$regex: is not a regular expression"),
        ({"query": {f"a{n}": {"$regex": "x" * 199} for n in range(11)}}, "2189 characters of $regex in all"),
        ({"query": {f"a{n}": 1 for n in range(40)}, "sort": {f"a{n}": 1 for n in range(11)}}, "at most 50"),
        (
            {"query": {"name": dict.fromkeys(map(str, range(51)), 1)}},
            "51 places and operators in query, sort and fields",
        ),
        ({"fields": {f"a{n}": 1 for n in range(51)}}, "51 places and operators"),
        ({"sort": {"name": {}}}, "sort.name: must be 1, -1, asc or desc"),
        ({"fields": {"name": {"$slice": 1}}}, "fields.name: must be 0 or 1"),
        ({"sort": {"a" * 201: 1}}, "201 characters; a place has at most 200"),
    ],
)
def test_search_that_is_not_understood_is_refused(caller: Caller, options: Any, says: str) -> None:
    """Nobody takes jobs for found that were not looked for."""
    response = caller.client.post(
        "/workflow_engine/jobs/search", json={"options": options}, headers={"Authorization": "Bearer admin"}
    )
    assert (response.status_code, response.json()["situation"]) == (400, "bad-parameter")
    assert says in response.json()["detail"]


@pytest.mark.parametrize(
    "place", ["cancelJob", "jobs/search", "startJob/x", "startJobWithOptions/x", "/login", "/logout"]
)
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_body_of_a_page_of_another_site_must_be_json(caller: Caller, place: str, media: str | None) -> None:
    """A page may send these types, and a body without one, without the browser asking; the mock reads JSON alone."""
    path = place if place.startswith("/") else f"/workflow_engine/{place}"
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"} | (
        {"Content-Type": media} if media else {}
    )
    answer = caller.client.post(f"{path}?token=admin", content=b'{"job_id": "x"}', headers=headers)
    assert (answer.status_code, answer.json()["situation"]) == (415, "unsupported-media-type")


def test_program_may_leave_the_type_of_its_body_out(caller: Caller) -> None:
    """It says nothing of an origin; an empty body may have any type."""
    right = caller.client.post("/login", content=b'{"user": {"username": "admin", "password": "x"}}')
    started = caller.client.post("/workflow_engine/startJob/x?token=admin", headers={"Content-Type": "text/plain"})
    assert (right.status_code, started.status_code) == (200, 200)


def test_search_of_many_jobs_lets_others_be_served() -> None:
    """Jobs are sorted by several places as one sort has them, in either direction; `$in` looks values up in a set."""
    jobs = [(str(n), State(status="running", name=f"{n * 7919 % 500}")) for n in range(20_000)]

    class Listed:
        async def jobs(self, _session: str, _statuses: None) -> AsyncIterator[tuple[str, State]]:
            for job in jobs:
                yield job

        async def get(self, _session: str, job_id: str) -> State:
            return jobs[int(job_id)][1]

    async def search() -> tuple[dict[str, Any], float]:
        query = {"name": {"$in": [*map(str, range(100_000)), {}]}, "status": {"$nin": [[], None]}}
        options = {"query": query, "sort": {"status": 1, "name": -1, "_id": 1}, "fields": {"name": 1}, "limit": 3}
        wanted = read_search({"options": options})
        asked = asyncio.ensure_future(search_jobs(cast("Jobs", Listed()), "", wanted, Edits(), seed=1))
        longest_s = 0.0
        while not asked.done():
            since = thread_time()
            await asyncio.sleep(0)
            longest_s = max(longest_s, thread_time() - since)
        return asked.result(), longest_s

    found, longest_s = asyncio.run(search())
    expected = sorted(sorted(jobs, key=itemgetter(0)), key=lambda job: job[1].name or "", reverse=True)
    assert [one["_id"] for one in found["results"]] == [job_id for job_id, _ in expected[:3]]
    assert found["total"] == 20_000
    assert longest_s < 0.3


def test_companions_are_described_for_generated_types(caller: Caller) -> None:
    """`/_mock/openapi.json` has each of them, marked, and what it says of a search is true."""
    document = caller.client.get("/_mock/openapi.json").json()
    validate(document)
    for operation in ALL:
        described = document["paths"][operation.path][operation.method.lower()]
        assert described["x-companion"] is True
        assert "The contract has no such call" in described["description"]
    found = caller.client.post(
        "/workflow_engine/jobs/search", json={"options": {"limit": 2}}, headers={"Authorization": "Bearer admin"}
    ).json()
    schema = {"$ref": "#/components/schemas/FoundJobs", "components": document["components"]}
    assert jsonschema_rs.is_valid(schema, found)
    assert not jsonschema_rs.is_valid(schema, {"results": []})


def test_contract_only_leaves_them_out() -> None:
    """All of them are 404, and are not described; the cancel is there."""
    with (
        running_mock(Settings(contract_only=True, base_path="/base")) as mock,
        httpx.Client(base_url=mock.url, trust_env=False) as client,
    ):
        refused = [_send(client, operation, "admin") for operation in ALL]
        assert {answer.status_code for answer in refused} == {404}
        assert all(answer.json()["detail"].endswith(": --contract-only leaves it out.") for answer in refused)
        nothing = client.get("/workflow_engine/nothing").json()["detail"]
        assert nothing.endswith("; there is POST /base/workflow_engine/cancelJob.")
        described = httpx.get(mock.url.removesuffix("/base") + "/_mock/openapi.json", trust_env=False).json()
        assert not set(described["paths"]) & {operation.path for operation in ALL}
        assert Caller(client).cancel().status_code == 200


@pytest.fixture(scope="module")
def opaque() -> Iterator[RunningMock]:
    """A mock with users, whose tokens end."""
    users = {"alice@example": ("w\u00f6nder", "support"), "reader": ("reads", "apiread")}
    with running_mock(Settings(users=users, token_lifetime=59.5)) as mock:
        yield mock


@pytest.fixture
def client(opaque: RunningMock) -> Iterator[httpx.Client]:
    opaque.reset()
    with httpx.Client(base_url=opaque.url, trust_env=False) as client:
        yield client


def _log_in(client: httpx.Client) -> str:
    token = client.post("/login", json={"user": {"username": "alice@example", "password": "w\u00f6nder"}}).text
    client.cookies.clear()
    return token


def test_only_tokens_of_logins_count_where_there_are_users(client: httpx.Client) -> None:
    """They are new each time, and travel in every way; a role's name is not a token, and passwords count."""
    first, second = _log_in(client), _log_in(client)
    assert first != second
    assert client.get("/whoami", headers={"Authorization": f"Bearer {first}"}).json()["username"] == "alice@example"
    assert client.get(f"/whoami?token={second}").status_code == 200
    assert client.get("/whoami", auth=("alice@example", "w\u00f6nder")).json()["roles"] == ["support"]
    assert client.get("/whoami", auth=("alice@example", "wrong")).status_code == 401
    assert client.get("/whoami", headers={"Authorization": "Bearer support"}).status_code == 401
    assert first not in client.get("/_mock/requests").text


@pytest.mark.parametrize(
    ("settings", "bearer", "basic"),
    [
        (Settings(), "the names of roles: admin, engineering", "admin@pronghorn, with any password."),
        (Settings(tokens={"s3cret": "support"}), "those of --tokens.", "the roles of --tokens"),
        (Settings(users={"alice": ("w", "admin")}), "those that POST /login answers", "those of --users."),
        (Settings(token_lifetime=60), "those that POST /login answers", "admin@pronghorn, with any password."),
    ],
)
def test_wrong_credential_is_told_what_is_right_here(settings: Settings, bearer: str, basic: str) -> None:
    """The refusal says which tokens or users this mock has, and names none that is somebody's own."""
    credentials = Credentials(settings, ["admin", "engineering"])
    said = [
        wrong_credential(credentials.read({b"authorization": header}, b"")).detail
        for header in (b"Bearer Admin", b"Basic Ym9iOng=")
    ]
    assert f"Tokens here are {bearer}" in said[0]
    assert "Users here are" in said[1]
    assert basic in said[1]
    assert not any(own in text for own in ("alice", "s3cret") for text in said)


def test_cookie_that_another_page_set_is_named(caller: Caller) -> None:
    """A page at another port of the host can have set it, and nobody looks for it there."""
    for sent, is_named in [({"Cookie": "token=eyJhbGci"}, True), ({"Authorization": "Bearer eyJhbGci"}, False)]:
        detail = caller.client.get("/whoami", headers=sent).json()["detail"]
        assert ("It came in the cookie token" in detail) == is_named


_MALFORMED = "Basic carries USER:PASSWORD in base64"


@pytest.mark.parametrize(
    ("sent", "why"), [(b"Basic YWRtaW4=", _MALFORMED), (b"Basic admin:x", _MALFORMED), (b"Basic", "is empty")]
)
def test_basic_that_is_malformed_is_told_so(sent: bytes, why: str) -> None:
    """A user without a colon, as some generated clients send a token, and what is not base64 are no credential."""
    credential = Credentials(Settings(), ["admin"]).read({b"authorization": sent}, b"")
    assert credential.role is None
    assert why in wrong_credential(credential).detail


@pytest.mark.parametrize(
    ("fault", "place", "shown"),
    [
        ("empty-strings", "name", ""),
        ("dates-without-fraction", "created", "2018-07-26T19:37:05Z"),
        ("extended", "canvasVersion", 3),
        ("empty-collections", "tasks", {}),
        ("sparse", "locked", None),
    ],
)
def test_odd_documents_come_with_the_calls_that_show_jobs(caller: Caller, fault: str, place: str, shown: Any) -> None:
    """A screen meets them in its list and its details, where only some fields are asked for too; the other calls do not know them."""
    headers = {"Authorization": "Bearer admin", "Prefer": f"fault={fault}"}
    details = caller.client.get(f"/workflow_engine/job/{PAGE_ID}/details", headers=headers).json()
    body = {"options": {"fields": {place: 1, "status": 1}, "limit": 2}}
    found = caller.client.post("/workflow_engine/jobs/search", json=body, headers=headers).json()["results"]
    assert [job.get(place) for job in (details, *found)] == [shown] * 3
    assert {job["status"] for job in (details, *found)} == {"running"}
    assert caller.client.get("/whoami", headers=headers).status_code == 400


def test_companion_throttles_and_is_slow(caller: Caller) -> None:
    """What asks for patience comes with each of them."""
    headers = {"Authorization": "Bearer admin", "Prefer": "fault=throttles"}
    assert [caller.client.get("/whoami", headers=headers).status_code for _ in range(4)] == [200, 200, 200, 429]
    caller.arm(operation="searchJobs", fault="slow", times=1)
    answer = caller.client.post("/workflow_engine/jobs/search", headers={"Authorization": "Bearer admin"})
    assert answer.elapsed.total_seconds() > 0.15


def test_search_of_a_later_edition_has_tasks_without_metrics(caller: Caller) -> None:
    """What it shows of them stands at the task itself, as in captures; the job's details have them as ever."""
    headers = {"Authorization": "Bearer admin", "Prefer": "profile=newer"}
    details = caller.client.get(f"/workflow_engine/job/{PAGE_ID}/details", headers=headers).json()
    query = {"_id": PAGE_ID, "tasks.workflow_start.metrics.finish_state": "success"}
    body = {"options": {"query": query}}
    (found,) = caller.client.post("/workflow_engine/jobs/search", json=body, headers=headers).json()["results"]
    assert found | {"tasks": 0} == details | {"tasks": 0}
    ran = next(key for key, task in details["tasks"].items() if "server_id" in task["metrics"])
    metrics = details["tasks"][ran].pop("metrics")
    named = {"serverId" if name == "server_id" else name: value for name, value in metrics.items()}
    kept = {
        name: value
        for name, value in named.items()
        if name in {"start_time", "end_time", "finish_state", "serverId", "owner"}
    }
    assert found["tasks"][ran] == details["tasks"][ran] | kept


def test_token_expires_and_is_ended_by_a_logout(client: httpx.Client, opaque: RunningMock) -> None:
    """Then it is a 401, with a reason that says which."""
    ended, expired = _log_in(client), _log_in(client)
    assert client.post(f"/logout?token={ended}").status_code == 200
    again = client.get(f"/whoami?token={ended}")
    opaque.advance(60_000)
    late = Caller(client).cancel(headers={"Authorization": f"Bearer {expired}"})
    assert (again.status_code, late.status_code) == (401, 401)
    assert "expired" not in again.json()["detail"]
    assert "The token has expired. Log in again." in late.json()["detail"]


def test_oauth_grants_a_token_to_a_user(client: httpx.Client) -> None:
    """The client's id is the user, the lifetime is rounded up; a refusal names the error as the RFC does."""
    form = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": "reads"}
    granted = client.post("/oauth/token", data=form).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 60)
    who = client.get("/whoami", headers={"Authorization": f"Bearer {granted['access_token']}"}).json()
    assert (who["username"], who["roles"]) == ("reader", ["apiread"])
    refused = client.post("/oauth/token", data=form | {"client_secret": "wrong"})
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert client.post("/oauth/token", data={"grant_type": "password"}).status_code == 400


def test_refused_login_says_why_where_clients_read_it(client: httpx.Client) -> None:
    """Its body has `message` and `error`, also in the form of a profile."""
    login = {"user": {"username": "nobody", "password": "x"}}
    for prefer, status in [("", 401), ("profile=icode", 401), ("code=503", 503)]:
        refused = client.post("/login", json=login, headers={"Prefer": prefer})
        assert (refused.status_code, type(refused.json()["message"]), type(refused.json()["error"])) == (
            status,
            str,
            str,
        )


def test_console_cancels_where_only_logins_count(opaque: RunningMock) -> None:
    """It logs itself in as the role that was chosen."""
    body = {"job_id": PAGE_ID, "role": "admin"}
    opaque.reset()
    home = opaque.url
    answer = httpx.post(f"{home}/_console/cancel", data=body, headers={"Origin": home}, trust_env=False)
    assert answer.status_code == 303
    assert opaque.requests()[-1]["status"] == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "must be an object of users"),
        ('{"a": {"password": "p"}}', "a: must be an object with password and role"),
        ('{"a": {"password": "", "role": "admin"}}', "a: must be an object with password and role"),
    ],
)
def test_users_file_that_cannot_be_used_says_why(tmp_path: Any, text: str, says: str) -> None:
    """With the user, and never a password."""
    (tmp_path / "users.json").write_text(text)
    with pytest.raises(SettingsError, match=says):
        read_users(tmp_path / "users.json")


def test_users_beside_tokens_are_refused() -> None:
    """Only tokens of logins would count."""
    with pytest.raises(SettingsError, match="--users beside --tokens"):
        check_settings(Settings(users={"a": ("p", "admin")}, tokens={"t": "admin"}))

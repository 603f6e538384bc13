"""What is served beside the operation: specification, Swagger UI, login, upstream, profiles, TLS."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from engine_contract.contract import load_contract, load_openapi
from mock_server import Settings
from mock_server.operations.profile import load_profile, names
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import SettingsError
from tests.support.caller import PAGE_ID, ROUTE, Caller, cancel
from tests.support.certificates import self_signed
from tests.support.commands import mock_engine, started_mock
from tests.support.raw_server import answer_of, raw_server


def test_the_specification_is_served(caller: Caller) -> None:
    """/openapi.json and /openapi.yaml are the specification."""
    as_json = caller.client.get("/openapi.json")
    as_yaml = caller.client.get("/openapi.yaml")
    assert as_json.json()["paths"] == load_openapi()["paths"]
    assert yaml.safe_load(as_yaml.text) == as_json.json()
    assert caller.client.get("/openapi.json/x").status_code == 404


def test_the_specification_names_the_base_path() -> None:
    """Under a base path the specification's server is that path, and login is there too."""
    with running_mock(Settings(base_path="/api/v1/")) as mock:
        assert mock.url.endswith("/api/v1")
        assert httpx.get(f"{mock.url}/openapi.json").json()["servers"][0]["url"] == mock.url
        assert httpx.post(f"{mock.url}/login", json={"user": {"username": "admin", "password": ""}}).status_code == 200
        assert cancel(mock.url).status_code == 200


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/swagger-ui.css", "/ui/swagger-ui-bundle.js", "/"])
def test_pages_are_served(caller: Caller, path: str) -> None:
    """Swagger UI and the first page are there."""
    assert caller.client.get(path).status_code == 200


def test_swagger_ui_offers_the_mocks_own_document_where_its_page_may_read_it(caller: Caller) -> None:
    """Beside the contract all else that the mock answers can be chosen; not where the page would be refused."""
    assert 'url: "/openapi.json"' in caller.client.get("/ui").text
    assert 'url: "/_mock/openapi.json"' in caller.client.get("/ui").text
    assert caller.client.get("/ui/swagger-ui-standalone-preset.js").status_code == 200
    own_page = {"Origin": str(caller.client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert caller.client.get("/_mock/openapi.json", headers=own_page).json()["servers"] == [{"url": "/"}]
    for settings in (Settings(control_token="s3cret"), Settings(upstream="http://127.0.0.1:9")):
        with running_mock(settings) as mock:
            assert "_mock/openapi.json" not in httpx.get(f"{mock.url}/ui", trust_env=False).text


@pytest.mark.parametrize("path", ["/ui/../settings.py", "/ui/..%2f..%2fapp.py", "/ui/nope.js", "/ui/%00"])
def test_swagger_ui_serves_its_own_files_alone(caller: Caller, path: str) -> None:
    """No path leads out of the bundle."""
    assert caller.client.get(path).status_code == 404


def test_login_answers_the_token(caller: Caller) -> None:
    """POST /login answers the bare token and sets the cookie; both are accepted."""
    answer = caller.client.post("/login", json={"user": {"username": "support", "password": "any"}})
    assert (answer.status_code, answer.text) == (200, "support")
    assert caller.client.cookies["token"] == "support"
    assert caller.cancel(role=None).status_code == 200


@pytest.mark.parametrize("order", [1, -1])
def test_two_cookie_headers_are_read_as_one(mock: RunningMock, caller: Caller, order: int) -> None:
    """What a gateway splits into two headers counts whole: the token of one, the session of the other."""
    cookies = [("Cookie", "a=1; token=support"), ("Cookie", "Mock-Session=of-two-headers")][::order]
    answer = httpx.post(mock.url + ROUTE, json={"job_id": PAGE_ID}, headers=cookies)
    assert answer.status_code == 200
    assert (caller.status(session="of-two-headers"), caller.status()) == ("canceled", "running")
    caller.client.post("/_mock/reset", headers={"Mock-Session": "of-two-headers"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": {"username": "nobody", "password": "x"}}, 401),
        ({"user": {"username": "Admin", "password": "x"}}, 401),
        ({"user": {"password": "x"}}, 400),
        ({"user": "support"}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_a_bad_login_is_refused(caller: Caller, body: Any, status: int) -> None:
    """Nobody's name is 401 and told who there is, a login of another form 400 that shows the form; no cookie is set."""
    answer = caller.client.post("/login", json=body)
    assert answer.status_code == status
    who = "Users here are admin, engineering, support, apiwrite, apiread, operator and admin@pronghorn, with any password."
    assert answer.json()["detail"].endswith(who if status == 401 else '{"user": {"username": ROLE, "password": "…"}}.')
    assert "set-cookie" not in answer.headers


def test_tokens_are_secrets() -> None:
    """With --tokens a role's name is no token, basic takes role and token, and login takes the token as password."""
    token = "c2VjcmV0IHRva2Vu=="
    with running_mock(Settings(tokens={token: "support", "other": "apiread", "third": "robot"})) as mock:
        client = httpx.Client(base_url=mock.url)
        body = {"job_id": PAGE_ID}
        assert client.post(ROUTE, json=body, headers={"Authorization": "Bearer support"}).status_code == 401
        assert client.post(ROUTE, json=body, auth=("support", "any")).status_code == 401
        assert client.post(ROUTE, json=body, auth=("apiread", token)).status_code == 401
        assert client.post(ROUTE, json=body, headers={"Authorization": "Bearer other"}).status_code == 403
        assert client.post(ROUTE, json=body, headers={"Authorization": "Bearer third"}).status_code == 403
        assert client.post("/login", json={"user": {"username": "support", "password": "x"}}).status_code == 401
        assert client.post("/login", json={"user": {"username": "support", "password": token}}).text == token
        assert httpx.post(mock.url + ROUTE, json={"job_id": "x"}, params={"token": token}).status_code == 404
        assert httpx.post(mock.url + ROUTE, json={"job_id": "x"}, auth=("support", token)).status_code == 404
        assert client.post(ROUTE, json=body).status_code == 200


def test_default_role_is_for_those_who_send_none() -> None:
    """--default-role stands in where no credential is sent; a wrong one stays wrong."""
    with running_mock(Settings(default_role="support")) as mock:
        assert (
            httpx.post(mock.url + ROUTE, json={"job_id": "x"}, headers={"Authorization": "Bearer no"}).status_code
            == 401
        )
        assert httpx.post(mock.url + ROUTE, json={"job_id": PAGE_ID}).status_code == 200
        assert mock.requests()[-1]["role"] == "support"


@pytest.fixture(scope="module")
def application() -> Iterator[str]:
    # Any server will do for the rest of an application: another mock, with faults that show what came.
    with running_mock(Settings(base_path="/app", fault="more-headers")) as mock:
        yield mock.url.removesuffix("/app")


def test_other_paths_go_upstream(application: str) -> None:
    """--upstream gets what is not the mock's, body and query included; the operation stays the mock's."""
    with running_mock(Settings(upstream=application)) as mock, httpx.Client(base_url=mock.url) as client:
        assert (
            client.post(ROUTE, json={"job_id": PAGE_ID}, headers={"Authorization": "Bearer admin"}).status_code == 200
        )
        answer = client.post("/app" + ROUTE, json={"job_id": PAGE_ID}, params={"token": "admin"})
        assert (answer.status_code, answer.json()["_id"]) == (200, PAGE_ID)
        assert answer.headers["x-powered-by"] == "Express"
        refused = client.post("/app" + ROUTE, content=iter([b'{"job_id": ', b'"x"}']), params={"token": "admin"})
        assert refused.status_code == 404
        page = client.get("/app/nope", headers={"Origin": "http://localhost:3000"})
        assert page.status_code == 404
        assert page.headers.get_list("access-control-allow-origin") == ["http://localhost:3000"]
        assert [entry["status"] for entry in mock.requests()] == [200, 200, 404, 404]


def test_an_upstream_that_is_gone_is_told() -> None:
    """An upstream that does not answer is a 502 that says so; a bad address is refused at the start."""
    with running_mock(Settings(upstream="http://127.0.0.1:9")) as mock:
        answer = httpx.get(f"{mock.url}/x")
        assert answer.status_code == 502
        assert "--upstream cannot be reached" in answer.json()["detail"]
    with (
        pytest.raises(SettingsError, match="--upstream nope: must be an address"),
        running_mock(Settings(upstream="nope")),
    ):
        pass


@pytest.mark.parametrize("name", names())
def test_shipped_profiles_are_answered(name: str) -> None:
    """Each shipped profile refuses as it says, and its successes pass the contract."""
    profile = load_profile(name)
    with running_mock(Settings(profile=name)) as mock:
        refusals = [
            httpx.post(mock.url + ROUTE, json={"job_id": "x"}),
            cancel(mock.url, "x"),
            cancel(mock.url, token="apiread"),
            httpx.get(mock.url + ROUTE),
        ]
        assert all(answer.status_code >= 300 for answer in refusals)
        document = cancel(mock.url).json()
    assert document["status"] == "canceled"
    assert not {pattern[0] for pattern in profile.absent if len(pattern) == 1} & set(document)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    """A profile file gives refusals status, type and body, with the job's id filled in; the rest stays the mock's own."""
    file = tmp_path / "engine.json"
    look = {"status": 422, "content_type": "text/plain", "body": "no job {job_id} here: {situation}"}
    file.write_text(json.dumps({"situations": {"unknown-job": look}, "documents": {"absent": ["tasks.*.metrics.app"]}}))
    with started_mock("--profile", str(file)) as (_, url):
        answer = cancel(url, "abc")
        assert (answer.status_code, answer.headers["content-type"]) == (422, "text/plain")
        assert answer.text == "no job abc here: unknown-job"
        assert cancel(url, token="apiread").headers["content-type"] == "application/problem+json"
        tasks = cancel(url).json()["tasks"].values()
        assert not any("app" in task.get("metrics", {}) for task in tasks)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", "the profile: must be an object"),
        ("{", "is not JSON"),
        ('{"situation": {}}', "the profile: situation: no such key; there are default"),
        ('{"situations": {"gone": {}}}', "situations: gone: no such key; there are"),
        ('{"situations": {"not-active": {"status": 99}}}', "situations.not-active.status 99: must be a status"),
        ('{"default": {"headers": {"a": 5}}}', "default.headers: must be an object of strings"),
        ('{"documents": {"absent": "locked"}}', "documents.absent: must be an array"),
    ],
)
def test_a_bad_profile_is_one_clear_line(tmp_path: Path, content: str, says: str) -> None:
    """A profile that cannot be used is exit status 2, with the key and what is allowed."""
    file = tmp_path / "profile.json"
    file.write_text(content)
    ended = mock_engine("--profile", str(file))
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert says in ended.err


def test_it_serves_https(tmp_path: Path) -> None:
    """With --tls-cert and --tls-key the mock serves https, and its first line says so."""
    cert, key = self_signed(tmp_path)
    with started_mock("--tls-cert", str(cert), "--tls-key", str(key)) as (_, url):
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        answer = httpx.post(
            url + ROUTE, json={"job_id": PAGE_ID}, headers={"Authorization": "Bearer admin"}, verify=context
        )
        assert answer.status_code == 200
    ended = mock_engine("--tls-cert", str(cert), "--tls-key", str(cert))
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)


def test_it_is_an_application_in_process() -> None:
    """`create_app` gives an ASGI application that works without a server, the control API included."""
    import asyncio

    from mock_server import create_app

    async def use() -> tuple[int, int]:
        transport = httpx.ASGITransport(app=create_app(Settings(jobs=1)))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
            headers = {"Authorization": "Bearer admin"}
            answer = await client.post(ROUTE, json=dict(load_contract().request_example), headers=headers)
            return answer.status_code, (await client.get("/_mock/jobs")).status_code

    assert asyncio.run(use()) == (200, 200)


def test_the_way_upstream_adds_nothing() -> None:
    """What the caller accepts goes on as it is; cookies are kept for the mock's address; pages of a login are upstream's."""
    cookies = (
        "Set-Cookie: a=1; Domain=app.example; Path=/; Secure; SameSite=None; Partitioned",
        "Set-Cookie: __Host-b=2; Path=/; Secure",
    )
    with (
        raw_server(answer_of("200 OK", b"in", *cookies)) as raw,
        running_mock(Settings(upstream=raw.url)) as mock,
        httpx.Client(base_url=mock.url) as client,
    ):
        for name in ("accept", "accept-encoding", "user-agent"):
            del client.headers[name]
        answer = client.get("/login")
    assert answer.text == "in"
    assert answer.headers.get_list("set-cookie") == ["a=1; Path=/", "__Host-b=2; Path=/; Secure"]
    assert [name for name in ("Accept", "Accept-Encoding", "User-Agent") if raw.header(name)] == []

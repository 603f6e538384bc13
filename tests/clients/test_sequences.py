"""What other clients send around a cancel: `iap-sdk`, the vendor's GitHub Action, a suite of Robot Framework."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx
import pytest

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, ROUTE
from tests.support.requirements import need_client


@pytest.fixture
def client(engine: RunningMock) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=engine.url, trust_env=False) as client:
        yield client


def _token(client: httpx.Client) -> str:
    """Log in, and keep no cookie."""
    token = client.post("/login", json={"user": {"username": "alice@example", "password": "wonder"}}).text
    client.cookies.clear()
    return token


def test_iap_sdk_cancels_a_job(engine: RunningMock) -> None:
    """It logs in when it is made, and sends the token as a cookie that it writes itself."""
    iap_sdk = need_client("iap_sdk.client", below=(3, 12))
    parts = urlsplit(engine.url)
    client = iap_sdk.Iap(parts.hostname, "alice@example", "wonder", protocol="http", port=parts.port)
    answered = client.query(ROUTE, method="post", jsonbody={"job_id": PAGE_ID})
    assert answered["status"] == "canceled"


def test_raw_cookie_is_read(client: httpx.Client) -> None:
    """The token stands in `Cookie` as it came, its `=` included."""
    token = _token(client)
    assert token.endswith("=")
    headers = {"accept": "application/json", "Content-Type": "application/json", "Cookie": f"token={token}"}
    assert client.post(ROUTE, headers=headers, content=b'{"job_id": "%s"}' % PAGE_ID.encode()).status_code == 200
    assert client.get("/whoami", headers=headers).json()["roles"] == ["support"]


@pytest.mark.parametrize("encode", [str, quote], ids=["raw", "encoded"])
def test_action_starts_a_job_and_polls_it(client: httpx.Client, engine: RunningMock, encode: type[str]) -> None:
    """It asks for the release, starts a job, and polls its details until the job no longer runs."""
    query = f"?token={encode(_token(client))}"
    release = client.get(f"/health/server{query}").json()["release"]
    assert float(release.rpartition(".")[0]) <= 2021.1
    started = client.post(f"/workflow_engine/startJobWithOptions/Nightly%20backup{query}", json={"options": {}}).json()
    assert (started["name"], started["status"]) == ("Nightly backup", "running")
    details = f"/workflow_engine/job/{started['_id']}/details{query}"
    assert client.get(details).json() == started
    client.patch(f"/_mock/jobs/{started['_id']}", json={"status": "complete"})
    assert client.get(details).json()["status"] == "complete"
    assert engine.requests()[-1]["job_id"] == started["_id"]


def test_robot_suite_searches_active_jobs_and_cancels_each(client: httpx.Client, engine: RunningMock) -> None:
    """The search answers documents, of which it takes each `_id`; afterwards it finds none."""
    client.headers["Authorization"] = f"Bearer {_token(client)}"
    engine.add_jobs(3, name="Backup, nightly")
    engine.add_jobs(1, name="Backup, nightly", status="complete")
    pattern = {"$regex": "^BACKUP", "$options": "i"}
    options = {
        "fields": {"name": 1, "status": 1},
        "limit": 2,
        "skip": 0,
        "query": {"name": pattern, "status": "running"},
    }
    for left in (3, 2, 1):
        found = client.post("/workflow_engine/jobs/search", json={"options": options}).json()
        assert (found["total"], len(found["results"])) == (left, min(left, 2))
        assert found["results"][0].keys() == {"_id", "name", "status"}
        assert client.post(ROUTE, json={"job_id": found["results"][0]["_id"]}).status_code == 200
    assert client.post("/workflow_engine/jobs/search", json={"options": options}).json()["total"] == 0

"""What is at the console's port: JSON, pages, and a cancel that is confirmed."""

import httpx
import pytest

from contract_tests.watch.journal import Entry, Journal
from engine_contract.console.interface import Message
from tests import standin
from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROUTE, send_raw, watching


def cancel(url: str, job_id: str, token: str = "admin") -> httpx.Response:  # noqa: S107
    """Cancel a job."""
    return httpx.post(url + ROUTE, json={"job_id": job_id}, headers={"Authorization": f"Bearer {token}"})


def test_the_journal_is_there_as_json() -> None:
    """Entries since a number, one with all that is known, findings with the page's line, and jobs with their status."""
    with standin.serve(fault="status-running") as engine, watching(engine.url) as watch:
        first, second = engine.make_jobs(2)
        cancel(watch.url, first)
        httpx.get(f"{watch.url}/elsewhere")
        cancel(watch.url, second, "support")
        api = watch.api()
        assert api.get("/about").json()["engine"] == engine.url
        assert api.get("/about").json()["roles"] == ["admin", "apiread", "apiwrite", "engineering", "support"]
        listed = api.get("/entries", params={"since": 1}).json()
        assert ([entry["number"] for entry in listed["entries"]], listed["last"]) == ([2, 3], 3)
        assert [entry["number"] for entry in api.get("/entries?cancels=1").json()["entries"]] == [1, 3]
        whole = api.get("/entries/3").json()
        assert whole["violations"] == ["response.status"]
        (finding,) = whole["findings"]
        assert finding["quote"] == '"status": "canceled",'
        assert finding["pointer"] == "/status"
        assert (whole["role"], whole["job_id"], whole["status"]) == ("support", second, 200)
        assert second in whole["request"]["body"]
        assert second in whole["answer"]["body"]
        assert ["authorization", "Bearer ***"] in whole["request"]["headers"]
        assert api.get("/entries/99").status_code == 404
        assert {job["job_id"]: job["status"] for job in api.get("/jobs").json()["jobs"]} == {
            first: "running",
            second: "running",
        }
        assert api.put("/entries/1", json={"pinned": True}).json()["pinned"] is True
        assert api.delete("/entries").status_code == 204
        assert [entry["number"] for entry in api.get("/entries").json()["entries"]] == [1]


def test_a_cancel_needs_a_token_and_a_confirmation() -> None:
    """Nothing is sent to a live engine before the job is named twice, and the role has a token."""
    with standin.serve() as engine, watching(engine.url, tokens={"admin": "admin"}) as watch:
        (job_id,) = engine.make_jobs(1)
        api = watch.api()
        assert api.post("/cancel", json={"job_id": job_id, "role": "admin"}).status_code == 400
        assert api.post("/cancel", json={"job_id": job_id, "role": "support", "confirm": job_id}).status_code == 403
        assert api.post("/cancel", data={"job_id": job_id, "role": "admin", "confirm": job_id}).status_code == 400
        assert engine.requests == []
        entry = api.post("/cancel", json={"job_id": job_id, "role": "admin", "confirm": job_id}).json()
        assert (entry["status"], entry["role"], entry["violations"]) == (200, "admin", [])
        assert engine.canceled == {job_id}


@pytest.mark.parametrize("auth", ["basic", "cookie:token", "query:token"])
def test_the_forms_token_travels_as_told(auth: str) -> None:
    """`--auth` says how, here as in check-engine."""
    with (
        raw_server(answer_of("404 No")) as engine,
        watching(engine.url, tokens={"admin": "me:s3cret="}, auth=auth) as watch,
    ):
        watch.api().post("/cancel", json={"job_id": "j", "role": "admin", "confirm": "j"})
        sent = {
            "basic": "Authorization: Basic bWU6czNjcmV0PQ==",
            "cookie:token": "Cookie: token=me:s3cret=",
            "query:token": "?token=me%3As3cret%3D",
        }
        assert sent[auth].lower() in engine.requests[0].decode().lower()


def test_pages_of_other_sites_are_kept_out() -> None:
    """Another site's page can neither read the journal by a name of its own nor send a cancel, not even with the key."""
    with standin.serve() as engine, watching(engine.url, allow_hosts=frozenset({"qa.test"})) as watch:
        (job_id,) = engine.make_jobs(1)
        api, body = watch.api(), {"job_id": job_id, "role": "admin", "confirm": job_id}
        for host in ("evil.example", "evil", "0.0.0.0:80", ""):
            assert api.get("/entries", headers={"Host": host}).status_code == 421
            assert httpx.get(f"{watch.console}/journal", headers={"Host": host}).status_code == 421
        twice = "GET /api/about HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert send_raw((api.base_url.host, api.base_url.port or 0), twice.encode()).split()[1] in {b"400", b"421"}
        for headers in ({"Origin": "https://evil.example"}, {"Origin": watch.url}, {"Sec-Fetch-Site": "same-site"}):
            assert api.post("/cancel", json=body, headers=headers).status_code == 403
            form = {"job_id": job_id, "role": "admin", "confirmed": job_id}
            assert httpx.post(f"{watch.console}/cancel", data=form, headers=headers).status_code == 403
        assert engine.requests == []
        for host in ("localhost:1", "[::1]", "a.localhost", "QA.test:4012"):
            assert api.get("/entries", headers={"Host": host}).status_code == 200
            assert httpx.get(f"{watch.console}/journal", headers={"Host": host}).status_code == 200


def test_console_without_its_key_shows_nothing() -> None:
    """No path but that of the key is a page, and no API answers without it; there is no cookie, and no word of the engine."""
    with standin.serve() as engine, watching(engine.url, tokens={"admin": "admin"}) as watch:
        (job_id,) = engine.make_jobs(1)
        origin, _, key = watch.console.rpartition("/")
        body = {"job_id": job_id, "role": "admin", "confirm": job_id}
        for path in (
            "/",
            "/journal",
            "/static/console.js",
            f"/{key[:-1]}/",
            f"/{key}x/",
            "/_watch/",
            "/%FF/",
            f"//{key}/",
        ):
            response = httpx.get(origin + path)
            assert (response.status_code, engine.url in response.text) == (401, False), path
            assert response.headers["cross-origin-resource-policy"] == "same-origin"
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {key}"}, {"Cookie": f"key={key}"}):
            assert httpx.get(f"{origin}/api/entries", headers=headers).status_code == 401
            assert httpx.post(f"{origin}/api/cancel", json=body, headers=headers).status_code == 401
        assert httpx.options(f"{origin}/api/cancel", headers={"Origin": watch.url}).status_code == 401
        assert httpx.get(f"{origin}/{key}/api/entries").status_code == 404
        assert engine.requests == []
        page = httpx.get(f"{watch.console}/")
        assert "LIVE" in page.text
        assert "set-cookie" not in page.headers


def test_all_paths_of_the_engines_port_are_the_engines() -> None:
    """Also those that the console has at its own; the console's own requests are no entries."""
    with standin.serve() as engine, watching(engine.url) as watch:
        key = watch.console.rpartition("/")[2]
        paths = ["/", f"/{key}/", "/api/entries", "/_watch/"]
        for path in paths:
            assert httpx.get(watch.url + path).json()["error"] == "route"
        httpx.get(f"{watch.console}/")
        assert [entry.path for entry in watch.watch.journal.entries()] == paths


def test_the_consoles_data_comes_from_the_journal() -> None:
    """Jobs, documents and entries as the console asks for them, and a cancel as a role."""
    from contract_tests.watch.console_data import WatchData
    from engine_contract.console.interface import ConsoleError

    with standin.serve(fault="name-missing") as engine, watching(engine.url) as watch:
        first, second = engine.make_jobs(2)
        cancel(watch.url, first)
        shown = WatchData(watch.watch)
        assert shown.about().is_live
        page = shown.jobs("", status="canceled", search=first[:8].upper(), offset=0, limit=10)
        assert ([line.job_id for line in page.jobs], page.total, dict(page.counts)) == ([first], 1, {"canceled": 1})
        job = shown.job("", first)
        assert job is not None
        assert job.document["_id"] == first
        entry = shown.cancel("", second, "support")
        assert (entry.role, entry.status, [finding.rule.id for finding in entry.findings]) == (
            "support",
            200,
            ["response.name"],
        )
        assert [item.number for item in shown.entries("", since=0, limit=10)] == [1, 2]
        with pytest.raises(ConsoleError, match="no token for the role king"):
            shown.cancel("", second, "king")
        for refused in (lambda: shown.reset(""), lambda: shown.arm("", {}), lambda: shown.make_jobs("", {})):
            with pytest.raises(ConsoleError):
                refused()


def entry_of(size: int) -> Entry:
    """An entry with a body of that many bytes."""
    return Entry(at_ms=0, duration_ms=0, method="GET", path="/", status=200, response=Message((), "x" * size, size))


def test_the_journal_is_bounded() -> None:
    """The oldest go where there are too many or too much; pinned ones stay, and leave room for others."""
    journal = Journal(10)
    for _ in range(10):
        journal.add(entry_of(1))
    assert [journal.pin(number) is not None for number in (1, 2, 99)] == [True, True, False]
    for _ in range(10):
        journal.add(entry_of(1))
    assert [entry.number for entry in journal.entries()] == [1, 2, 13, 14, 15, 16, 17, 18, 19, 20]
    for number in range(13, 21):
        journal.pin(number)
    assert sum(entry.pinned for entry in journal.entries()) == 5
    heavy = Journal(1000)
    for _ in range(80):
        heavy.add(entry_of(1 << 20))
    assert len(heavy.entries(limit=1000)) == 64

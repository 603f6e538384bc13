"""Tests of the stand-in: its versions behave as the catalogues say."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPMessage
from urllib.parse import urlsplit

import pytest

from tests.support import ROOT
from tests.support.commands import started

from . import FAULTS, VARIATIONS, serve
from .caller import ROUTE, Caller
from .examination import Examination
from .odd.conduct import Lockout, RateLimited
from .odd.transport import Slow


def _first_finding(fault: str | None = None, variation: str | None = None) -> str | None:
    with serve(fault, variation) as running:
        good = 20 if variation is None else 8
        return next(Examination(running, good).findings(), None)


def _fetch(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, HTTPMessage, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=2)
    connection.request(method, url.partition(parts.netloc)[2], body, headers or {})
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply.status, reply.headers, content


@pytest.fixture(scope="module")
def found() -> dict[str, str | None]:
    """The first finding in each version, the fast ways of the slow ones taken."""
    before = Slow.seconds, Lockout.seconds, RateLimited.most
    Slow.seconds, Lockout.seconds, RateLimited.most = 0.002, 0.02, 10_000
    with ThreadPoolExecutor(12) as pool:
        faults = {name: pool.submit(_first_finding, name) for name in FAULTS}
        variations = {name: pool.submit(_first_finding, None, name) for name in VARIATIONS}
        results = {n: f.result() for part in (faults, variations) for n, f in part.items()}
    Slow.seconds, Lockout.seconds, RateLimited.most = before
    return results


def test_names_are_unique() -> None:
    assert not FAULTS.keys() & VARIATIONS.keys()
    assert len({fault.says for fault in FAULTS.values()}) == len(FAULTS)
    assert len({v.says for v in VARIATIONS.values()}) == len(VARIATIONS)


def test_right_engine_has_no_findings() -> None:
    assert _first_finding() is None


@pytest.mark.parametrize("name", VARIATIONS)
def test_variation_is_right(name: str, found: dict[str, str | None]) -> None:
    assert found[name] is None


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_wrong(name: str, found: dict[str, str | None]) -> None:
    assert found[name] is not None


def test_fault_under_variation() -> None:
    finding = _first_finding("task-x-text", "gzip")
    assert finding is not None
    assert finding.endswith(".x")


def test_control_surface() -> None:
    with serve() as running:
        status, headers, text = _fetch("POST", f"{running.url}/_test/jobs?count=3")
        ids = text.decode().split("\n")[:-1]
        assert (status, headers.get_content_type(), len(ids)) == (200, "text/plain", 3)
        with Caller(running.url) as caller:
            assert caller.cancel(ids[1], "support").wrong(ids[1]) is None
            assert caller.cancel(ids[0], "nobody").status == 401
        log = json.loads(_fetch("GET", f"{running.url}/_test/log")[2])
        assert log["canceled"] == [ids[1]]
        assert [entry["role"] for entry in log["requests"]] == ["support", None]
        assert log["requests"] == running.requests
        assert log["requests"][0] == {
            "method": "POST",
            "path": ROUTE,
            "query": "",
            "body": json.dumps({"job_id": ids[1]}),
            "role": "support",
            "status": 200,
        }


def test_statuses_of_refusals() -> None:
    with serve() as running, Caller(running.url) as caller:
        job_id = running.make_jobs(1)[0]
        assert caller.cancel(job_id, None).status == 401
        assert caller.cancel(job_id, "apiread").status == 403
        assert caller.cancel("").status == 400
        assert caller.cancel("f" * 24).status == 404
        assert caller.cancel(job_id).status == 200
        assert caller.cancel(job_id).status == 409
        assert caller.send(path="/").status == 404
        assert caller.send("BREW").status == 405


def test_stops_quickly_with_open_connections() -> None:
    with serve("third-never-answered") as running:
        callers = [Caller(running.url) for _ in range(20)]
        assert all(caller.send("GET").status == 405 for caller in callers)
        began = time.monotonic()
    assert time.monotonic() - began < 5  # it would wait for an answer that never comes


def test_chunked_request_body() -> None:
    with serve() as running:
        job_id = running.make_jobs(1)[0]
        port = int(running.url.rpartition(":")[2])
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        body = iter((b'{"job_id": ', json.dumps(job_id).encode(), b"}"))
        connection.request("POST", ROUTE, body, {"Authorization": "Bearer admin"}, encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize(("name", "turned_away"), [("throttled", 429), ("unavailable", 503), ("rate-limited", 429)])
def test_turned_away_without_effect(name: str, turned_away: int) -> None:
    with serve(variation=name) as running, Caller(running.url) as caller:
        ids = running.make_jobs(62)
        bodies = [json.dumps({"job_id": i}).encode() for i in ids]
        statuses = [caller.once("POST", ROUTE, body, "admin").status for body in bodies]
        assert set(statuses) == {200, turned_away}
        assert len(running.canceled) == statuses.count(200)


def test_lockout_lasts_one_second() -> None:
    with serve(variation="lockout") as running, Caller(running.url) as caller:
        assert caller.once("POST", ROUTE, b"{}", "nobody").status == 401
        assert caller.once("POST", ROUTE, b"{}", "admin").status == 429
        time.sleep(1.0)  # the claim: no longer than that
        assert caller.once("POST", ROUTE, b"{}", "admin").status == 400


def test_slow_takes_200_ms() -> None:
    with serve(variation="slow") as running, Caller(running.url) as caller:
        began = time.monotonic()
        assert caller.cancel("a").status == 404
        assert time.monotonic() - began >= 0.2


def test_gzip_only_when_accepted() -> None:
    with serve(variation="gzip") as running:
        for accepted, coding in (("gzip", "gzip"), ("identity", None), ("gzip;q=0", None)):
            job_id = running.make_jobs(1)[0]
            body = json.dumps({"job_id": job_id}).encode()
            headers = {"Authorization": "Bearer admin", "Accept-Encoding": accepted}
            status, received, _ = _fetch("POST", running.url + ROUTE, body, headers)
            assert (status, received["Content-Encoding"]) == (200, coding)


def test_command() -> None:
    command = [sys.executable, "-m", "tests.standin", "--variation", "base-path"]
    with started(*command, ready="Stand-in engine ready on http://127.0.0.1:", cwd=ROOT) as (process, url):
        assert url.endswith("/api/v1")
        for base in (url, url.removesuffix("/api/v1")):
            assert len(_fetch("POST", f"{base}/_test/jobs?count=2")[2].split()) == 2
        process.terminate()
        assert process.wait(5) == 0

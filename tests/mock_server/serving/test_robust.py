"""Whatever comes: no failure that nobody asked for, no traceback, no memory that grows, and the next request is served."""

import contextlib
import os
import random
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, ROUTE, cancel
from tests.support.commands import installed, started, started_mock
from tests.support.raw import GOOD, mangled, request, statuses, talk

MANY = int(os.environ.get("MOCK_FUZZ", "3000"))
"""Fuzzed requests of a run; MOCK_FUZZ=25000 for the long one."""


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, psutil.Process]]:
    """A mock in a process of its own, which must have nothing to say but what it refused or ignored."""
    command = (installed("mock-engine"), "--port", "0", "--jobs", "50")
    with started(*command, ready="Mock engine ready on http") as (process, url):
        yield url, psutil.Process(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert [line for line in err.splitlines() if not line.startswith(("Refused: ", "Ignored: "))] == []
        assert process.returncode == 0


def _files() -> int:
    """How many files a process may have open."""
    try:
        import resource
    except ImportError:  # Windows
        return 1024
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST\r\n\r\n",
        request(line=b"CONNECT example.com:443 HTTP/1.1"),
        request(line=b"GET http://[ HTTP/1.1"),
        request(b"", b"Connection: close", line=b"OPTIONS * HTTP/1.1"),
        request(line=b"GET /\xff\xfe HTTP/1.1"),
        request(b"", b"Content-Length: 5"),
        request(b"", b"Transfer-Encoding: chunked, identity"),
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 900_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 900_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20_000,
        request(line=b"BREW /workflow_engine/cancelJob HTTP/1.1"),
    ],
    ids=range(15),
)
def test_bad_http_is_answered(mock: RunningMock, data: bytes) -> None:
    """Bytes that are not HTTP, or too much of it, are a 4xx or a closed connection, and the mock goes on."""
    answer = talk(mock.url, data, close=False)
    assert all(400 <= status <= 499 for status in statuses(answer))
    assert answer or len(data) > 65_536
    assert httpx.get(f"{mock.url}/_mock/health").status_code == 200


def test_pipelined_requests_are_answered_in_order(mock: RunningMock) -> None:
    """Requests sent at once on one connection are answered one after the other."""
    last = request(b"", b"Connection: close", line=b"GET /nope HTTP/1.1")
    answer = talk(mock.url, GOOD * 3 + last, close=False, timeout=20)
    assert statuses(answer) == [200, 409, 409, 404]


def test_half_a_request_harms_nobody(mock: RunningMock) -> None:
    """A caller that goes away in the middle of a request leaves nothing behind, not even in the journal."""
    for cut in range(1, len(GOOD), 7):
        talk(mock.url, GOOD[:cut])
    assert mock.requests() == []
    assert cancel(mock.url).status_code == 200


def test_idle_and_slow_connections_harm_nobody(server: tuple[str, psutil.Process]) -> None:
    """Thousands of connections that say nothing, or half of a request, do not keep others from being served."""
    url, _ = server
    address = urlsplit(url)
    with contextlib.ExitStack() as stack:
        for number in range(min(3000, _files() - 200)):
            connection = stack.enter_context(socket.create_connection((address.hostname, address.port)))
            if number % 2:
                connection.sendall(GOOD[: number % len(GOOD)])
        assert cancel(url, "x").status_code == 404


def test_expect_100_continue_is_answered(mock: RunningMock) -> None:
    """A caller that asks first is told to go on, and not to where the body is too large."""
    address = urlsplit(mock.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(GOOD.replace(b"Host", b"Expect: 100-continue\r\nHost")[: -len(PAGE_ID) - 14])
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
    large = request(b"", b"Expect: 100-continue").replace(b"Content-Length: 0", b"Content-Length: 99999999")
    assert statuses(talk(mock.url, large, close=False, timeout=2)) == [413]


def test_mangled_requests_never_fail_it(server: tuple[str, psutil.Process]) -> None:
    """Thousands of requests with mangled bytes: no 5xx, no traceback, and memory stays flat after the warm-up."""
    url, process = server

    def send(seed: int) -> list[int]:
        return statuses(talk(url, mangled(random.Random(seed)), timeout=10))  # noqa: S311 - repeatable

    with ThreadPoolExecutor(8) as pool:
        seen = {status for answers in pool.map(send, range(MANY // 2)) for status in answers}
        warm = process.memory_info().rss
        seen |= {status for answers in pool.map(send, range(MANY // 2, MANY)) for status in answers}
    assert not [status for status in seen if status >= 500]
    assert {200, 400, 401, 409} <= seen | {200}
    assert process.memory_info().rss - warm < 16 << 20
    assert cancel(url, "x").status_code == 404


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    path=st.one_of(
        st.sampled_from([ROUTE, "/login", "/_mock/jobs", "/_mock/behavior", "/_mock/requests", "/ui/x", "/openapi.json"]),
        st.text(max_size=30).map(lambda text: "/" + text),
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ["Authorization", "Cookie", "Content-Type", "Accept", "Prefer", "Mock-Session", "Origin", "Host", "Content-Encoding",
             "Access-Control-Request-Method", "Access-Control-Request-Headers", "Sec-Fetch-Site", "Mock-Control-Token"]
        ),
        st.one_of(
            st.sampled_from(["Bearer admin", "Basic YWRtaW46eA==", "token=admin", "application/json", "*/*", "code=409", "http://localhost"]),
            st.binary(max_size=40).map(lambda data: data.translate(None, bytes(range(32)) + b"\x7f").strip()),
        ),
        max_size=6,
    ),
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from([b'{"job_id": "x"}', b'{"count": 2}', b'{"code": 404}', b"{}", b"[]", b'{"user": {"username": "admin"}}']),
    ),
    query=st.dictionaries(st.sampled_from(["token", "job_id", "status", "limit", "since"]), st.text(max_size=20), max_size=2),
)  # fmt: skip
def test_well_formed_nonsense_never_fails_it(  # noqa: PLR0917 - hypothesis passes them by name
    server: tuple[str, psutil.Process],
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, str],
) -> None:
    """Any mixture of methods, paths, headers and bodies is answered below 500, unless a status was asked for."""
    url, _ = server
    try:
        request = httpx.Request(method, url + path, headers=headers, content=body, params=query)
    except (httpx.InvalidURL, ValueError, UnicodeError):
        return
    with httpx.Client(trust_env=False) as client:
        try:
            answer = client.send(request)
        except httpx.LocalProtocolError:
            return
    assert answer.status_code < 500


def test_nothing_grows_under_refusals(server: tuple[str, psutil.Process]) -> None:
    """Many requests in many sessions leave no more behind than what is kept on purpose."""
    url, process = server
    with httpx.Client(base_url=url) as client:
        headers = {"Authorization": "Bearer admin"}

        def load(count: int) -> int:
            for _ in range(count):
                client.post(ROUTE, json={"job_id": "x"}, headers=headers)
            return process.memory_info().rss

        warm = load(1500)
        assert load(1500) - warm < 8 << 20


@pytest.mark.parametrize("fault", ["reset", "truncated", "stalled", "dripped"])
def test_a_caller_may_leave_a_broken_answer(mock: RunningMock, fault: str) -> None:
    """Answers that break off, stall or drip end with the caller, and are in the journal."""
    (job_id,) = mock.add_jobs()
    mock.behave(fault=fault)
    with pytest.raises(httpx.HTTPError):
        httpx.post(
            mock.url + ROUTE,
            json={"job_id": job_id},
            headers={"Authorization": "Bearer admin"},
            timeout=httpx.Timeout(5, read=0.3),
        ).raise_for_status()
    mock.behave()
    assert cancel(mock.url, job_id).status_code == 409
    assert {entry["fault"] for entry in mock.requests()} <= {fault, None}


def test_a_stalled_answer_does_not_hold_up_the_end() -> None:
    """SIGTERM ends a mock whose answers stall or drip, with status 0 and nothing on stderr."""
    with started_mock("--fault", "stalled") as (process, url):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(GOOD)
            connection.recv(65536)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=15)
    assert (process.returncode, err) == (0, "")

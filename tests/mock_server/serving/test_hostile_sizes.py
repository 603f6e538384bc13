"""What is hostile by its size holds up nobody: in the mock."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mock_server import Settings
from mock_server.serving.in_process import RunningMock, running_mock
from tests.support.caller import ROUTE

PATIENCE_S = 2.0
"""Seconds in which any other request is served, however slow the machine is."""

HEAD = 60_000
BODY = 1 << 20
REQUESTS: dict[str, tuple[dict[str, str], bytes]] = {
    "Prefer": ({"Prefer": f'code=503;{" " * HEAD}"x'}, b"{}"),
    "Prefer, quoted": ({"Prefer": 'a;\\"b,' * (HEAD // 6)}, b"{}"),
    "Cookie": ({"Cookie": "token=" * (HEAD // 6) + '"'}, b"{}"),
    "Accept": ({"Accept": "*/*;q=," * (HEAD // 7)}, b"{}"),
    "Content-Type": ({"Content-Type": 'application/json;charset="\\' * (HEAD // 27)}, b"{}"),
    "escaped quotes": ({}, b'"\\' * (BODY // 2)),
    "script": ({}, b"x='{\\\"a\\\":1},'" * (BODY // 14)),
    "nested": ({}, b"[" * (BODY // 2) + b"]" * (BODY // 2)),
    "multipart": ({}, b"content-disposition:;name=" * (BODY // 26)),
    "secrets": ({}, b'{"token":' * (BODY // 9)),
}


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """One mock for all, to which no request here does lasting harm."""
    with running_mock(Settings(port=0)) as running:
        yield running


@pytest.mark.parametrize("name", [*REQUESTS])
@pytest.mark.parametrize("has_credential", [True, False])
def test_request_holds_up_no_other_request(name: str, has_credential: bool, mock: RunningMock) -> None:  # noqa: FBT001
    """While a hostile request is answered, listed and shown as a page, others are served, and the page is bounded."""
    headers, body = REQUESTS[name]
    headers = {"Content-Type": "application/json", "Mock-Session": f"s{has_credential:d}"} | headers
    if has_credential:
        headers["Authorization"] = "Bearer admin"
    session = headers["Mock-Session"]

    def heavy() -> None:
        with httpx.Client(base_url=mock.url, timeout=30) as client:
            client.post(ROUTE, content=body, headers=headers)
            number = client.get("/_mock/requests", headers={"Mock-Session": session}).json()["requests"][-1]["number"]
            page = client.get(f"/_console/journal/{number}?session={session}")
            assert page.status_code == 200
            assert len(page.content) < 4_000_000

    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=mock.url, timeout=30) as client:
        running, slowest, is_last = pool.submit(heavy), 0.0, False
        while not is_last:
            is_last, started = running.done(), time.monotonic()
            assert client.get("/_mock/health").status_code == 200
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.005)  # the pace of the other caller
        running.result()
    assert slowest < PATIENCE_S

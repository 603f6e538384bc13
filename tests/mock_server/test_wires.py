"""What callers send that is odd, and the mock serves: spellings of paths, cookies, credentials, statuses, mounts."""

import asyncio
from base64 import b64encode
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from mock_server import Settings, create_app
from mock_server.serving.in_process import RunningMock, running_mock
from tests.support.caller import PAGE_ID, ROUTE, Caller
from tests.support.raw import request, statuses, talk

BODY = b'{"job_id": "%s"}' % PAGE_ID.encode()
TYPE = b"Content-Type: application/json"


def _cancel(url: str, path: str = ROUTE, *headers: bytes) -> tuple[int, str]:
    """Send a cancel to a path, as it is spelled, and return status and detail."""
    line = b"POST %b HTTP/1.1" % path.encode()
    given = headers or (b"Authorization: Bearer admin",)
    answer = talk(url, request(BODY, TYPE, b"Connection: close", *given, line=line), close=False)
    return statuses(answer)[0], answer.partition(b"\r\n\r\n")[2].decode("latin-1")


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/workflow_engine/cancel%4Aob", 200, PAGE_ID),
        ("/%77orkflow_engine/%63ancelJob?x=%2F", 200, PAGE_ID),
        ("/workflow_engine%2FcancelJob", 404, "an escaped slash separates nothing"),
        ("/workflow_engine%2fcancelJob", 404, "an escaped slash separates nothing"),
        ("/workflow_engine%252FcancelJob", 404, "There is nothing at"),
        ("//workflow_engine/cancelJob", 404, "a slash too many"),
        ("/workflow_engine//cancelJob", 404, "a slash too many"),
        ("/workflow_engine/cancelJob/", 404, "a slash too many"),
        ("/workflow_engine/cancelJob//", 404, "a slash too many"),
        ("/workflow_engine/cancelJob;x", 404, "There is nothing at"),
        ("/workflow_engine/canceljob", 404, "the case of letters counts, and there is /workflow_engine/cancelJob."),
        ("/workflow_engine/jobs", 404, "; there are POST /workflow_engine/cancelJob, POST /workflow_engine/startJob"),
        ("/workflow_engine/job/x", 404, "GET /workflow_engine/job/{id}/details"),
        ("/health", 404, "; there are GET /health/server, GET /health/applications, GET /health/status."),
        ("/jobs", 404, "There is nothing at /jobs."),
        ("/_mock", 404, "There is no /_mock; below /_mock/ there are jobs, clock"),
    ],
)
def test_path_is_read_by_its_segments(mock: RunningMock, path: str, status: int, says: str) -> None:
    """Escapes of letters are the letters, that of a slash is none, and what is near is told."""
    found, said = _cancel(mock.url, path)
    assert found == status
    assert says in said


@pytest.mark.parametrize("base", ["/my%20engine", "/my engine", "/my%20engine/"])
def test_base_path_is_reachable_by_each_spelling(base: str) -> None:
    """`--base-path` may be given as it stands in a URL or decoded; the address is that of a URL."""
    with running_mock(Settings(base_path=base, any_job=True)) as mock:
        assert mock.url.endswith("/my%20engine")
        assert httpx.get(f"{mock.url}/openapi.json").json()["servers"][0]["url"] == mock.url
        origin = mock.url.removesuffix("/my%20engine")
        for path, status in (
            (f"/my%20engine{ROUTE}", 200),
            (f"/m%79%20engine{ROUTE}", 409),
            (f"/my+engine{ROUTE}", 404),
        ):
            assert _cancel(origin, path)[0] == status, path


def test_two_cookie_headers_are_one(mock: RunningMock) -> None:
    """A caller may send its cookies in several headers, as HTTP/2 does (RFC 6265, section 5.4, RFC 9113, 8.2.3)."""
    assert _cancel(mock.url, ROUTE, b"Cookie: a=1", b"Cookie: token=admin")[0] == 200
    (entry,) = mock.requests()
    assert entry["role"] == "admin"


@pytest.mark.parametrize("pair", ["admin:päss", "admin:£", "admin:€", "admin:"])
@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_basic_is_read_in_utf_8_and_latin_1(mock: RunningMock, pair: str, charset: str) -> None:
    """A password that is not ASCII is read, in whichever charset the client sends it (RFC 7617, section 2.1)."""
    header = b"Authorization: basic  " + b64encode(pair.encode(charset, "replace"))
    assert _cancel(mock.url, ROUTE, header)[0] == 200


@pytest.mark.parametrize("code", [204, 205, 304])
def test_status_without_content_has_none(caller: Caller, code: int) -> None:
    """An answer with a status that has no content has none, on the wire and in the journal; 205 says its length."""
    answer = caller.cancel(headers={"Prefer": f"code={code}"})
    assert (answer.status_code, answer.content) == (code, b"")
    assert answer.headers.get("content-length") == ("0" if code == 205 else None)
    assert caller.cancel("x").status_code == 404  # the connection goes on
    assert caller.journal()[0]["answer"]["body"] == ""


def _get(app: Any, path: str, **options: Any) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(options.pop("method", "GET"), path, **options)

    return asyncio.run(send())


@pytest.mark.parametrize("base", ["", "/api"])
def test_application_works_where_it_is_mounted(base: str) -> None:
    """`create_app()` below a path of another application serves its routes there, and its pages name them so."""
    app = Starlette(routes=[Mount("/in/here", create_app(Settings(base_path=base or "/", any_job=True)))])
    canceled = _get(
        app,
        f"/in/here{base}{ROUTE}",
        method="POST",
        json={"job_id": PAGE_ID},
        headers={"Authorization": "Bearer admin"},
    )
    assert canceled.status_code == 200
    assert _get(app, ROUTE, method="POST").status_code == 404
    (entry,) = _get(app, "/in/here/_mock/requests").json()["requests"]
    assert entry["request"]["path"] == f"{base}{ROUTE}"
    for document in ("openapi.json", "_mock/openapi.json"):
        assert _get(app, f"/in/here/{document}").json()["servers"][0]["url"] == f"http://localhost/in/here{base}"
    assert f'url: "/in/here{base}/openapi.json"' in _get(app, "/in/here/ui").text
    assert 'href="/in/here/ui/swagger-ui.css"' in _get(app, "/in/here/ui").text
    console = _get(app, "/in/here/").text
    assert 'href="/in/here/"' in console or 'href="/in/here/?' in console
    assert '"/in/here/_console/journal"' in console
    assert '"/_console/' not in console
    assert _get(app, "/in/here/_console/journal").status_code == 200

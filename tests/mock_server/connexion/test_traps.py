"""Traps measured in connexion 3.3: each is answered with a clear 4xx, or served where it is valid."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from mock_server.serving.in_process import RunningMock
from tests.support.caller import PAGE_ID, ROUTE, Caller

GOOD = b'{"job_id": "%s"}' % PAGE_ID.encode()


@pytest.mark.parametrize("role", ["apiread", "operator"])
def test_roles_do_not_fail_open(caller: Caller, role: str) -> None:
    """Roles as scopes of http bearer fail open in connexion; here a role that is not listed is refused."""
    assert caller.cancel(role=role).status_code == 403


@pytest.mark.parametrize("role", ["admin", "engineering", "support", "apiwrite"])
def test_one_role_suffices(caller: Caller, role: str) -> None:
    """Roles of one oauth2 requirement must all hold in connexion; here one of them suffices."""
    assert caller.cancel(role=role).status_code == 200


@pytest.mark.parametrize(
    "content_type", ["Application/JSON", "APPLICATION/json; charset=UTF-8", "application/json ;x=y"]
)
def test_the_case_of_a_content_type_does_not_matter(caller: Caller, content_type: str) -> None:
    """A content type in other case is checked as the same one, not let through unchecked."""
    headers = {"Content-Type": content_type}
    assert caller.cancel(content=b'{"job_id": 5}', headers=headers).status_code == 400
    assert caller.cancel(content=GOOD, headers=headers).status_code == 200


def test_an_absent_content_type_is_checked(mock: RunningMock) -> None:
    """A body without a content type is taken for JSON, and checked like it."""
    assert _raw(mock, b'{"job_id": 5}') == 400
    assert _raw(mock, b"job_id=x") == 400
    assert _raw(mock, GOOD) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"job_id": "\xff\xfe"}', 400),
        (b'{"job_id": "\\ud800"}', 400),
        (b'{"job_id": NaN}', 400),
        (b'{"job_id": Infinity}', 400),
        (b'{"job_id": "x"} {}', 400),
        (b'{"job_id": "x",}', 400),
        (b"{'job_id': 'x'}", 400),
        (b"\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b'{"job_id": "%s", "a": %s}' % (PAGE_ID.encode(), b"[" * 900 + b'"' * 2 + b"]" * 900), 200),
        (b'{"job_id": 1' + b"0" * 5000 + b"}", 400),
        (b"\xef\xbb\xbf" + GOOD, 200),
    ],
)
def test_odd_json_is_no_failure(caller: Caller, body: bytes, status: int) -> None:
    """Bytes that are no UTF-8, lone surrogates, NaN, deep nesting and broken JSON are 400, never 500."""
    answer = caller.cancel(content=body)
    assert answer.status_code == status
    assert status == 200 or answer.json()["detail"]


@pytest.mark.parametrize("charset", ["bogus", "idna", "rot13", "unicode_escape", "zlib", "''", "x" * 5000])
def test_an_unknown_charset_is_refused(caller: Caller, charset: str) -> None:
    """A charset that is not known is 415."""
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert caller.cancel(content=GOOD, headers=headers).status_code == 415


@pytest.mark.parametrize("charset", ["utf-8", '"UTF-8"', "us-ascii", "iso-8859-1", "utf-16", "utf-16le"])
def test_a_known_charset_is_read(caller: Caller, charset: str) -> None:
    """A body in a known charset is served, as it is valid."""
    body = GOOD.decode().encode(charset.strip('"'))
    assert (
        caller.cancel(content=body, headers={"Content-Type": f"application/json; charset={charset}"}).status_code == 200
    )


@pytest.mark.parametrize(
    "media", ["text/plain", "text/json", "application/x-www-form-urlencoded", "application/xml", "json"]
)
def test_other_media_types_are_refused(caller: Caller, media: str) -> None:
    """Any type but JSON is 415, whatever the body holds."""
    assert caller.cancel(content=GOOD, headers={"Content-Type": media}).status_code == 415
    assert caller.cancel().status_code == 200


def test_a_compressed_body_is_refused(caller: Caller) -> None:
    """A body that says it is compressed is 415."""
    assert caller.cancel(content=GOOD, headers={"Content-Encoding": "gzip"}).status_code == 415


def test_a_chunked_body_is_read(caller: Caller) -> None:
    """A body in chunks is as good as one with a length."""

    def chunks() -> Iterator[bytes]:
        yield GOOD[:5]
        yield GOOD[5:]

    assert caller.cancel(content=chunks()).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"job_id": "x", "job_id": "%s"}' % PAGE_ID.encode(),
        b'{"job_id": "x", "job_\\u0069d": "%s"}' % PAGE_ID.encode(),
        b'{"job_id": "%s", "a": {"b": 1, "b": 2}}' % PAGE_ID.encode(),
    ],
)
def test_a_repeated_key_is_refused(caller: Caller, body: bytes) -> None:
    """A key that is there twice is 400: parsers differ in which one counts."""
    assert caller.cancel(content=body).status_code == 400
    assert caller.cancel().status_code == 200


def test_a_body_has_a_limit(caller: Caller) -> None:
    """More than a mebibyte is 413, announced or in chunks."""
    big = b'{"job_id": "%s", "x": "%s"}' % (PAGE_ID.encode(), b"x" * (1 << 20))
    assert caller.cancel(content=big).status_code == 413
    assert caller.cancel(content=iter([big[:1000], big[1000:]])).status_code == 413
    assert caller.cancel(content=big[:50] + big[-1000:]).status_code == 200


@pytest.mark.parametrize("path", ["/nope", "/workflow_engine/nope", ROUTE])
def test_refusals_carry_cors_headers(caller: Caller, path: str) -> None:
    """Unknown paths and refusals can be read by a page of another origin."""
    answer = caller.client.post(path, headers={"Origin": "http://localhost:3000"})
    assert answer.status_code in {401, 404}
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


def _raw(mock: RunningMock, body: bytes, **headers: Any) -> int:
    address = urlsplit(mock.url)
    lines = [f"POST {ROUTE} HTTP/1.1", "Host: localhost", "Authorization: Bearer admin", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return int(connection.recv(65536).split()[1])

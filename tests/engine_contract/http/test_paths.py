"""Paths as servers route by them."""

import pytest

from engine_contract.http.paths import decoded_path, encoded_path, own_scope, url_as_asked


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/a/b", "/a/b"),
        ("/a%4A", "/aJ"),
        ("/my%20engine", "/my engine"),
        ("/a%2Fb%2fc", "/a%2Fb%2Fc"),
        ("/a%252Fb", "/a%2Fb"),
        ("/%C3%A9", "/é"),
        ("/50%", "/50%"),
    ],
)
def test_decoded_path_keeps_escaped_slashes(path: str, decoded: str) -> None:
    """Each escape is decoded, but that of a slash, which would separate."""
    assert decoded_path(path) == decoded


@pytest.mark.parametrize(
    ("path", "encoded"), [("/my engine", "/my%20engine"), ("/my%20e", "/my%20e"), ("/é", "/%C3%A9")]
)
def test_encoded_path_keeps_escapes(path: str, encoded: str) -> None:
    """A path is spelled as in a URL, whether it was given so or not."""
    assert encoded_path(path) == encoded


@pytest.mark.parametrize(
    ("path", "raw", "root", "expected"),
    [
        ("/x/y", b"/x/y", "", ("/x/y", b"/x/y")),
        ("/x/y", b"/x%2Fy", "", ("/x%2Fy", b"/x%2Fy")),
        ("/in/x", b"/in/x", "/in", ("/x", b"/x")),
        ("/in", b"/in", "/in/", ("/", b"/")),
        ("/inner/x", b"/inner/x", "/in", ("/inner/x", b"/inner/x")),
        ("/x", b"/x", "/in", ("/x", b"/x")),
        ("/a b/x", b"/a%20b/x%2fy", "/a b", ("/x%2Fy", b"/x%2fy")),
        ("/in/x", None, "/in", ("/x", None)),
    ],
)
def test_own_scope_is_below_the_mount(
    path: str, raw: bytes | None, root: str, expected: tuple[str, bytes | None]
) -> None:
    """Both paths of the scope lose the path that the application is mounted at, where they have it."""
    found = own_scope({"path": path, "raw_path": raw, "root_path": root})
    assert (found["path"], found["raw_path"]) == expected


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "127.0.0.1:4010"}, "http://127.0.0.1:4010/base"),
        ({"host": "[::1]:4010"}, "http://[::1]:4010/base"),
        ({"host": "mock.example", "x-forwarded-proto": "https"}, "https://mock.example/base"),
        ({"host": "mock.example", "x-forwarded-proto": "https, http"}, "http://mock.example/base"),
        ({"host": "127.0.0.1:4010", "sec-fetch-site": "same-origin"}, "/base"),
        ({"host": "a/b?c"}, "/base"),
        ({"host": "user@mock.example"}, "/base"),
        ({}, "/base"),
    ],
)
def test_url_as_asked_is_that_of_the_request(headers: dict[str, str], url: str) -> None:
    """It has the request's host; the mock's own pages, and a host that is not one, get the path alone."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert url_as_asked({"scheme": "http", "headers": raw}, "/base") == url


def test_url_as_asked_of_the_root_needs_no_slash_behind_a_host() -> None:
    """A path is put behind it as it is; alone it is a slash."""
    assert url_as_asked({"scheme": "http", "headers": [(b"host", b"mock")]}, "") == "http://mock"
    assert url_as_asked({"scheme": "http", "headers": []}, "") == "/"

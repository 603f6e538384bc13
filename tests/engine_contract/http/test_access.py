"""Who is let in: one table for all that is mounted behind the check; each mount has a test of its own over HTTP."""

import pytest

from engine_contract.http.access import Access, is_fixed

HOST, PAGE = "Host {host} is foreign.", "The page is foreign."
PLAIN = Access(foreign_host=HOST, foreign_page=PAGE)
OPEN = PLAIN._replace(host="0.0.0.0")  # noqa: S104 - not listened on
STRICT = PLAIN._replace(takes_bare_names=False)
READING = PLAIN._replace(guards_reading=True, origins=frozenset({b"https://tests.example"}))
PAGES = PLAIN._replace(is_for_pages_alone=True)

OWN = "http://localhost:4010"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(
            (host, True)
            for host in ("localhost:1", "a.localhost", "10.0.0.7:4010", "[fe80::1]:1", "watcher", "watcher:80")
        ),
        *((host, False) for host in ("evil.example", "10.0.0.7.evil.example", "[::1", "a@b", "1.2.3", "evil.")),
    ],
)
def test_name_that_no_site_can_point_here_is_fixed(host: str, expected: bool) -> None:  # noqa: FBT001 - parametrized
    """Addresses, names of this machine, and names without a dot."""
    assert is_fixed(host) is expected


@pytest.mark.parametrize(
    ("access", "host", "is_let_in"),
    [
        *((PLAIN, host, True) for host in ("localhost:4010", "LOCALHOST", "localhost.:1", "a.localhost", "127.0.0.1")),
        *((PLAIN, host, True) for host in ("127.9.9.9:1", "[::1]:80", "[::ffff:127.0.0.1]", "mock", "mock:80", "")),
        *((PLAIN, host, False) for host in ("evil.example", "evil.example:4010", "127.0.0.1.evil.example", "10.0.0.7")),
        *(
            (PLAIN, host, False)
            for host in ("[::ffff:1.2.3.4]", "[::1", "evil@localhost", "localhost/evil", "a b", "::1")
        ),
        *((PLAIN, host, False) for host in ("evil.example#localhost", "localhost\\.evil.example", "localhost:80:80")),
        *((OPEN, host, True) for host in ("localhost", "engine.example", "10.0.0.7:4010")),
        *((STRICT, host, True) for host in ("localhost:1", "127.0.0.1", "[::1]:80")),
        *((STRICT, host, False) for host in ("watcher", "", "evil.example")),
    ],
)
def test_host_of_a_request_decides(access: Access, host: str, is_let_in: bool) -> None:  # noqa: FBT001 - parametrized
    """On loopback a name of this machine is let in, another one is not, also not for reading."""
    objection = access.objection("GET", {b"host": host.encode()})
    assert objection == (None if is_let_in else HOST.format(host=host.lower()))


@pytest.mark.parametrize(
    ("access", "method", "origin", "site", "is_let_in"),
    [
        # A program sends neither.
        *((access, "POST", None, None, True) for access in (PLAIN, OPEN, STRICT, READING)),
        (PAGES, "POST", None, None, False),
        # A page of our own, also behind TLS.
        *((access, "POST", OWN, site, True) for access in (PLAIN, READING, PAGES) for site in (None, "same-origin")),
        *((access, "POST", "HTTPS://LocalHost:4010", None, True) for access in (PLAIN, READING, PAGES)),
        *((access, "POST", None, "same-origin", True) for access in (PLAIN, READING, PAGES)),
        # What a user typed.
        *((access, "POST", None, "none", True) for access in (PLAIN, READING)),
        (READING, "GET", None, "none", True),
        (PAGES, "POST", None, "none", False),
        (PAGES, "POST", OWN, "none", False),
        # A page of another site, which may read what the browser then keeps from it.
        *(
            (PLAIN, "POST", origin, None, False)
            for origin in ("https://evil.example", "null", "", "http://localhost:1")
        ),
        *((PLAIN, "POST", origin, None, False) for origin in ("http://localhost", "localhost:4010", OWN + "/")),
        *((PLAIN, "POST", OWN, site, False) for site in ("cross-site", "same-site", "odd")),
        *((access, "POST", None, "cross-site", False) for access in (PLAIN, OPEN, STRICT, READING, PAGES)),
        *((access, "DELETE", None, "same-site", False) for access in (PLAIN, OPEN, STRICT, READING, PAGES)),
        *((access, "POST", "https://evil.example", None, False) for access in (OPEN, STRICT, READING, PAGES)),
        *((access, "GET", "https://evil.example", "cross-site", True) for access in (PLAIN, OPEN, STRICT, PAGES)),
        *((READING, method, "https://evil.example", None, False) for method in ("GET", "HEAD")),
        (READING, "GET", None, "cross-site", False),
        # An origin that was named.
        *((READING, "PUT", "https://Tests.example", site, True) for site in (None, "cross-site")),
        (READING, "PUT", "http://tests.example", None, False),
    ],
)
def test_page_that_sends_a_request_decides(
    access: Access,
    method: str,
    origin: str | None,
    site: str | None,
    is_let_in: bool,  # noqa: FBT001
) -> None:
    """Programs and pages of our own are let in, those of others are not."""
    headers = {b"host": b"localhost:4010"}
    if origin is not None:
        headers[b"origin"] = origin.encode()
    if site is not None:
        headers[b"sec-fetch-site"] = site.encode()
    assert access.objection(method, headers) == (None if is_let_in else PAGE)


@pytest.mark.parametrize(
    ("access", "method", "page", "is_let_in"),
    [
        *((access, "POST", f"{OWN}/console?a=//evil.example", True) for access in (PLAIN, READING, PAGES)),
        *((access, "POST", "https://evil.example/", False) for access in (PLAIN, OPEN, STRICT, READING, PAGES)),
        *(
            (PLAIN, "POST", page, False)
            for page in ("", "about:blank", "http://localhost:1/", "http://e/localhost:4010")
        ),
        *((PLAIN, "POST", f"http://evil.example{end}@localhost:4010/", False) for end in "/?#\\"),
        (PLAIN, "POST", "http://localhost:4010@evil.example/", False),
        (PLAIN, "GET", "https://evil.example/", True),
        (READING, "GET", "https://evil.example/", False),
        (READING, "PUT", "https://Tests.example/page", True),
    ],
)
def test_referer_tells_an_old_browsers_page(access: Access, method: str, page: str, is_let_in: bool) -> None:  # noqa: FBT001
    """Where neither `Origin` nor `Sec-Fetch-Site` is sent, `Referer` says whose page it is; else it says nothing."""
    headers = {b"host": b"localhost:4010", b"referer": page.encode()}
    assert access.objection(method, headers) == (None if is_let_in else PAGE)
    for told in ({b"origin": OWN.encode()}, {b"sec-fetch-site": b"same-origin"}):
        assert access.objection(method, headers | told) is None

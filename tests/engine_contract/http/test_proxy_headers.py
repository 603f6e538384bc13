"""Headers and paths on their way through a proxy."""

import time

import pytest

from engine_contract.http.proxy_headers import Address, request_headers, response_headers


@pytest.mark.parametrize(
    ("base", "location", "expected"),
    [
        ("https://e.example", "https://e.example/login?x=1#y", "http://w:1/login?x=1#y"),
        ("https://e.example", "https://E.example:443", "http://w:1"),
        ("https://e.example", "http://e.example/login", "http://w:1/login"),
        ("https://e.example", "//e.example/login", "http://w:1/login"),
        ("https://e.example", "/login", "/login"),
        ("https://e.example", "login", "login"),
        ("https://e.example", "https://sso.example/login", "https://sso.example/login"),
        ("https://e.example", "https://e.example:8443/", "https://e.example:8443/"),
        ("http://e.example:3000/base", "http://e.example:3000/base/login", "http://w:1/login"),
        ("http://e.example:3000/base", "/base/login", "/login"),
        ("http://e.example:3000/base", "/base", "/"),
        ("http://e.example:3000/base", "/other", "/other"),
        ("http://e.example:3000/base", "/basement", "/basement"),
        ("http://e.example:3000", "http://e.example:30001/x", "http://e.example:30001/x"),
        # Browsers take what begins with two slashes, or with a backslash, for another host.
        ("https://e.example", "//evil.example/x", "https://evil.example/x"),
        ("https://e.example", "/\t/evil.example", "https://evil.example"),
        ("https://e.example", "///evil.example", "/evil.example"),
        ("https://e.example", "/\\evil.example", "/evil.example"),
        ("https://e.example", "https://e.example//evil.example", "http://w:1//evil.example"),
        ("http://e.example:3000/base", "/base//evil.example", "/evil.example"),
        ("http://e.example:3000/base", "/base/\\evil.example", "/evil.example"),
        ("http://e.example:3000/base", "http://e.example:3000/base//evil.example", "http://w:1//evil.example"),
        ("https://e.example", "https://e.example@evil.example/", "https://e.example@evil.example/"),
        ("https://e.example", "https://[", "https://["),
    ],
)
def test_location_of_the_same_server_leads_to_the_proxy(base: str, location: str, expected: str) -> None:
    """A redirect to the same server leads to the proxy; one elsewhere stays, and names its scheme."""
    passed = response_headers([(b"Location", location.encode())], Address.of(base), b"http://w:1")
    assert passed == [(b"location", expected.encode())]


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("t=1; Path=/; Domain=e.example; Secure; HttpOnly", "t=1; Path=/; HttpOnly"),
        ("t=a=b; secure; SameSite=None", "t=a=b"),
        ("t=1; SameSite=Strict", "t=1; SameSite=Strict"),
        ("__Host-t=1; Secure; Path=/", "__Host-t=1; Secure; Path=/"),
        ("t=1; Path=/base/x", "t=1; Path=/x"),
    ],
)
def test_set_cookie_is_kept_for_the_proxy(cookie: str, expected: str) -> None:
    """Domain and Secure go, so that a browser sends the cookie to the proxy over plain HTTP."""
    engine = Address.of("https://e.example/base")
    assert response_headers([(b"Set-Cookie", cookie.encode())], engine) == [(b"set-cookie", expected.encode())]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://e.example/base/login?x", "/login?x"),
        ("http://e.example/base", "/"),
        ("http://e.example", "/"),
        ("http://e.example/base//evil.example", "/evil.example"),
        ("http://e.example//evil.example", "/evil.example"),
        ("/base/login", "/login"),
    ],
)
def test_location_without_an_own_origin_becomes_a_path(location: str, expected: str) -> None:
    """A proxy that does not know its own address sends paths, and none that a browser takes for a host."""
    passed = response_headers([(b"location", location.encode())], Address.of("http://e.example/base"))
    assert passed == [(b"location", expected.encode())]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Origin", "http://w:1", "https://e.example"),
        ("Origin", "https://w:1", "https://e.example"),
        ("Origin", "http://w:12", "http://w:12"),
        ("Origin", "null", "null"),
        ("Origin", "https://other.example", "https://other.example"),
        ("Referer", "http://w:1/page?x", "https://e.example/base/page?x"),
        ("Referer", "http://w:1.evil.example/", "http://w:1.evil.example/"),
        ("Cookie", "a=http://w:1", "a=http://w:1"),
    ],
)
def test_origin_of_the_proxy_becomes_the_servers(name: str, value: str, expected: str) -> None:
    """`Host` is the server's, and so are `Origin` and `Referer` of the proxy's own pages, whatever ends TLS."""
    headers = [(b"Host", b"w:1"), (name.encode(), value.encode())]
    passed = request_headers(headers, Address.of("https://user:pass@e.example/base"))
    assert passed == [(b"Host", b"e.example"), (name.encode(), expected.encode())]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/a/b", "/a/../b", "/a/b/../..", "/./a", "//a", "/..a", "/a..", "/...", "/%2e%2ea", "/a/%2e%2e/b"),
        *("/a?x=/../..", "/a;x=../b", "/%25", "/%zz"),
    ],
)
def test_target_below_the_base_is_kept_as_it_came(path: str) -> None:
    """A path that stays below the base is put behind it, unchanged."""
    assert Address.of("http://e.example/app").target(path) == f"/app{path}"


@pytest.mark.parametrize(
    "path",
    [
        *("/..", "/../secret", "/a/../../secret", "/./../secret", "//../secret", "/a//../../secret", "/a/./../../x"),
        *("/%2e%2e/secret", "/.%2E/secret", "/%2e%2e%2fsecret", "/%252e%252e/secret", "/..%2fsecret", "/..\\secret"),
        *("/..%5csecret", "/..;a=b/secret", "/a/..;/..;/secret", "/..?x", "..", "secret", "@evil.example/", "*", ""),
    ],
)
def test_target_outside_of_the_base_raises(path: str) -> None:
    """A path that some server reads as one above the base is not sent."""
    with pytest.raises(ValueError, match=r"leads out of the base path /app|does not begin with a slash"):
        Address.of("http://e.example/app").target(path)


def test_target_without_a_base_path_keeps_dots() -> None:
    """Where nothing lies above the base all paths are the server's; what is not a path is refused."""
    address = Address.of("http://e.example/")
    assert [address.target(path) for path in ("/../x", "*", "/a?b")] == ["/../x", "*", "/a?b"]
    with pytest.raises(ValueError, match="does not begin with a slash"):
        address.target("@evil.example/")


def test_target_of_any_length_is_checked_in_linear_time() -> None:
    """A path of a head's length takes no time worth speaking of."""
    address, started = Address.of("http://e.example/app"), time.process_time()
    address.target("/" + "%25" * 20_000)
    address.target("/a/.." * 10_000)
    assert time.process_time() - started < 1

"""Both proxies, the mock's `--upstream` and the watcher, over real HTTP: what must be right in each."""

import socket
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.config.options import Connection
from contract_tests.errors import SettingError
from contract_tests.watch.upstream import Upstream
from engine_contract.http.proxies import proxy_for
from mock_server.app import create_app
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings, SettingsError
from tests.support.raw_server import RawRequest, answer_of, answering_server, raw_server, read_message
from tests.support.watching import send_raw, watching


@contextmanager
def _mock(url: str) -> Iterator[str]:
    with running_mock(Settings(upstream=url)) as mock:
        yield mock.url


@contextmanager
def _watcher(url: str) -> Iterator[str]:
    with watching(url) as watch:
        yield watch.url


Proxy = Callable[[str], AbstractContextManager[str]]


@pytest.fixture(params=[_mock, _watcher], ids=["mock", "watcher"])
def proxy(request: pytest.FixtureRequest) -> Proxy:
    """Make a proxy before a URL; its own."""
    made: Proxy = request.param
    return made


def _send(url: str, path: str, *headers: str) -> bytes:
    address = urlsplit(url)
    head = "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {address.netloc}", "Connection: close", *headers])
    return send_raw((address.hostname or "", address.port or 0), f"{head}\r\n\r\n".encode("latin-1"))


@pytest.mark.parametrize(("method", "status", "connections"), [("GET", 200, 2), ("HEAD", 200, 2), ("POST", 502, 1)])
def test_kept_connection_that_is_closed_loses_no_request_that_may_be_sent_again(
    proxy: Proxy, method: str, status: int, connections: int
) -> None:
    """A server closes a connection just when the next request comes: a safe one goes out again, no other one does."""
    seen = []

    def talk(connection: socket.socket) -> None:
        seen.append(connection)
        connection.sendall(answer_of("200 OK"))
        read_message(connection)

    with raw_server(talk) as raw, proxy(raw.url) as url, httpx.Client() as client:
        assert client.request(method, f"{url}/page").status_code == 200
        assert client.request(method, f"{url}/page").status_code == status
    assert len(seen) == connections


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_new_connection_that_is_closed_is_told(proxy: Proxy, method: str) -> None:
    """A server that closes each connection without an answer is asked once."""
    seen: list[socket.socket] = []
    with raw_server(seen.append) as raw, proxy(raw.url) as url:
        assert httpx.request(method, f"{url}/page").status_code == 502
    assert len(seen) == 1


def test_session_of_one_caller_is_not_sent_for_another(proxy: Proxy) -> None:
    """What the server sets for Alice goes out with Alice's requests alone."""
    with raw_server(answer_of("200 OK", b"", "Set-Cookie: session=alice; Path=/")) as raw, proxy(raw.url) as url:
        assert b"session=alice" in _send(url, "/login-page")
        _send(url, "/home")
        assert raw.header("Cookie") == []
        _send(url, "/home", "Cookie: session=bob")
        assert raw.header("Cookie") == ["session=bob"]


def test_origin_moves_with_host(proxy: Proxy) -> None:
    """A page that came through the proxy is one of the server's; a page of another site stays one."""
    with raw_server(answer_of("200 OK"), "/app") as raw, proxy(raw.url) as url:
        origin = raw.url.removesuffix("/app")
        _send(url, "/x", f"Origin: {url}", f"Referer: {url}/page")
        assert raw.header("Host") == [urlsplit(origin).netloc]
        assert raw.header("Origin") == [origin]
        assert raw.header("Referer") == [f"{origin}/app/page"]
        _send(url, "/x", "Origin: https://other.example")
        assert raw.header("Origin") == ["https://other.example"]


def test_origin_of_a_name_that_was_pointed_here_stays(proxy: Proxy) -> None:
    """A page of another site does not become one of the server's, whatever name it gave this address."""
    with raw_server(answer_of("200 OK")) as raw, proxy(raw.url) as url:
        address = urlsplit(url)
        head = "GET /x HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\nOrigin: http://evil.example:80\r\n\r\n"
        send_raw((address.hostname or "", address.port or 0), head.encode())
        assert [raw.header("Origin", number) for number in range(len(raw.requests))] in (
            [],
            [["http://evil.example:80"]],
        )


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("{origin}/app/login?x=1#y", "{proxy}/login?x=1#y"),
        ("{origin}/app", "{proxy}/"),
        ("/app/login", "{proxy}/login"),
        ("/app", "{proxy}/"),
        ("login", "{proxy}/a/login"),
        ("https://sso.example/login", "https://sso.example/login"),
        ("{origin}1/x", "{origin}1/x"),
        ("//evil.example/x", "http://evil.example/x"),
        ("/app//evil.example", "{proxy}/evil.example"),
        ("/app/\\evil.example", "{proxy}/evil.example"),
    ],
)
def test_location_leads_through_the_proxy(proxy: Proxy, location: str, leads_to: str) -> None:
    """A redirect to the server leads to the proxy, without the base path; one elsewhere names its host openly."""
    named = {"origin": ""}
    with (
        raw_server(
            lambda connection: connection.sendall(answer_of("302 Found", b"", f"Location: {location.format(**named)}")),
            "/app",
        ) as raw,
        proxy(raw.url) as url,
    ):
        named["origin"] = raw.url.removesuffix("/app")
        response = httpx.get(f"{url}/a/b")
    assert not response.headers["location"].startswith("//")
    assert str(response.url.join(response.headers["location"])) == leads_to.format(**named, proxy=url)


def test_location_of_the_same_server_with_two_slashes_stays_inside(proxy: Proxy) -> None:
    """A whole URL whose path begins with two slashes does not become another host's."""
    raw_url: list[str] = []
    with (
        raw_server(
            lambda connection: connection.sendall(
                answer_of("302 Found", b"", f"Location: {raw_url[0]}//evil.example/")
            ),
            "/app",
        ) as raw,
        proxy(raw.url) as url,
    ):
        raw_url.append(raw.url)
        response = httpx.get(f"{url}/x")
    assert response.url.join(response.headers["location"]).netloc == urlsplit(url).netloc.encode()


def test_cookie_path_below_the_base_loses_it(proxy: Proxy) -> None:
    """A cookie of the server's is kept for the proxy's address and path."""
    cookies = ("Set-Cookie: a=1; Path=/app/x; Domain=e.example; Secure", "Set-Cookie: b=2; Path=/app")
    with raw_server(answer_of("200 OK", b"", *cookies), "/app") as raw, proxy(raw.url) as url:
        assert httpx.get(url + "/x").headers.get_list("set-cookie") == ["a=1; Path=/x", "b=2; Path=/"]


def test_policy_of_the_server_allows_the_proxy(proxy: Proxy) -> None:
    """A page whose Content-Security-Policy names the server loads by way of the proxy."""
    named = {"origin": ""}

    def talk(connection: socket.socket) -> None:
        connection.sendall(answer_of("200 OK", b"", f"Content-Security-Policy: default-src {named['origin']}"))

    with raw_server(talk, "/app") as raw, proxy(raw.url) as url:
        named["origin"] = raw.url.removesuffix("/app")
        assert httpx.get(f"{url}/x").headers["content-security-policy"] == f"default-src {url}"


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/a/../../secret", "/..%2fsecret", "/..\\secret", "/..;/secret"]
)
def test_path_outside_of_the_base_is_not_sent(proxy: Proxy, path: str) -> None:
    """A path that leads out of the server's base is answered with 400, and never sent."""
    with raw_server(answer_of("200 OK", b"secret"), "/app") as raw, proxy(raw.url) as url:
        received = _send(url, path)
        assert received.startswith(b"HTTP/1.1 400 ")
        assert b"leads out of the base path /app" in received
        assert raw.requests == []
        assert _send(url, "/a/../b").endswith(b"secret")


def test_answer_has_one_date(proxy: Proxy) -> None:
    """`Date` is there once."""
    date = "Date: Thu, 01 Jan 2026 00:00:00 GMT"
    with raw_server(answer_of("200 OK", b"", date)) as raw, proxy(raw.url) as url:
        assert len(httpx.get(f"{url}/x").headers.get_list("date")) == 1


def test_hop_by_hop_headers_stay_on_their_hop(proxy: Proxy) -> None:
    """What belongs to one connection, and what `Connection` names, is not passed on; neither way."""
    answer = answer_of("200 OK", b"", "Connection: X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "X-Kept: 1")
    with raw_server(answer) as raw, proxy(raw.url) as url:
        received = _send(url, "/x", "Connection: X-Mine", "X-Mine: 1", "TE: trailers", "Expect: x", "X-Kept: 2").lower()
        assert [raw.header(name) for name in ("x-mine", "te", "expect", "x-kept")] == [[], [], [], ["2"]]
    assert b"x-hop" not in received
    assert b"keep-alive" not in received
    assert b"x-kept: 1" in received


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answer_without_a_body_ends_with_its_head(proxy: Proxy, status: str) -> None:
    """A length that such an answer announces is that of no body, and the connection goes on."""
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 7\r\nETag: x\r\n\r\n".encode()
    with raw_server(answer) as raw, proxy(raw.url) as url:
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as caller:
            for _ in range(2):
                caller.sendall(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n")
                received = read_message(caller).lower()
                assert received.startswith(f"HTTP/1.1 {status}".lower().encode())
                assert b"etag: x" in received
                assert b"content-length" not in received


_TOO_LARGE = answer_of("413 Content Too Large", b"too large", "Connection: close")


def _post(url: str, body: bytes, length: int, path: str = "/workflow_engine/cancelJob") -> bytes:
    """Send a request with so much of its body, and return what comes back; the caller reads when it has sent that."""
    address = urlsplit(url)
    head = f"POST {path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {length}\r\n\r\n".encode()
    with socket.create_connection((address.hostname, address.port), timeout=20) as caller:
        caller.sendall(head + body)
        return read_message(caller)


@contextmanager
def _hasty(answer: bytes, *, is_closed: bool) -> Iterator[str]:
    """Serve one connection: answer once a head has come, then close with the rest unread, or read no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = Event()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(1)
                connection.sendall(answer)
                if not is_closed:
                    done.wait(20)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        done.set()
        thread.join(20)


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "open"])
@pytest.mark.parametrize(
    ("sent", "length"), [(8_000_000, 8_000_000), (10, 1000), (0, 1000)], ids=["all", "part", "none"]
)
def test_refusal_before_the_body_is_passed_on(proxy: Proxy, sent: int, length: int, *, is_closed: bool) -> None:
    """A server that refuses a request by its head is heard, though it reads no more, or closes and resets."""
    for path in ("/other", "/workflow_engine/cancelJob") if proxy is _watcher else ("/other",):
        with _hasty(_TOO_LARGE, is_closed=is_closed) as server, proxy(server) as url:
            received = _post(url, b"x" * sent, length, path)
        assert received.startswith(b"HTTP/1.1 413 ")
        assert received.endswith(b"\r\n\r\ntoo large")
        assert b"contract-" not in received.lower()


def test_interim_answers_are_no_refusals(proxy: Proxy) -> None:
    """`100 Continue` and `103 Early Hints` before the body are no reason to stop; a success that comes early is none."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    got = b""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            nonlocal got
            connection, _ = listener.accept()
            with connection:
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65_536)
                connection.sendall(interim + answer_of("200 OK", b"fine"))
                while len(got.partition(b"\r\n\r\n")[2]) < 3_000_000:
                    got += connection.recv(65_536)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        with proxy(f"http://127.0.0.1:{listener.getsockname()[1]}") as url:
            received = _post(url, b"x" * 3_000_000, 3_000_000, "/other")
            thread.join(20)
    assert received.endswith(b"fine")
    assert len(got.partition(b"\r\n\r\n")[2]) == 3_000_000


def test_control_character_in_a_header_of_the_server_is_502(proxy: Proxy) -> None:
    """No caller gets what its own server would refuse to send, nor a broken connection; a tab is allowed."""
    odd = ["\t", "\x01", "\x1b", "\x7f", "\0", "\r"]

    def answer(request: RawRequest) -> bytes:
        return answer_of("200 OK", b"in", f"X-Odd: a{odd[int(request.path[1:])]}b")

    with answering_server(answer) as raw, proxy(raw.url) as url:
        assert b"x-odd: a\tb\r\n" in _send(url, "/0")
        for number in range(1, len(odd)):
            head, _, body = _send(url, f"/{number}").partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 502 ")
            assert b"x-odd" not in head.lower()
            assert b"X-Odd holds a control character" in body or b"illegal header" in body.lower()


def test_status_that_http_does_not_have_is_502(proxy: Proxy) -> None:
    """The reason names the status."""
    with raw_server(answer_of("999 Odd", b"in")) as raw, proxy(raw.url) as url:
        head, _, body = _send(url, "/other").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 ")
    assert b"its status is 999" in body


def test_offer_of_another_protocol_is_passed_on_in_http_1(proxy: Proxy) -> None:
    """A body that comes with `Upgrade: h2c` reaches the server; the offer, which is one connection's, does not."""
    with raw_server(answer_of("200 OK", b"fine")) as raw, proxy(raw.url) as url:
        head = (
            "POST /other HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
        )
        head += "HTTP2-Settings: AAMAAABkAAQ\r\nContent-Length: 3\r\n\r\nabc"
        address = urlsplit(url)
        assert send_raw((address.hostname or "", address.port or 0), head.encode()).endswith(b"fine")
        assert raw.body() == b"abc"
        assert [raw.header(name) for name in ("Upgrade", "HTTP2-Settings")] == [[], []]


def test_websocket_before_upstream_is_refused_with_the_reason() -> None:
    """The mock passes no WebSocket on, and says where to connect."""
    with raw_server(answer_of("200 OK")) as raw, _mock(raw.url) as url:
        received = _send(url, "/live", "Connection: Upgrade, close", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        assert received.startswith(b"HTTP/1.1 501 ")
        assert f"passes no WebSockets on. Connect to {raw.url} for them".encode() in received
        assert f"`watch-engine {raw.url}`, which passes them on".encode() in received
        assert raw.requests == []


def test_user_of_an_upstream_is_sent_to_it() -> None:
    """A user and a password in `--upstream` are sent as HTTP Basic, and named nowhere."""
    with raw_server(answer_of("200 OK")) as raw, _mock(raw.url.replace("://", "://me:p%C3%A4ss@")) as url:
        _send(url, "/x", "Authorization: Bearer mine")
        assert raw.header("Authorization") == ["Basic " + b64encode("me:päss".encode()).decode()]
        assert raw.header("Host") == [urlsplit(raw.url).netloc]


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_exempt"),
    [
        ("::1,[fd00::5]", "http://[fd00::5]:81/", True),
        ("fd00::5", "http://[fd00::5]/", True),
        ("[fd00::5]:81", "http://[fd00::5]:81/", True),
        ("[fd00::5]:82", "http://[fd00::5]:81/", False),
        ("fd00::/8", "https://[fd00::5]/", True),
        ("10.0.0.0/8 ", "http://10.1.2.3/", True),
        ("[", "http://10.1.2.3/", False),
        (":::,%,[::1", "http://10.1.2.3/", False),
        (".example", "http://a.example/", True),
        ("*.example", "http://a.example/", True),
        ("example", "http://a.example/", True),
        ("ample", "http://a.example/", False),
        ("a.example:443", "https://A.example/", True),
        ("a.example:80", "https://a.example/", False),
        ("b.example, *", "http://a.example/", True),
        ("", "http://127.0.0.1:1/", True),
        ("", "http://[::1]:1/", True),
        ("", "http://a.example/", False),
    ],
)
def test_no_proxy_exempts(monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, *, is_exempt: bool) -> None:
    """Hosts of `NO_PROXY`, also those of IPv6, networks and ports, are reached without a proxy, and loopback always."""
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://[fd00::1]:3128")
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    found = proxy_for(url)
    assert (found is None) == is_exempt
    if found is not None:
        assert str(found.url) in {"http://[fd00::1]:3128", "http://proxy.example:3128"}


@pytest.mark.parametrize(
    "address",
    [
        *("socks5://127.0.0.1:1080", "socks5h://[::1]:1080", "http://[::1", "http://", "ftp://x", "http://:8080"),
        *("127.0.0.1:99999", "http://127.0.0.1:0", "http://127.0.0.1:-1", "http://127.0.0.1:port", "http:/127.0.0.1:1"),
        *(
            "http://a proxy:1",
            "http://${PROXY}:1",
            '"http://127.0.0.1:1"',
            "http://a..b:1",
            "<proxy>",
        ),
        *(
            "http://127.0.0.1;127.0.0.2",
            "http://256.1.1.1:1",
            f"http://{'a' * 64}:1",
            "http://a%00:1",
            "direct://",
            "*",
        ),
    ],
)
def test_proxy_that_cannot_be_used_ends_the_start(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """`mock-engine --upstream` and `watch-engine` say in one line which proxy of the environment they cannot use."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", address)
    with pytest.raises(
        SettingsError, match=r"^--upstream http://app\.example: http_proxy or all_proxy in the environment: "
    ):
        create_app(Settings(upstream="http://app.example"))
    with pytest.raises(SettingError, match=r"^http_proxy or all_proxy in the environment: "):
        Upstream(Connection("http://app.example"))


def test_password_of_a_broken_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind an unescaped / in a password looks like a port."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", "http://me:s3cret/1@proxy.example:3128")
    with pytest.raises(ValueError, match="write / as %2F") as error:
        proxy_for("http://app.example")
    assert "s3cret" not in str(error.value)

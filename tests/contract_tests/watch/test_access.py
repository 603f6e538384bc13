"""Whose requests pass on to the engine, as a table; test_other_pages.py tries it with a browser."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.config.options import Connection
from contract_tests.config.sources import Source
from contract_tests.watch.access import CallerAccess
from contract_tests.watch.settings import WatchSettings
from engine_contract.http.proxy_headers import Address, request_headers
from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROUTE, send_raw, watching

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens
OWN = {"Host": "127.0.0.1:4011"}
CROSS = {**OWN, "Sec-Fetch-Site": "cross-site"}
LINK = {**CROSS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def access(host: str = "127.0.0.1", *names: str, adds: bool = False, certificate: bool = False) -> CallerAccess:
    """The access of a watcher that listens on `host`."""
    connection = Connection(
        "http://e",
        headers={"Authorization": Source("x", "--header")} if adds else {},
        client_cert=Path("x.pem") if certificate else None,
    )
    return CallerAccess.of(WatchSettings(connection, host=host, allow_hosts=frozenset(names)))


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they come."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        *(
            (host, True)
            for host in ("localhost:1", "127.0.0.1", "[::1]:4011", "staging.localhost:4011", "QA.test", "qa.test:1")
        ),
        *((host, False) for host in ("evil.example", "evil", "127.0.0.1.evil.example", "0.0.0.0:4011", "10.0.0.7", "")),
        *(
            (host, False)
            for host in ("qa.test.evil.example", "qa.test@evil.example", "qa.test:80:80", "[::ffff:1.2.3.4]")
        ),
    ],
)
def test_foreign_host_on_loopback_is_not_passed_on(host: str, is_own: bool) -> None:  # noqa: FBT001 - parametrized
    """A name of this machine or of --allow-host is let in, with any port; others are 421, and say what to do."""
    objection = access("localhost", "qa.test").objection("GET", raw({"Host": host}))
    if is_own:
        assert objection is None
        return
    assert objection is not None
    assert objection[0] == 421
    assert objection[1].startswith(f"Host {host} is not this watcher's address")
    assert "--allow-host NAME" in objection[1]


def test_host_twice_is_foreign_if_one_of_them_is() -> None:
    """Whichever of two is believed behind us, neither is foreign."""
    assert access().objection("GET", [*raw(OWN), (b"host", b"evil.example")]) is not None
    assert access().objection("GET", []) is None  # HTTP/1.0 has none, and browsers do not speak it


@pytest.mark.parametrize(
    ("method", "headers", "is_passed"),
    [
        *((method, LINK, True) for method in ("GET", "HEAD")),
        ("GET", {name: LINK[name] for name in LINK if name != "Sec-Fetch-Dest"}, True),
        *((method, LINK, False) for method in ("POST", "PUT", "DELETE", "OPTIONS")),
        *(("GET", {**LINK, "Sec-Fetch-Dest": kind}, False) for kind in ("iframe", "frame", "embed", "object", "empty")),
        *(("GET", {**LINK, "Sec-Fetch-Mode": mode}, False) for mode in ("cors", "no-cors", "websocket", "same-origin")),
        ("GET", CROSS, False),
        *(("POST", {**CROSS, "Sec-Fetch-Site": site}, True) for site in ("same-origin", "same-site", "none")),
        ("POST", {**CROSS, "Sec-Fetch-Site": "unheard-of"}, False),
        ("POST", {**OWN, "Origin": "https://evil.example"}, False),
        ("GET", {**OWN, "Origin": "https://evil.example"}, False),
        ("POST", {**OWN, "Origin": "null"}, False),
        ("POST", {**OWN, "Origin": "http://127.0.0.1:3000"}, True),
        ("POST", {**OWN, "Origin": "http://127.0.0.1.evil.example"}, False),
        ("POST", {**OWN, "Origin": "http://["}, False),
        ("POST", {**OWN, "Referer": "https://evil.example/page"}, False),
        ("POST", {**OWN, "Referer": "http://127.0.0.1:3000/page"}, True),
        ("GET", {**OWN, "Referer": "https://wiki.example/page"}, True),
        ("POST", OWN, True),
        ("GET", OWN, True),
    ],
)
def test_page_of_another_site_may_only_link_while_a_credential_is_added(
    method: str,
    headers: dict[str, str],
    is_passed: bool,  # noqa: FBT001 - parametrized
) -> None:
    """With --header or --client-cert such a request is 403; without, it passes as from any browser."""
    for adding in (access(adds=True), access(certificate=True), access(EVERYWHERE, adds=True)):
        objection = adding.objection(method, raw(headers))
        assert (objection is None) is is_passed
        assert objection is None or (objection[0] == 403 and "A page of another site sent this" in objection[1])
    assert access().objection(method, raw(headers)) is None


@pytest.mark.parametrize(
    ("listens", "host", "is_moved"),
    [
        *(("127.0.0.1", host, True) for host in ("127.0.0.1:4011", "qa.localhost")),
        *((EVERYWHERE, host, True) for host in ("127.0.0.1", "10.0.0.7:4011", "[fe80::1]:4011", "watcher:4011", "qa.test")),
        ("box.example", "box.example:4011", True),
        *((EVERYWHERE, host, False) for host in ("evil.example:4011", "10.0.0.7.evil.example", "[::1")),
    ],
)  # fmt: skip
def test_origin_moves_under_the_watchers_own_names_alone(listens: str, host: str, is_moved: bool) -> None:  # noqa: FBT001
    """A page that another site has pointed here stays a page of another site, wherever the watcher listens."""
    headers = raw({"Host": host, "Origin": f"http://{host}"})
    is_own = access(listens, "qa.test").is_own(headers)
    passed = dict(request_headers(headers, Address.of("https://engine.example"), is_own=is_own))
    assert passed[b"origin"] == (b"https://engine.example" if is_moved else f"http://{host}".encode())


def test_refusals_are_told_and_recorded_and_never_sent() -> None:
    """421 and 403 are problems that say why; the journal has them, the engine does not, and no rule is blamed."""
    secret: dict[str, Any] = {"Authorization": "Bearer s3cret"}
    with raw_server(answer_of("200 OK")) as engine, watching(engine.url, headers=secret) as watch:
        foreign = httpx.post(watch.url + ROUTE, json={"job_id": "x"}, headers={"Host": "evil.example"})
        assert (foreign.status_code, foreign.headers["content-type"]) == (421, "application/problem+json")
        assert "watch-engine: Host evil.example is not this watcher's address" in foreign.json()["detail"]
        crossed = httpx.post(watch.url + ROUTE, json={"job_id": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert crossed.status_code == 403
        for response in (foreign, crossed):
            assert "contract-violations" not in response.headers
        handshake = (
            "GET /feed HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://{}\r\n\r\n"
        )
        for host, origin, status in (("evil.example", "evil.example", 421), ("localhost", "evil.example", 403)):
            received = send_raw(watch.address, handshake.format(host, origin).encode())
            assert received.startswith(f"HTTP/1.1 {status} ".encode())
        assert engine.requests == []
        assert [(entry.status, entry.findings) for entry in watch.watch.journal.entries()] == [(None, ())] * 4
        assert httpx.post(watch.url + ROUTE, json={"job_id": "x"}).status_code == 200

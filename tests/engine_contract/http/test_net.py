"""Addresses to listen on."""

import socket

import pytest

from engine_contract.http.net import bind, is_loopback, url_of


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "127.255.255.254", "127.0.0.1."),
        *("::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "[::FFFF:127.0.0.1]"),
        *("localhost", "LocalHost", "localhost.", "app.localhost", "a.b.LOCALHOST."),
    ],
)
def test_is_loopback_this_machine_is_true(host: str) -> None:
    """Each of these names and addresses means this machine."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1.evil.example", "127.evil.example", "127.0.0.1:80", "127.1", "128.0.0.1", "1127.0.0.1", "0.0.0.1"),
        *("::", "::2", "::ffff:10.0.0.1", "localhost.evil.example", "notlocalhost", "localhost..", "", "."),
    ],
)
def test_is_loopback_anything_else_is_false(host: str) -> None:
    """A name that only looks like one of this machine does not mean it."""
    assert not is_loopback(host)


def test_bind_unknown_host_raises_value_error() -> None:
    """A host that cannot be found is a ValueError that begins with it."""
    with pytest.raises(ValueError, match=r"^no-such-host\.invalid: .+\.$"):
        bind("no-such-host.invalid", 0)
    with pytest.raises(ValueError, match=r"^a{300}: "):
        bind("a" * 300, 0)


def test_bind_used_port_raises_os_error() -> None:
    """A port that is taken is an OSError that begins with it, so that a command can put its option in front."""
    (first,) = bind("127.0.0.1", 0)
    with first as bound:
        port = bound.getsockname()[1]
        with pytest.raises(OSError, match=rf"^{port}: cannot listen on 127\.0\.0\.1:{port}: address already in use\.$"):
            bind("127.0.0.1", port)


def test_url_of_ipv6_is_in_brackets() -> None:
    """An IPv6 address stands in brackets, whether they were given or not."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert url_of("::1", bound) == url_of("[::1]", bound) == f"http://[::1]:{port}"
        assert url_of("mock", bound, "https") == f"https://mock:{port}"


def _is_named(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[int, str]) -> None:
    """Let each host have these addresses."""

    def look_up(_host: str, port: int, **_options: object) -> list[object]:
        ends: dict[int, tuple[int, ...]] = {socket.AF_INET: (), socket.AF_INET6: (0, 0)}
        return [(family, socket.SOCK_STREAM, 6, "", (address, port, *ends[family])) for family, address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_bind_listens_on_all_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name such as `localhost` may be both 127.0.0.1 and ::1, and callers take either: both listen, on one port."""
    _is_named(monkeypatch, (socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.1"))
    bound = bind("localhost", 0)
    try:
        names = [each.getsockname() for each in bound]
        assert [name[0] for name in names] == ["127.0.0.1", "::1"]
        assert names[0][1] == names[1][1]
    finally:
        for each in bound:
            each.close()


def test_bind_leaves_out_an_address_that_the_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose IPv6 address this machine does not have listens on the other; one without any address fails."""
    _is_named(monkeypatch, (socket.AF_INET6, "2001:db8::1"), (socket.AF_INET, "127.0.0.1"))
    (only,) = bind("both.example", 0)
    with only:
        assert only.getsockname()[0] == "127.0.0.1"
    _is_named(monkeypatch, (socket.AF_INET6, "2001:db8::1"), (socket.AF_INET, "203.0.113.9"))
    with pytest.raises(
        OSError, match=r"^0: cannot listen on none\.example:0: this machine does not have that address\.$"
    ):
        bind("none.example", 0)


def test_bind_port_that_another_has_on_one_address_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody else listens on one of the addresses, callers would reach that one: it is an error."""
    (other,) = bind("::1", 0)
    with other:
        _is_named(monkeypatch, (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
        with pytest.raises(OSError, match="address already in use"):
            bind("localhost", other.getsockname()[1])

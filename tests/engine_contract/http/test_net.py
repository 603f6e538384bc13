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
    with bind("127.0.0.1", 0) as bound:
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

"""Starting on a store in Redis: addresses, passwords, TLS, and what cannot be reached."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mock_server.settings import Settings, SettingsError
from mock_server.store.redis_address import Address, read_address
from mock_server.store.redis_client import join
from tests.support.caller import cancel
from tests.support.certificates import self_signed
from tests.support.commands import mock_engine, started_mock
from tests.support.pace import stopwatch
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer, redis_server

PASSWORD = "p@ss/w0rd#?"
ESCAPED = "p%40ss%2Fw0rd%23%3F"


@pytest.mark.parametrize(
    ("store", "shown", "options"),
    [
        ("redis://host", "redis://host:6379/0", {"host": "host", "port": 6379, "db": 0}),
        ("redis://host:7000/3", "redis://host:7000/3", {"host": "host", "port": 7000, "db": 3}),
        ("rediss://host/0", "rediss://host:6379/0", {"host": "host"}),
        ("redis://[::1]/0", "redis://[::1]:6379/0", {"host": "::1"}),
        (f"redis://me:{ESCAPED}@host/0", "redis://host:6379/0", {"username": "me", "password": PASSWORD}),
        (f"redis://:{ESCAPED}@host/0", "redis://host:6379/0", {"password": PASSWORD}),
    ],
)
def test_addresses_are_read(store: str, shown: str, options: dict[str, object]) -> None:
    """Host, port, database, user and password of the URL; what is shown holds no user and no password."""
    address = read_address(store, {})
    assert address.shown == shown
    assert options.items() <= dict(address.options).items()
    assert PASSWORD not in repr(address)
    assert "host" in repr(Settings(store=store))
    assert ESCAPED not in repr(Settings(store=store))


def test_the_password_may_come_from_the_environment() -> None:
    """MOCK_ENGINE_STORE_PASSWORD counts where the URL has no password."""
    environ = {"MOCK_ENGINE_STORE_PASSWORD": "one"}

    def password(address: Address) -> object:
        return address.options["password"]

    assert password(read_address("redis://host/0", environ)) == "one"
    assert password(read_address("redis://:other@host/0", environ)) == "other"


@pytest.mark.parametrize("store", ["redis://:sec/ret@host/0", "redis://:sec#ret@host/0", "redis://:secret@host:x/0"])
def test_a_password_that_breaks_the_address_is_not_shown(store: str) -> None:
    """A URL that cannot be read is refused without a word of it."""
    with pytest.raises(SettingsError) as raised:
        read_address(store, {})
    assert "sec" not in str(raised.value)
    assert "ret" not in str(raised.value)


def test_a_silent_store_is_one_clear_line() -> None:
    """A store that accepts and never answers is asked for less than 3 s; then status is 2, and the password is not shown."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        store = f"redis://:{ESCAPED}@127.0.0.1:{port}/0"
        with stopwatch() as watch, pytest.raises(SettingsError):
            join(Settings(store=store), read_address(store, {}))
        assert watch.seconds < 3
        ended = mock_engine("--store", store, "--workers", "2")
    assert ended.status == 2
    assert ended.err.startswith(f"mock-engine: --store redis://127.0.0.1:{port}/0: cannot be reached: Timeout")
    assert len(ended.err.splitlines()) == 1
    assert ESCAPED not in ended.err
    assert PASSWORD not in ended.err


def test_a_password_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    """A wrong password is exit status 2; the right one serves, from the environment or the URL; none is ever shown."""
    with redis_server(tmp_path / "redis", "--requirepass", PASSWORD) as redis:
        wrong = mock_engine("--store", redis.url, env={"MOCK_ENGINE_STORE_PASSWORD": "wr0ng-one"})
        assert wrong.status == 2
        assert "cannot be reached: " in wrong.err
        assert "wr0ng-one" not in wrong.err
        with started_mock("--store", redis.url, env={"MOCK_ENGINE_STORE_PASSWORD": PASSWORD}) as (_, url):
            assert cancel(url).status_code == 200
        store = redis.url.replace("redis://", f"redis://default:{ESCAPED}@")
        with started_mock(env={"MOCK_ENGINE_STORE": store}) as (process, url):
            assert cancel(url).status_code == 409
            redis.kill()
            said = [cancel(url).text, httpx.get(f"{url}/_mock/health").text, httpx.get(f"{url}/_mock/metrics").text]
            process.terminate()
            said += process.communicate(timeout=10)
    assert not any(PASSWORD in text or ESCAPED in text for text in said)


def test_tls(tmp_path: Path) -> None:
    """rediss:// checks the server's certificate, against an authority of one's own if one is given."""
    (cert, key), port = self_signed(tmp_path), free_port()
    tls = (
        "--tls-port",
        str(port),
        "--tls-cert-file",
        str(cert),
        "--tls-key-file",
        str(key),
        "--tls-auth-clients",
        "no",
    )
    with redis_server(tmp_path / "redis", *tls):
        refused = mock_engine("--store", f"rediss://localhost:{port}/0")
        assert refused.status == 2
        assert "certificate verify failed" in refused.err
        with started_mock("--store", f"rediss://localhost:{port}/0?ssl_ca_certs={cert}") as (_, url):
            assert cancel(url).status_code == 200
            assert httpx.get(f"{url}/_mock/health").status_code == 200


def test_prefixes_part_mocks(redis: RedisServer) -> None:
    """Mocks with different prefixes on one Redis know nothing of each other, and leave other keys alone."""
    redis.command("SET", "of-somebody-else", "1")
    with (
        started_mock("--store", f"{redis.url}?prefix=left") as (_, one),
        started_mock("--store", f"{redis.url}?prefix=right") as (_, two),
    ):
        assert [cancel(one).status_code, cancel(two).status_code, cancel(one).status_code] == [200, 200, 409]
        assert httpx.post(f"{one}/_mock/reset").status_code == 204
        assert [cancel(two).status_code, cancel(one).status_code] == [409, 200]
    assert redis.command("GET", "of-somebody-else").split() == ["$1", "1"]
    assert "{left}:start" in redis.command("KEYS", "{left}:*")


def test_help_does_not_load_redis() -> None:
    """A mock in memory does not pay for redis-py."""
    code = "import sys; from mock_server import create_app; create_app(); print('redis' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"

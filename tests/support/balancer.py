"""A plain haproxy on a free loopback port, before replicas of the mock or servers of Redis."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.requirements import need_haproxy


class Backend(NamedTuple):
    """A server behind the balancer."""

    name: str
    port: int


_COMMON = """
global
    maxconn 2000
defaults
    timeout connect 1s
    timeout client 20s
    timeout server 20s
    timeout check 500ms
    default-server check inter 200ms fall 2 rise 1
frontend in
    bind 127.0.0.1:{port}
    default_backend all
"""

_MOCKS = """
backend all
    mode http
    balance roundrobin
    option httpchk GET /_mock/health
    option redispatch
    retries 3
"""

# The server that says it is the primary gets the connections; if it no longer says so, they are closed.
_REDIS = """
backend all
    mode tcp
    option tcp-check
    tcp-check send info\\ replication\\r\\n
    tcp-check expect string role:master
    default-server on-marked-down shutdown-sessions
"""


_CONNECTIONS = """
backend all
    mode tcp
    balance roundrobin
"""


@contextmanager
def balancer(
    directory: Path, backends: Sequence[Backend], *, is_redis: bool = False, is_tcp: bool = False
) -> Iterator[int]:
    """Run haproxy while the context lasts, and yield the port that it listens on. `is_tcp`: it balances connections."""
    port = free_port()
    mode = "tcp" if is_redis or is_tcp else "http"
    text = _COMMON.format(port=port).replace("defaults", f"defaults\n    mode {mode}")
    text += _REDIS if is_redis else _CONNECTIONS if is_tcp else _MOCKS
    text += "".join(f"    server {backend.name} 127.0.0.1:{backend.port}\n" for backend in backends)
    file = directory / "haproxy.cfg"
    file.write_text(text)
    process = subprocess.Popen([need_haproxy(), "-db", "-q", "-f", str(file)], stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: _listens(port, process))
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, "haproxy ended at its start"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False

"""Ports for servers that are started, and started again, on a port that is known before."""

import random
import socket

# Below those that systems give to connections: none of them takes the port while its server is down.
FIRST, LAST = 20_000, 32_000


def free_port() -> int:
    """Return a loopback port that nobody listens on, another one at each call."""
    for port in random.SystemRandom().sample(range(FIRST, LAST), 200):
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise OSError(f"no free port between {FIRST} and {LAST}")

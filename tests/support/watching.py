"""A watcher in a thread of this process."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from contract_tests.config.auth import Auth
from contract_tests.config.options import Connection
from contract_tests.config.sources import Source
from contract_tests.watch.app import WatchApp
from contract_tests.watch.cli import make_server
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from engine_contract.contract import Operation
from engine_contract.http.net import bind, url_of

Result = TypeVar("Result")

ROUTE = "/workflow_engine/cancelJob"
ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")


@dataclass
class Watching:
    """A running watcher."""

    url: str
    watch: Watch
    console: str
    """The console's address, without a slash at the end."""
    said: list[str]
    """Lines that it said beside those of exchanges."""

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def api(self) -> httpx.Client:
        """Return a client of the console's JSON API."""
        return api_of(self.console)


@contextmanager
def watching(
    engine: str,
    *,
    tokens: dict[str, str] | None = None,
    auth: str = "bearer",
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
    record: Path | None = None,
    write_profile: Path | None = None,
    journal: int = 1000,
    ca_bundle: Path | None = None,
    insecure: bool = False,
    proxy: str | None = None,
    allow_hosts: frozenset[str] = frozenset(),
    rewrite: bool = False,
    pages: tuple[Operation, ...] = (),
) -> Iterator[Watching]:
    """Watch an engine on a free port; the roles' tokens are their names unless others are given."""
    named = {role: role for role in ROLES} if tokens is None else tokens
    connection = Connection(
        engine,
        auth=Auth.parse(auth),
        tokens={role: Source(token, "--token") for role, token in named.items()},
        headers={name: Source(value, "--header") for name, value in (headers or {}).items()},
        timeout=timeout,
        ca_bundle=ca_bundle,
        insecure=insecure,
        proxy=proxy,
    )
    settings = WatchSettings(
        connection,
        record=record,
        write_profile=write_profile,
        journal=journal,
        allow_hosts=allow_hosts,
        rewrite=rewrite,
        pages=pages,
    )
    said: list[str] = []
    watch = Watch(settings, say=said.append)
    (bound,), (console,) = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    ready = threading.Event()
    server = make_server(WatchApp(watch, console.getsockname()[1]), ready=ready.set, closing=watch.close)
    thread = threading.Thread(target=server.run, args=([bound, console],), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        key = watch.settings.console_key
        yield Watching(url_of("127.0.0.1", bound), watch, f"{url_of('127.0.0.1', console)}/{key}", said)
    finally:
        server.stop()
        thread.join(20)


def api_of(console: str) -> httpx.Client:
    """Return a client of the JSON API of the console at that address."""
    origin, _, key = console.rstrip("/").rpartition("/")
    return httpx.Client(base_url=f"{origin}/api", headers={"Authorization": f"Bearer {key}"}, trust_env=False)


def send_raw(address: tuple[str, int], data: bytes) -> bytes:
    """Send bytes, and read all that comes until the other side closes."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(data)
        received = b""
        while part := connection.recv(65536):
            received += part
        return received


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, in a thread of its own: a browser may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()

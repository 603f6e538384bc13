"""How the tests are spread over processes, and what is done once for all tests of a process."""

import os
from collections.abc import Iterator
from functools import cache
from ssl import SSLContext
from typing import Any
from unittest import mock

import httpx
import pytest

from tests.support import forked

pytest_plugins = ("tests.support.installations",)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers of `-n auto`: half of the time a test waits for an engine, not for a processor."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Start what the workers share before they start."""
    if not hasattr(config, "workerinput"):
        forked.start()


@pytest.fixture(scope="session", autouse=True)
def _authorities_are_read_once() -> Iterator[None]:
    """Give each client of httpx the certificates of the authorities that the first has read: to read them takes 20 ms."""
    create = httpx.create_ssl_context
    read = cache(lambda trusts: create(trust_env=trusts))

    def context(*, verify: Any, cert: Any, trust_env: bool) -> SSLContext:
        is_usual = verify is True and cert is None
        return read(trust_env) if is_usual else create(verify, cert, trust_env)

    with mock.patch("httpx._transports.default.create_ssl_context", context):
        yield

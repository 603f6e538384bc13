"""Requirements of tests beyond Python: skipped with a reason on a user's machine, a failure in CI."""

import os
import shutil
import sys
from importlib import import_module
from types import ModuleType
from typing import NoReturn

import pytest

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def need_chromium() -> str:
    """Return the path of a Chromium. If it is missing, skip the test, or fail it in CI."""
    # The shell has no windows, and takes half of the time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        _missing("chromium", "apt-get install chromium-headless-shell")
    return path


def need_command(name: str, package: str) -> str:
    """Return the path of a command. If it is missing, skip the test, or fail it in CI."""
    path = shutil.which(name)
    if path is None:
        _missing(name, f"apt-get install {package}")
    return path


def need_node() -> str:
    """Return the path of npm, which comes with Node. If it is missing, skip the test, or fail it in CI."""
    for name in ("node", "npm"):
        path = need_command(name, name if name == "npm" else "nodejs")
    return path


def need_redis() -> str:
    """Return the path of redis-server. If it is missing, skip the test, or fail it in CI."""
    return need_command("redis-server", "redis-server")


def need_haproxy() -> str:
    """Return the path of haproxy. If it is missing, skip the test, or fail it in CI."""
    return need_command("haproxy", "haproxy")


def _missing(what: str, remedy: str) -> NoReturn:
    reason = f"{what} is not installed ({remedy})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def need_client(name: str, *, below: tuple[int, int] = (4, 0)) -> ModuleType:
    """Return the module of a public client. If it is missing, skip the test, or fail it in CI.

    `below` is the first Python that the client does not know: there the test is skipped in CI too.
    """
    if sys.version_info >= below:
        pytest.skip(f"{name} knows Python below {below[0]}.{below[1]} alone")
    try:
        return import_module(name)
    except ImportError:
        _missing(name, "pip install -r tests/clients/requirements.txt")

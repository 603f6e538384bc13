"""What tests need beyond Python: skipped with a reason on a user's machine, a failure in CI."""

import os
import shutil
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
    """The path of a Chromium; skips the test, or fails it in CI, where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        _missing("chromium", "apt-get install chromium")
    return path


def need_command(name: str, package: str) -> str:
    """The path of a command; skips the test, or fails it in CI, where there is none."""
    path = shutil.which(name)
    if path is None:
        _missing(name, f"apt-get install {package}")
    return path


def need_node() -> str:
    """The path of npm, which comes with Node; skips the test, or fails it in CI, where there is none."""
    for name in ("node", "npm"):
        path = need_command(name, name if name == "npm" else "nodejs")
    return path


def need_redis() -> str:
    """The path of redis-server; skips the test, or fails it in CI, where there is none."""
    return need_command("redis-server", "redis-server")


def need_haproxy() -> str:
    """The path of haproxy; skips the test, or fails it in CI, where there is none."""
    return need_command("haproxy", "haproxy")


def _missing(what: str, remedy: str) -> NoReturn:
    reason = f"{what} is not installed ({remedy})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

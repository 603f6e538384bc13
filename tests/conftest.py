"""How the tests are spread over processes."""

import os

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

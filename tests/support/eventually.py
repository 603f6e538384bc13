"""Waiting for what another thread or process brings about."""

import time
from collections.abc import Callable


def eventually(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    """Return as soon as the condition holds. Fail the test where it does not hold in time."""
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, f"did not come true within {within_s:g} s"
        time.sleep(0.01)

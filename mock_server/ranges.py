"""Delays: a number of milliseconds, or a range of them."""

from typing import Any

LONGEST_MS = 600_000.0


def delay_range(value: Any) -> tuple[float, float]:
    """A delay in milliseconds from 250, [50, 300], "250" or "50-300". Raises ValueError with what is allowed."""
    parts = value.split("-") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    try:
        numbers = [float(part) for part in parts if not isinstance(part, bool)]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != len(parts) or not 1 <= len(numbers) <= 2 or not 0 <= numbers[0] <= numbers[-1] <= LONGEST_MS:
        raise ValueError(
            f"must be a number of milliseconds from 0 to {LONGEST_MS:.0f}, or a smallest and a largest one."
        )
    return numbers[0], numbers[-1]

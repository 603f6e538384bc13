"""A stream of draws that is the same on every machine and every version of Python."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """Numbers drawn from a seed text.

    Only `random.Random.random` and exact arithmetic are used: Python promises that sequence for a seed, and promises
    nothing for `choice` or `shuffle`; `pow`, `log` and the like differ between C libraries.
    """

    def __init__(self, *seed: object) -> None:
        self._next = random.Random("/".join(map(str, seed))).random  # noqa: S311 - scenery, not secrets

    def below(self, bound: int) -> int:
        """Draw an integer from 0 to bound - 1."""
        return int(self._next() * bound)

    def between(self, low: int, high: int) -> int:
        """Draw an integer from low to high, both included."""
        return low + int(self._next() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """Draw an integer from low to high, most often near low, as durations are."""
        u = self._next()
        return low + int(u * u * u * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Say yes with the given probability (0..1)."""
        return self._next() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Draw one of the items."""
        return items[int(self._next() * len(items))]

    def hexadecimal(self, digits: int) -> str:
        """Draw that many lowercase hex digits."""
        return "".join("0123456789abcdef"[int(self._next() * 16)] for _ in range(digits))

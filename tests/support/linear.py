"""Time that grows with a text: measured at two lengths, in CPU time."""

from collections.abc import Callable
from time import process_time

SHORT, LONG = 50_000, 200_000
MOST = 6
"""How many times the time for `SHORT` characters those for `LONG` may take; four times is linear, sixteen the square."""
NOISE_S = 0.01
"""Seconds that are too short to be measured."""
TOO_LONG_S = 1.0
"""Seconds in which each of them reads `SHORT` characters, however slow the machine is."""


def text_of(shape: str, length: int) -> str:
    """Return a text of that length: what stands between `<<` and `>>` is repeated, all of it without such marks."""
    first, _, rest = shape.partition("<<") if "<<" in shape else ("", "", f"{shape}>>")
    unit, _, last = rest.rpartition(">>")
    return first + unit * ((length - len(first) - len(last)) // len(unit)) + last


def seconds(call: Callable[[str], object], text: str) -> float:
    """Return the CPU time of a call."""
    started = process_time()
    call(text)
    return process_time() - started


def hold_linear(call: Callable[[str], object], shape: str) -> None:
    """Fail if the time grows faster than a text of this shape."""
    hold_linear_of(call, text_of(shape, SHORT), text_of(shape, LONG))


def hold_linear_of(call: Callable[[str], object], short_text: str, long_text: str) -> None:
    """Fail if four times the text takes more than `MOST` times as long; of ten measurements at most the smallest counts.

    Others' work on the machine makes CPU time longer too, by its caches and its clock.
    """
    short = long = float("inf")
    for _ in range(10):
        short = min(short, seconds(call, short_text))
        assert short < TOO_LONG_S, f"{short:.2f} s for {len(short_text):,} characters: {short_text[:60]!r}"
        long = min(long, seconds(call, long_text))
        if long <= MOST * max(short, NOISE_S):
            return
    raise AssertionError(f"{short:.3f} s become {long:.3f} s at {len(long_text):,} characters: {short_text[:60]!r}")

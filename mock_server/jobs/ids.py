"""Ids of jobs and keys of tasks."""

from hashlib import blake2b, shake_256
from struct import unpack

_VARIANT = {digit: "89ab"[number % 4] for number, digit in enumerate("0123456789abcdef")}


def ids(seed: int, start: int, count: int) -> list[str]:
    """Mint the ids of the jobs number `start` to `start + count - 1` of a seed.

    Each is a version-4 UUID without dashes, cut to 24 characters, as the page's two and all in public captures are.
    """
    prefix = f"job/{seed}/".encode()
    variant = _VARIANT
    minted = []
    for number in range(start, start + count):
        h = blake2b(b"%b%d" % (prefix, number), digest_size=12).hexdigest()
        minted.append(f"{h[:12]}4{h[12:15]}{variant[h[15]]}{h[16:23]}")
    return minted


def task_keys() -> list[bytes]:
    """Return some 14,000 distinct keys of tasks, unordered: 1 to 4 hex digits, as random 16-bit numbers have."""
    numbers = unpack("<16384H", shake_256(b"task keys").digest(2 * 16384))
    return [b"%x" % number for number in dict.fromkeys(numbers)]

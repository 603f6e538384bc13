"""All measurements: `python -m benchmarks [throughput] [start-up] [redis] [growth] [checks] [tests] [--quick]`.

Without a name all of them. Figures and goals go to RESULTS.md beside this file, and the curves of growth to growth.svg.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import checks, growth, redis, start_up, suite, throughput
from benchmarks.machine import load_average

QUIET = 1.5

PARTS: dict[str, Callable[..., None]] = {
    "throughput": throughput.run,
    "start-up": start_up.run,
    "redis": redis.run,
    "growth": growth.run,
    "checks": checks.run,
    "tests": suite.run,
}

BESIDE_OLDER = ("start-up", "redis", "checks", "tests")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="a moment of each, to see that it works; writes nothing")
    parser.add_argument(
        "--before",
        type=Path,
        metavar="DIRECTORY",
        help=f"a checkout of an older version, for {', '.join(BESIDE_OLDER)}",
    )
    options = parser.parse_args()
    for name in options.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name}; there are {', '.join(PARTS)}")
    if not options.quick and (load := load_average()) > QUIET:
        print(f"The machine is busy (load {load:.1f}): figures will be low, and ratios rough.")
    parts = PARTS | {name: partial(PARTS[name], before=options.before) for name in BESIDE_OLDER}
    for name in options.parts or parts:
        parts[name](quick=options.quick)


if __name__ == "__main__":
    main()

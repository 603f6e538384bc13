# ruff: noqa: T201 - the command prints
"""The command: `python -m tests.standin --port 0 [--fault N] [--variation N]`."""

import argparse
import signal
import threading

from .faults import FAULTS
from .running import serve
from .variations import VARIATIONS


def main() -> None:
    """Run the engine until it is interrupted, or list the catalogues."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME")
    parser.add_argument("--variation", choices=VARIATIONS, metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list all names")
    options = parser.parse_args()
    if options.list:
        for fault in FAULTS.values():
            print(f"fault\t{fault.name}\t{fault.aspect}\t{fault.says}")
        for variation in VARIATIONS.values():
            print(f"variation\t{variation.name}\t-\t{variation.says}")
        return
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with serve(options.fault, options.variation, port=options.port) as running:
        print(f"Stand-in engine ready on {running.url}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()

"""The command: serves one version until it is interrupted, or lists all."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading

from .serving import serve
from .versions import ALL, BY_NAME


def main() -> int:
    """Reads the arguments and serves."""
    parser = argparse.ArgumentParser(prog="python -m tests.field_engine", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument("--version", default="right", metavar="NAME", help="the version's name")
    parser.add_argument("--seed", type=int, default=0, help="what ids and documents are drawn from")
    parser.add_argument("--list", action="store_true", help="lists kind, aspect, name and sentence of all versions")
    chosen = parser.parse_args()
    if chosen.list:
        for entry in ALL:
            print(entry.kind, entry.aspect, entry.name, entry.says, entry.contradicts, sep="\t")
        return 0
    if chosen.version not in BY_NAME:
        parser.error(f"no version is named {chosen.version}")
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    with serve(chosen.version, chosen.port, chosen.seed) as engine, contextlib.suppress(KeyboardInterrupt):
        print(f"Field engine ready on {engine.url}", flush=True)
        print(f"Control alone on {engine.control_url}", flush=True)
        end.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

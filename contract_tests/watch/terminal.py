"""The watcher's output on the terminal: breaks of the contract, as they pass."""

import contextlib
import sys
import time
from collections.abc import Iterator
from queue import Full, Queue
from threading import Thread

from contract_tests.watch.journal import Entry
from engine_contract.text.printable import one_line, shorten, visible

WAITING = 1000  # texts that wait for a slow terminal; more are left out
BRIEF = 300  # characters


def lines_on(entry: Entry) -> Iterator[str]:
    """Return the exchange in a line, and what it broke; nothing for one that broke nothing."""
    if not entry.findings:
        return
    moment = time.strftime("%H:%M:%S", time.localtime(entry.at_ms / 1000))
    status = "no answer" if entry.status is None else entry.status
    job = f", job {_brief(entry.job_id)}" if entry.job_id else ""
    yield f"{moment} #{entry.number} {entry.method} {entry.path} → {status} ({entry.caller}{job})"
    for finding in entry.findings:
        rule = finding.rule
        where = f" at {_brief(finding.pointer)}" if finding.pointer else ""
        if rule.is_assumed:
            yield f"  WARNING  {rule.id}{where}: {_brief(finding.received)}"
            continue
        yield f"  BROKEN  {rule.id}{where}"
        yield f"    received    {_brief(finding.received)}"
        yield f"    documented  {_brief(finding.documented)}"
        said, text = ("page", rule.quote) if rule.quote else ("reason", rule.reason)
        yield f"    {said:10}  {_brief(text or rule.title)}"


def _brief(text: str) -> str:
    return shorten(visible(one_line(text)), BRIEF)


class Terminal:
    """Writes to standard output from a thread of its own: a terminal that nobody reads holds up no response."""

    def __init__(self) -> None:
        self._texts: Queue[str] = Queue(WAITING)
        self._writer = Thread(target=self._write, name="terminal", daemon=True)
        self._writer.start()

    def tell(self, entry: Entry) -> None:
        """Say what the exchange broke."""
        for line in lines_on(entry):
            self.say(line)

    def say(self, line: str) -> None:
        """Write a line."""
        with contextlib.suppress(Full):
            self._texts.put_nowait(line)

    def close(self) -> None:
        """Write what waits still, for a second at most."""
        with contextlib.suppress(Full):
            self._texts.put_nowait("")
        self._writer.join(1)

    def _write(self) -> None:
        while text := self._texts.get():
            encoding = sys.stdout.encoding or "utf-8"
            with contextlib.suppress(OSError, ValueError):  # the reader may be gone
                print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201 - that is the point

"""Shell commands that print a token or the ids of jobs."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from contract_tests.errors import CommandError
from engine_contract.text.masking import hide, mask_command, mask_output
from engine_contract.text.unmarked import decode_text

COMMAND_TIMEOUT_S = 60.0
POLL_S = 0.2  # between two looks at whether a command is still wanted
GRACE_S = 1.0  # for a command to end by itself, before it is killed
SHORTEST_WRITTEN = 4  # characters of a secret in a command that is looked for in what it says


@dataclass(frozen=True, slots=True)
class Command:
    """A shell command, and how it runs. `option` is how the user named it, for messages."""

    text: str
    option: str
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that it finds in its environment beside this process's own."""
    folder: Path | None = None
    """Where it runs; in the current folder if None."""
    timeout_s: float = COMMAND_TIMEOUT_S
    hidden: frozenset[str] = frozenset()
    """Values that its failure is quoted without."""

    def run(self, *, is_over: Event | None = None, on_broken: Callable[[str], object] = len) -> str:
        """Return what it prints. Raises CommandError if it fails, prints no text or takes too long.

        `is_over` ends it before. `on_broken` gets the whole lines that it has printed if it failed or was ended.
        """
        written: list[str] = []
        shown = mask_command(self.text, written.append)
        hidden = self.hidden | {
            value for value in written if len(value) >= SHORTEST_WRITTEN and not {"$", "*"} & set(value)
        }
        shown = hide(shown, hidden)
        is_stopped = Event()

        def run() -> tuple[int, bytes, bytes]:
            with subprocess.Popen(  # noqa: S602 - the user asked for a shell command
                self.text,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Ids that a script has printed are known then, even if it is ended.
                env={"PYTHONUNBUFFERED": "1", **os.environ, **self.environment},
                cwd=self.folder,
                start_new_session=True,
            ) as process:
                try:
                    return _communicate(process, self.timeout_s, [event for event in (is_over, is_stopped) if event])
                except subprocess.TimeoutExpired as error:
                    on_broken(_whole_lines(_end(process)))
                    why = (
                        "was ended with the run"
                        if is_over and is_over.is_set()
                        else f"did not end within {self.timeout_s:g} s"
                    )
                    raise CommandError(f"{self.option} The command {why}: {shown}") from error

        # In a thread, where no signal comes between what a command prints and what is known of it.
        with ThreadPoolExecutor(1) as thread:
            try:  # a signal may come while the thread starts
                status, out, err = thread.submit(run).result()
            except BaseException:
                is_stopped.set()
                raise
        if status != 0:
            on_broken(_whole_lines(out) if status < 0 else out.decode(errors="replace"))
            complaint = err.decode(errors="replace").strip().splitlines()
            said = f" It said: {mask_output(hide(complaint[-1], hidden))[:200]}" if complaint else ""
            raise CommandError(f"{self.option} The command ended with status {status}: {shown}.{said}")
        try:
            return decode_text(out)
        except UnicodeDecodeError as error:
            raise CommandError(f"{self.option} The command's output is not UTF-8: {shown}") from error


def _communicate(
    process: subprocess.Popen[bytes], timeout_s: float, ends_by: Iterable[Event]
) -> tuple[int, bytes, bytes]:
    """Return the status of a process and what it prints. Raises TimeoutExpired if it takes too long or is not wanted."""
    ends = time.monotonic() + timeout_s
    while True:
        left = ends - time.monotonic()
        try:
            out, err = process.communicate(timeout=max(0.0, min(left, POLL_S)))
        except subprocess.TimeoutExpired:
            if left <= POLL_S or any(event.is_set() for event in ends_by):
                raise
        else:
            return process.returncode, out, err


def _end(process: subprocess.Popen[bytes]) -> bytes:
    """End a command with all that it started, which would hold its output open; return what it has printed."""
    out = b""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, number)
            else:
                process.kill()
        try:
            return process.communicate(timeout=GRACE_S)[0]
        except subprocess.TimeoutExpired as error:
            out = error.output or out
    process.kill()
    return out + _still_in_pipe(process)


def _still_in_pipe(process: subprocess.Popen[bytes]) -> bytes:
    """Return what a process printed that `communicate`, which looks at its time first, left unread on a busy machine."""
    found = b""
    if process.stdout is None or not hasattr(os, "killpg"):  # on Windows threads read all that is there
        return found
    os.set_blocking(process.stdout.fileno(), False)
    with suppress(BlockingIOError):
        while part := os.read(process.stdout.fileno(), 1 << 16):
            found += part
    return found


def _whole_lines(out: bytes) -> str:
    """Return all lines but one that was being printed: the beginning of an id may be another job's."""
    return out[: out.rfind(b"\n") + 1].decode(errors="replace")

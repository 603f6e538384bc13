"""Values that are somewhere else: in the environment, in a file, in what a command prints."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

from contract_tests.errors import CommandError, NotAnIdError, SettingError
from contract_tests.safety.supply import Supply
from engine_contract.text.masking import hide, mask_command, mask_output
from engine_contract.text.unmarked import MARK, decode_text, read_bounded, read_text, why_unread

COMMAND_TIMEOUT_S = 60.0
POLL_S = 0.2  # between two looks at whether a command is still wanted
GRACE_S = 1.0  # for a command to end by itself, before it is killed
MAX_ID_CHARS = 200
SHORTEST_WRITTEN = 4  # characters of a secret in a command that is looked for in what it says

# Whatever else a command prints, such as `token=…`, would be sent to the engine as a job.
_PRINTED_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_ID_CHARS}}}")


@dataclass(slots=True)
class Source:
    """A value that is somewhere else: `env:NAME`, `file:PATH`, `cmd:COMMAND`, or the value itself.

    `option` is how the user named it, for messages. A command runs in `folder`, by default the current one.
    """

    text: str
    option: str
    folder: Path | None = None
    user: str | None = None
    """Who logs in with this as the password; None where it is the value itself that is sent."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that a command finds in its environment beside this process's own."""
    hidden: frozenset[str] = frozenset()
    """Values that a failing command's last words are shown without."""
    _value: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """`env`, `file`, `cmd`, or `literal` for a value given as it is."""
        prefix, colon, _ = self.text.partition(":")
        return prefix if colon and prefix in {"env", "file", "cmd"} else "literal"

    @property
    def variable(self) -> str | None:
        """The environment variable that holds the value, if one does."""
        return self.text.removeprefix("env:") if self.kind == "env" else None

    @property
    def is_ready(self) -> bool:
        """Whether the value is there without a command or a login."""
        return self.kind != "cmd" and self.user is None

    def read(self, *, again: bool = False) -> str:
        """Return the value. With `again`, a command is run and a file is read once more. Raises SettingError."""
        if self._value is None or (again and self.kind in {"cmd", "file"}):
            self._value = self._load()
        return self._value

    def _load(self) -> str:
        rest = self.text.partition(":")[2]
        match self.kind:
            case "env":
                if rest not in os.environ:
                    raise SettingError(f"{self.option} env:{rest}: the environment has no variable {rest}. Set it.")
                value = os.environ[rest]
            case "file":
                try:
                    value = read_text(Path(rest).expanduser())
                except (OSError, RuntimeError, UnicodeDecodeError) as error:  # RuntimeError: a ~ without a home
                    raise SettingError(
                        f"{self.option} file:{rest}: the file cannot be read: {why_unread(error)}."
                    ) from error
            case "cmd":
                value = run_command(
                    rest,
                    option=f"{self.option} cmd:",
                    environment=self.environment,
                    folder=self.folder,
                    hidden=self.hidden,
                )
            case _:
                value = self.text
        value = value.removeprefix(MARK).strip()
        refused = CommandError if self.kind == "cmd" else SettingError
        if not value:
            raise refused(f"{self.option} {self._shown()}: is empty. It must hold the credential.")
        if not value.isprintable():
            raise refused(f"{self.option} {self._shown()}: holds more than one line of text.")
        return value

    def _shown(self) -> str:
        return "(given as it is)" if self.kind == "literal" else mask_command(self.text)


def run_command(  # noqa: PLR0913 - by name
    command: str,
    *,
    option: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout_s: float | None = None,
    is_over: Event | None = None,
    on_broken: Callable[[str], object] = len,
    hidden: frozenset[str] = frozenset(),
) -> str:
    """Return what a shell command prints. Raises CommandError if it fails, prints no text or takes too long.

    `is_over` ends it before. `on_broken` gets the whole lines that a command has printed which failed or was ended.
    A failure is quoted without the values that are `hidden`.
    """
    timeout_s = COMMAND_TIMEOUT_S if timeout_s is None else timeout_s
    written: list[str] = []
    shown = mask_command(command, written.append)
    hidden |= {value for value in written if len(value) >= SHORTEST_WRITTEN and not {"$", "*"} & set(value)}
    shown = hide(shown, hidden)
    is_stopped = Event()

    def run() -> tuple[int, bytes, bytes]:
        with subprocess.Popen(  # noqa: S602 - the user asked for a shell command
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ids that a script has printed are known then, even if it is ended.
            env={"PYTHONUNBUFFERED": "1", **os.environ, **(environment or {})},
            cwd=folder,
            start_new_session=True,
        ) as process:
            try:
                return _communicate(process, timeout_s, [event for event in (is_over, is_stopped) if event])
            except subprocess.TimeoutExpired as error:
                on_broken(_whole_lines(_end(process)))
                why = (
                    "was ended with the run" if is_over and is_over.is_set() else f"did not end within {timeout_s:g} s"
                )
                raise CommandError(f"{option} The command {why}: {shown}") from error

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
        raise CommandError(f"{option} The command ended with status {status}: {shown}.{said}")
    try:
        return decode_text(out)
    except UnicodeDecodeError as error:
        raise CommandError(f"{option} The command's output is not UTF-8: {shown}") from error


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


def parse_sources(texts: Iterable[str], *, option: str, left: str) -> dict[str, Source]:
    """Parse `NAME=SOURCE` texts; return the sources by name. Raises SettingError."""
    sources: dict[str, Source] = {}
    for text in texts:
        name, equals, value = text.strip().partition("=")
        if not name or not equals or not value:
            shown = f" {name}=…" if equals else ""  # it may be a token
            raise SettingError(
                f"{option}{shown}: is not {left}=SOURCE. Allowed sources are env:NAME, file:PATH, cmd:COMMAND "
                "and the value itself."
            )
        if name in sources:
            raise SettingError(f"{option} {name}: given twice. Give each {left} once.")
        if not (name.isascii() and name.replace("-", "").replace("_", "").isalnum()):
            raise SettingError(f"{option} {name}: is not a valid {left}: use letters, digits, - and _.")
        sources[name] = Source(value, f"{option} {name}")
    return sources


def parse_logins(texts: Iterable[str]) -> dict[str, Source]:
    """Return where the passwords of `ROLE=USER:SOURCE` texts are, by role. Raises SettingError."""
    return {role: login(source) for role, source in parse_sources(texts, option="--login", left="ROLE").items()}


def login(source: Source) -> Source:
    """Return the password's source of one whose text is `USER:SOURCE`. Raises SettingError."""
    user, _, place = source.text.partition(":")
    if not user or not place:
        raise SettingError(f"{source.option}: is not ROLE=USER:SOURCE. SOURCE is env:NAME, file:PATH or cmd:COMMAND.")
    return replace(source, text=place, user=user)


def read_ids(text: str, *, option: str, hidden: frozenset[str] = frozenset(), is_printed: bool = True) -> list[str]:
    """Read one id a line, without blank lines. Raises NotAnIdError for a line that cannot be an id.

    `is_printed`: whether a command printed it, and not a person wrote it down.
    """
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, start=1):
        if line and not can_be_id(line, hidden, is_printed=is_printed):
            shown = mask_output(hide(line, hidden))
            allowed = "letters, digits and - _ . :" if is_printed else "printable characters"
            raise NotAnIdError(
                f"{option.removesuffix(':')}: line {number} is not a job id: {shown[:60]!r}. "
                f"Give one id a line: at most {MAX_ID_CHARS} {allowed} in each."
            )
    return [line for line in lines if line]


def can_be_id(line: str, hidden: frozenset[str] = frozenset(), *, is_printed: bool = True) -> bool:
    """Return whether a line can be a job's id, and so be sent to the engine.

    The page says string. A command prints sentences, settings and secrets too, which are not ids.
    """
    if not is_printed:
        return len(line) <= MAX_ID_CHARS and line.isprintable()
    return _PRINTED_ID.fullmatch(line) is not None and hide(line, hidden) == line


def supply_from_file(path: Path) -> Supply:
    """Return the ids in a file, or from standard input for `-`. Raises SettingError."""
    option = f"--jobs {path}"
    try:
        text = _standard_input() if path == Path("-") else read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{option}: the file cannot be read: {why_unread(error)}. Give a file with one job's id a line."
        ) from error
    return Supply(read_ids(text, option=option, is_printed=False))


def _standard_input() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else decode_text(read_bounded(raw))


def supply_from_command(  # noqa: PLR0913 - by name
    command: str,
    *,
    option: str = "--jobs-command:",
    folder: Path | None = None,
    timeout_s: float | None = None,
    environment: Mapping[str, str] | None = None,
    hidden: frozenset[str] = frozenset(),
    asks: int = 2,
) -> Supply:
    """Return a supply that asks a shell command for ids, which gets their number as JOB_COUNT.

    Where the command fails, the ids that it has printed are in the supply, so that its jobs can be canceled.
    """
    printed: list[str] = []

    def know(lines: str) -> None:
        printed.append(lines)
        supply.add(ids_among(lines.splitlines(), hidden))

    def make(wanted: int) -> list[str]:
        printed.clear()
        try:
            text = run_command(
                command,
                option=option,
                environment={**(environment or {}), "JOB_COUNT": str(wanted)},
                folder=folder,
                timeout_s=timeout_s,
                is_over=supply.is_over,
                on_broken=know,
                hidden=hidden,
            )
        except CommandError as error:
            try:
                read_ids("".join(printed), option="It printed", hidden=hidden)
            except NotAnIdError as not_an_id:
                raise NotAnIdError(f"{error} {not_an_id}") from error
            raise SettingError(str(error)) from error  # only a login tells of the engine
        try:
            return read_ids(text, option=option, hidden=hidden)
        except NotAnIdError:
            know(text)
            raise

    supply = Supply(more=make, asks=asks, made=True, source=option.removesuffix(":"))
    return supply


def ids_among(lines: Iterable[str], hidden: frozenset[str] = frozenset()) -> list[str]:
    """Return the lines of a source that failed which can be ids, and not a complaint."""
    return [word for word in map(str.strip, lines) if can_be_id(word, hidden)]

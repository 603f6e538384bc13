"""The ids of jobs that a file or a command gives."""

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from contract_tests.config.command import Command
from contract_tests.errors import CommandError, NotAnIdError, SettingError
from contract_tests.safety.supply import Supply
from engine_contract.text.masking import hide, mask_output
from engine_contract.text.unmarked import decode_text, read_bounded, read_text, why_unread

MAX_ID_CHARS = 200

# Whatever else a command prints, such as `token=…`, would be sent to the engine as a job.
_PRINTED_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{MAX_ID_CHARS}}}")


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
    return Supply(read_ids(text, option=option, is_printed=False), source=option)


def _standard_input() -> str:
    raw = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if raw is None else decode_text(read_bounded(raw))


def supply_from_command(command: Command, *, asks: int = 2) -> Supply:
    """Return a supply that asks a shell command for ids, which gets their number as JOB_COUNT.

    Where the command fails, the ids that it has printed are in the supply, so that its jobs can be canceled.
    """
    printed: list[str] = []
    hidden = command.hidden

    def know(lines: str) -> None:
        printed.append(lines)
        supply.add(ids_among(lines.splitlines(), hidden))

    def make(wanted: int) -> list[str]:
        printed.clear()
        try:
            asked = replace(command, environment={**command.environment, "JOB_COUNT": str(wanted)})
            text = asked.run(is_over=supply.is_over, on_broken=know)
        except CommandError as error:
            try:
                read_ids("".join(printed), option="It printed", hidden=hidden)
            except NotAnIdError as not_an_id:
                raise NotAnIdError(f"{error} {not_an_id}") from error
            raise SettingError(str(error)) from error  # only a login tells of the engine
        try:
            return read_ids(text, option=command.option, hidden=hidden)
        except NotAnIdError:
            know(text)
            raise

    supply = Supply(more=make, asks=asks, made=True, source=command.option.removesuffix(":"))
    return supply


def ids_among(lines: Iterable[str], hidden: frozenset[str] = frozenset()) -> list[str]:
    """Return the lines of a source that failed which can be ids, and not a complaint."""
    return [word for word in map(str.strip, lines) if can_be_id(word, hidden)]

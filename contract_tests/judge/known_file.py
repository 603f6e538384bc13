"""Files of known deviations: read as `--known` names them, and written for `--write-known`."""

import datetime as dt
import json
import tomllib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from contract_tests.errors import SettingError
from contract_tests.judge import known_lists
from contract_tests.judge.known import Known
from engine_contract.contract import Rule
from engine_contract.text.unmarked import read_text, why_unread

_KEYS = {"rule", "pointer", "received", "reason", "expires", "intermittent"}


def read_known(path: Path | None, rules: Iterable[Rule]) -> tuple[Known, ...]:
    """Return the entries of a TOML file, or of the shipped list of that name, on some of the rules; none without one.

    Raises SettingError that names the file, the entry and what is allowed.
    """
    if not path:
        return ()
    return _read(known_lists.shipped(path) or path, f"--known {path}", rules)


def _read(path: Path, option: str, rules: Iterable[Rule]) -> tuple[Known, ...]:
    try:
        content = tomllib.loads(read_text(path))
    except FileNotFoundError:
        lists = ", ".join(known_lists.names())
        raise SettingError(
            f"{option}: there is no such file, nor a list of that name. The kit ships {lists}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{option}: the file cannot be read: {why_unread(error)}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{option}: the file is not valid TOML: {error}.") from error
    entries = content.get("known", [])
    if set(content) - {"known"} or not isinstance(entries, list):
        held = ", ".join(f"[{key}]" if isinstance(value, dict) else key for key, value in content.items())
        raise SettingError(
            f"{option}: the file may hold [[known]] tables only, it has {held}. Write [[known]] before each entry."
        )
    ids = {rule.id for rule in rules}
    return tuple(_entry(entry, ids, f"{option}, entry {number}") for number, entry in enumerate(entries, start=1))


def _entry(entry: Any, ids: Collection[str], where: str) -> Known:
    if not isinstance(entry, dict):
        raise SettingError(f"{where}: is not a [[known]] table.")
    if unknown := set(entry) - _KEYS:
        raise SettingError(f"{where}: unknown key {min(unknown)!r}. Allowed are {', '.join(sorted(_KEYS))}.")
    for key in ("rule", "reason"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise SettingError(f"{where}: {key} is missing; it must be a text.")
    received = entry.get("received", [])
    received = [received] if isinstance(received, str) else received
    for key, value, is_right, name in (
        ("pointer", entry.get("pointer"), isinstance(entry.get("pointer", ""), str), "a text"),
        ("received", received, _are_texts(received), "a text, or an array of texts"),
        ("expires", entry.get("expires"), isinstance(entry.get("expires", dt.date.min), dt.date), _A_DATE),
        (
            "intermittent",
            entry.get("intermittent"),
            isinstance(entry.get("intermittent", False), bool),
            "true or false",
        ),
    ):
        if not is_right:
            raise SettingError(f"{where}: {key} is {value!r}; it must be {name}.")
    if entry["rule"] not in ids:
        raise SettingError(f"{where}: no rule has the id {entry['rule']!r}. --list-rules shows all.")
    expires = entry.get("expires")
    if isinstance(expires, dt.datetime):
        expires = expires.date()
    return Known(**{**entry, "received": tuple(received), "expires": expires})


_A_DATE = "a date such as 2027-01-31"


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def kept_in(path: Path, rules: Iterable[Rule]) -> tuple[Known, ...]:
    """Return the entries of the file that `--write-known` is to replace. Raises SettingError if it cannot be read."""
    return _read(path, f"--write-known {path}", rules) if path.exists() else ()


def known_toml(entries: Iterable[Known]) -> str:
    """Return the entries as the text of a file."""
    lines = ["# Known deviations from the contract. Give each a reason; `expires` and `intermittent` are optional.", ""]
    for entry in entries:
        lines.append("[[known]]")
        fields = {name: getattr(entry, name) for name in ("rule", "pointer", "received", "reason")}
        lines += [f"{name} = {_toml(value)}" for name, value in fields.items() if value]
        if entry.expires is not None:
            lines.append(f"expires = {entry.expires.isoformat()}")
        if entry.intermittent:
            lines.append("intermittent = true")
        lines.append("")
    return "\n".join(lines)


def _toml(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return _toml(value[0]) if len(value) == 1 else f"[{', '.join(map(_toml, value))}]"
    # A TOML basic string has JSON's escapes. Escape invisible characters and those that turn the direction of writing.
    text = json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(ord(char)) for char in text)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

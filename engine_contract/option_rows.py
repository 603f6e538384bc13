"""The rows of the table of options. `options.py` is the table; others make click, a schema or pytest options of it."""

from collections.abc import Mapping
from dataclasses import MISSING, field, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

_JSON_TYPES: Mapping[type, Mapping[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string", "minLength": 1},
    Path: {"type": "string", "minLength": 1},
}
_JSON_BOUNDS = {"least": "minimum", "most": "maximum", "above": "exclusiveMinimum"}


class Option(NamedTuple):
    """One row: `option` says what its parts mean. `field`, `type`, `is_repeatable` and `default` are the field's own."""

    help: str
    metavar: str | None
    name: str
    least: int | None
    most: int | None
    above: float | None
    path: Literal["file", "folder", "either"]
    setting: str
    schema: Mapping[str, Any]
    is_argument: bool
    is_eager: bool
    command_only: bool
    setting_only: bool
    has_flags_variable: bool
    field: str = ""
    type: type = str
    is_repeatable: bool = False
    default: Any = None

    @property
    def flag(self) -> str:
        """Return what is written on the command line, such as `--jobs-command`."""
        return self.name or f"--{self.field.replace('_', '-')}"

    @property
    def is_switch(self) -> bool:
        """Return whether the option takes no value."""
        return self.type is bool

    @property
    def is_required(self) -> bool:
        """Return whether the command does not start without it."""
        return self.default is MISSING

    def variables(self, prefix: str) -> list[str]:
        """Return the environment variables that set the option: its flag's, and its field's where that differs."""
        flags = [self.flag.removeprefix("--")] if self.flag.startswith("--") and self.has_flags_variable else []
        return list(dict.fromkeys(f"{prefix}_{name}".upper().replace("-", "_") for name in (*flags, self.field)))

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the option's key in a settings file."""
        if "type" in self.schema:
            return {"description": self.setting, **self.schema}
        shape = dict(_JSON_TYPES[self.type])
        for bound, keyword in _JSON_BOUNDS.items():
            if (limit := getattr(self, bound)) is not None:
                shape[keyword] = limit
        if self.is_repeatable:
            shape = {"type": "array", "items": shape}
        return {"description": self.setting, **shape, **self.schema}


def option(  # noqa: PLR0913 - all that a row may say
    *,
    help: str,  # noqa: A002 - click's word
    default: Any = None,
    metavar: str | None = None,
    name: str = "",
    least: int | None = None,
    most: int | None = None,
    above: float | None = None,
    path: Literal["file", "folder", "either"] = "file",
    setting: str = "",
    schema: Mapping[str, Any] | None = None,
    is_argument: bool = False,
    is_eager: bool = False,
    command_only: bool = False,
    setting_only: bool = False,
    has_flags_variable: bool = True,
) -> Any:
    """Return a field of a table of options; its annotation says the type, a tuple that it may be repeated.

    `name` is the flag, if it is not made of the field's name (`--token` of `tokens`). `least`, `most` and `above`
    bound a number, `path` says what a Path names. `setting` says what a settings file may hold under the field's
    name, and without it the option is not a key there; `schema` adds to that key's JSON schema. An eager option is
    read before the others. Under pytest each option is `--engine-…`, but for those that are `command_only`. An option
    that is `setting_only` stands in a settings file, and on no command line. Without
    `has_flags_variable` the variable named like the flag is another option's.
    """
    row = Option(
        help=help,
        metavar=metavar,
        name=name,
        least=least,
        most=most,
        above=above,
        path=path,
        setting=setting,
        schema=schema or {},
        is_argument=is_argument,
        is_eager=is_eager,
        command_only=command_only,
        setting_only=setting_only,
        has_flags_variable=has_flags_variable,
    )
    return field(default=default, metadata={"row": row})


@cache
def rows(options: type) -> tuple[Option, ...]:
    """Return the rows of a table in their order. `options` is a dataclass whose fields `option` made."""
    found = []
    for entry in fields(options):
        if (row := entry.metadata.get("row")) is not None:
            (kind,) = [part for part in get_args(entry.type) or (entry.type,) if part not in {NoneType, ...}]
            is_repeatable = get_origin(entry.type) is tuple
            found.append(row._replace(field=entry.name, type=kind, is_repeatable=is_repeatable, default=entry.default))
    return tuple(found)

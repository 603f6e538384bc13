"""Engines by name: `engine.toml`, or `[tool.engine-contract]` in `pyproject.toml`.

    [engines.staging]
    url = "https://staging.example/iap"
    tokens = { admin = "env:STAGING_ADMIN", support = "file:secrets/support" }
    jobs_command = "python start_jobs.py"

The command line beats the environment, which beats the file. `engine.schema.json` describes the content.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from contract_tests.config.settings_schema import settings_schema
from contract_tests.errors import SettingError
from contract_tests.judge import known_lists
from engine_contract.click_options import OptionsCommand
from engine_contract.dependencies import require
from engine_contract.option_rows import rows
from engine_contract.options import LOGIN_PATTERN, SOURCE_PATTERN, CheckOptions, EngineOptions, NamedEngine
from engine_contract.text.masking import is_secret
from engine_contract.text.printable import clip, without_user_info
from engine_contract.text.unmarked import read_text, why_unread

FILE_NAME = "engine.toml"
PYPROJECT = "pyproject.toml"
TABLE = "engine-contract"

_JOINED = {"url", "tokens", "logins", "headers", "operations"}
"""Settings that are not defaults: the URL takes the place of the name, the others are joined by their names."""

_SUPPLIES = ("jobs", "jobs_command", "workflow")
"""Options that exclude each other: one that is given takes the place of the file's."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_GIVEN = {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
_SOURCES = "Allowed are env:NAME, file:PATH and cmd:COMMAND."


class EngineCommand(OptionsCommand):
    """A command whose URL may be the name of an engine.

    The engine's values in the settings file are the defaults of the command's options.
    """

    errors = (SettingError,)

    def __init__(self, name: str, table: type[EngineOptions], **attributes: Any) -> None:
        """Take a table with the rows `url` and `settings`, both of them eager."""
        super().__init__(name, table, **attributes)
        for parameter in self.params:
            if parameter.name in {"url", "settings"}:
                parameter.callback = self._choose_engine

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, and leave out the file's jobs where others are given."""
        rest = super().parse_args(ctx, args)
        _let_line_win(ctx)
        if any(ctx.get_parameter_source(name) in _GIVEN for name in _SUPPLIES):
            for name in _SUPPLIES:
                if ctx.get_parameter_source(name) is ParameterSource.DEFAULT_MAP:
                    ctx.params[name] = None
        if self.table is CheckOptions and ctx.params.get("pages") and not ctx.resilient_parsing:
            engine, file = ctx.params["engine"], ctx.params["settings"] or _find_file()
            known = engine.values if engine else _read(file) if file else {}
            ctx.params["operations"] = known.get("operations")
        return rest

    def _choose_engine(self, ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
        """Take the defaults of the engine that URL and --settings name, once both are known."""
        known = {**ctx.params, parameter.name: value}
        if {"url", "settings"} <= known.keys() and not ctx.resilient_parsing:
            from_line = ctx.get_parameter_source("settings") is ParameterSource.COMMANDLINE
            engine = _named(known["url"], known["settings"], from_line=from_line)
            if engine is not None:
                ctx.default_map = {"label": engine.name, **_defaults(engine, self.table)}
            ctx.params["engine"] = engine
        return value


def _let_line_win(ctx: click.Context) -> None:
    """Leave out what variables say where the command line says something that excludes it."""
    targets = ("mock",) if ctx.params.get("engine") else ("url", "base_url", "mock")  # --url is for a named engine
    for group in (_SUPPLIES, targets, ("url", "mock")):
        sources = {name: ctx.get_parameter_source(name) for name in group}
        if ParameterSource.COMMANDLINE in sources.values():
            for name in [name for name, source in sources.items() if source is ParameterSource.ENVIRONMENT]:
                if name == "mock" or not str(ctx.params[name]).strip():
                    continue  # refused: a gate must not pass on a mock, or an empty URL, that nobody typed
                ctx.params[name] = None
                if name == "url":
                    ctx.params["engine"] = None


def _defaults(engine: NamedEngine, table: type) -> dict[str, Any]:
    """Return the file's values by option, but for those that are joined with what is given otherwise."""
    found = {}
    for row in rows(table):
        if row.setting and row.field in engine.values and row.field not in _JOINED:
            value = engine.values[row.field]
            found[row.field] = (
                str(engine.folder / value) if row.type is Path and not _names_no_file(row.field, value) else value
            )
    return found


def _names_no_file(key: str, value: str) -> bool:
    """Return whether a value names standard input, or a list that the kit ships."""
    return value == "-" or (key == "known" and known_lists.shipped(value) is not None)


def _named(url: str | None, settings: Path | None, *, from_line: bool) -> NamedEngine | None:
    if url and _NAME.fullmatch(url):
        return find_engine(url, settings)
    if settings and from_line and "operations" not in _read(settings):
        names = ", ".join(_read(settings)["engines"])
        raise SettingError(
            f"--settings {settings}: no engine selected. Pass one of its engine names in place of a URL: {names}."
        )
    return None


def find_engine(name: str, settings: Path | None = None) -> NamedEngine:
    """Return the engine of that name in the file given, or in that of the current folder. Raises SettingError."""
    file = settings or _find_file()
    if file is None:
        raise SettingError(
            f"{name}: is not the URL of an engine, and there is no settings file that could name one. Give a URL such as "
            f"http://localhost:3000, or {FILE_NAME} (or [tool.{TABLE}] in {PYPROJECT}) in this folder, or --settings FILE."
        )
    content = _read(file)
    engines = content.get("engines", {})
    if name not in engines:
        there = f"There are {', '.join(engines)}" if engines else f"There is none: add [engines.{name}] with its url"
        raise SettingError(f"{file}: no engine is named {name!r}. {there}. A URL begins with http:// or https://.")
    parts = (content, content.get("defaults", {}), engines[name])
    operations = {key: value for part in parts for key, value in part.get("operations", {}).items()}
    engine = NamedEngine(name, file, {**parts[1], **parts[2], **({"operations": operations} if operations else {})})
    _check(engine)
    return engine


def _find_file() -> Path | None:
    if (file := Path(FILE_NAME)).is_file():
        return file
    file = Path(PYPROJECT)
    return file if file.is_file() and TABLE in _parse(file).get("tool", {}) else None


def _parse(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(read_text(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file}: the settings file cannot be read: {why_unread(error)}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{file}: the settings file is not valid TOML: {error}.") from error


def _read(file: Path) -> dict[str, Any]:
    """Return the file's content, valid by the schema. Raises SettingError."""
    content, prefix = _parse(file), ""
    if file.name == PYPROJECT:
        if TABLE not in content.get("tool", {}):
            raise SettingError(f"{file}: there is no [tool.{TABLE}], and so no engine.")
        content, prefix = content["tool"][TABLE], f"tool.{TABLE}"
    import json

    content = dict(json.loads(json.dumps(content, default=str)))  # dates and times become texts
    if (complaint := _complaint_on(content, prefix)) is not None:
        raise SettingError(f"{file}: {complaint}")
    return content


def _complaint_on(content: dict[str, Any], prefix: str) -> str | None:
    import jsonschema_rs

    require(
        "jsonschema-rs",
        "jsonschema_rs:ValidationError.instance",
        "jsonschema_rs:ValidationError.instance_path",
        "jsonschema_rs:ValidationErrorKind.Required.property",
        "jsonschema_rs:ValidationError.schema_path",
        breaks="a mistake in a settings file could not be explained",
    )
    schema = settings_schema()
    errors = list(jsonschema_rs.Draft202012Validator(schema).iter_errors(content))
    # Names first: the places of other errors are found by them, and lack one that is empty.
    errors.sort(key=lambda error: "propertyNames" not in error.schema_path)
    return _complaint(schema, prefix, errors[0]) if errors else None


def _complaint(schema: dict[str, Any], prefix: str, error: Any) -> str:
    """Return the message of an error: the place, the value, and the allowed values."""
    path = [str(part) for part in error.instance_path]
    place = ".".join([*([prefix] if prefix else []), *path]) or "the top"
    here = _schema_at(schema, path)
    keyword = error.schema_path[-1]
    if "propertyNames" in error.schema_path:
        wrong = next(name for name in error.instance if not re.search(here["propertyNames"]["pattern"], name))
        return f"{place}: {wrong!r} is not a valid name. Allowed are letters, digits, - and _."
    if keyword == "additionalProperties":
        unknown = min(set(error.instance) - set(here["properties"]))
        near = get_close_matches(unknown, here["properties"], 1, 0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{place}: unknown key {unknown!r}.{hint} Allowed are {', '.join(sorted(here['properties']))}."
    if keyword == "required":
        missing = error.kind.property
        return f"{place}: {missing} is missing. {_schema_at(schema, [*path, missing])['description']}"
    if here.get("pattern") == SOURCE_PATTERN:
        return f"{place}: a token must not be in a file. {_SOURCES}"
    if here.get("pattern") == LOGIN_PATTERN:
        return f"{place}: is not USER:SOURCE, and a password must not be in a file. {_SOURCES}"
    shown = "something else" if {"tokens", "logins", "headers"} & set(path[1:]) else json_like(error.instance)
    return f"{place} is {shown}. Allowed: {here['description']}"


def json_like(value: object) -> str:
    """Return a value as TOML writes it, cut, without the password of a URL."""
    import json

    if value is None:
        return "not a finite number"  # TOML has nan and inf where JSON has nothing
    return clip(without_user_info(json.dumps(value, ensure_ascii=False)), 60)


def _schema_at(schema: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a place, references followed."""
    here = schema
    for part in path:
        inner = here.get("properties", {}).get(part) or here.get("additionalProperties") or here["items"]
        reference = inner.get("$ref", "").removeprefix("#/$defs/")
        here = {**schema["$defs"][reference], **inner} if reference else inner
    return here


def _check(engine: NamedEngine) -> None:
    """Check the requirements that a schema cannot express. Raises SettingError."""
    from contract_tests.config.engine_url import FROM_VARIABLE, parse_base
    from contract_tests.config.rule_selection import select_rules
    from engine_contract.contract import load_rules

    values = engine.values
    first, *others = [*(key for key in _SUPPLIES if key in values), ""]
    if any(others):
        raise SettingError(f"{engine.where(first)} and {others[0]} exclude each other. Give one of them.")
    try:
        if not engine.url.startswith(FROM_VARIABLE):  # that one is read when it is used, as --url may be given
            parse_base(engine.url)
    except SettingError as error:
        raise SettingError(f"{engine.where('url')}: {error}") from error
    read = [row.field for row in rows(CheckOptions) if row.setting and row.type is Path and row.path == "file"]
    for key in read:
        if not _names_no_file(key, values.get(key, "-")) and not (engine.folder / values[key]).is_file():
            raise SettingError(
                f"{engine.where(key)} is {json_like(values[key])}: there is no such file. "
                f"A relative path starts at {engine.folder.resolve()}."
            )
    for key in ("only", "skip"):
        # Rules of other pages are known when these are read.
        select_rules([name for name in values.get(key, ()) if "/" not in name], load_rules(), option=engine.where(key))
    for name, text in values.get("headers", {}).items():
        if is_secret(name) and not re.match(SOURCE_PATTERN, text):
            raise SettingError(f"{engine.where(f'headers.{name}')}: a secret must not be in a file. {_SOURCES}")

"""Engines by name: `engine.toml`, or `[tool.engine-contract]` in `pyproject.toml`.

    [engines.staging]
    url = "https://staging.example/iap"
    tokens = { admin = "env:STAGING_ADMIN", support = "file:secrets/support" }
    jobs_command = "python start_jobs.py"

The command line beats the environment, which beats the file. `engine.schema.json` says what may stand there.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click
from click.core import ParameterSource

from contract_tests.errors import SettingError
from engine_contract.dependencies import require
from engine_contract.text.masking import is_secret

if TYPE_CHECKING:
    from contract_tests.config.sources import Source

SCHEMA_PATH = Path(__file__).with_name("engine.schema.json")
FILE_NAME = "engine.toml"
PYPROJECT = "pyproject.toml"
TABLE = "engine-contract"

CONNECTION_KEYS = frozenset({"proxy", "ca_bundle", "client_cert", "insecure", "auth"})
"""What says how an engine is reached, beside its URL, tokens and headers."""

CHECK_KEYS = CONNECTION_KEYS | {
    *("jobs", "jobs_command", "max_jobs", "keep_jobs", "only", "skip", "known", "strict", "report_dir", "label"),
    *("seed", "timeout", "deadline", "rate", "concurrency", "allow_unsafe_probes"),
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_READ = ("jobs", "known", "ca_bundle", "client_cert")  # files that must be there
_GIVEN = {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
_SOURCE = re.compile(r"^(env|file|cmd):.+")
_SOURCES = "Allowed are env:NAME, file:PATH and cmd:COMMAND."


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine of a settings file; `values` are valid by the schema, with the file's defaults filled in."""

    name: str
    file: Path
    values: Mapping[str, Any]

    @property
    def url(self) -> str:
        """The engine's base."""
        return str(self.values["url"])

    @property
    def folder(self) -> Path:
        """Where relative paths start and commands run."""
        return self.file.parent

    def where(self, key: str) -> str:
        """A setting's place, for messages."""
        return f"{self.file}: engines.{self.name}.{key}"

    def owns(self, key: str, value: object) -> bool:
        """Whether an option's value is the file's."""
        return value is not None and self.values.get(key) == value

    def defaults(self, keys: Collection[str]) -> dict[str, Any]:
        """Values for those options of a command that are not given otherwise."""
        defaults = {key: value for key, value in self.values.items() if key in keys}
        for key in (*_READ, "report_dir"):
            if key in defaults and defaults[key] != "-":
                defaults[key] = str(self.folder / defaults[key])
        return {"label": self.name, **defaults}

    def sources(self, key: str) -> dict[str, "Source"]:
        """Where the `tokens` or `headers` are, by role or name."""
        from contract_tests.config.sources import Source

        found = {}
        for name, text in self.values.get(key, {}).items():
            if text.startswith("file:"):
                text = f"file:{self.folder / text.removeprefix('file:')}"  # noqa: PLW2901 - the same place, from here
            found[name] = Source(text, self.where(f"{key}.{name}"), folder=self.folder)
        return found


class EngineCommand(click.Command):
    """A command with the parameters `url` and `settings`, whose URL may be the name of an engine.

    Its function gets the engine's own URL as `url`, the engine as `engine` (None for a URL), and the file's
    values for all `file_keys` that neither the command line nor the environment give.
    """

    file_keys: ClassVar[Collection[str]] = CHECK_KEYS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse once to learn the engine's name, and again with what the file says of it."""
        given = list(args)
        rest = super().parse_args(ctx, args)
        try:
            engine = _named(ctx)
        except SettingError as error:
            raise UnusableFileError(str(error), ctx) from error
        if engine is not None:
            defaults = engine.defaults(self.file_keys)
            if any(ctx.get_parameter_source(name) in _GIVEN for name in ("jobs", "jobs_command")):
                defaults = {key: value for key, value in defaults.items() if key not in {"jobs", "jobs_command"}}
            ctx.default_map = defaults
            ctx.params.clear()
            rest = super().parse_args(ctx, given)
            ctx.params["url"] = engine.url
        ctx.params["engine"] = engine
        return rest


class UnusableFileError(click.ClickException):
    """A settings file that cannot be used: one line, exit status 2."""

    exit_code = 2

    def __init__(self, message: str, ctx: click.Context) -> None:
        super().__init__(message)
        self._command = ctx.info_name

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"{self._command}: {self.format_message()}", file=file, err=file is None)


def _named(ctx: click.Context) -> Engine | None:
    url, settings = ctx.params.get("url"), ctx.params.get("settings")
    if url and _NAME.fullmatch(url):
        return find_engine(url, settings)
    if settings and ctx.get_parameter_source("settings") is ParameterSource.COMMANDLINE:
        names = ", ".join(_read(settings)["engines"])
        raise SettingError(
            f"--settings {settings}: no engine of it is named. Give the name of one in place of a URL: {names}."
        )
    return None


def find_engine(name: str, settings: Path | None = None) -> Engine:
    """The engine of that name in the file given, or in that of the current folder. Raises SettingError."""
    file = settings or _find_file()
    if file is None:
        raise SettingError(
            f"{name}: that is no URL of an engine, and there is no settings file that could name one. Give a URL such as "
            f"http://localhost:3000, or {FILE_NAME} (or [tool.{TABLE}] in {PYPROJECT}) in this folder, or --settings FILE."
        )
    content = _read(file)
    if name not in content["engines"]:
        raise SettingError(
            f"{file}: no engine is named {name!r}. There are {', '.join(content['engines'])}. "
            "A URL begins with http:// or https://."
        )
    engine = Engine(name, file, {**content.get("defaults", {}), **content["engines"][name]})
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
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file}: the settings file cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"{file}: the settings file is no TOML: {error}.") from error


def _read(file: Path) -> dict[str, Any]:
    """The file's content, valid by the schema. Raises SettingError."""
    content, prefix = _parse(file), ""
    if file.name == PYPROJECT:
        if TABLE not in content.get("tool", {}):
            raise SettingError(f"{file}: there is no [tool.{TABLE}], and so no engine.")
        content, prefix = content["tool"][TABLE], f"tool.{TABLE}"
    for complaint in _complaints(content, prefix):
        raise SettingError(f"{file}: {complaint}")
    return content


def _complaints(content: dict[str, Any], prefix: str) -> Sequence[str]:
    import json

    import jsonschema_rs

    require(
        "jsonschema-rs",
        "jsonschema_rs:ValidationError.instance",
        "jsonschema_rs:ValidationError.instance_path",
        "jsonschema_rs:ValidationError.schema_path",
        breaks="a mistake in a settings file could not be explained",
    )
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    content = json.loads(json.dumps(content, default=str))  # dates become texts, which no setting but label takes
    return [
        _complaint(schema, prefix, error) for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(content)
    ]


def _complaint(schema: dict[str, Any], prefix: str, error: Any) -> str:
    """What is wrong where, and what is allowed there."""
    path = [str(part) for part in error.instance_path]
    place = ".".join([*([prefix] if prefix else []), *path]) or "the top"
    here = _schema_at(schema, path)
    keyword = error.schema_path[-1]
    if "propertyNames" in error.schema_path:
        wrong = next(name for name in error.instance if not re.search(here["propertyNames"]["pattern"], name))
        return f"{place}: {wrong!r} is no name. Allowed are letters, digits, - and _."
    if keyword == "additionalProperties":
        unknown = min(set(error.instance) - set(here["properties"]))
        near = get_close_matches(unknown, here["properties"], 1, 0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{place}: unknown key {unknown!r}.{hint} Allowed are {', '.join(sorted(here['properties']))}."
    if keyword == "required":
        (missing, *_) = (key for key in here["required"] if key not in error.instance)
        return f"{place}: {missing} is missing. {_schema_at(schema, [*path, missing])['description']}"
    if here.get("pattern") == _SOURCE.pattern:
        return f"{place}: a token must not stand in a file. {_SOURCES}"
    shown = "something else" if {"tokens", "headers"} & set(path[1:]) else json_like(error.instance)
    return f"{place} is {shown}. Allowed: {here['description']}"


def json_like(value: object) -> str:
    """A value as it stands in TOML, cut, without the password of a URL."""
    import json

    if value is None:
        return "no finite number"  # TOML has nan and inf where JSON has nothing
    text = re.sub(r"//[^/@\s]*@", "//…@", json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 60 else f"{text[:60]}…"


def _schema_at(schema: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """The schema of a place, references followed."""
    here = schema
    for part in path:
        inner = here.get("properties", {}).get(part) or here.get("additionalProperties") or here["items"]
        reference = inner.get("$ref", "").removeprefix("#/$defs/")
        here = {**schema["$defs"][reference], **inner} if reference else inner
    return here


def _check(engine: Engine) -> None:
    """What a schema cannot say. Raises SettingError."""
    from contract_tests.config.engine_url import parse_base
    from contract_tests.config.rule_selection import select_rules

    values = engine.values
    if "jobs" in values and "jobs_command" in values:
        raise SettingError(f"{engine.where('jobs')} and jobs_command exclude each other. Give one of them.")
    try:
        parse_base(engine.url)
    except SettingError as error:
        raise SettingError(f"{engine.where('url')}: {error}") from error
    for key in _READ:
        if key in values and values[key] != "-" and not (engine.folder / values[key]).is_file():
            raise SettingError(
                f"{engine.where(key)} is {json_like(values[key])}: there is no such file. "
                f"A relative path starts at {engine.folder.resolve()}."
            )
    for key in ("only", "skip"):
        select_rules(values.get(key, ()), option=engine.where(key))
    for name, text in values.get("headers", {}).items():
        if is_secret(name) and not _SOURCE.match(text):
            raise SettingError(f"{engine.where(f'headers.{name}')}: a secret must not stand in a file. {_SOURCES}")

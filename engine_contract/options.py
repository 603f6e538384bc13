"""Every option of check-engine and watch-engine: a row each, in the order of `--help`. `mock_options` has the mock's.

To add an option, add a row here and use its field. From the rows are made the options of click and their environment
variables (`click_options`), what a settings file may hold, the pytest plugin's options and the table of
docs/settings.md. A command hands its function one of these objects, so mypy follows an option to its use.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any

from engine_contract.option_rows import option

SOURCE_PATTERN = "^(env|file|cmd):.+"
"""The place of a secret; a settings file never holds the secret itself."""
LOGIN_PATTERN = "^[^:]+:(env|file|cmd):.+"
"""A user, and the place of the password."""

_RULES = {"items": {"description": "The id of a rule, or a glob such as roles.*.", "type": "string", "minLength": 1}}


def _by_name(description: str, **value: Any) -> dict[str, Any]:
    """Return the JSON schema of a table from names to texts."""
    return {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Za-z0-9_-]+$"},
        "additionalProperties": {"description": description, "type": "string", **value},
    }


_VALUE = {"type": ["string", "number", "boolean"]}
_VALUES = {
    "description": "A table from parameters to values: texts, numbers, true or false, or lists of these.",
    "type": "object",
    "additionalProperties": {
        "description": "A text, a number, true or false, or a list of these.",
        "anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 1}],
    },
}
_OPERATIONS = {
    "type": "object",
    "additionalProperties": {
        "description": "A table with path and query.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"path": _VALUES, "query": _VALUES},
    },
}


@dataclass(frozen=True, slots=True)
class NamedEngine:
    """One engine of a settings file; `values` are valid by the schema, with the file's defaults filled in."""

    name: str
    file: Path
    values: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Return the engine's base, or `env:NAME`."""
        return str(self.values["url"])

    @property
    def folder(self) -> Path:
        """Return the folder where relative paths start and commands run."""
        return self.file.parent

    def where(self, key: str) -> str:
        """Return a setting's place, for messages."""
        return f"{self.file}: engines.{self.name}.{key}"

    def owns(self, key: str, value: object) -> bool:
        """Return whether an option's value is the file's."""
        return value is not None and self.values.get(key) == value


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """The options that check-engine and watch-engine share: which engine, and how to reach it."""

    url: str | None = option(
        is_argument=True,
        is_eager=True,
        help="The engine's base, or its name in the settings file.",
        setting="The engine's base, a URL that begins with http:// or https://, or env:NAME.",
        schema={"pattern": r"^([hH][tT][tT][pP][sS]?://[^\s]+|env:[A-Za-z_][A-Za-z0-9_]*)$"},
    )
    base_url: str | None = option(
        name="--url",
        metavar="URL",
        help="The engine's base, in the place of that of the engine named in the settings file.",
        command_only=True,
        has_flags_variable=False,
    )
    settings: Path | None = option(
        is_eager=True,
        metavar="FILE",
        help="Where engines have names.  [default: engine.toml, or pyproject.toml's [tool.engine-contract]]",
    )
    tokens: tuple[str, ...] = option(
        name="--token",
        default=(),
        metavar="ROLE=SOURCE",
        help="A role's token; for basic user:password. Repeatable.",
        setting="A table from roles to where their tokens are: env:NAME, file:PATH or cmd:COMMAND.",
        schema=_by_name("env:NAME, file:PATH or cmd:COMMAND, never the token itself.", pattern=SOURCE_PATTERN),
    )
    logins: tuple[str, ...] = option(
        name="--login",
        default=(),
        metavar="ROLE=USER:SOURCE",
        help="Get a role's token by POST /login; SOURCE gives the password. Renewed when it ends. Repeatable.",
        setting=(
            "A table from roles to USER:SOURCE: their tokens are got by POST /login, with the password at env:NAME, "
            "file:PATH or cmd:COMMAND."
        ),
        schema=_by_name(
            "USER:env:NAME, USER:file:PATH or USER:cmd:COMMAND, never the password itself.", pattern=LOGIN_PATTERN
        ),
    )
    auth: str | None = option(
        metavar="WAY",
        help=(
            "How tokens travel: bearer, basic, cookie:NAME, query:NAME or header:NAME; auto finds out.  [default: auto]"
        ),
        setting="How tokens travel: bearer, basic, cookie:NAME, query:NAME or header:NAME; auto finds out.",
        schema={"pattern": "^(auto|bearer|basic|(cookie|query|header):.+)$"},
    )
    headers: tuple[str, ...] = option(
        name="--header",
        default=(),
        metavar="NAME=SOURCE",
        help="A header for every request to the engine. Repeatable.",
        setting=(
            "A table of headers for every request: env:NAME, file:PATH, cmd:COMMAND, or the value itself if it "
            "is not a secret."
        ),
        schema=_by_name("env:NAME, file:PATH, cmd:COMMAND, or the value itself if it is not a secret.", minLength=1),
    )
    proxy: str | None = option(
        metavar="URL",
        help="A proxy, or env:NAME.  [default: the environment's, never for loopback]",
        setting="The URL of a proxy, or env:NAME.",
    )
    ca_bundle: Path | None = option(
        metavar="FILE",
        help="Certificates to trust (PEM).  [default: the system's]",
        setting="A file of certificates to trust (PEM).",
    )
    client_cert: Path | None = option(
        metavar="FILE",
        help="A client certificate with its key (PEM).",
        setting="A file of a client certificate with its key (PEM).",
    )
    insecure: bool = option(
        default=False,
        help="Do not verify the engine's certificate.",
        setting="true or false: whether the engine's certificate is left unverified.",
    )
    timeout: float = option(
        default=10.0,
        above=0,
        metavar="S",
        help="Seconds for a whole exchange.",
        setting="A number above 0: seconds for a whole exchange.",
    )
    engine: NamedEngine | None = None
    """The engine that `url` names in a settings file, None for a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions(EngineOptions):
    """The options of check-engine, which the pytest plugin has too."""

    mock: bool = option(
        default=False,
        help="Check the kit's own mock, which is started; no URL does so too, but not in CI, nor beside tokens or jobs.",
    )
    jobs: Path | None = option(
        metavar="FILE|-",
        help="Ids of the jobs that may be canceled, one a line; - is standard input.",
        setting="A file with the ids of the jobs that may be canceled, one a line; - is standard input.",
    )
    jobs_command: str | None = option(
        metavar="COMMAND",
        help="A shell command that makes jobs and prints their ids; JOB_COUNT holds the number wanted.",
        setting=(
            "A shell command that makes jobs and prints their ids; JOB_COUNT holds the number wanted. "
            "Not together with jobs or workflow."
        ),
    )
    workflow: str | None = option(
        metavar="NAME",
        help=(
            "Start the jobs of this workflow, by POST /workflow_engine/startJobWithOptions/NAME, as the first documented "
            "role that has a token."
        ),
        setting=(
            "A workflow whose jobs are started, by POST /workflow_engine/startJobWithOptions/NAME, as the first documented "
            "role that has a token. Not together with jobs or jobs_command."
        ),
    )
    jobs_timeout: float = option(
        default=60.0,
        above=0,
        metavar="S",
        help="Seconds that --jobs-command may take; what it printed by then is canceled.",
        setting="A number above 0: seconds that jobs_command may take.",
    )
    max_jobs: int | None = option(
        least=0,
        metavar="N",
        help="Cancel at most N jobs.  [default: what the plan needs, 20 or fewer]",
        setting="A whole number from 0 on: the most jobs to cancel.",
    )
    keep_jobs: bool = option(
        default=False,
        help="Leave jobs of --jobs-command or --workflow that were not used active.",
        setting="true or false: whether jobs that were made and not used stay active.",
    )
    plan_only: bool = option(
        name="--plan",
        default=False,
        help="Print what would be sent and how many jobs it would cancel; send nothing.",
        command_only=True,
    )
    as_json: bool = option(
        name="--json", default=False, help="With --plan: as JSON, to compare across versions.", command_only=True
    )
    only: tuple[str, ...] = option(
        default=(),
        metavar="RULE",
        help="Check this rule only; globs such as roles.* are allowed. Repeatable.",
        setting="A list of rules or globs such as roles.*: check these alone.",
        schema=_RULES,
    )
    skip: tuple[str, ...] = option(
        default=(),
        metavar="RULE",
        help="Leave this rule out; globs are allowed. Repeatable.",
        setting="A list of rules or globs such as roles.*: leave these out.",
        schema=_RULES,
    )
    known: Path | None = option(
        metavar="FILE|NAME",
        help="Known deviations, which do not fail the run: a file (TOML), or a list that the kit ships.",
        setting="A file of known deviations (TOML), or the name of a list that the kit ships.",
    )
    write_known: Path | None = option(
        metavar="FILE",
        help="Write this run's deviations into FILE, beside those of --known and FILE that are not gone.",
    )
    expires: str | None = option(
        metavar="DAYSd", help="Let entries that --write-known adds expire after this number of days, such as 90d."
    )
    strict: bool = option(
        default=False,
        help="A broken assumed rule fails the run too.",
        setting="true or false: whether a broken assumed rule fails the run too.",
    )
    report_dir: Path | None = option(
        path="folder",
        metavar="DIR",
        help="Write report.json, junit.xml, report.html, requests.har and summary.md into DIR.",
        setting="A folder for the report's files.",
    )
    compare: Path | None = option(
        metavar="REPORT", help="Say what changed since the run whose report.json this is: broken, mended, otherwise."
    )
    write_profile: Path | None = option(
        metavar="FILE", help="Write how the engine refuses into FILE, for mock-engine --profile."
    )
    label: str | None = option(
        metavar="TEXT",
        help="A name for this run in its reports.",
        setting="A text, the name of the run in its reports; the engine's name if not set.",
        schema={"minLength": 0},
    )
    seed: int = option(
        default=0,
        metavar="N",
        help="Seed of further requests, drawn at random; 0 draws none.",
        setting="A whole number, the seed of further requests, drawn at random; 0 draws none.",
    )
    deadline: float = option(
        default=120.0,
        above=0,
        metavar="S",
        help="Seconds for the whole run.",
        setting="A number above 0: seconds for the whole run.",
    )
    rate: float | None = option(
        above=0,
        metavar="N",
        help="At most N requests a second.  [default: no limit]",
        setting="A number above 0: the most requests a second.",
    )
    concurrency: int = option(
        default=10,
        least=1,
        most=64,
        metavar="N",
        help="At most N requests at a time. More shortens the run on a slow engine: 16 by a tenth, 4 takes twice as long.",
        setting="A whole number from 1 to 64: the most requests at a time.",
    )
    allow_unsafe_probes: bool = option(
        default=False,
        help="Also send values that may match anybody's jobs, such as wildcards.",
        setting="true or false: whether values are sent that may match anybody's jobs, such as wildcards.",
    )
    read_back: str | None = option(
        metavar="PATH",
        help=(
            "A GET that shows a job and its status, with {job_id} in it.  "
            "[default: /workflow_engine/job/{job_id}/details, where it does]"
        ),
        setting="A path below the engine's base whose GET shows a job and its status, with {job_id} in it.",
        schema={"pattern": r"^/.*\{job_id\}"},
    )
    probe: str | None = option(
        metavar="PATH",
        help="A GET that any valid token may send, such as /whoami: tells a stale token from a role that may not.",
        setting="A path below the engine's base whose GET any valid token may send, such as /whoami.",
        schema={"pattern": "^/"},
    )
    trust_tokens: bool = option(
        default=False,
        help="The refused roles' tokens are good, also where nothing tells them from wrong ones.",
        setting="true or false: whether the refused roles' tokens are good, also where nothing tells them from wrong ones.",
    )
    settle: float = option(
        default=1.0,
        least=0,
        metavar="S",
        help="Seconds after which a new job, and what became of one, is known to every replica.",
        setting="A number from 0 on: seconds after which a new job, and what became of one, is known to every replica.",
    )
    new_connections: bool = option(
        default=False,
        help="Send each request on a connection of its own, for replicas behind a balancer.",
        setting="true or false: whether each request is sent on a connection of its own.",
    )
    replay: Path | None = option(
        metavar="FILE.har", help="Judge a recording, also in a zip; send nothing.", command_only=True
    )
    pages: tuple[Path, ...] = option(
        name="--page",
        default=(),
        metavar="FILE|DIR",
        path="either",
        help=(
            "A further documentation page, or a folder of them: its GETs are checked, and with --replay the calls of all. "
            "Repeatable."
        ),
    )
    operations: dict[str, dict[str, dict[str, Any]]] | None = option(
        help="Values of other pages' parameters.",
        setting=(
            "A table of the operations of further pages (--page), by name: `path` and `query` are tables from parameters to "
            "values, with which a GET is checked. Those of [operations] beside [engines] are every engine's."
        ),
        schema=_OPERATIONS,
        setting_only=True,
        command_only=True,
    )
    list_rules: bool = option(default=False, help="Print all rules and end.", command_only=True)
    list_known: bool = option(
        default=False, help="Print the lists of known deviations that the kit ships and end.", command_only=True
    )
    quiet: bool = option(name="-q", default=False, help="Print the verdict alone.", command_only=True)
    verbose: bool = option(
        name="-v",
        default=False,
        help="Print what was observed too, and a traceback where the command itself fails.",
        command_only=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions(EngineOptions):
    """The options of watch-engine."""

    url: str = option(
        is_argument=True,
        is_eager=True,
        default=MISSING,
        help="The engine's base, or its name in the settings file.",
    )
    timeout: float = option(
        default=300.0,
        above=0,
        metavar="S",
        help="Seconds for which the engine may send nothing before 504 is answered.",
    )
    host: str = option(default="127.0.0.1", metavar="HOST", help="Address to listen on.")
    port: int = option(default=4011, least=0, most=65535, help="Port to listen on; 0 takes a free one.")
    console_port: int | None = option(
        least=0,
        most=65535,
        metavar="N",
        help="Port of the console; 0 takes a free one.  [default: the port after its own; a free one with --port 0]",
    )
    allow_hosts: tuple[str, ...] = option(
        name="--allow-host",
        default=(),
        metavar="NAME",
        help="A further name that browsers may know the watcher by on loopback, without a port. Repeatable.",
    )
    rewrite: bool = option(
        default=False,
        help="Write the watcher's address in place of the engine's own into text bodies: pages, scripts, JSON.",
    )
    pages: tuple[Path, ...] = option(
        name="--page",
        default=(),
        metavar="FILE|DIR",
        path="either",
        help="A further documentation page, or a folder of them, whose calls are judged as they pass. Repeatable.",
    )
    record: Path | None = option(
        metavar="FILE.har", help="Write every exchange into FILE.har, without secrets; never over an older file."
    )
    write_profile: Path | None = option(
        metavar="FILE", help="Write how the engine refuses into FILE, for mock-engine --profile."
    )
    open_console: bool = option(name="--open", default=False, help="Open the console in a browser.")
    journal: int = option(default=1000, least=1, metavar="N", help="Exchanges that are kept in memory.")
    verbose: bool = option(name="-v", default=False, help="Print the traceback where the command itself fails.")

"""From the options of the command line to settings, a connection and a supply of jobs."""

from collections.abc import Callable, Mapping
from typing import Any

from contract_tests.config.auth import Auth
from contract_tests.config.engine_url import parse_base
from contract_tests.config.rule_selection import select_rules
from contract_tests.config.settings import Connection, Settings
from contract_tests.config.settings_file import Engine
from contract_tests.config.sources import parse_sources, supply_from_command, supply_from_file
from contract_tests.errors import SettingError
from contract_tests.plan.scenario import ROLES
from contract_tests.safety.supply import Supply
from engine_contract.contract import load_rules

EMBEDDED_READ_BACK = "/_mock/jobs/{job_id}"
"""Where the embedded mock shows a job."""

OWN_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)


def live_connection(options: Mapping[str, Any]) -> tuple[Connection, list[str]]:
    """How to reach the engine at the URL, and warnings. Raises SettingError."""
    tokens = parse_sources(options["tokens"], option="--token", left="ROLE")
    headers = parse_sources(options["headers"], option="--header", left="NAME")
    engine: Engine | None = options.get("engine")
    for name in tokens:
        if name not in ROLES and name.lower() in ROLES:
            raise SettingError(f"--token {name}: the page writes the role {name.lower()}, and so must the option.")
    for name, source in headers.items():
        if name.lower() in OWN_HEADERS:
            raise SettingError(f"{source.option}: the run sets this header itself. Leave it out.")
    warnings = [
        f"{source.option}: the value itself shows in the process list. Use env:NAME, file:PATH or cmd:COMMAND."
        for source in (*tokens.values(), *headers.values())
        if source.kind == "literal" and source.text not in tokens
    ]
    if engine is not None:
        tokens = {**engine.sources("tokens"), **tokens}
        headers = {**engine.sources("headers"), **headers}
    connection = Connection(
        base=parse_base(options["url"]),
        auth=Auth.parse(options["auth"]),
        tokens=tokens,
        headers=headers,
        timeout=options["timeout"],
        proxy=options["proxy"],
        ca_bundle=options["ca_bundle"],
        client_cert=options["client_cert"],
        insecure=options["insecure"],
    )
    return connection, warnings


def settings_for(options: Mapping[str, Any], connection: Connection, *, embedded: bool) -> Settings:
    """What to check and how. Raises SettingError for rules that do not exist, and where none is left."""
    only, skip = select_rules(options["only"], option="--only"), select_rules(options["skip"], option="--skip")
    if not (only or {rule.id for rule in load_rules()}) - set(skip):
        raise SettingError("--only and --skip leave no rule to check. Leave one of them out, or choose other rules.")
    return Settings(
        connection=connection,
        label=options["label"],
        seed=options["seed"],
        only=tuple(sorted(only)),
        skip=tuple(sorted(skip)),
        strict=options["strict"],
        max_jobs=options["max_jobs"],
        keep_jobs=options["keep_jobs"],
        deadline=options["deadline"],
        rate=options["rate"],
        concurrency=options["concurrency"],
        unsafe_probes=options["allow_unsafe_probes"] or embedded,
        read_back=EMBEDDED_READ_BACK if embedded else None,
        settle_s=0.0 if embedded else 1.0,
        embedded=embedded,
    )


def make_supply(options: Mapping[str, Any]) -> Callable[[int], Supply]:
    """What makes the supply that the options name; without one it is empty."""

    def make(count: int) -> Supply:
        if options["jobs"]:
            return supply_from_file(options["jobs"])
        if options["jobs_command"]:
            engine: Engine | None = options.get("engine")
            command = options["jobs_command"]
            if engine is not None and engine.owns("jobs_command", command):
                return supply_from_command(
                    command, count, option=f"{engine.where('jobs_command')}:", folder=engine.folder
                )
            return supply_from_command(command, count)
        return Supply()

    return make


def known_ids(options: Mapping[str, Any]) -> list[str] | None:
    """The ids that can be known without asking a command for jobs; None where there will be as many as wanted."""
    if options["jobs"]:
        return supply_from_file(options["jobs"]).supplied
    return None if options["jobs_command"] or not options["url"] else []

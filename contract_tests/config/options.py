"""From the options of a command to settings, a connection and a supply of jobs."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from contract_tests.config.auth import Auth, Bearer
from contract_tests.config.command import Command
from contract_tests.config.engine_url import FROM_VARIABLE, base_of
from contract_tests.config.job_ids import supply_from_command, supply_from_file
from contract_tests.config.rule_selection import select_rules
from contract_tests.config.sources import Source, login, parse_logins, parse_sources
from contract_tests.errors import SettingError
from contract_tests.judge.request import can_be_read
from contract_tests.safety.page_calls import PageCalls, page_calls, texts_of
from contract_tests.safety.supply import Supply
from engine_contract.contract import Operation, Rule, load_contract, load_rules
from engine_contract.environment import variable_of
from engine_contract.options import CheckOptions, EngineOptions, NamedEngine
from engine_contract.text.curl import Added
from engine_contract.text.masking import is_secret
from engine_contract.text.printable import without_user_info

EMBEDDED_READ_BACK = "/_mock/jobs/{job_id}"
"""Where the embedded mock shows a job."""

INSECURE = (
    "--insecure: the engine's certificate is not verified. Whoever stands between can read and change all that is sent, "
    "credentials too. Give --ca-bundle FILE in its place."
)
OWN_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach an engine."""

    base: str
    """The URL that the contract's path is appended to, without a slash at its end."""
    auth: Auth = field(default_factory=Bearer)
    tokens: Mapping[str, Source] = field(default_factory=dict)
    headers: Mapping[str, Source] = field(default_factory=dict)
    timeout: float = 10.0
    """Seconds for a whole exchange, connecting included."""
    proxy: str | None = None
    proxy_variable: str | None = None
    """The environment variable that holds the proxy's URL, where one was named."""
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    insecure: bool = False
    new_connections: bool = False
    """Whether each request is sent on a connection of its own, for engines behind a balancer."""

    @property
    def added(self) -> Added:
        """Variables for headers, and TLS options, that a command line to this engine needs beside the request."""
        headers = {name: f"${source.variable or variable_of(name)}" for name, source in self.headers.items()}
        files = (("--cacert", self.ca_bundle), ("--cert", self.client_cert))
        options = [word for option, path in files if path is not None for word in (option, str(path))]
        if self.proxy is not None:
            has_password = "@" in self.proxy
            variable = self.proxy_variable or ("PROXY" if has_password else None)
            options += ["--proxy", f"${variable}" if variable else self.proxy]
        return Added(headers, (*options, *(["-k"] if self.insecure else [])))


@dataclass(frozen=True, slots=True)
class Settings:
    """The choice of checks, and how they are made; the connection is separate."""

    connection: Connection
    operation: Operation = field(default_factory=load_contract)
    pages: tuple[PageCalls, ...] = ()
    """The requests for the operations of further pages."""
    label: str | None = None
    seed: int = 0
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    strict: bool = False
    max_jobs: int | None = None
    workflow: str | None = None
    """A workflow whose jobs the run starts itself."""
    keep_jobs: bool = False
    deadline: float = 120.0
    rate: float | None = None
    concurrency: int = 10
    unsafe_probes: bool = False
    probe: str | None = None
    """A path below the base whose GET any valid token may send."""
    trust_tokens: bool = False
    """Whether the tokens are good, also where a response to one is as to a wrong credential."""
    read_back: str | None = None
    """A path below the base whose GET shows a job, with `{job_id}` in it; None for the usual one."""
    settle_s: float = 1.0
    """Seconds after which every replica shows a job's new state."""
    embedded: bool = False
    """Whether the engine is the mock that this process started."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of a run: the contract's, then those of further pages."""
        return rules_with(page.operation for page in self.pages)


def live_connection(options: EngineOptions) -> tuple[Connection, list[str]]:
    """Return how to reach the engine at the URL, and warnings. Raises SettingError."""
    tokens = named_tokens(options)
    logins = parse_logins(options.logins)
    headers = parse_sources(options.headers, option="--header", left="NAME")
    for name in sorted(tokens.keys() & logins.keys()):
        raise SettingError(f"--token {name} and --login {name} exclude each other. Give one of them.")
    given = {**tokens, **_of_the_page(logins)}
    for name, source in headers.items():
        if name.lower() in OWN_HEADERS:
            raise SettingError(f"{source.option}: the run sets this header itself. Leave it out.")
    open_ones = [
        source.option
        for source in (*given.values(), *headers.values())
        if source.kind == "literal" and source.text not in tokens
    ]
    warnings: list[str] = []
    if open_ones:
        warnings.append(
            f"{', '.join(open_ones)}: the value itself is given. On a command line it shows in the process list, and in a "
            "variable it stands where the pipeline is written. Use env:NAME, file:PATH or cmd:COMMAND."
        )
    engine = options.engine
    if engine is not None:
        of_file = {role: login(source) for role, source in _sources_of(engine, "logins").items()}
        given = {**_sources_of(engine, "tokens"), **of_file, **given}
        headers = {**_sources_of(engine, "headers"), **headers}
    warnings += _misspelt(given)
    base, proxy = base_of(options), _proxy_of(options)
    environment, hidden = command_environment(options, base), values_of_secrets(options)
    if options.insecure:
        warnings.append(INSECURE)
    connection = Connection(
        base=base,
        auth=Auth.parse(options.auth or "auto"),
        tokens={
            role: replace(source, environment={**environment, "ROLE": role}, hidden=hidden)
            for role, source in given.items()
        },
        headers={name: replace(source, environment=environment, hidden=hidden) for name, source in headers.items()},
        timeout=options.timeout,
        proxy=proxy,
        proxy_variable=_named_variable(options.proxy),
        ca_bundle=options.ca_bundle,
        client_cert=options.client_cert,
        insecure=options.insecure,
    )
    return connection, warnings


def read_pages(paths: Sequence[Path]) -> tuple[Operation, ...]:
    """Return the operations of further pages. Raises SettingError."""
    if not paths:
        return ()
    from engine_contract.pages import load_pages  # reads pages, which takes a while to load

    try:
        return load_pages(paths)
    except ValueError as error:
        raise SettingError(f"--page {error}") from error


def rules_with(pages: Iterable[Operation]) -> tuple[Rule, ...]:
    """Return the contract's rules, and those of the operations of further pages."""
    return (*load_rules(), *(rule for page in pages for rule in page.rules))


def named_tokens(options: EngineOptions) -> dict[str, Source]:
    """Return where the tokens of --token are, by role. Raises SettingError."""
    return _of_the_page(parse_sources(options.tokens, option="--token", left="ROLE"))


def _of_the_page(sources: dict[str, Source]) -> dict[str, Source]:
    roles = load_contract().roles
    for name, source in sources.items():
        if name not in roles and name.lower() in roles:
            raise SettingError(f"{source.option}: the page writes the role {name.lower()}, and so must the option.")
    return sources


def _misspelt(tokens: Mapping[str, Source]) -> Iterator[str]:
    """Yield a sentence on each role that looks like one of the page without a token: it will be taken for another."""
    roles = load_contract().roles
    for name in tokens.keys() - set(roles):
        if near := get_close_matches(name, [role for role in roles if role not in tokens], n=1, cutoff=0.8):
            yield (
                f"{tokens[name].option}: the page does not list the role {name}, so its requests must be refused. "
                f"Did you mean {near[0]}?"
            )


def command_environment(options: EngineOptions, base: str) -> dict[str, str]:
    """Return what commands for tokens and jobs find in their environment: which engine, and how to reach it."""
    found = {"ENGINE_URL": base}
    if options.engine is not None:
        found["ENGINE_NAME"] = options.engine.name
    if options.ca_bundle is not None:
        bundle = str(options.ca_bundle.resolve())
        found |= dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), bundle)
    if (proxy := _proxy_of(options)) is not None:
        found |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy)
    return found


def _named_variable(text: str | None) -> str | None:
    return text.removeprefix(FROM_VARIABLE) if text and text.startswith(FROM_VARIABLE) else None


def _proxy_of(options: EngineOptions) -> str | None:
    """Return the proxy's URL, read from a variable where one is named. Raises SettingError."""
    if (name := _named_variable(options.proxy)) is None:
        return options.proxy
    if not (value := os.environ.get(name, "").strip()):
        raise SettingError(
            f"--proxy {without_user_info(options.proxy or '')}: the environment has no such variable, or it is empty. Set it, or give a URL."
        )
    return value


def values_of_secrets(options: EngineOptions) -> frozenset[str]:
    """Return the values of the environment's variables that hold secrets: by their names, or as a source names them."""
    texts = (*options.tokens, *options.logins, *options.headers, options.proxy or "")
    if options.engine is not None:
        tables = (options.engine.values.get(key, {}) for key in ("tokens", "logins", "headers"))
        texts = (*texts, *(text for table in tables for text in table.values()))
    named = {text.rpartition(FROM_VARIABLE)[2] for text in texts if FROM_VARIABLE in text}
    return frozenset(value for name, value in os.environ.items() if value and (name in named or is_secret(name)))


def _sources_of(engine: NamedEngine, key: str) -> dict[str, Source]:
    """Return where the `tokens` or `headers` of a settings file are, by role or name."""
    found = {}
    for name, text in engine.values.get(key, {}).items():
        user, is_file, path = text.rpartition("file:")
        is_file = is_file if not user or (key == "logins" and user.count(":") == 1) else ""
        place = f"{user}file:{engine.folder / path}" if is_file else text
        found[name] = Source(place, engine.where(f"{key}.{name}"), folder=engine.folder)
    return found


def calls_of(options: CheckOptions) -> tuple[PageCalls, ...]:
    """Return the requests for the operations of further pages. Raises SettingError for values that cannot be used."""
    found = []
    for operation in read_pages(options.pages):
        given = (options.operations or {}).get(operation.name, {})
        for place, values in given.items():
            for name, value in values.items():
                where = f"operations.{operation.name}.{place}.{name} of the settings file"
                named = {one.name: one for one in operation.parameters if one.place == place}
                if name not in named:
                    raise SettingError(
                        f"{where}: there is no such parameter. Allowed are {', '.join(named) or 'none'}."
                    )
                texts = texts_of(named[name], value)
                if not texts or not all(can_be_read(named[name], text) for text in texts):
                    wanted = named[name].schema.get("type", "string")
                    raise SettingError(f"{where} is {value!r}: cannot stand there. Allowed is a {wanted}.")
        found.append(page_calls(operation, given))
    return tuple(found)


def settings_for(options: CheckOptions, connection: Connection, *, embedded: bool) -> Settings:
    """Return what to check and how. Raises SettingError for rules that do not exist, and where none is left."""
    pages = calls_of(options)
    rules = rules_with(page.operation for page in pages)
    only, skip = selected_rules(options, rules)
    if not (set(only) or {rule.id for rule in rules}) - set(skip):
        raise SettingError("--only and --skip leave no rule to check. Leave one of them out, or choose other rules.")
    return Settings(
        connection=replace(connection, new_connections=options.new_connections),
        pages=pages,
        label=options.label,
        seed=options.seed,
        only=only,
        skip=skip,
        strict=options.strict,
        max_jobs=options.max_jobs,
        workflow=None if embedded or options.jobs or options.jobs_command else options.workflow,
        keep_jobs=options.keep_jobs,
        deadline=options.deadline,
        rate=options.rate,
        concurrency=options.concurrency,
        unsafe_probes=options.allow_unsafe_probes or embedded,
        probe=_probe(options.probe),
        trust_tokens=options.trust_tokens or embedded,
        read_back=EMBEDDED_READ_BACK if embedded else _read_back(options.read_back),
        settle_s=0.0 if embedded else options.settle,
        embedded=embedded,
    )


def _probe(path: str | None) -> str | None:
    if path is not None and not path.startswith("/"):
        raise SettingError(f"--probe {path}: is not a path. Give one below the engine's base, such as /whoami.")
    return path


def _read_back(path: str | None) -> str | None:
    if path is not None and not (path.startswith("/") and "{job_id}" in path):
        raise SettingError(
            f"--read-back {path}: is not a path with {{job_id}} in it. "
            "Give one below the engine's base, such as /workflow_engine/job/{job_id}/details."
        )
    return path


def selected_rules(options: CheckOptions, rules: Sequence[Rule]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the rules that --only and --skip name. Raises SettingError for a name without a rule."""
    only = select_rules(options.only, rules, option="--only")
    skip = select_rules(options.skip, rules, option="--skip")
    return tuple(sorted(only)), tuple(sorted(skip))


def make_supply(options: CheckOptions, base: str) -> Callable[[int], Supply]:
    """Return what makes the supply that the options name, for the engine at `base`; without one it is empty."""

    def make(_: int) -> Supply:
        command, engine = options.jobs_command, options.engine
        if options.jobs:
            return supply_from_file(options.jobs)
        if not command:
            return Supply(made=options.workflow is not None)
        is_files = engine is not None and engine.owns("jobs_command", command)
        return supply_from_command(
            Command(
                command,
                option=f"{engine.where('jobs_command')}:" if engine and is_files else "--jobs-command:",
                environment=command_environment(options, base),
                folder=engine.folder if engine and is_files else None,
                timeout_s=options.jobs_timeout,
                hidden=values_of_secrets(options),
            )
        )

    return make


def known_ids(options: CheckOptions) -> list[str] | None:
    """Return the ids that are known without asking a command for jobs; None where there will be as many as wanted."""
    if options.jobs:
        return supply_from_file(options.jobs).supplied
    return None if options.jobs_command or options.workflow or not (options.url or options.base_url) else []

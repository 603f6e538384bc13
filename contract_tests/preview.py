"""All that a run would do, for somebody who has to agree to it: in words, and as JSON to compare across versions."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contract_tests.check import tries_ways_with
from contract_tests.config.command import COMMAND_TIMEOUT_S
from contract_tests.config.options import Settings
from contract_tests.config.sources import Source
from contract_tests.model import Caller
from contract_tests.plan.describe import describe_step, steps_of
from contract_tests.plan.plan import Plan
from contract_tests.run.access import WAYS
from contract_tests.safety.guard import LOGIN, USUAL_READ_BACK, start_request
from contract_tests.transport.sender import RETRIES
from engine_contract.contract.page import page_sha256
from engine_contract.options import CheckOptions
from engine_contract.text.masking import mask_command
from engine_contract.text.printable import one_line, plural, visible, without_user_info
from engine_contract.version import kit_version

SCHEMA_VERSION = 1
WAYS_TRIED = 1 + len(WAYS)  # without a credential first
_WRONG = frozenset({"wrong", "cut", "recased", "empty"})


def preview_of(options: CheckOptions, settings: Settings, plan: Plan) -> dict[str, Any]:
    """Return what a run would do, as JSON values without secrets and control characters."""
    connection, live = settings.connection, not settings.embedded
    callers = Counter[str](step.caller.kind for scenario in plan.scenarios for step in scenario.steps)
    rate = settings.rate
    return {
        "schema_version": SCHEMA_VERSION,
        "kit": kit_version(),
        "page_sha256": page_sha256(),
        "engine": visible(connection.base),
        "is_mock": settings.embedded,
        "label": settings.label,
        "seed": settings.seed,
        "tls_verified": not connection.insecure,
        "proxy": without_user_info(connection.proxy) if connection.proxy else None,
        "client_certificate": str(connection.client_cert) if connection.client_cert else None,
        "credentials": [
            {"role": role, "form": _form(source), "travels": connection.auth.travels}
            for role, source in connection.tokens.items()
            if live
        ],
        "headers": ["Content-Type", *connection.headers],
        "header_values": {name: _form(source) for name, source in connection.headers.items()},
        "commands": list(_commands(options, settings, plan)) if live else [],
        "paths": _paths(settings, plan),
        "requests": plan.requests,
        "retries_at_most": RETRIES,
        "concurrency": settings.concurrency,
        "rate": rate,
        "seconds_at_least": math.ceil(plan.requests / rate) if rate else None,
        "deadline_s": settings.deadline,
        "jobs_canceled": plan.cancels,
        "jobs_used_at_most": plan.jobs,
        "jobs_from": _jobs_from(options, settings),
        "clean_up": _clean_up(options, settings),
        "wrong_credentials": sum(callers[kind] for kind in _WRONG),
        "no_credentials": callers["none"],
        "steps": list(steps_of(plan)),
        "not_checked": [{"rule": rule, "reason": why.reason} for rule, why in plan.missing.items()],
    }


def preview_lines(preview: Mapping[str, Any], plan: Plan, settings: Settings) -> Iterator[str]:
    """Yield the same for people: each request in order, what else is done, then the totals."""
    yield f"What check-engine {preview['kit']} would send to {preview['engine']}; nothing is sent now."
    yield from _requests(plan)
    yield ""
    if plan.cancels:
        read_back = settings.read_back or USUAL_READ_BACK
        yield f"read-back: GET {read_back}, once for each canceled job; where the first shows no job, no other is sent"
    for each in preview["not_checked"]:
        yield f"not checked: {each['rule']}: {each['reason']}"
    yield from _before_the_plan(settings)
    for each in preview["credentials"]:
        yield f"credential of {each['role']}: {each['form']}; it travels {each['travels']}"
    for each in preview["commands"]:
        yield f"command for {each['for']}: {each['command']} ({each['when']})"
    values = [f"{name} ({form})" for name, form in preview["header_values"].items()]
    yield f"headers: {', '.join(['Content-Type', *values])}, and those of any HTTP client"
    yield "paths: " + "; ".join(f"{each['method']} {each['path']}" for each in preview["paths"])
    if preview["proxy"]:
        yield f"proxy: {preview['proxy']}"
    if not preview["tls_verified"]:
        yield "TLS: the engine's certificate is not verified (--insecure)"
    yield (
        f"wrong credentials: {preview['wrong_credentials']} requests with a wrong, cut or empty one, "
        f"{preview['no_credentials']} without any. An engine that locks accounts may lock those of the roles or the address"
    )
    yield (
        f"retries: a request that is answered with 429 or 503 is sent again {preview['retries_at_most']} times at most"
    )
    pace = f"{preview['rate']:g} requests a second at most (--rate), so " if preview["rate"] else "no --rate; "
    least = f"{preview['seconds_at_least']} s at least, " if preview["seconds_at_least"] else ""
    yield f"time: {pace}{least}{preview['deadline_s']:g} s at most (--deadline), {preview['concurrency']} at a time"
    yield f"jobs: {preview['jobs_from']}; {plural(preview['jobs_used_at_most'], 'job')} at most"
    yield f"clean-up: {preview['clean_up']}"
    yield f"{plan.requests} requests; {plan.cancels} jobs would be canceled."


def _requests(plan: Plan) -> Iterator[str]:
    job = 0
    for stage in plan.stages:
        how = {1: "one after the other", None: "side by side"}.get(stage.at_once, f"{stage.at_once} at a time")
        yield ""
        yield f"{stage.name}: {sum(len(scenario.steps) for scenario in stage.scenarios)} requests, {how}"
        for scenario in stage.scenarios:
            job += scenario.needs_job
            for step in scenario.steps:
                yield f"  {describe_step(step, job if scenario.needs_job else None, plan.operation)}"


def _before_the_plan(settings: Settings) -> Iterator[str]:
    """Yield the lines on requests for the credentials' sake, which the plan does not list."""
    logins = [role for role, source in settings.connection.tokens.items() if source.user is not None]
    if logins:
        yield f"logins: POST {LOGIN} for {', '.join(logins)}, and again where a token has ended"
    may_cancel, page = tries_ways_with(settings)
    is_open = settings.connection.tokens and not settings.connection.auth.is_settled
    if is_open and (may_cancel or page is not None):
        what = f"GET {page.variants[0][1]}" if page is not None else "with the id of no job"
        yield f"the way of the credential: up to {WAYS_TRIED} requests {what}"
    if settings.workflow is not None:
        yield f"jobs: POST {start_request(settings.workflow, Caller()).path}, once for each"
    if settings.probe:
        yield f"probe: GET {settings.probe}, where a refused role is answered as a wrong credential is"


def _form(source: Source) -> str:
    """Return in words where a value comes from."""
    place = visible(source.text.partition(":")[2])
    match source.kind:
        case "env":
            form = f"the environment variable {place}"
        case "file":
            form = f"the file {place}"
        case "cmd":
            form = "what a command prints"
        case _:
            form = "given as it is, and not shown"
    return form if source.user is None else f"from a login as {visible(source.user)}, with the password: {form}"


def _commands(options: CheckOptions, settings: Settings, plan: Plan) -> Iterator[dict[str, str]]:
    if options.jobs_command and plan.jobs:
        yield {
            "for": "jobs",
            "command": _shown(options.jobs_command),
            "when": f"once for {plural(plan.jobs, 'job')}, and once more for those that are not active then; "
            f"{options.jobs_timeout:g} s at most",
        }
    connection = settings.connection
    for what, sources in (("the token of", connection.tokens), ("the header", connection.headers)):
        for name, source in sources.items():
            if source.kind == "cmd":
                when = f"once, and once more after an unexpected 401; {COMMAND_TIMEOUT_S:g} s at most"
                yield {"for": f"{what} {name}", "command": _shown(source.text.partition(":")[2]), "when": when}


def _shown(command: str) -> str:
    """Return a command without the secrets in it, on one line."""
    return visible(one_line(mask_command(command)))


def _paths(settings: Settings, plan: Plan) -> Sequence[dict[str, str]]:
    """Return each method and path below the base that a request may have."""
    own = plan.operation
    found = [
        (step.method or own.method, step.path or own.path) for scenario in plan.scenarios for step in scenario.steps
    ]
    if plan.cancels:
        found.append(("GET", settings.read_back or USUAL_READ_BACK))
        found.append((own.method, own.path))  # the diagnosis, and jobs that are left
    if any(source.user is not None for source in settings.connection.tokens.values()):
        found.append(("POST", LOGIN))
    if settings.workflow is not None:
        found.append(("POST", start_request(settings.workflow, Caller()).path))
    if settings.probe:
        found.append(("GET", settings.probe))
    return [{"method": method, "path": visible(path)} for method, path in dict.fromkeys(found)]


def _jobs_from(options: CheckOptions, settings: Settings) -> str:
    if settings.embedded:
        return "made by the mock"
    if options.jobs:
        return f"those of {options.jobs} alone"
    if options.jobs_command:
        return "made by --jobs-command"
    if settings.workflow:
        role = next((role for role in settings.operation.roles if role in settings.connection.tokens), None)
        return f"started by the run, of the workflow {visible(settings.workflow)}, as {role or 'nobody: no token'}"
    return "none are given"


def _clean_up(options: CheckOptions, settings: Settings) -> str:
    if not (options.jobs_command or settings.workflow) or options.jobs:
        return "nothing is made, so nothing is left"
    if settings.keep_jobs:
        return "none: jobs that were made and not used stay active (--keep-jobs)"
    return (
        f"jobs that were made and not seen canceled are canceled by {settings.operation.route}, whatever ends the run"
    )

r"""Schemathesis on a live engine, with jobs that it may cancel and no others.

    SCHEMATHESIS_HOOKS=contract_tests.hooks \
    CHECK_ENGINE_JOBS=jobs.txt CHECK_ENGINE_TOKEN=admin=env:ADMIN_TOKEN \
    schemathesis --config-file spec/schemathesis.toml run spec/openapi.yaml --url https://engine.example

`CHECK_ENGINE_JOBS`          a file with one job's id a line; `-` is standard input
`CHECK_ENGINE_JOBS_COMMAND`  a shell command that makes `JOB_COUNT` jobs and prints their ids; asked for a few
                             at a time, as they are needed
`CHECK_ENGINE_MAX_JOBS`      the most jobs to cancel (100)
`CHECK_ENGINE_TOKEN`         `ROLE=SOURCE`, as for check-engine; the first documented role is used
`CHECK_ENGINE_AUTH`          how the token travels: bearer (the default), basic, cookie:NAME, query:NAME, header:NAME

Jobs of a command that were not used are canceled at the end, and what could not be is named.

Each valid request that is generated, stored or replayed gets a job of its own, whatever id stood in it. Once
there is no job left it gets the id of no job, and its refusal is not judged. In all other requests every text
is replaced by such an id. A last guard in `requests` refuses to send anything else, so importing this module
changes the whole process: it is for Schemathesis alone. Where it cannot be used, or the guard would not be asked,
it ends the process with one sentence and status 2.

Behaviour that the page leaves undefined is not a failure: how a request is refused, and what other methods do. A
run in which no valid request was accepted fails, as it shows nothing. The configured credential is sent and no other: a `.netrc` is
not read.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

import click
import requests
import schemathesis

from contract_tests.config.auth import Auth
from contract_tests.config.sources import Source, parse_sources
from contract_tests.errors import KitError, OutsideGuardError, SettingError
from contract_tests.judge.document import judge_document
from contract_tests.model import BUSY, DENIED, GATEWAY, Caller, Request
from contract_tests.safety.neutralize import JOB_ID, names_job, neutralize, neutralize_query
from contract_tests.safety.supply import describe_active
from contract_tests.schemathesis_jobs import SchemathesisJobs, job_in
from engine_contract.contract import load_contract, load_openapi, rule
from engine_contract.dependencies import DependencyError
from engine_contract.http.strict_json import NotJson, read_json
from engine_contract.text.masking import hide_variables


def _end(error: Exception) -> NoReturn:
    # Schemathesis would print a traceback for any other exception.
    sys.stderr.write(f"contract_tests.hooks: {hide_variables(str(error))}\n")
    raise SystemExit(2)


try:
    from contract_tests.schemathesis_guard import (
        INVALID_CREDENTIAL,
        AcceptedNegativeData,
        AllowHeaderMismatch,
        Failure,
        IgnoredAuth,
        JsonSchemaError,
        Outgoing,
        SendGuard,
        UnsupportedMethodResponse,
        fail_run_if,
        stop,
    )
except DependencyError as missing:
    _end(missing)

CONTRACT = load_contract()

LEFTOVERS_S = 15.0
"""At the end, for canceling jobs that were made and not used."""

_QUERY_CREDENTIALS = frozenset(
    scheme["name"] for scheme in load_openapi()["components"]["securitySchemes"].values() if scheme.get("in") == "query"
)
_WRONG_BASIC = b64encode(f"{INVALID_CREDENTIAL}:{INVALID_CREDENTIAL}".encode()).decode()
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_IN_THE_WAY = BUSY | GATEWAY  # of the engine itself, whose responses these are not
_JSON = (str, bytes, int, float, list, dict, type(None))


class Credential:
    """The token of the first documented role that one is given for, and how it travels."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read `CHECK_ENGINE_TOKEN` and `CHECK_ENGINE_AUTH`. Raises SettingError."""
        lines = environment.get("CHECK_ENGINE_TOKEN", "").splitlines()
        sources = parse_sources(filter(str.strip, lines), option="CHECK_ENGINE_TOKEN", left="ROLE")
        roles = [role for role in CONTRACT.roles if role in sources]
        if sources and not roles:
            raise SettingError(
                f"CHECK_ENGINE_TOKEN: none of {', '.join(sources)} may cancel jobs. "
                f"Give a token of one of {', '.join(CONTRACT.roles)}."
            )
        self.auth = Auth.parse(environment.get("CHECK_ENGINE_AUTH") or "bearer")
        if not self.auth.is_settled:
            raise SettingError(
                "CHECK_ENGINE_AUTH=auto: the hooks do not find out how the credential travels. Give bearer, basic, "
                "cookie:NAME, query:NAME or header:NAME; check-engine --auth auto says which."
            )
        self._source: Source | None = sources[roles[0]] if roles else None

    def value(self) -> str | None:
        """Return the credential as it is sent, None if none is given."""
        return None if self._source is None else self.auth.on_the_wire(self._source.read())

    def place(self, case: Any, value: str) -> None:
        """Put the credential into a case."""
        place, name, text = self.auth.pair(value)
        {"header": case.headers, "cookie": case.cookies, "query": case.query}[place][name] = text

    def is_pair(self, name: str, value: Any) -> bool:
        """Return whether a query parameter is the credential, or what Schemathesis sends for a wrong one."""
        if value == INVALID_CREDENTIAL:
            return name in _QUERY_CREDENTIALS
        own = self.value()
        return own is not None and ("query", name, value) == self.auth.pair(own)

    def is_replaced(self, request: Outgoing) -> bool:
        """Return whether a request carries an `Authorization` that is neither the credential nor of Schemathesis' making."""
        value, sent = self.value(), request.headers.get("Authorization")
        if (
            value is None
            or sent is None
            or sent == request.generated
            or INVALID_CREDENTIAL in sent
            or _WRONG_BASIC in sent
        ):
            return False
        is_ours = self.auth.pair(value)[1].lower() == "authorization"
        return not (is_ours and sent.endswith(value))

    def is_in(self, case: Any) -> bool:
        """Return whether a case carries the credential; taken for granted where none is given here."""
        value = self.value()
        places = (case.headers, case.cookies, case.query)
        return value is None or any(str(text).endswith(value) for place in places for text in (place or {}).values())


try:
    case_jobs = SchemathesisJobs(CONTRACT, os.environ)
    credential = Credential(os.environ)
except SettingError as unusable:
    _end(unusable)

if not case_jobs.has_source:
    sys.stderr.write(
        "contract_tests.hooks: no jobs are supplied, so nothing can be canceled, and only refusals are seen. "
        "Set CHECK_ENGINE_JOBS or CHECK_ENGINE_JOBS_COMMAND.\n"
    )

if credential.value() is not None:

    @schemathesis.auth()
    class _Token:
        """Gives every case the credential, but for those that are to have none."""

        def get(self, _case: Any, _context: Any) -> str | None:
            return credential.value()

        def set(self, case: Any, data: str, _context: Any) -> None:
            credential.place(case, data)


@schemathesis.hook
def before_call(_context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give a valid request a job of its own, and take whatever could name a job out of any other."""
    send_guard.expect(case, kwargs)
    if case.operation.path != CONTRACT.path:
        raise OutsideGuardError(
            f"{case.method} {case.operation.path} is another operation's. These hooks are for "
            f"{CONTRACT.method} {CONTRACT.path} alone: give Schemathesis spec/openapi.yaml."
        )
    mint = case_jobs.guard.mint
    case.query = neutralize_query(case.query or {}, mint, credential.is_pair)
    is_valid = _is_valid(case)
    if isinstance(case.body, _JSON):
        case.body = neutralize(case.body, mint)
    if is_valid:
        case.body = {**case.body, JOB_ID: case_jobs.job_for(case.id)}
        if _is_replay() and not case_jobs.has_job(case.id):
            raise SettingError(
                "There is no job left to replay a valid request with. Supply more of them by CHECK_ENGINE_JOBS or "
                "CHECK_ENGINE_JOBS_COMMAND; a request is replayed up to three times."
            )


def _is_replay() -> bool:
    command = click.get_current_context(silent=True)
    return command is not None and command.info_name == "replay"


def _is_valid(case: Any) -> bool:
    content_type = str(case.headers.get("Content-Type", case.media_type))
    return case.method == CONTRACT.method and content_type == "application/json" and names_job(case.body)


@schemathesis.hook
def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Return whether a failure breaks the contract: the page says how a valid request is answered, and no more."""
    if response.status_code in _IN_THE_WAY:
        return False
    is_success = 200 <= response.status_code < 300
    match failure:
        case UnsupportedMethodResponse() | AllowHeaderMismatch():
            return False
        case AcceptedNegativeData():
            return is_success and not names_job(case.body)
        case IgnoredAuth():
            return case_jobs.let_in or not credential.is_in(case)
        case JsonSchemaError() if is_success:
            return _is_flawed(response.content)
    # The page does not say that other properties are taken, so only the bare request must be.
    is_documented = names_job(case.body) and set(case.body) == {JOB_ID}
    return is_success or (is_documented and case_jobs.has_job(case.id) and credential.is_in(case))


def _is_flawed(body: bytes) -> bool:
    # For Schemathesis 1.0 is not an integer; JSON knows one kind of number.
    try:
        flaws = judge_document(CONTRACT, read_json(body))
    except NotJson:
        return True
    return any(not rule(flaw.rule).is_assumed for flaw in flaws)


def _allow(asked: Outgoing) -> Outgoing:
    """Return what is sent in place of a request. Raises OutsideGuardError for one that must not leave.

    A job that was sent before is replaced by another: only an active job shows whether the request is let in.
    """
    if credential.is_replaced(asked):
        stop(
            "A request was about to be sent with another credential than that of CHECK_ENGINE_TOKEN. "
            "Leave out what replaces it: a user in the URL, --auth or --header"
        )
    job_id = case_jobs.other_job_for(asked.body)
    request = asked
    if job_id is not None:
        request = replace(asked, body=json.dumps({**json.loads(asked.body or b""), JOB_ID: job_id}).encode())
    objection = _objection(request)
    if objection is not None:
        raise OutsideGuardError(f"The request was not sent: {objection}.")
    return request


def _answered(asked: Outgoing, sent: Outgoing, status: int) -> bool:
    """Take in a response; return whether jobs that are left may be canceled as this one was."""
    if _carries_credential(sent) or credential.value() is None:
        case_jobs.count(sent.body, status)
    if 200 <= status < 300:
        case_jobs.canceled(sent.body)
    if status in DENIED:
        is_valid = case_jobs.give_back(sent.body) and _carries_credential(sent)
        if is_valid and _is_replay():
            raise SettingError(
                f"A valid request was refused with {status}, so that nothing counts as fixed. "
                "Give a credential in CHECK_ENGINE_TOKEN that is still good."
            )
    elif sent is not asked and status < 300 and not _carries_credential(sent):
        case_jobs.let_in = True
    return 200 <= status < 300 and job_in(sent.body) is not None and _carries_credential(sent)


def _cancel_what_is_left() -> None:
    """Cancel the jobs that were made for this run, and that no request was seen to cancel; name those that stay active."""
    left, ends = case_jobs.left_active(), time.monotonic() + LEFTOVERS_S
    for job_id in list(left):
        if time.monotonic() > ends:
            break
        try:
            status = send_guard.send_alike(json.dumps({JOB_ID: job_id}).encode())
        except requests.RequestException:
            break
        if status is None or status in DENIED:
            break
        if status < 500 and status not in _IN_THE_WAY and not 300 <= status < 400:
            left.remove(job_id)  # it is canceled, or it was not active
    if left:
        sys.stderr.write(f"contract_tests.hooks: {describe_active(left)}.\n")


def _exit_by_signal(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _carries_credential(request: Outgoing) -> bool:
    headers = request.headers
    sent = headers.get("Authorization", "") + headers.get("Cookie", "") + urlsplit(request.url).query
    return bool(sent) and INVALID_CREDENTIAL not in sent and _WRONG_BASIC not in sent


def _objection(request: Outgoing) -> str | None:
    """Return why a request must not leave, None if it may."""
    parts = urlsplit(request.url)
    if not parts.path.endswith(CONTRACT.path):
        # The remaining ones ask for the spec itself, or are Schemathesis' first probes.
        is_safe = request.method in _SAFE_METHODS and not request.body
        return None if is_safe else f"{request.method} {parts.path} is another operation's"
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not credential.is_pair(*pair)]
    return case_jobs.guard.objection(Request(request.method, CONTRACT.path, Caller(), tuple(query), request.body))


def _why_nothing_is_shown() -> str | None:
    """Return why a run without a failure shows nothing; None if a job was canceled or none was supplied."""
    if not case_jobs.has_source or case_jobs.accepted:
        return None
    if not case_jobs.refused:
        return "No valid request was sent with a supplied job, so the run shows nothing."
    answers = ", ".join(f"{status} ({count} times)" for status, count in case_jobs.refused.most_common(5))
    return (
        f"No valid request was accepted, so the run shows nothing. The answers were: {answers}. "
        "See whether the credential is still good, and whether the supplied jobs are active."
    )


try:
    send_guard = SendGuard(_allow, _answered)
except KitError as unguarded:
    _end(unguarded)
fail_run_if(_why_nothing_is_shown)

atexit.register(_cancel_what_is_left)
if threading.current_thread() is threading.main_thread():
    for _name in ("SIGTERM", "SIGHUP"):
        _number = getattr(signal, _name, None)
        if _number is not None and signal.getsignal(_number) is signal.SIG_DFL:
            signal.signal(_number, _exit_by_signal)  # so that the remaining jobs are canceled then too

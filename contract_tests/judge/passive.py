"""Judges cancels that somebody else sent: those that pass a watching proxy, and those of a recording.

A passive judge does not choose the requests, and knows only the jobs it has seen. So it says less than a run of
checks, and only what the page lets one say: a refusal of a job that may be unknown breaks nothing.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contract_tests.judge.answers import (
    document_of,
    finding,
    holds_job,
    judge_refusal,
    judge_success,
    leads_to_login,
    page_of,
)
from contract_tests.judge.request import rule_broken_by
from contract_tests.model import BUSY, GATEWAY, Exchange, Fault, Finding, Judgement, Request, Response
from engine_contract import contract
from engine_contract.contract.job_status import ACTIVE
from engine_contract.http.paths import decoded_path
from engine_contract.http.strict_json import NotJson, TooMuchJson, read_json

CONTRACT = contract.load_contract()
MAX_REMEMBERED = 100_000  # jobs and credentials
NOT_SERVED = frozenset({405, 501})  # RFC 9110: the method is not there, whatever the job
REPEATED, VALID = "a second cancel of the same job", "a valid request"

_ROLE_RULES = {"none": "roles.none", "empty": "roles.empty", "wrong": "roles.wrong", "cut": "roles.wrong"}
_SITUATIONS = {
    "request.job_id.required": "job_id is missing",
    "request.job_id.type": "job_id is not a string",
    "request.job_id.empty": "job_id is empty",
    "request.job_id.location": "the id stands in the query in place of the body",
    "request.body": "the body is not a JSON object",
}
# Situations that check-engine writes into its own recordings, since the request does not show them.
_TOLD = {
    "the id of no job": "effects.unknown",
    "the id lacks its last character": "effects.exact",
    "the id lacks its first character": "effects.exact",
    "the id has one character more at its end": "effects.exact",
    "the id has one character more at its start": "effects.exact",
}
# How an engine reads that refuses a job by an error of its own: the vendor's reference lists only 500 for many calls.
_TELLS_OF_THE_JOB = re.compile(
    rb"not (?:be )?found|no (?:such )?(?:active )?job|unknown|not exist|not active|inactive|already|no longer"
    rb"|cancell?ed|finished|complete|not running|invalid|missing param|refused|denied|forbidden|unauthori[sz]ed"
    rb"|not (?:allowed|permitted)|may not|permission|session|log ?in",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ObservedCancel:
    """A cancel that was seen. `credential` distinguishes callers without being the credential; None without one."""

    exchange: Exchange
    credential: str | None = None
    overlapping: bool = False
    """Whether other cancels were under way."""
    obstacle: str | None = None
    """Why the exchange cannot be judged, as a sentence."""
    unseen: tuple[str, ...] = ()
    """Rules that the exchange does not show."""


@dataclass(frozen=True, slots=True)
class JudgedCancel:
    """A judged cancel: the exchange with its situation and job, judgements, and a sentence if there are none."""

    exchange: Exchange
    judgements: tuple[Judgement, ...] = ()
    note: str | None = None
    rule: str | None = None
    """The rule that says that the request must be refused, None for a valid one."""
    caller: str | None = None
    """The mark that tells the caller from others, None where nothing does."""
    has_canceled: bool = False
    """Whether the caller has canceled a job by now."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The breaks, in the order in which they were found."""
        return tuple(item.finding for item in self.judgements if item.finding)

    @property
    def broken(self) -> tuple[str, ...]:
        """The ids of broken documented and implied rules, each once."""
        return rule_ids((finding.rule for finding in self.findings), assumed=False)

    @property
    def warned(self) -> tuple[str, ...]:
        """The ids of broken assumed rules, each once."""
        return rule_ids((finding.rule for finding in self.findings), assumed=True)


def rule_ids(rules: Iterable[str], *, assumed: bool) -> tuple[str, ...]:
    """Return the ids of broken rules, each once: the assumed ones, or the others."""
    return tuple(dict.fromkeys(rule for rule in rules if contract.rule(rule).is_assumed is assumed))


def is_cancel(method: str, path: str) -> bool:
    """Return whether a request is for the operation; `path` is below the engine's base, as it was sent, without a query."""
    return method == CONTRACT.method and before_operation(path) == ""


def before_operation(path: str) -> str | None:
    """Return what stands before the operation's path, in any spelling of that; None for another path."""
    base, *segments = path.rsplit("/", CONTRACT.path.count("/"))
    return base if decoded_path("/" + "/".join(segments)) == CONTRACT.path else None


def job_of(request: Request) -> str | None:
    """Return the id of the job that a valid request names, None for other requests."""
    if request.body is None or rule_broken_by(request.body) is not None:
        return None
    job_id: str = json.loads(request.body.decode("utf-8"))["job_id"]
    return job_id


def request_rule(request: Request) -> str | None:
    """Return the rule on requests that a request breaks, None for a valid one."""
    broken = rule_broken_by(request.body or b"")
    in_query = any(name == "job_id" and value for name, value in request.query)
    if in_query and (not (request.body or b"").strip() or broken == "request.job_id.required"):
        return "request.job_id.location"
    return broken


def identity(credential: str) -> str:
    """Return a hash that distinguishes a credential from others without revealing it."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(slots=True)
class PassiveJudge:
    """Remembers what it has seen: jobs canceled and active, and who has canceled one."""

    canceled: dict[str, None] = field(default_factory=dict)
    active: dict[str, None] = field(default_factory=dict)
    allowed: dict[str, None] = field(default_factory=dict)

    def see_job(self, job_id: str, status: str) -> list[Judgement]:
        """Take note of a job in a document of another route. Return what that shows of its cancel."""
        is_evidence = job_id in self.canceled and status == "canceled"
        if status in ACTIVE:
            _remember(self.active, job_id)
        else:
            self.active.pop(job_id, None)
        if status in ACTIVE:
            self.canceled.pop(job_id, None)
        return [Judgement("effects.canceled")] if is_evidence else []

    def judge(self, observed: ObservedCancel) -> JudgedCancel:
        """Judge one exchange; call it in the order in which they were answered."""
        exchange = observed.exchange
        job_id = exchange.job_id or job_of(exchange.request)
        rule_id, situation = self._must_be_refused(exchange, job_id)
        exchange = replace(exchange, situation=exchange.situation or situation, job_id=job_id)
        judged = self._judge(observed, exchange, rule_id)
        self._learn(observed, judged)
        role = exchange.request.caller.role
        caller = observed.credential if role is None else f"role {role}"
        return replace(judged, rule=rule_id, caller=caller, has_canceled=self._is_allowed(observed))

    def _judge(self, observed: ObservedCancel, exchange: Exchange, rule_id: str | None) -> JudgedCancel:
        if (note := _why_not_judged(observed, rule_id)) is not None:
            return JudgedCancel(exchange, note=note)
        response = exchange.response
        if response is None:
            return JudgedCancel(exchange, tuple(_unanswered(exchange, valid=rule_id is None)))
        if response.status in GATEWAY:
            received = f"status {response.status}, in answer to {exchange.situation}"
            return JudgedCancel(exchange, (finding("transport.stable", received, "an answer of the engine", exchange),))
        if rule_id is not None:
            conclusive = self._is_allowed(observed) or rule_id.startswith("roles.")
            judgements = judge_refusal(exchange, rule_id, conclusive=conclusive)
            if rule_id == "effects.repeat" and conclusive and not response.is_success:
                judgements.append(Judgement("effects.canceled"))  # the first cancel did what its response said
            return JudgedCancel(exchange, tuple(judgements))
        if response.is_success:
            judgements = _success(exchange, overlapping=observed.overlapping)
            return JudgedCancel(exchange, tuple(item for item in judgements if item.rule not in observed.unseen))
        return JudgedCancel(exchange, tuple(self._refusal(observed, exchange, response)))

    def _must_be_refused(self, exchange: Exchange, job_id: str | None) -> tuple[str | None, str]:
        """Return the rule that a success would break (None where a success is due), and the situation."""
        caller = exchange.request.caller
        broken = request_rule(exchange.request)
        if caller.kind in _ROLE_RULES:
            return _ROLE_RULES[caller.kind], str(caller)
        if caller.role is not None and caller.role not in CONTRACT.roles:
            return "roles.others", f"the role {caller.role}"
        if broken is not None:
            return broken, _SITUATIONS[broken]
        if exchange.situation in _TOLD:
            return _TOLD[exchange.situation], exchange.situation
        if job_id is not None and job_id in self.canceled:
            return "effects.repeat", REPEATED
        return None, VALID

    def _refusal(self, observed: ObservedCancel, exchange: Exchange, response: Response) -> list[Judgement]:
        """Judge the refusal of a valid request, whose caller may cancel or is unknown."""
        role = exchange.request.caller.role
        allowed = self._is_allowed(observed)
        received = f"status {response.status} to a valid request"
        if response.status == 403 and role is not None and not allowed:
            what = f"{received} of {role}. A token that is stale, or a job that is unknown, may look the same"
            return [finding(f"roles.{role}", what, f"the role {role} may cancel jobs", exchange)]
        if response.status in NOT_SERVED:
            return [finding("route.path", received, f"{CONTRACT.method} {CONTRACT.path}", exchange)]
        if _tells_of_a_cancel(response, exchange.job_id):
            what = f"{received}, with the canceled job in the answer"
            return [finding("transport.status", what, "a success with the canceled job", exchange)]
        if 400 <= response.status < 500:
            return []
        is_due = (role is not None or allowed) and not leads_to_login(response)
        if is_due and (exchange.job_id in self.active or not _tells_of_the_job(response)):
            documented = "a success with the canceled job, or a refusal with a 4xx status"
            return [finding("transport.status", received, documented, exchange)]
        return [finding("transport.refusal_status", received, "a refusal with a 4xx status", exchange)]

    def _is_allowed(self, observed: ObservedCancel) -> bool:
        """Return whether this caller has canceled a job before."""
        role = observed.exchange.request.caller.role
        return observed.credential in self.allowed or (role is not None and f"role {role}" in self.allowed)

    def _learn(self, observed: ObservedCancel, judged: JudgedCancel) -> None:
        exchange = judged.exchange
        if observed.obstacle or not holds_job(exchange.response) or exchange.job_id is None:
            return
        _remember(self.canceled, exchange.job_id)
        self.active.pop(exchange.job_id, None)
        caller = exchange.request.caller
        if caller.kind != "token" or any(item.rule == "roles.others" for item in judged.findings):
            return
        if observed.credential is not None:
            _remember(self.allowed, observed.credential)
        if caller.role is not None:
            _remember(self.allowed, f"role {caller.role}")


def _why_not_judged(observed: ObservedCancel, rule_id: str | None) -> str | None:  # noqa: PLR0911 - one return a reason
    """Return why an exchange cannot be judged, None for one that can; see JudgedCancel.rule."""
    request, response = observed.exchange.request, observed.exchange.response
    if observed.obstacle:
        return f"Not judged: {observed.obstacle}."
    if rule_id == "request.body" and (why := _why_unreadable(request.body)):
        return f"Not judged: the request's body cannot be read: {why}."
    if response is None:
        pass
    elif response.status in BUSY:
        return f"Not judged: with {response.status} the engine asks to be asked again later."
    elif (target := _same_elsewhere(response)) is not None:
        return f"Not judged: it redirects to the same operation at another address, {target}."
    elif response.broken_off and not response.is_success:
        return f"Not judged: the answer {response.flaw}."
    elif rule_id is None and not response.broken_off and response.is_success:
        why = _why_unreadable(response.body)
        return f"Not judged: the answer's document cannot be read: {why}." if why else None
    return None


def _why_unreadable(body: bytes | None) -> str | None:
    """Return why a body that may be JSON cannot be read here; None if it can be read, or is not JSON."""
    try:
        read_json(body or b"")
    except TooMuchJson as error:
        return str(error)
    except NotJson:
        pass
    return None


def _same_elsewhere(response: Response) -> str | None:
    """Return where a redirect leads if it is the same operation, as from http to https."""
    page = page_of(response)
    return page[:200] if page and before_operation(page) is not None else None


def _success(exchange: Exchange, *, overlapping: bool) -> list[Judgement]:
    judgements = judge_success(exchange, exchange.job_id, overlapping=overlapping)
    if holds_job(exchange.response):
        role = exchange.request.caller.role
        shown = ["request.json", "route.path", *([f"roles.{role}"] if role else [])]
        judgements += [Judgement(rule_id) for rule_id in shown]
    return judgements


def _unanswered(exchange: Exchange, *, valid: bool) -> list[Judgement]:
    """Judge an exchange without a response: an unreachable engine breaks nothing, one that drops a request does."""
    what = f"no answer to {exchange.situation}: {exchange.detail or exchange.fault}"
    match exchange.fault:
        case Fault.TIMEOUT if valid:
            return [finding("transport.complete", what, "the canceled job in answer", exchange)]
        case Fault.DROPPED | Fault.PROTOCOL:
            return [finding("transport.stable", what, "an answer", exchange)]
    return []


def _tells_of_the_job(response: Response) -> bool:
    """Return whether an error reads like a refusal of the job or the caller, and not like a failure of the engine."""
    return bool(_TELLS_OF_THE_JOB.search(response.body[:4096]))


def _tells_of_a_cancel(response: Response, job_id: str | None) -> bool:
    """Return whether a response other than a success holds the canceled job."""
    document = document_of(response)
    return isinstance(document, dict) and document.get("_id") == job_id and document.get("status") == "canceled"


def _remember(known: dict[str, None], key: str) -> None:
    """Take the key in, as the newest; the oldest goes where there are too many."""
    known.pop(key, None)
    known[key] = None
    if len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]

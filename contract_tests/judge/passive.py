"""Judges calls that somebody else made: those that pass a watching proxy, and those of a recording.

A passive judge does not choose the requests, and knows only the jobs it has seen. So it says less than a run of
checks, and only what the page lets one say: a refusal of a job that may be unknown breaks nothing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contract_tests.judge.answers import (
    finding,
    holds_document,
    judge_refusal,
    judge_success,
    leads_to_login,
    of_ledger,
    page_of,
)
from contract_tests.judge.canceled_jobs import CanceledJobs, job_of, remember, tells_of_a_cancel, tells_of_the_job
from contract_tests.judge.request import broken_rule, what_is_wrong
from contract_tests.judge.route import before_operation
from contract_tests.model import BUSY, GATEWAY, Exchange, Fault, Finding, Judgement, Response
from contract_tests.purpose import Purpose
from engine_contract.contract import Operation, Rule
from engine_contract.http.strict_json import NotJson, TooMuchJson, read_json

NOT_SERVED = frozenset({405, 501})  # RFC 9110: the method is not there, whatever the job
NOT_FOUND = 404
_ROLE_RULES = {
    "none": "roles.none",
    "empty": "roles.empty",
    "wrong": "roles.wrong",
    "cut": "roles.wrong",
    "recased": "roles.case",
}
_CALLERS = {
    "none": Purpose.NO_CREDENTIAL,
    "empty": Purpose.EMPTY_CREDENTIAL,
    "wrong": Purpose.WRONG_CREDENTIAL,
    "cut": Purpose.CUT_CREDENTIAL,
    "recased": Purpose.CREDENTIAL_IN_OTHER_CASE,
}
_BROKEN = {
    "request.job_id.required": Purpose.ID_MISSING,
    "request.job_id.type": Purpose.ID_NOT_TEXT,
    "request.job_id.empty": Purpose.ID_EMPTY,
    "request.job_id.location": Purpose.ID_IN_QUERY_INSTEAD,
    "request.body": Purpose.BODY_NOT_OBJECT,
}
# Of check-engine's own recordings, since the request does not show that its id is of no job.
_OF_NO_JOB = {
    Purpose.NO_JOB: "effects.unknown",
    Purpose.TWO_IDS: "effects.unknown",
    Purpose.CUT_END: "effects.exact",
    Purpose.CUT_START: "effects.exact",
    Purpose.LONGER_END: "effects.exact",
    Purpose.LONGER_START: "effects.exact",
    Purpose.ID_WITH_BLANK: "effects.spelling",
    Purpose.ID_IN_OTHER_CASE: "effects.spelling",
}


@dataclass(frozen=True, slots=True)
class ObservedCall:
    """An exchange that was seen. `credential` distinguishes callers without being the credential; None without one."""

    exchange: Exchange
    operation: Operation | None
    """The operation that the request is for, None for another request."""
    credential: str | None = None
    overlapping: bool = False
    """Whether other cancels were under way."""
    obstacle: str | None = None
    """Why the exchange cannot be judged, as a sentence."""
    unseen: tuple[str, ...] = ()
    """Rules that the exchange does not show."""


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """A judged call: the exchange with its situation and job, judgements, and a sentence if there are none."""

    exchange: Exchange
    judgements: tuple[Judgement, ...] = ()
    note: str | None = None
    operation: Operation | None = None
    rule: str | None = None
    """The rule that says that the request must be refused, None for a valid one."""
    caller: str | None = None
    """The mark that tells the caller from others, None where nothing does."""
    has_canceled: bool = False
    """Whether the caller has canceled a job by now."""

    @property
    def findings(self) -> tuple[tuple[Rule, Finding], ...]:
        """The broken rules, each with what was found, in the order in which they were found."""
        if self.operation is None:
            return ()
        rules = self.operation.rules_by_id
        return tuple((rules[item.rule], item.finding) for item in self.judgements if item.finding)

    @property
    def broken(self) -> tuple[str, ...]:
        """The ids of broken documented and implied rules, each once."""
        return rule_ids((rule for rule, _ in self.findings), assumed=False)

    @property
    def warned(self) -> tuple[str, ...]:
        """The ids of broken assumed rules, each once."""
        return rule_ids((rule for rule, _ in self.findings), assumed=True)


def rule_ids(rules: Iterable[Rule], *, assumed: bool) -> tuple[str, ...]:
    """Return the ids of broken rules, each once: the assumed ones, or the others."""
    return tuple(dict.fromkeys(rule.id for rule in rules if rule.is_assumed is assumed))


def identity(credential: str) -> str:
    """Return a hash that distinguishes a credential from others without revealing it."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(slots=True)
class PassiveJudge:
    """Remembers what it has seen: jobs canceled and active, and who may call which operation."""

    jobs: CanceledJobs = field(default_factory=CanceledJobs)
    allowed: dict[str, None] = field(default_factory=dict)

    def judge(self, observed: ObservedCall) -> JudgedCall:
        """Judge one exchange; call it in the order in which they were answered."""
        exchange, operation = observed.exchange, observed.operation
        if operation is None:
            return JudgedCall(exchange)
        job_id = exchange.job_id or (job_of(operation, exchange.request) if operation.is_contract else None)
        rule_id, purpose, told = self._must_be_refused(operation, exchange, job_id)
        if exchange.purpose is Purpose.UNKNOWN:
            request = replace(exchange.request, purpose=purpose, told=told)
            exchange = replace(exchange, request=request, situation=exchange.situation or request.situation)
        exchange = replace(exchange, job_id=job_id)
        judged = self._judge(operation, observed, exchange, rule_id)
        self._learn(operation, observed, judged)
        role = exchange.request.caller.role
        caller = observed.credential if role is None else f"role {role}"
        is_allowed = self._is_allowed(operation, observed)
        return replace(judged, operation=operation, rule=rule_id, caller=caller, has_canceled=is_allowed)

    def _judge(
        self, operation: Operation, observed: ObservedCall, exchange: Exchange, rule_id: str | None
    ) -> JudgedCall:
        if (note := _why_not_judged(operation, observed, rule_id)) is not None:
            return JudgedCall(exchange, note=note)
        response = exchange.response
        if response is None:
            return JudgedCall(exchange, tuple(of_ledger(operation, _unanswered(exchange, valid=rule_id is None))))
        if response.status in GATEWAY:
            received = f"status {response.status}, in answer to {exchange.situation}"
            broken = finding("transport.stable", received, "an answer of the engine", exchange)
            return JudgedCall(exchange, tuple(of_ledger(operation, [broken])))
        if rule_id is not None:
            conclusive = self._is_allowed(operation, observed) or rule_id.startswith("roles.")
            judgements = judge_refusal(operation, exchange, rule_id, conclusive=conclusive)
            if rule_id == "effects.repeat" and conclusive and not response.is_success:
                judgements.append(Judgement("effects.canceled"))  # the first cancel did what its response said
            return JudgedCall(exchange, tuple(judgements))
        if response.is_success:
            judgements = _success(operation, exchange, overlapping=observed.overlapping)
            return JudgedCall(
                exchange, tuple(item for item in judgements if item.rule.rpartition("/")[2] not in observed.unseen)
            )
        refusal = self._refusal(operation, observed, exchange, response)
        return JudgedCall(exchange, tuple(of_ledger(operation, refusal)))

    def _must_be_refused(
        self, operation: Operation, exchange: Exchange, job_id: str | None
    ) -> tuple[str | None, Purpose, str]:
        """Return the rule that a success would break (None where a success is due), and why the request is sent."""
        caller = exchange.request.caller
        if caller.kind in _ROLE_RULES:
            return _ROLE_RULES[caller.kind], _CALLERS[caller.kind], ""
        if caller.role is not None and operation.roles and caller.role not in operation.roles:
            return "roles.others", Purpose.OTHER_ROLE, f"the role {caller.role}"
        broken = broken_rule(operation, exchange.request)
        if broken is not None:
            purpose = _BROKEN.get(broken, Purpose.OF_PAGE)
            return broken, purpose, what_is_wrong(broken) if purpose is Purpose.OF_PAGE else ""
        if exchange.purpose in _OF_NO_JOB:
            return _OF_NO_JOB[exchange.purpose], exchange.purpose, ""
        if job_id is not None and job_id in self.jobs.canceled:
            return "effects.repeat", Purpose.REPEAT, ""
        return None, Purpose.VALID, ""

    def _refusal(
        self, operation: Operation, observed: ObservedCall, exchange: Exchange, response: Response
    ) -> list[Judgement]:
        """Judge the refusal of a valid request, whose caller may call the operation or is unknown."""
        role = exchange.request.caller.role
        allowed = self._is_allowed(operation, observed)
        received = f"status {response.status} to a valid request"
        may = "may cancel jobs" if operation.is_contract else f"may call {operation.name}"
        success = "a success with the canceled job" if operation.is_contract else "a success"
        if response.status == 403 and role is not None and not allowed:
            subject = "a job" if operation.is_contract else "what was asked for,"
            what = f"{received} of {role}. A token that is stale, or {subject} that is unknown, may look the same"
            return [finding(f"roles.{role}", what, f"the role {role} {may}", exchange)]
        if response.status in NOT_SERVED or (response.status == NOT_FOUND and _names_nothing(operation, exchange)):
            return [finding("route.path", received, operation.route, exchange)]
        if operation.is_contract and tells_of_a_cancel(response, exchange.job_id):
            what = f"{received}, with the canceled job in the answer"
            return [finding("transport.status", what, success, exchange)]
        if 400 <= response.status < 500:
            return []
        is_due = (role is not None or allowed) and not leads_to_login(response)
        if is_due and (exchange.job_id in self.jobs.active or not tells_of_the_job(response)):
            documented = f"{success}, or a refusal with a 4xx status"
            return [finding("transport.status", received, documented, exchange)]
        return [finding("transport.refusal_status", received, "a refusal with a 4xx status", exchange)]

    def _is_allowed(self, operation: Operation, observed: ObservedCall) -> bool:
        """Return whether this caller has called the operation with success before."""
        return any(f"{operation.name} {caller}" in self.allowed for caller in _names_of(observed))

    def _learn(self, operation: Operation, observed: ObservedCall, judged: JudgedCall) -> None:
        exchange = judged.exchange
        if observed.obstacle or not holds_document(operation, exchange.response):
            return
        if operation.is_contract:
            if exchange.job_id is None:
                return
            self.jobs.see_canceled(exchange.job_id)
        if exchange.request.caller.kind != "token" or any(
            item.finding and item.rule == f"{operation.rule_prefix}roles.others" for item in judged.judgements
        ):
            return
        for caller in _names_of(observed):
            remember(self.allowed, f"{operation.name} {caller}")


def _names_of(observed: ObservedCall) -> list[str]:
    """Return what distinguishes the caller: its credential, and its role where that is known."""
    role = observed.exchange.request.caller.role
    known = [] if observed.credential is None else [observed.credential]
    return known if role is None else [*known, f"role {role}"]


def _names_nothing(operation: Operation, exchange: Exchange) -> bool:
    """Return whether a request names nothing that may be unknown, so that a 404 means the route."""
    request = exchange.request
    return not operation.parameters and not operation.takes_body and not request.query


def _why_not_judged(operation: Operation, observed: ObservedCall, rule_id: str | None) -> str | None:  # noqa: PLR0911 - one return a reason
    """Return why an exchange cannot be judged, None for one that can; see JudgedCall.rule."""
    request, response = observed.exchange.request, observed.exchange.response
    if observed.obstacle:
        return f"Not judged: {observed.obstacle}."
    if rule_id == "request.body" and (why := _why_unreadable(request.body)):
        return f"Not judged: the request's body cannot be read: {why}."
    if response is None:
        pass
    elif response.status in BUSY:
        return f"Not judged: with {response.status} the engine asks to be asked again later."
    elif (target := _same_elsewhere(operation, response)) is not None:
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


def _same_elsewhere(operation: Operation, response: Response) -> str | None:
    """Return where a redirect leads if it is the same operation, as from http to https."""
    page = page_of(response)
    return page[:200] if page and before_operation(operation, page) is not None else None


def _success(operation: Operation, exchange: Exchange, *, overlapping: bool) -> list[Judgement]:
    judgements = judge_success(operation, exchange, exchange.job_id, overlapping=overlapping)
    if holds_document(operation, exchange.response) or not operation.response_rules:
        role = exchange.request.caller.role
        body = "request.json" if operation.takes_body else "request.example"
        shown = [body, "route.path", *([f"roles.{role}"] if role else [])]
        judgements += of_ledger(operation, map(Judgement, shown))
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

"""Why no valid request succeeded, found out by a few more harmless requests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from contract_tests.judge.answers import finding, leads_to_login, look, page_of
from contract_tests.model import BUSY, DENIED, Because, Caller, Exchange, Judgement, Response
from contract_tests.plan.scenario import UNKNOWN, Step, fill
from contract_tests.purpose import Purpose
from contract_tests.run.credentials import WRONG
from contract_tests.safety.guard import Guard
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import PROXY_ASKS, Sender, describe_failure
from engine_contract.contract import Operation
from engine_contract.text.masking import mask_text
from engine_contract.text.printable import one_line, shorten, visible

_SAYS_MISSING = re.compile(r"missing (required )?param|job_?id\W{0,3} (is )?(required|missing)", re.IGNORECASE)
# "reason is required", "Missing property options": what no engine says of a job that it does not know.
_ASKS_FOR_MORE = re.compile(
    r"missing (required )?(param|propert|field|argument)"
    r"|(param\w{0,40}|propert\w{0,40}|fields?|arguments?)\W.{0,60}\b(required|missing)\b"
    r"|\b(?!job\b|role\b|token\b|login\b)\w+\W{0,2} is (required|missing)\b",
    re.IGNORECASE,
)
# nginx answers 400 where the TLS handshake could not ask for it; others say it in their own words.
_WANTS_CERTIFICATE = re.compile(
    rb"no required ssl certificate|ssl certificate error|client[- ]certificate", re.IGNORECASE
)
_WANTS_ORIGIN = re.compile(r"\borigin\b|\bcsrf\b", re.IGNORECASE)
_HEAD = re.compile(r"<(?:style|script)\b[^<]*+", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*+>")
_BETWEEN_IDS = frozenset(" ,;\"'[]")
MAX_WORDS = 200  # characters of a refusal that are quoted


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A sentence for the user, the rules that are broken, and what makes the run undecided if none is."""

    sentence: str
    because: Because | None = None
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """The last response to a valid request, and the responses to what it is compared with."""

    valid: Exchange
    all_valid: tuple[Exchange, ...]
    unknown: Exchange
    missing: Exchange
    sibling: Exchange


async def diagnose(sender: Sender, guard: Guard, supply: Supply) -> Diagnosis:
    """Tell why the valid requests sent so far were answered without a success."""
    tried = tuple(exchange for exchange in sender.exchanges if exchange.purpose is Purpose.VALID)
    # The first response for a job is the most informative: the job may be gone at the next request.
    valid = next((exchange for exchange in tried if _is_telling(exchange)), tried[-1])
    if valid.response is None:
        return Diagnosis(f"The engine could not be reached: {describe_failure(valid)}.", "unreachable")
    told = await _explain(sender, guard, supply, tried, valid)
    words = _words_of(valid.response)
    if told.judgements or not words:
        return told
    hint = " Give --header Origin=…, as a browser sends it." if _WANTS_ORIGIN.search(words) else ""
    return replace(told, sentence=f'{told.sentence} It says: "{words}".{hint}')


async def _explain(
    sender: Sender, guard: Guard, supply: Supply, tried: tuple[Exchange, ...], valid: Exchange
) -> Diagnosis:
    if (changed := _canceled_all_the_same(tried)) is not None:
        return changed
    caller = valid.request.caller

    async def ask(
        purpose: Purpose, template: str | None, changes: dict[str, Any] | None = None, told: str = ""
    ) -> Exchange:
        step = Step(purpose, caller, "observed", "route.path", template, told=told)
        request = replace(fill(step, valid.job_id, guard), **(changes or {}))
        return await sender.send(request, valid.job_id)

    evidence = _Evidence(
        valid,
        tried,
        unknown=await ask(Purpose.NO_JOB, f'{{"job_id": "{UNKNOWN}"}}'),
        missing=await ask(Purpose.ID_MISSING, "{}"),
        sibling=await ask(Purpose.OTHER_PATH, "{}", {"path": f"{guard.operation.path}-{guard.mint()}"}),
    )
    told = _in_between(evidence) or await _sent_away(evidence, sender) or _by_status(evidence)
    if told is not None:
        return told
    for situation, rule_id, documented, changes in _elsewhere(valid.job_id or "", guard):
        first, last = _parts(guard.operation)
        if sender.transport.connection.base.endswith(first) and changes.get("path") == last:
            continue  # the base has the route's first part, and should not
        other = await ask(Purpose.DIAGNOSIS, None, changes, situation)
        if other.accepted:
            received = f"status {valid.status} to the documented request, and {other.status} to {situation}"
            return Diagnosis(
                f"The engine takes {situation}, and not what the page documents.",
                judgements=(finding(rule_id, received, documented, valid),),
            )
    return _by_comparison(evidence, supply)


def _words_of(response: Response) -> str:
    """Return what a refusal says for itself, without secrets and tags; empty where it says nothing, or redirects."""
    if response.status < 400:
        return ""
    text = _HEAD.sub(" ", response.body[:4000].decode("utf-8", "replace"))
    words = one_line(_TAG.sub(" ", text)) if text.lstrip().startswith("<") else one_line(text)
    return shorten(visible(mask_text(words)), MAX_WORDS)


def _canceled_all_the_same(tried: Sequence[Exchange]) -> Diagnosis | None:
    """Diagnose a job whose next requests were answered otherwise than the first, which so has changed its state."""
    by_job: dict[str | None, list[Exchange]] = {}
    for exchange in tried:
        if _is_telling(exchange):
            by_job.setdefault(exchange.job_id, []).append(exchange)
    for first, *later in by_job.values():
        looks = {look(exchange) for exchange in later}
        if len(looks) == 1 and look(first) not in looks:
            received = (
                f"status {first.status} to a valid request, and {later[0].status} to the next one for the same job: "
                "the first has changed its state"
            )
            return _broken("transport.status", received, "a success with the canceled job", first)
    answered = [[e for e in tried if e.job_id == job_id and e.response] for job_id in {e.job_id for e in tried}]
    if len(answered) > 1 and all(e and e[0].status in BUSY and e[-1].status not in BUSY for e in answered):
        first, *_, last = answered[0]
        received = f"status {first.status} to the first request for each job, and {last.status} to the next"
        return _broken("transport.status", received, "a success with the canceled job", first)
    return None


def _is_telling(exchange: Exchange) -> bool:
    return exchange.response is not None and exchange.status not in {*DENIED, *BUSY}


def _in_between(evidence: _Evidence) -> Diagnosis | None:
    """Diagnose a response from a gateway before the engine, or from another server."""
    valid = evidence.valid
    if all(exchange.status == 407 for exchange in evidence.all_valid):
        return Diagnosis(PROXY_ASKS, "unreachable")
    if valid.response is not None and _WANTS_CERTIFICATE.search(valid.response.body[:4000]):
        return Diagnosis(
            f"The engine, or what stands before it, wants a client certificate: it answers {valid.status} and says so. "
            "Give --client-cert FILE, one that it trusts.",
            "unreachable",
        )
    if (target := _redirects_all(evidence)) is not None:
        hint = f" {_NOT_TAKEN}" if leads_to_login(valid.response) else ""
        return Diagnosis(f"Everything redirects to {target}: is this the base URL?{hint}", "unreachable")
    return None


_NOT_TAKEN = "Where that is a login, no credential was taken: check --token, --login and --auth."


async def _sent_away(evidence: _Evidence, sender: Sender) -> Diagnosis | None:
    """Diagnose an engine that redirects every caller to one page, also one with a wrong credential: it knows none."""
    exchanges = (*evidence.all_valid, evidence.unknown, evidence.missing)
    pages = {page_of(exchange.response) for exchange in exchanges}
    if len(pages) > 1 or not pages - {""}:
        return None
    if urlsplit(next(iter(pages))).path.rstrip("/") == urlsplit(evidence.valid.request.path).path:
        return None  # the page's own path with a slash at its end is not a login
    request = replace(evidence.unknown.request, caller=WRONG, purpose=Purpose.WRONG_FOR_NO_JOB, told="")
    wrong = await sender.send(request)
    if page_of(wrong.response) not in pages:
        return None
    page = pages.pop()[:200]
    return Diagnosis(
        f"Every credential, also a wrong one, is redirected to {page}. {_NOT_TAKEN} Or is this not the base URL?",
        "tokens",
    )


def _by_status(evidence: _Evidence) -> Diagnosis | None:
    """Diagnose by the status of the valid requests' responses alone."""
    valid, status = evidence.valid, evidence.valid.status or 0
    if all(exchange.status in DENIED for exchange in evidence.all_valid):
        return Diagnosis(
            "No credential was accepted: every token was answered with 401 or 403. Check --token and --auth.", "tokens"
        )
    if status in BUSY:
        return Diagnosis(f"The engine answers {status} and stays so: it is too busy to be checked.", "unreachable")
    if 300 <= status < 400:
        where = (valid.response.header("location") if valid.response else None) or "nowhere"
        received = f"status {status}, a redirect to {where[:200]}"
        return _broken("transport.status", received, "a success with the canceled job", valid)
    return None


def _redirects_all(evidence: _Evidence) -> str | None:
    """Return the base, or the page, to which every path is redirected, None where that is not so."""
    exchanges = (*evidence.all_valid, evidence.unknown, evidence.missing, evidence.sibling)
    if not all(page_of(exchange.response) for exchange in exchanges):
        return None
    return page_of(evidence.valid.response).removesuffix(evidence.valid.request.path)[:200] or "/"


def _elsewhere(job_id: str, guard: Guard) -> tuple[tuple[str, str, str, dict[str, Any]], ...]:
    """Return undocumented ways to ask for the same cancel: situation, the rule that is broken if one works, the change."""
    in_body = "job_id in a JSON body, as in the page's example"
    own, on_route = guard.operation.path, guard.operation.route
    form = f"job_id={job_id}".encode()
    json_body = fill(Step(Purpose.DIAGNOSIS, Caller(), "observed", ""), job_id, guard).body or b""
    return (
        (
            "the id in a form",
            "request.json",
            in_body,
            {"body": form, "content_type": "application/x-www-form-urlencoded"},
        ),
        ("the id under the name jobId", "request.json", in_body, {"body": json_body.replace(b"job_id", b"jobId")}),
        ("the id under the name id", "request.json", in_body, {"body": json_body.replace(b"job_id", b"id")}),
        ("the id in the query", "request.json", in_body, {"query": (("job_id", job_id),)}),
        ("the path with a slash at its end", "route.path", on_route, {"path": f"{own}/", "body": json_body}),
        ("the path in lower case", "route.path", on_route, {"path": own.lower(), "body": json_body}),
        (
            "the path without its first part",
            "route.path",
            on_route,
            {"path": _parts(guard.operation)[1], "body": json_body},
        ),
        (
            "PUT in place of POST",
            "route.path",
            on_route,
            {"method": "PUT", "body": json_body, "fresh_connection": True},
        ),
        (
            "GET in place of POST",
            "route.path",
            on_route,
            {"method": "GET", "body": json_body, "fresh_connection": True},
        ),
        ("GET with the id in the query", "route.path", on_route, {"method": "GET", "query": (("job_id", job_id),)}),
    )


def _by_comparison(evidence: _Evidence, supply: Supply) -> Diagnosis:  # noqa: PLR0911 - one return a reason
    """Diagnose by comparison with the responses to an unknown id, to a missing one and on a path that does not exist."""
    valid, status = evidence.valid, evidence.valid.status or 0
    looks = look(valid)
    is_unknown = looks == look(evidence.unknown)
    is_missing = looks == look(evidence.missing)
    if status in {404, 405, 501} and status == evidence.sibling.status and is_unknown and is_missing:
        return Diagnosis(
            f"Everything is answered with {status}, also a path that does not exist. Is this the base URL?",
            "unreachable",
        )
    if status in {405, 410, 501} and evidence.sibling.status != status:
        return _broken("route.path", f"status {status}: the operation is not served there", _route(valid), valid)
    if is_unknown and _ASKS_FOR_MORE.search(looks[1]):
        return _broken("request.json", f"status {status}, which asks for more than job_id", "job_id alone", valid)
    supplied = f"{len(supply.supplied)} supplied" if supply.supplied else "the"
    if is_unknown and not is_missing:
        return Diagnosis(
            f"The engine answers {supplied} jobs' ids as it answers the id of no job: it does not know them. "
            f"Give ids of active jobs of this engine.{_of_quotes(valid.job_id)}",
            "jobs",
        )
    if status >= 500 and evidence.unknown.status == status and not is_missing:
        return Diagnosis(
            f"The engine refuses with {status}, also the id of no job; what it says of the supplied jobs is another "
            "thing: they are not active, it seems. Give ids of active jobs.",
            "jobs",
        )
    if status >= 500:
        return _broken(
            "transport.status", f"status {status} to every valid request", "a success with the canceled job", valid
        )
    if is_missing and (not is_unknown or _SAYS_MISSING.search(looks[1])):
        received = f"status {status}, as where job_id is missing, to a JSON body with job_id"
        return _broken("request.json", received, "job_id in a JSON body, as in the page's example", valid)
    if status == 404 and evidence.sibling.status != 404:
        return _broken("route.path", "status 404, unlike on a path that does not exist", _route(valid), valid)
    return Diagnosis(
        f"The engine refused every valid request with {status}: the supplied jobs are not active, "
        f"or it refuses everything. Give ids of active jobs.{_of_quotes(valid.job_id)}",
        "jobs",
    )


def _of_quotes(job_id: str | None) -> str:
    """Return a hint where an id looks like a line of a JSON list, or like several ids."""
    if job_id is None or not set(job_id) & _BETWEEN_IDS:
        return ""
    return f" The ids stand in quotes, brackets, commas or blanks, as {job_id}: give each alone on its line."


def _route(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.path}"


def _parts(operation: Operation) -> tuple[str, str]:
    """Return the path's first part and its last one, each with its slash."""
    first, slash, last = operation.path.rpartition("/")
    return first, slash + last


def _broken(rule_id: str, received: str, documented: str, exchange: Exchange) -> Diagnosis:
    return Diagnosis(
        f"No valid request succeeded: {received}.", judgements=(finding(rule_id, received, documented, exchange),)
    )

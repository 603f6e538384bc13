"""Reports made by hand: of an engine that conforms, one that does not, a hostile one, one out of reach."""

import json
from dataclasses import replace

from contract_tests.config.auth import Bearer
from contract_tests.model import (
    Caller,
    Exchange,
    Fault,
    Finding,
    JobsUse,
    Observation,
    Outcome,
    Report,
    Request,
    Response,
    RuleResult,
)
from contract_tests.report.presenter import Presenter
from engine_contract.contract.ledger import load_rules

ENGINE = "http://127.0.0.1:4010/base"
RULES = len(load_rules())
STARTED = 1767225600.5  # 2026-01-01T00:00:00.500Z
JOB = "4321abcdef694aa79dae47ad"
IDS = tuple(f"{number:024x}" for number in range(24))

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07[bold red]markup[/] :boom: \x00 \ud800 \ufffe \u202e </script><script>alert(1)</script>"
    " ]]> <!-- & \" ' | a | b | `` ``` \n\n# heading\n[link](http://evil.example) @everyone ![x](y) {{ 7*7 }} {% raw %}"
    "\r\nconforms: 71 rules held"
)

PRESENTER = Presenter(
    ENGINE, Bearer(), {"admin": "$ADMIN_TOKEN", "support": "$SUPPORT_TOKEN"}, frozenset({"s3cr3t-token"})
)


def exchange(
    role: str = "admin",
    *,
    situation: str = "a valid request",
    body: bytes | None = None,
    response: Response | None = None,
    fault: Fault | None = None,
    detail: str = "",
) -> Exchange:
    """An exchange about a job."""
    sent = json.dumps({"job_id": JOB}).encode() if body is None else body
    request = Request("POST", "/workflow_engine/cancelJob", Caller(role, "token"), body=sent)
    if response is None and fault is None:
        text = json.dumps({"_id": JOB, "status": "canceled"}).encode()
        response = Response(200, (("Content-Type", "application/json"),), text, elapsed=0.004)
    return Exchange(request, situation, response, fault, detail, STARTED + 1, JOB)


def conforming() -> Report:
    """All rules held but two assumed ones, which warn."""
    warned = {"effects.repeat": "200 and a job", "transport.status.exact": "201"}
    rules = tuple(
        RuleResult(rule, "warned", findings=(Finding(warned[rule.id], "something else", None, exchange()),))
        if rule.id in warned
        else RuleResult(rule, "held")
        for rule in load_rules()
    )
    return Report(
        "conforms",
        rules,
        ENGINE,
        label="nightly",
        started_at=STARTED,
        duration_s=0.81,
        seed=7,
        jobs=JobsUse(24, 18, 6, IDS[:18]),
        exchanges=(exchange(),) * 171,
        observed=(
            Observation("unknown job", 404, "application/json", '{"message": "no such job"}'),
            Observation("a canceled job", 409, "application/json", '{"message": "the job is not active"}'),
            Observation("OPTIONS on the path", None, None, ""),
        ),
    )


def violating() -> Report:
    """Rules broken in ways that a live engine may break them; some known, unchecked or skipped."""
    xml = Response(200, (("Content-Type", "text/xml"),), b"<job/>", elapsed=0.2)
    findings = {
        "roles.support": Finding(
            '403 {"message": "forbidden"}', "a success: the role support may cancel jobs", None,
            exchange("support", situation="the role support cancels a job", response=Response(403)),
        ),
        "response.tasks.x": Finding(
            'a string, "0.084"', "a number", "/tasks/workflow_start/x", exchange("engineering")
        ),
        "transport.content_type": Finding("text/xml", "a JSON type", None, exchange(response=xml)),
    }  # fmt: skip
    rules = []
    for rule in load_rules():
        if finding := findings.get(rule.id):
            rules.append(RuleResult(rule, "broken", findings=(finding,) * (15 if rule.id == "response.tasks.x" else 1)))
        elif rule.id == "effects.repeat":
            rules.append(RuleResult(rule, "known", "Ticket 4711, fixed in May.", (Finding("200", "a refusal"),)))
        elif rule.id == "roles.others":
            reason = "No token of a role that the page does not list: --token apiread=SOURCE."
            rules.append(RuleResult(rule, "unchecked", reason, cause="tokens"))
        elif rule.id == "effects.exact":
            reason = "An ID of fewer than 16 characters, cut or lengthened, could be somebody else's."
            rules.append(RuleResult(rule, "unchecked", reason, counts=False))
        elif rule.id == "effects.methods":
            rules.append(RuleResult(rule, "skipped", "--skip effects.methods"))
        elif rule.id == "transport.status.exact":
            rules.append(RuleResult(rule, "warned", findings=(Finding("201", "200", None, exchange()),)))
        else:
            rules.append(RuleResult(rule, "held"))
    dropped = exchange(fault=Fault.DROPPED, detail="no byte of the answer came", situation="overlapping requests")
    return replace(
        conforming(),
        verdict="violates",
        rules=tuple(rules),
        label="staging 3.2",
        engine="https://engine.example:3443/itential",
        tls_verified=False,
        notes=("One request was answered 503 and sent again.",),
        jobs=JobsUse(20, 17, 0, IDS[:17], IDS[17:20]),
        exchanges=(exchange(), exchange("support", response=Response(403)), exchange(response=xml), dropped),
    )


def hostile() -> Report:
    """Every text that an engine can have a say in is hostile; each rule is broken, warned or known of."""
    headers = (("Content-Type", HOSTILE), ("X-" + HOSTILE, HOSTILE), ("Location", HOSTILE))
    body = HOSTILE.encode("utf-8", "surrogatepass")
    answers = (
        exchange(HOSTILE, situation=HOSTILE, response=Response(299, headers, body, broken_off=HOSTILE)),
        exchange(situation=HOSTILE, body=b"\xff\x00" + body, response=Response(999, headers, bytes(range(256)))),
        exchange(fault=Fault.PROTOCOL, detail=HOSTILE),
    )
    outcomes: tuple[Outcome, ...] = ("broken", "warned", "known", "unchecked", "skipped", "held")
    rules = tuple(
        RuleResult(
            rule,
            outcomes[number % 6],
            HOSTILE,
            (Finding(HOSTILE, HOSTILE, HOSTILE, answers[number % 3]),) * 12,
            cause="jobs" if number % 6 == 3 else None,
        )
        for number, rule in enumerate(load_rules())
    )
    return Report(
        "violates",
        rules,
        ENGINE + HOSTILE,
        label=HOSTILE,
        started_at=STARTED,
        duration_s=1.0,
        notes=(HOSTILE,),
        jobs=JobsUse(1, 1, 0, (HOSTILE,), (HOSTILE,)),
        exchanges=answers,
        observed=(Observation(HOSTILE, 200, HOSTILE, HOSTILE),),
    )


def undecided() -> Report:
    """Nothing could be checked: the engine was not reached."""
    sentence = "127.0.0.1:4010 refused the connection three times in a row."
    rules = tuple(
        RuleResult(rule, "unchecked", "The engine was not reached.", cause="unreachable") for rule in load_rules()
    )
    return Report(
        "undecided",
        rules,
        ENGINE,
        started_at=STARTED,
        duration_s=0.1,
        undecided_because=("unreachable",),
        notes=(sentence,),
        jobs=JobsUse(24),
        exchanges=(exchange(fault=Fault.CONNECT, detail="connection refused"),) * 3,
    )

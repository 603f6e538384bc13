"""The scenarios of each stage, derived from the page: roles that may, refused requests, requests without effect."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from contract_tests.model import Caller
from contract_tests.plan.generate import bad_bodies
from contract_tests.plan.scenario import (
    FURTHER,
    JOB,
    NO_JOB,
    PRETTY,
    SPELLINGS,
    UNKNOWN,
    VALID,
    WITH_CHARSET,
    Priority,
    Resources,
    Scenario,
    Step,
)
from contract_tests.purpose import Purpose

# The ways in which such engines take a credential: a wrong one is refused by whichever way it comes.
WAYS = ("bearer", "basic", "cookie:token", "query:token", "header:Authorization")


def _repeat(caller: Caller) -> Step:
    return Step(Purpose.REPEAT, caller, "refused", "effects.repeat")


def _callers(resources: Resources) -> list[Caller]:
    return [Caller(role, "token") for role in resources.roles]


def baseline(resources: Resources) -> Iterator[Scenario]:
    """Yield a scenario for each role: it cancels an untouched job, so the next one shows that it hit no other."""
    callers = _callers(resources)
    if len(callers) == 1:
        callers *= 2
    for index, caller in enumerate(callers):
        repeats = (_repeat(callers[index - 1]), _repeat(caller))
        valid_cancel = Step(Purpose.VALID, caller, "accepted", "effects.isolation", body=SPELLINGS[index % 2])
        priority = Priority.ROLE + resources.operation.roles.index(caller.role or "")
        yield Scenario(caller.role or "", valid_cancel=valid_cancel, repeats=repeats, priority=priority)


def _on_job(  # noqa: PLR0913 - by name
    name: str,
    index: int,
    resources: Resources,
    refused: Iterable[Step],
    rule: str = "effects.refused",
    *,
    priority: int = Priority.USUAL,
) -> Iterator[Scenario]:
    """Yield a scenario whose job is canceled at its end; the role differs from scenario to scenario."""
    callers = _callers(resources)
    if not callers:
        yield Scenario(name, tuple(refused), priority=priority)
        return
    caller = callers[index % len(callers)]
    valid_cancel = Step(Purpose.VALID, caller, "accepted", rule, body=SPELLINGS[index % len(SPELLINGS)])
    repeats = (_repeat(callers[(index + 1) % len(callers)]),)
    yield Scenario(name, tuple(refused), valid_cancel, repeats, priority=priority)


# Bad bodies that name no job: what is wrong, the rule, the body.
_BAD = (
    (Purpose.ID_MISSING, "request.job_id.required", "{}"),
    (Purpose.ID_MISSPELLED, "request.job_id.required", '{"jobid": "<unknown>"}'),
    (Purpose.ID_NULL, "request.job_id.type", '{"job_id": null}'),
    (Purpose.ID_NUMBER, "request.job_id.type", '{"job_id": -1}'),
    (Purpose.ID_ZERO, "request.job_id.type", '{"job_id": 0}'),
    (Purpose.ID_FRACTION, "request.job_id.type", '{"job_id": 0.5}'),
    (Purpose.ID_TRUE, "request.job_id.type", '{"job_id": true}'),
    (Purpose.ID_FALSE, "request.job_id.type", '{"job_id": false}'),
    (Purpose.ID_EMPTY_OBJECT, "request.job_id.type", '{"job_id": {}}'),
    (Purpose.ID_EMPTY_ARRAY, "request.job_id.type", '{"job_id": []}'),
    (Purpose.ID_EMPTY, "request.job_id.empty", '{"job_id": ""}'),
    (Purpose.BODY_ARRAY, "request.body", "[]"),
    (Purpose.BODY_STRING, "request.body", '""'),
    (Purpose.BODY_NULL, "request.body", "null"),
    (Purpose.BODY_EMPTY, "request.body", ""),
    (Purpose.BODY_NONE, "request.body", None),
    (Purpose.BODY_BROKEN, "request.body", '{"job_id":'),
    (Purpose.NO_JOB, "effects.unknown", NO_JOB),
)

# On an engine where nobody else's jobs can be hit: values that select jobs where they are not checked.
_UNSAFE = (
    (Purpose.ID_QUERY_OBJECT, "request.job_id.type", '{"job_id": {"$ne": null}}'),
    (Purpose.ID_QUERY_OBJECT, "request.job_id.type", '{"job_id": {"$gt": ""}}'),
    (Purpose.ID_WILDCARD, "effects.unknown", '{"job_id": "*"}'),
    (Purpose.ID_WILDCARD, "effects.unknown", '{"job_id": "%"}'),
    (Purpose.ID_PATTERN, "effects.unknown", '{"job_id": ".*"}'),
    (Purpose.ID_CHARACTER, "effects.unknown", '{"job_id": "4"}'),
    (Purpose.ID_BLANK, "effects.unknown", '{"job_id": " "}'),
    (Purpose.ID_POSITIVE, "request.job_id.type", '{"job_id": 5}'),
)


def probes(resources: Resources) -> Iterator[Scenario]:
    """Yield requests without an active job that must be refused, each by one role: any cancel is seen at once."""
    callers = _callers(resources)
    for index, (purpose, rule, body) in enumerate(_BAD if callers else ()):
        step = Step(purpose, callers[index % len(callers)], "refused", rule, body, goes_first=True)
        yield Scenario(rule, (step,))


def parameters(resources: Resources, seed: int) -> Iterator[Scenario]:
    """Yield the same requests by every other role, and generated ones."""
    callers = _callers(resources)
    if not callers:
        return
    for index, (purpose, rule, body) in enumerate(_BAD):
        for caller in callers:
            if caller != callers[index % len(callers)]:
                yield Scenario(rule, (Step(purpose, caller, "refused", rule, body),))
    if resources.unsafe:
        for index, (purpose, rule, body) in enumerate(_UNSAFE):
            yield Scenario(rule, (Step(purpose, callers[index % len(callers)], "refused", rule, body),))
    written = {body for _, _, body in _BAD}
    for index, bad in enumerate(bad for bad in bad_bodies(resources.operation, seed) if bad.body not in written):
        caller = callers[index % len(callers)]
        yield Scenario(bad.rule, (Step(Purpose.GENERATED, caller, "refused", bad.rule, bad.body),))


# Requests that hold an active job's id where it is not documented: what is wrong, the rule, the body.
_ARRAY = ((Purpose.ID_IN_ARRAY, "request.job_id.type", '{"job_id": ["<job>"]}'),)
_LONGER_ARRAY = (
    (Purpose.ID_IN_LONGER_ARRAY, "request.job_id.type", '{"job_id": ["<job>", "<unknown>"]}'),
    (Purpose.ID_IN_LONGER_ARRAY, "request.job_id.type", '{"job_id": ["<unknown>", "<job>"]}'),
)
_NUMBER = ((Purpose.ID_AS_NUMBER, "request.job_id.type", '{"job_id": <job>}'),)
_OBJECT = (
    (Purpose.ID_IN_OBJECT, "request.job_id.type", '{"job_id": {"_id": "<job>"}}'),
    (Purpose.ID_IN_OBJECT, "request.job_id.type", '{"job_id": {"job_id": "<job>"}}'),
    (Purpose.ID_IN_OBJECT, "request.job_id.type", '{"job_id": {"$eq": "<job>"}}'),
    (Purpose.ID_RENAMED, "request.job_id.required", '{"id": "<job>"}'),
    (Purpose.ID_RENAMED, "request.job_id.required", '{"_id": "<job>"}'),
    (Purpose.ID_RENAMED, "request.job_id.required", '{"jobId": "<job>"}'),
    (Purpose.ID_RENAMED, "request.job_id.required", '{"JOB_ID": "<job>"}'),
    (Purpose.ID_DEEPER, "request.job_id.required", '{"data": {"job_id": "<job>"}}'),
)
_BODIES = (
    (Purpose.TWO_IDS, "effects.unknown", '{"job_id": "<job>,<unknown>"}'),
    (Purpose.BODY_IS_ID, "request.body", '"<job>"'),
    (Purpose.BODY_ARRAY_OF_ID, "request.body", '["<job>"]'),
    (Purpose.BODY_ARRAY_OF_OBJECT, "request.body", '[{"job_id": "<job>"}]'),
    (Purpose.BODY_BROKEN_WITH_ID, "request.body", '{"job_id": "<job>"'),
    (Purpose.BODY_BROKEN_WITH_ID, "request.body", '{"job_id": "<job>",}'),
    (Purpose.BODY_BROKEN_WITH_ID, "request.body", "{'job_id': '<job>'}"),
)
_CUT_OR_LONGER = (
    (Purpose.CUT_END, "effects.exact", '{"job_id": "<cut-end>"}'),
    (Purpose.CUT_START, "effects.exact", '{"job_id": "<cut-start>"}'),
    (Purpose.LONGER_END, "effects.exact", '{"job_id": "<longer-end>"}'),
    (Purpose.LONGER_START, "effects.exact", '{"job_id": "<longer-start>"}'),
)
_WITH_BLANK = (Purpose.ID_WITH_BLANK, "effects.spelling", '{"job_id": "<with-blank>"}')
_OTHER_CASE = (Purpose.ID_IN_OTHER_CASE, "effects.spelling", '{"job_id": "<other-case>"}')
_METHODS = (("GET", "HEAD"), ("PUT", "PATCH"), ("DELETE", "OPTIONS"))


def on_jobs(resources: Resources) -> Iterator[Scenario]:
    """Yield scenarios with a job each: requests that must not cancel it, then the valid cancel. The cancels overlap.

    A role that may not tries each of the jobs too: a check that looks at the job, at the body or at who else
    is there, in place of the role, is not seen with one job.
    """
    for index, scenario in enumerate(_on_jobs(resources)):
        tries = range(len(resources.others)) if scenario.rivals else (index,)
        tried = (step for number in tries for step in _denied(number, resources))
        yield replace(scenario, denied=(*scenario.denied, *tried))
    others = [
        step
        for role in resources.others
        for step in _twice(Caller(role, "token"), Purpose.OTHER_ROLE, "roles.others", f"the role {role}")
    ]
    if others:
        yield from _on_job("others", 0, resources, others, priority=Priority.OTHERS)


def _twice(caller: Caller, purpose: Purpose, rule: str, told: str = "") -> list[Step]:
    step = Step(purpose, caller, "refused", rule, told=told)
    return [step, replace(step, body=PRETTY)]


# Requests that a role that may not cancel sends for the jobs in turn.
_TRIES = (
    (VALID, ""),
    (PRETTY, ", with a body in lines"),
    ('{"job_id": "<job>", "role": "admin"}', ", with another role in the body"),
    ("{}", ", without job_id"),
    (NO_JOB, ", for the id of no job"),
)


def _denied(index: int, resources: Resources) -> tuple[Step, ...]:
    if not resources.others:
        return ()
    role = resources.others[index % len(resources.others)]
    body, how = _TRIES[(index // len(resources.others)) % len(_TRIES)]
    caller, told = Caller(role, "token"), f"the role {role}{how}"
    return (Step(Purpose.OTHER_ROLE, caller, "refused", "roles.others", body, told=told),)


def _on_jobs(resources: Resources) -> Iterator[Scenario]:
    callers = _callers(resources)

    def each(bad: Iterable[tuple[Purpose, str, str]]) -> list[Step]:
        return [Step(what, caller, "refused", rule, body) for what, rule, body in bad for caller in callers]

    def in_turn(bad: Iterable[tuple[Purpose, str, str]]) -> list[Step]:
        return [
            Step(what, callers[index % len(callers)], "refused", rule, body)
            for index, (what, rule, body) in enumerate(bad)
        ]

    if not callers:
        return
    number = each(_NUMBER) if resources.numeric else []
    yield from _on_job(
        "array", 0, resources, [*each(_ARRAY), *in_turn(_LONGER_ARRAY), *number], priority=Priority.ARRAY
    )
    yield from _on_job("location", 1, resources, _in_query(callers), priority=Priority.LOCATION)
    yield from _on_job("object", 2, resources, in_turn(_OBJECT))
    yield from _on_job("bodies", 3, resources, in_turn(_BODIES))
    if resources.derivable:
        yield from _on_job("cut or longer", 4, resources, each(_CUT_OR_LONGER))
    spellings = [_WITH_BLANK, _OTHER_CASE] if resources.has_case else [_WITH_BLANK]
    yield from _on_job("spelling", 5, resources, in_turn(spellings), "effects.spelling", priority=Priority.SPELLING)
    for index, methods in enumerate(_METHODS):
        steps = [_other_method(method, callers[(index + at) % len(callers)]) for at, method in enumerate(methods)]
        name, priority = " and ".join(methods), Priority.METHODS + index
        yield from _on_job(name, 6 + index, resources, steps, "effects.methods", priority=priority)
    further = Step(Purpose.FURTHER, callers[0], "observed", "effects.refused", FURTHER)
    yield from _on_job("further", 9, resources, [further], priority=Priority.FURTHER)
    yield from _elsewhere(resources, callers)
    yield _race(callers)


def _in_query(callers: Sequence[Caller]) -> list[Step]:
    """Return requests with the id in the query, beside a body without one and without any body."""
    rule, query = "request.job_id.location", (("job_id", JOB),)
    return [
        *(Step(Purpose.ID_IN_QUERY, caller, "refused", rule, "{}", query) for caller in callers),
        *(Step(Purpose.ID_IN_QUERY_ALONE, caller, "refused", rule, None, query) for caller in callers),
    ]


def _elsewhere(resources: Resources, callers: Sequence[Caller]) -> Iterator[Scenario]:
    """Yield the requests at other paths, beside roles that may not cancel at paths which some servers take for this one."""
    own = resources.operation.path
    elsewhere = Step(
        Purpose.OTHER_PATH, callers[1 % len(callers)], "ineffective", "effects.paths", path=f"{own}-{UNKNOWN}"
    )
    nearby = [
        Step(
            Purpose.OTHER_ROLE,
            Caller(role, "token"),
            "ineffective",
            "roles.others",
            path=path,
            told=f"the role {role}, at the path {path}",
        )
        for role, path in zip(resources.others, (f"{own}/", own.lower()), strict=False)
    ]
    for scenario in _on_job("elsewhere", 10, resources, [elsewhere], "effects.paths", priority=Priority.ELSEWHERE):
        valid_cancel = scenario.valid_cancel and replace(scenario.valid_cancel, content_type=WITH_CHARSET)
        yield replace(scenario, denied=tuple(nearby), valid_cancel=valid_cancel)


def _other_method(method: str, caller: Caller) -> Step:
    return Step(
        Purpose.OTHER_METHOD,
        caller,
        "ineffective",
        "effects.methods",
        query=(("job_id", JOB),),
        method=method,
        fresh_connection=True,
        told=f"{method} in place of POST",
    )


def _race(callers: Sequence[Caller]) -> Scenario:
    """Return several cancels of one job at the same time: one succeeds."""
    first, *rest = [Step(Purpose.RACE, caller, "accepted", "effects.isolation") for caller in callers]
    rivals = [replace(step, expect="refused", rule="effects.repeat") for step in rest or [first]]
    return Scenario("race", valid_cancel=first, rivals=tuple(rivals), priority=Priority.RACE)


def no_credential(resources: Resources) -> Iterator[Scenario]:
    """Yield requests without a credential."""
    nobody = Caller(kind="none")
    without_body = Step(Purpose.NO_CREDENTIAL_OR_BODY, nobody, "refused", "roles.none", None)
    after = _after(resources, Purpose.ID_MISSING_AFTER, "request.job_id.required", "{}")
    none = [*_twice(nobody, Purpose.NO_CREDENTIAL, "roles.none"), without_body, *after]
    yield from _on_stranger("none", 1, resources, none, Priority.NONE)


def wrong_credential(resources: Resources) -> Iterator[Scenario]:
    """Yield requests with an empty credential, and with a wrong one in each way in which such engines take one."""
    after = _after(resources, Purpose.NO_JOB_AFTER, "effects.unknown", NO_JOB)
    empty = [*_twice(Caller(kind="empty"), Purpose.EMPTY_CREDENTIAL, "roles.empty"), *after]
    yield from _on_stranger("empty", 2, resources, empty, Priority.EMPTY)
    wrong = [Caller(kind="wrong"), *(Caller(kind="wrong", way=way) for way in WAYS if way != resources.auth)]
    steps = [Step(Purpose.WRONG_CREDENTIAL, caller, "refused", "roles.wrong") for caller in wrong]
    if resources.cuts_tokens and resources.roles:
        steps.append(Step(Purpose.CUT_CREDENTIAL, Caller(resources.roles[0], "cut"), "refused", "roles.wrong"))
        other_case = Caller(resources.roles[0], "recased")
        steps.append(Step(Purpose.CREDENTIAL_IN_OTHER_CASE, other_case, "refused", "roles.case"))
    yield from _on_stranger("wrong", 3, resources, steps, Priority.WRONG)


def _after(resources: Resources, purpose: Purpose, rule: str, body: str) -> list[Step]:
    """Return a request for which an engine must not take the id that it remembers of a refused one."""
    return [Step(purpose, caller, "refused", rule, body) for caller in _callers(resources)[:1]]


def _on_stranger(
    name: str, index: int, resources: Resources, refused: Iterable[Step], priority: Priority
) -> Iterator[Scenario]:
    """Yield a scenario of the run's end, whose job is not canceled again: a latency more, and nothing new."""
    for scenario in _on_job(name, index, resources, refused, priority=priority):
        yield replace(scenario, repeats=())

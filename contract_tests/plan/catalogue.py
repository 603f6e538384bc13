"""The scenarios of each stage, derived from the page: roles that may, refused requests, requests without effect."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from contract_tests.model import Caller
from contract_tests.plan.generate import bad_bodies
from contract_tests.plan.scenario import (
    FURTHER,
    JOB,
    NO_JOB,
    PATH,
    PRETTY,
    SPELLINGS,
    UNKNOWN,
    VALID,
    Resources,
    Scenario,
    Step,
)

# The ways in which such engines take a credential: a wrong one is refused by whichever way it comes.
WAYS = ("bearer", "basic", "cookie:token", "query:token", "header:Authorization")


def _repeat(caller: Caller) -> Step:
    return Step("a second cancel of the same job", caller, "refused", "effects.repeat")


def _callers(resources: Resources) -> list[Caller]:
    return [Caller(role, "token") for role in resources.roles]


def baseline(resources: Resources) -> Iterator[Scenario]:
    """Yield a scenario for each role: it cancels an untouched job, so the next one shows that it hit no other."""
    callers = _callers(resources)
    if len(callers) == 1:
        callers *= 2
    for index, caller in enumerate(callers):
        repeats = (_repeat(callers[index - 1]), _repeat(caller))
        valid_cancel = Step("a valid request", caller, "accepted", "effects.isolation", body=SPELLINGS[index % 2])
        yield Scenario(caller.role or "", valid_cancel=valid_cancel, repeats=repeats)


def _on_job(
    name: str, index: int, resources: Resources, refused: Iterable[Step], rule: str = "effects.refused"
) -> Iterator[Scenario]:
    """Yield a scenario whose job is canceled at its end; the role differs from scenario to scenario."""
    callers = _callers(resources)
    if not callers:
        yield Scenario(name, tuple(refused))
        return
    caller = callers[index % len(callers)]
    valid_cancel = Step("a valid request", caller, "accepted", rule, body=SPELLINGS[index % len(SPELLINGS)])
    yield Scenario(name, tuple(refused), valid_cancel, (_repeat(callers[(index + 1) % len(callers)]),))


# Bad bodies that name no job: what is wrong, the rule, the body.
_BAD = (
    ("job_id is missing", "request.job_id.required", "{}"),
    ("job_id is misspelled", "request.job_id.required", '{"jobid": "<unknown>"}'),
    ("job_id is null", "request.job_id.type", '{"job_id": null}'),
    ("job_id is a number", "request.job_id.type", '{"job_id": -1}'),
    ("job_id is zero", "request.job_id.type", '{"job_id": 0}'),
    ("job_id is a fraction", "request.job_id.type", '{"job_id": 0.5}'),
    ("job_id is true", "request.job_id.type", '{"job_id": true}'),
    ("job_id is false", "request.job_id.type", '{"job_id": false}'),
    ("job_id is an empty object", "request.job_id.type", '{"job_id": {}}'),
    ("job_id is an empty array", "request.job_id.type", '{"job_id": []}'),
    ("job_id is empty", "request.job_id.empty", '{"job_id": ""}'),
    ("the body is an array", "request.body", "[]"),
    ("the body is a string", "request.body", '""'),
    ("the body is null", "request.body", "null"),
    ("the body is empty", "request.body", ""),
    ("there is no body", "request.body", None),
    ("the body is broken JSON", "request.body", '{"job_id":'),
    ("the id of no job", "effects.unknown", '{"job_id": "<unknown>"}'),
)

# On an engine where nobody else's jobs can be hit: values that select jobs where they are not checked.
_UNSAFE = (
    ("job_id is a query object", "request.job_id.type", '{"job_id": {"$ne": null}}'),
    ("job_id is a query object", "request.job_id.type", '{"job_id": {"$gt": ""}}'),
    ("job_id is a wildcard", "effects.unknown", '{"job_id": "*"}'),
    ("job_id is a wildcard", "effects.unknown", '{"job_id": "%"}'),
    ("job_id is a pattern", "effects.unknown", '{"job_id": ".*"}'),
    ("job_id is a single character", "effects.unknown", '{"job_id": "4"}'),
    ("job_id is blank", "effects.unknown", '{"job_id": " "}'),
    ("job_id is a positive number", "request.job_id.type", '{"job_id": 5}'),
)


def probes(resources: Resources) -> Iterator[Scenario]:
    """Yield requests without an active job that must be refused, each by one role: any cancel is seen at once."""
    callers = _callers(resources)
    for index, (situation, rule, body) in enumerate(_BAD if callers else ()):
        yield Scenario(rule, (Step(situation, callers[index % len(callers)], "refused", rule, body),))


def parameters(resources: Resources, seed: int) -> Iterator[Scenario]:
    """Yield the same requests by every other role, and generated ones."""
    callers = _callers(resources)
    if not callers:
        return
    for index, (situation, rule, body) in enumerate(_BAD):
        for caller in callers:
            if caller != callers[index % len(callers)]:
                yield Scenario(rule, (Step(situation, caller, "refused", rule, body),))
    if resources.unsafe:
        for index, (situation, rule, body) in enumerate(_UNSAFE):
            yield Scenario(rule, (Step(situation, callers[index % len(callers)], "refused", rule, body),))
    written = {body for _, _, body in _BAD}
    for index, bad in enumerate(bad for bad in bad_bodies(seed) if bad.body not in written):
        caller = callers[index % len(callers)]
        yield Scenario(bad.rule, (Step("a generated body", caller, "refused", bad.rule, bad.body),))


# Requests that hold an active job's id where it is not documented: what is wrong, the rule, the body.
_ARRAY = (("the id stands in an array", "request.job_id.type", '{"job_id": ["<job>"]}'),)
_LONGER_ARRAY = (
    ("the id stands in an array with another", "request.job_id.type", '{"job_id": ["<job>", "<unknown>"]}'),
    ("the id stands in an array with another", "request.job_id.type", '{"job_id": ["<unknown>", "<job>"]}'),
)
_NUMBER = (("the id is sent as a number", "request.job_id.type", '{"job_id": <job>}'),)
_OBJECT = (
    ("the id stands in an object", "request.job_id.type", '{"job_id": {"_id": "<job>"}}'),
    ("the id stands in an object", "request.job_id.type", '{"job_id": {"job_id": "<job>"}}'),
    ("the id has another name", "request.job_id.required", '{"id": "<job>"}'),
    ("the id has another name", "request.job_id.required", '{"_id": "<job>"}'),
    ("the id has another name", "request.job_id.required", '{"jobId": "<job>"}'),
    ("the id has another name", "request.job_id.required", '{"JOB_ID": "<job>"}'),
    ("job_id stands deeper in the body", "request.job_id.required", '{"data": {"job_id": "<job>"}}'),
)
_BODIES = (
    ("the body is the id as a string", "request.body", '"<job>"'),
    ("the body is an array with the id", "request.body", '["<job>"]'),
    ("the body is an array with the object", "request.body", '[{"job_id": "<job>"}]'),
    ("the body is broken JSON with the id", "request.body", '{"job_id": "<job>"'),
    ("the body is broken JSON with the id", "request.body", '{"job_id": "<job>",}'),
    ("the body is broken JSON with the id", "request.body", "{'job_id': '<job>'}"),
)
_CUT = (
    ("the id lacks its last character", "effects.exact", '{"job_id": "<cut-end>"}'),
    ("the id lacks its first character", "effects.exact", '{"job_id": "<cut-start>"}'),
)
_LONGER = (
    ("the id has one character more at its end", "effects.exact", '{"job_id": "<longer-end>"}'),
    ("the id has one character more at its start", "effects.exact", '{"job_id": "<longer-start>"}'),
)
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
        step for role in resources.others for step in _twice(Caller(role, "token"), f"the role {role}", "roles.others")
    ]
    if others:
        yield from _on_job("others", 0, resources, others)


def _twice(caller: Caller, situation: str, rule: str) -> list[Step]:
    step = Step(situation, caller, "refused", rule)
    return [step, replace(step, body=PRETTY)]


# Requests that a role that may not cancel sends for the jobs in turn.
_TRIES = (
    (VALID, ""),
    (PRETTY, ", with a body in lines"),
    (FURTHER, ", with a further property"),
    ("{}", ", without job_id"),
    (NO_JOB, ", for the id of no job"),
)


def _denied(index: int, resources: Resources) -> tuple[Step, ...]:
    if not resources.others:
        return ()
    role = resources.others[index % len(resources.others)]
    body, how = _TRIES[(index // len(resources.others)) % len(_TRIES)]
    return (Step(f"the role {role}{how}", Caller(role, "token"), "refused", "roles.others", body),)


def _on_jobs(resources: Resources) -> Iterator[Scenario]:
    callers = _callers(resources)

    def each(bad: Iterable[tuple[str, str, str]]) -> list[Step]:
        return [Step(what, caller, "refused", rule, body) for what, rule, body in bad for caller in callers]

    def in_turn(bad: Iterable[tuple[str, str, str]]) -> list[Step]:
        return [
            Step(what, callers[index % len(callers)], "refused", rule, body)
            for index, (what, rule, body) in enumerate(bad)
        ]

    if not callers:
        return
    location = [
        replace(step, query=(("job_id", JOB),))
        for step in each([("the id stands in the query", "request.job_id.location", "{}")])
    ] + [
        Step(
            "the id stands in the query, without a body",
            caller,
            "refused",
            "request.job_id.location",
            None,
            (("job_id", JOB),),
        )
        for caller in callers
    ]
    number = each(_NUMBER) if resources.numeric else []
    yield from _on_job("array", 0, resources, [*each(_ARRAY), *in_turn(_LONGER_ARRAY), *number])
    yield from _on_job("location", 1, resources, location)
    yield from _on_job("object", 2, resources, in_turn(_OBJECT))
    yield from _on_job("bodies", 3, resources, in_turn(_BODIES))
    if resources.derivable:
        yield from _on_job("cut", 4, resources, each(_CUT))
        yield from _on_job("longer", 5, resources, each(_LONGER))
    for index, methods in enumerate(_METHODS):
        steps = [_other_method(method, callers[(index + at) % len(callers)]) for at, method in enumerate(methods)]
        yield from _on_job(" and ".join(methods), 6 + index, resources, steps, "effects.methods")
    further = Step("a further property beside job_id", callers[0], "observed", "effects.refused", FURTHER)
    yield from _on_job("further", 9, resources, [further])
    elsewhere = Step(
        "a path that does not exist",
        callers[1 % len(callers)],
        "ineffective",
        "effects.paths",
        path=f"{PATH}-{UNKNOWN}",
    )
    nearby = [
        Step(f"the role {role}, at the path {path}", Caller(role, "token"), "ineffective", "roles.others", path=path)
        for role, path in zip(resources.others, (f"{PATH}/", PATH.lower()), strict=False)
    ]
    for scenario in _on_job("elsewhere", 10, resources, [elsewhere], "effects.paths"):
        yield replace(scenario, denied=tuple(nearby))
    yield _race(callers)


def _other_method(method: str, caller: Caller) -> Step:
    return Step(
        f"{method} in place of POST",
        caller,
        "ineffective",
        "effects.methods",
        query=(("job_id", JOB),),
        method=method,
        fresh_connection=True,
    )


def _race(callers: Sequence[Caller]) -> Scenario:
    """Return several cancels of one job at the same time: one succeeds."""
    first, *rest = [
        Step("simultaneous cancels of one job", caller, "accepted", "effects.isolation") for caller in callers
    ]
    rivals = [replace(step, expect="refused", rule="effects.repeat") for step in rest or [first]]
    return Scenario("race", valid_cancel=first, rivals=tuple(rivals))


def credentials(resources: Resources) -> Iterator[Scenario]:
    """Yield requests without a known credential, the wrong ones last: some engines lock out callers that send one."""
    # The id that an engine remembers of a refused request must not be taken for the next one's.
    after = [
        Step(f"{situation}, after the id of a job", caller, "refused", rule, body)
        for caller in _callers(resources)[:1]
        for situation, rule, body in (
            ("job_id is missing", "request.job_id.required", "{}"),
            ("the id of no job", "effects.unknown", NO_JOB),
        )
    ]

    nobody = Caller(kind="none")
    without_body = Step("no credential, without a body", nobody, "refused", "roles.none", None)
    none = [*_twice(nobody, "no credential", "roles.none"), without_body, *after[:1]]
    yield from _on_job("none", 1, resources, none)
    yield from _on_job(
        "empty", 2, resources, [*_twice(Caller(kind="empty"), "an empty credential", "roles.empty"), *after[1:]]
    )
    wrong = [Caller(kind="wrong"), *(Caller(kind="wrong", way=way) for way in WAYS if way != resources.auth)]
    steps = [Step("a wrong credential", caller, "refused", "roles.wrong") for caller in wrong]
    if resources.auth != "basic" and resources.roles:
        # A cut password could lock its user out; a cut token is nobody's.
        steps.append(Step("a token without its end", Caller(resources.roles[0], "cut"), "refused", "roles.wrong"))
    yield from _on_job("wrong", 3, resources, steps)

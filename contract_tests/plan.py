"""The plan: which requests are sent, in which order, and what each needs. Pure data, nothing is sent here.

A chain is what happens to one job: requests that must not cancel it, then its cancel by a role, the
proof that it was still active, then its cancel once more. So each proof is also a role's success.
Chains without a job are single requests that name no active job.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import spec
from contract_tests.generate import bad_bodies
from contract_tests.guard import Guard
from contract_tests.model import Because, Caller, Request

Expect = Literal["accepted", "refused", "ineffective", "observed"]

JOB, UNKNOWN = "<job>", "<unknown>"
DERIVED = {"<cut-end>", "<cut-start>", "<longer-end>", "<longer-start>"}
FUZZ = 24  # bodies drawn by schemathesis

PATH = spec.load_contract().path
METHOD = spec.load_contract().method
ROLES = spec.load_contract().roles
# The ways in which such engines take a credential: a wrong one is refused by whichever way it comes.
WAYS = ("bearer", "basic", "cookie:token", "query:token")

# The same valid body, as different clients write it.
VALID = '{"job_id": "<job>"}'
NO_JOB = '{"job_id": "<unknown>"}'
SPELLINGS = (
    '{"job_id":"<job>"}',
    VALID,
    '{\n  "job_id": "<job>"\n}\n',
    ' { "job\\u005fid" :\t"<job>" } ',
)


@dataclass(frozen=True, slots=True)
class Step:
    """One request. In `body` and `query`, `<job>` and the like stand for ids that the run fills in."""

    situation: str
    caller: Caller
    expect: Expect
    rule: str
    """For a refused one, the rule that a success breaks; for an accepted one, the rule that is broken if
    the job is no longer active."""
    body: str | bytes | None = VALID
    query: tuple[tuple[str, str], ...] = ()
    method: str = METHOD
    fresh_connection: bool = False
    path: str = PATH
    """Where `<unknown>` stands for a minted id."""

    @property
    def names_job(self) -> bool:
        """Whether an active job's own id stands in the request."""
        text = self.body.decode("latin-1") if isinstance(self.body, bytes) else self.body or ""
        return JOB in text or any(JOB in value for _, value in self.query)


@dataclass(frozen=True, slots=True)
class Chain:
    """What happens to one job, or one request that needs none (`proof` is None then)."""

    name: str
    refused: tuple[Step, ...] = ()
    proof: Step | None = None
    repeats: tuple[Step, ...] = ()
    rivals: tuple[Step, ...] = ()
    """Sent together with the proof, for the same job."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All its requests on an engine that conforms, in order."""
        proof = (self.proof,) if self.proof else ()
        return (*self.refused, *proof, *self.rivals, *self.repeats)

    @property
    def rules(self) -> frozenset[str]:
        """The rules that only this kind of chain can show; answers of successes are judged everywhere."""
        if self.rivals:
            return frozenset({"effects.repeat"})
        if self.proof is not None and not self.refused:
            return frozenset({f"roles.{self.proof.caller.role}"})
        must_not = [step for step in self.refused if step.expect != "observed"]
        return frozenset({step.rule for step in must_not} | ({self.proof.rule} if self.proof and must_not else set()))


@dataclass(frozen=True, slots=True)
class Stage:
    """Chains that belong together. `sequential` ones go one after the other; of others, all proofs overlap."""

    name: Literal["baseline", "parameters", "jobs", "credentials"]
    chains: tuple[Chain, ...]
    sequential: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages, and the rules that cannot be checked, with the reason and what was missing."""

    stages: tuple[Stage, ...]
    missing: dict[str, tuple[str, Because | None]]

    @property
    def chains(self) -> Iterator[Chain]:
        """All chains in order."""
        return (chain for stage in self.stages for chain in stage.chains)

    @property
    def jobs(self) -> int:
        """How many jobs it cancels on an engine that conforms."""
        return sum(chain.proof is not None for chain in self.chains)

    @property
    def requests(self) -> int:
        """How many requests it sends to an engine that conforms and does not throttle."""
        return sum(len(chain.steps) for chain in self.chains)


@dataclass(frozen=True, slots=True)
class Means:
    """What a run has to work with."""

    roles: tuple[str, ...]
    """Documented roles with a token, in the page's order."""
    others: tuple[str, ...]
    """Roles that the page does not list, with a token."""
    jobs: int | None
    """How many jobs there are; None for as many as the plan wants."""
    derivable: bool = True
    numeric: bool = False
    """Whether all ids are decimal numbers, which an engine may confuse with numbers."""
    unsafe: bool = False
    wanted: frozenset[str] | None = None
    """Rules to check; None for all."""
    auth: str = "bearer"
    jobs_option: str = "--jobs or --jobs-command"
    guard: Guard | None = None


def make_plan(means: Means, seed: int = 0) -> Plan:
    """The plan for these means. Without a token for any documented role there are no chains with jobs."""
    missing: dict[str, tuple[str, Because | None]] = {}
    stages = [
        Stage("baseline", tuple(_baseline(means)), sequential=True),
        Stage("parameters", tuple(_parameters(means, seed))),
        Stage("jobs", tuple(_on_jobs(means))),
        Stage("credentials", tuple(_credentials(means)), sequential=True),
    ]
    if not means.derivable:
        reason = "a supplied id is shorter than 16 characters, so that one that differs could be somebody else's job"
        missing["effects.exact"] = (reason, None)
    for role in ROLES:
        if role not in means.roles:
            missing[f"roles.{role}"] = (f"no token for the role: give --token {role}=SOURCE", "tokens")
    if not means.others:
        missing["roles.others"] = (
            "no token for a role that the page does not list: give --token apiread=SOURCE",
            "tokens",
        )
    stages = _select(stages, means.wanted)
    return Plan(tuple(_ration(stages, means, missing)), missing)


def _select(stages: Sequence[Stage], wanted: frozenset[str] | None) -> list[Stage]:
    """Leave out chains whose rules nobody wants; the baseline shows that the credentials work, so it stays."""
    if wanted is None:
        return list(stages)
    return [
        stage
        if stage.name == "baseline"
        else replace(stage, chains=tuple(chain for chain in stage.chains if _is_wanted(chain, wanted)))
        for stage in stages
    ]


def _is_wanted(chain: Chain, wanted: frozenset[str]) -> bool:
    own = {step.rule for step in chain.refused} | ({chain.proof.rule} if chain.proof else set())
    own |= {"effects.overlap"} if chain.refused and chain.proof else set()
    return bool(own & wanted) or (bool(chain.rivals) and "effects.repeat" in wanted)


_SHOWN_BY_SUCCESS = [
    rule.id
    for rule in spec.load_rules()
    if rule.aspect in {"response", "transport"}
    or rule.id in {"request.json", "route.path", "effects.overlap", "effects.canceled", "effects.identity"}
]

# The most telling first: who may, then what may not cancel.
_LAST = ("further", "GET and HEAD", "PUT and PATCH", "DELETE and OPTIONS", "elsewhere")
_PRIORITY = (
    "admin",
    "engineering",
    "support",
    "apiwrite",
    "others",
    "none",
    "array",
    "location",
    "wrong",
    "empty",
    "race",
)


def _telling(chain: Chain) -> int:
    """The rank of a chain: the most telling first, what only assumed rules need last."""
    if chain.name in _LAST:
        return 100 + _LAST.index(chain.name)
    return _PRIORITY.index(chain.name) if chain.name in _PRIORITY else len(_PRIORITY)


def _ration(stages: Sequence[Stage], means: Means, missing: dict[str, tuple[str, Because | None]]) -> Iterator[Stage]:
    """Drop the chains that there are no jobs for, the least telling first."""
    with_jobs = [chain for stage in stages for chain in stage.chains if chain.proof]
    with_jobs.sort(key=_telling)
    kept = with_jobs if means.jobs is None else with_jobs[: means.jobs]
    dropped = [chain for chain in with_jobs if chain not in kept]
    reason = f"too few jobs: {means.jobs} of {len(with_jobs)}; give more by {means.jobs_option}"
    for chain in dropped:
        # Also where another chain shows a part of the rule: what was checked in part is not held.
        for rule_id in sorted(chain.rules):
            missing.setdefault(rule_id, (reason, "jobs"))
    if not kept:
        for rule_id in _SHOWN_BY_SUCCESS:
            missing.setdefault(rule_id, (reason, "jobs"))
    for stage in stages:
        yield replace(stage, chains=tuple(_in_place(chain, dropped) for chain in stage.chains))


def _in_place(chain: Chain, dropped: Sequence[Chain]) -> Chain:
    """What of a chain needs no job: callers who may not can still be seen to cancel the id of no job."""
    if chain not in dropped:
        return chain
    refused = tuple(
        replace(step, body=NO_JOB, situation=f"{step.situation}, for the id of no job")
        for step in dict.fromkeys(chain.refused)
        if step.rule.startswith("roles.")
    )
    return Chain(chain.name, refused)


def _repeat(caller: Caller) -> Step:
    return Step("a second cancel of the same job", caller, "refused", "effects.repeat")


def _callers(means: Means) -> list[Caller]:
    return [Caller(role, "token") for role in means.roles]


def _baseline(means: Means) -> Iterator[Chain]:
    """Each role cancels a job that nothing else was done to; the next one shows that it touched no other."""
    callers = _callers(means)
    if len(callers) == 1:
        callers *= 2
    for index, caller in enumerate(callers):
        repeats = (_repeat(callers[index - 1]), _repeat(caller))
        proof = Step("a valid request", caller, "accepted", "effects.isolation", body=SPELLINGS[index % 2])
        yield Chain(caller.role or "", proof=proof, repeats=repeats)


def _on_job(
    name: str, index: int, means: Means, refused: Iterable[Step], rule: str = "effects.refused"
) -> Iterator[Chain]:
    """A chain whose job is canceled at the end by a role that is another one for each chain."""
    callers = _callers(means) or [Caller(kind="none")]
    caller = callers[index % len(callers)]
    proof = Step("a valid request", caller, "accepted", rule, body=SPELLINGS[index % len(SPELLINGS)])
    yield Chain(name, tuple(refused), proof, (_repeat(callers[(index + 1) % len(callers)]),))


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


def _parameters(means: Means, seed: int) -> Iterator[Chain]:
    """Requests that name no active job and must be refused, each by every role."""
    callers = _callers(means)
    if not callers:
        return
    for situation, rule, body in _BAD:
        for caller in callers:
            yield Chain(rule, (Step(situation, caller, "refused", rule, body),))
    if means.unsafe:
        for index, (situation, rule, body) in enumerate(_UNSAFE):
            yield Chain(rule, (Step(situation, callers[index % len(callers)], "refused", rule, body),))
    guard = means.guard or Guard(unsafe=means.unsafe)
    for index, bad in enumerate(bad_bodies(seed, FUZZ)):
        caller = callers[index % len(callers)]
        if guard.objection(Request(METHOD, PATH, caller, body=bad.body)) is None:
            yield Chain(bad.rule, (Step("a generated body", caller, "refused", bad.rule, bad.body),))


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


def _on_jobs(means: Means) -> Iterator[Chain]:
    """Chains on a job each: what must not cancel it, then its cancel; the cancels overlap."""
    callers = _callers(means)

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
    number = each(_NUMBER) if means.numeric else []
    yield from _on_job("array", 0, means, [*each(_ARRAY), *in_turn(_LONGER_ARRAY), *number])
    yield from _on_job("location", 1, means, location)
    yield from _on_job("object", 2, means, in_turn(_OBJECT))
    yield from _on_job("bodies", 3, means, in_turn(_BODIES))
    if means.derivable:
        yield from _on_job("cut", 4, means, each(_CUT))
        yield from _on_job("longer", 5, means, each(_LONGER))
    for index, methods in enumerate(_METHODS):
        steps = [_other_method(method, callers[(index + at) % len(callers)]) for at, method in enumerate(methods)]
        yield from _on_job(" and ".join(methods), 6 + index, means, steps, "effects.methods")
    further = Step(
        "a further property beside job_id",
        callers[0],
        "observed",
        "effects.refused",
        '{"job_id": "<job>", "further": true}',
    )
    yield from _on_job("further", 9, means, [further])
    elsewhere = Step(
        "a path that does not exist",
        callers[1 % len(callers)],
        "ineffective",
        "effects.paths",
        path=f"{PATH}-{UNKNOWN}",
    )
    yield from _on_job("elsewhere", 10, means, [elsewhere], "effects.paths")
    yield _race(callers)


def _other_method(method: str, caller: Caller) -> Step:
    return Step(
        f"{method} in place of POST", caller, "ineffective", "effects.methods", method=method, fresh_connection=True
    )


def _race(callers: Sequence[Caller]) -> Chain:
    """Several cancels of one job at the same time: one succeeds."""
    first, *rest = [
        Step("simultaneous cancels of one job", caller, "accepted", "effects.isolation") for caller in callers
    ]
    rivals = [replace(step, expect="refused", rule="effects.repeat") for step in rest or [first]]
    return Chain("race", proof=first, rivals=tuple(rivals))


def _credentials(means: Means) -> Iterator[Chain]:
    """Callers who may not, the wrong credential last: some engines lock out whoever sends one."""

    def twice(caller: Caller, situation: str, rule: str) -> list[Step]:
        return [Step(situation, caller, "refused", rule)] * 2

    others = [
        step for role in means.others for step in twice(Caller(role, "token"), f"the role {role}", "roles.others")
    ]
    if others:
        yield from _on_job("others", 0, means, others)
    yield from _on_job("none", 1, means, twice(Caller(kind="none"), "no credential", "roles.none"))
    yield from _on_job("empty", 2, means, twice(Caller(kind="empty"), "an empty credential", "roles.empty"))
    wrong = [Caller(kind="wrong"), *(Caller(kind="wrong", way=way) for way in WAYS if way != means.auth)]
    steps = [Step("a wrong credential", caller, "refused", "roles.wrong") for caller in wrong]
    if means.auth != "basic" and means.roles:
        # A cut password could lock its user out; a cut token is nobody's.
        steps.append(Step("a token without its end", Caller(means.roles[0], "cut"), "refused", "roles.wrong"))
    yield from _on_job("wrong", 3, means, steps)


def fill(step: Step, job_id: str | None, guard: Guard) -> Request:
    """The request of a step, its placeholders replaced by ids."""
    replacements = dict(_replacements(step, job_id, guard))

    def filled(text: str, *, quoted: bool) -> str:
        for placeholder, value in replacements.items():
            text = text.replace(placeholder, json.dumps(value)[1:-1] if quoted else value)
        return text

    body = step.body
    if isinstance(body, str):
        body = filled(body, quoted=True).encode()
    query = tuple((name, filled(value, quoted=False)) for name, value in step.query)
    path = filled(step.path, quoted=False)
    return Request(step.method, path, step.caller, query, body, fresh_connection=step.fresh_connection)


def _replacements(step: Step, job_id: str | None, guard: Guard) -> Iterator[tuple[str, str]]:
    text = step.path + (step.body if isinstance(step.body, str) else "")
    if job_id is not None:
        yield JOB, job_id
        for placeholder in DERIVED:
            if placeholder in text:
                yield placeholder, guard.derive(job_id, placeholder.strip("<>"))
    if UNKNOWN in text:
        yield UNKNOWN, guard.mint()

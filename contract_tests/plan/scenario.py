"""Steps and scenarios, and how a step becomes a request.

A `Scenario` is the story of one job: requests that must not cancel it, then the valid cancel by a role, which shows
that it was still active, then its cancel once more. So each valid cancel is also a role's success.
Scenarios without a job are single requests that name no active job.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from contract_tests.model import JSON, Caller, Request, Unchecked
from contract_tests.purpose import Purpose
from contract_tests.safety.guard import Guard
from contract_tests.safety.page_calls import PageCalls
from engine_contract.contract import Operation

Expect = Literal["accepted", "refused", "ineffective", "observed"]

JOB, UNKNOWN = "<job>", "<unknown>"
DERIVED = {"<cut-end>", "<cut-start>", "<longer-end>", "<longer-start>", "<with-blank>", "<other-case>"}

# The same valid body, as different clients write it.
VALID = '{"job_id": "<job>"}'
NO_JOB = '{"job_id": "<unknown>"}'
FURTHER = '{"job_id": "<job>", "further": true}'
PRETTY = '{\n  "job_id": "<job>"\n}\n'
WITH_CHARSET = f"{JSON}; charset=utf-8"
SPELLINGS = (
    '{"job_id":"<job>"}',
    VALID,
    PRETTY,
    ' { "job\\u005fid" :\t"<job>" } ',
)


@dataclass(frozen=True, slots=True)
class Step:
    """One request. In `body` and `query`, `<job>` and the like are placeholders for ids that the run fills in."""

    purpose: Purpose
    caller: Caller
    expect: Expect
    rule: str
    """For a refused one, the rule that a success breaks; for an accepted one, the rule that is broken if
    the job is no longer active."""
    body: str | bytes | None = VALID
    query: tuple[tuple[str, str], ...] = ()
    method: str | None = None
    """None for the operation's own, as for the path."""
    fresh_connection: bool = False
    content_type: str = JSON
    path: str | None = None
    """In it `<unknown>` is the placeholder for a minted id."""
    told: str = ""
    """The words for the request, in place of its purpose's text."""
    goes_first: bool = False
    """Whether others are sent only once this one was answered."""

    @property
    def situation(self) -> str:
        """Return the purpose in words."""
        return self.told or self.purpose.value

    @property
    def names_job(self) -> bool:
        """Whether the request holds an active job's own id."""
        text = self.body.decode("latin-1") if isinstance(self.body, bytes) else self.body or ""
        return JOB in text or any(JOB in value for _, value in self.query)

    @property
    def is_aimed(self) -> bool:
        """Whether the body's `job_id` is an active job's id, or one derived from it: no engine can take another for it."""
        try:
            document = json.loads(self.body or "")
        except ValueError:
            return False
        value = document.get("job_id") if isinstance(document, dict) else None
        return isinstance(value, str) and value in {JOB, *DERIVED}


IS_IT_THERE = Step(Purpose.IS_IT_THERE, Caller(), "observed", "", NO_JOB)
"""Asks whether the engine answers at all."""


def without_token(role: str) -> Unchecked:
    """Return why what a role may do is not checked."""
    return Unchecked(f"no token for the role: give --token {role}=SOURCE", "tokens")


@dataclass(frozen=True, slots=True)
class Mode:
    """How the requests of a stage are sent."""

    known_last: bool = False
    """Whether, within a scenario, what has a known credential is sent by itself once the rest was answered."""
    overlapping: bool = False
    """Whether cancels of different jobs are under way at the same time."""
    after_wrong_credential: bool = False
    """Whether a caller may be locked out when its valid request is sent."""


ALONE = Mode()
TOGETHER = Mode(overlapping=True)
AFTER_WRONG_CREDENTIAL = Mode(known_last=True, after_wrong_credential=True)


class Priority(IntEnum):
    """Which scenarios get a job where there are too few, the lowest first: those that tell the most.

    The roles that may come first, in the page's order; what only assumed rules need comes last.
    """

    ROLE = 0
    OTHERS = 100
    NONE = 101
    ARRAY = 102
    LOCATION = 103
    WRONG = 104
    EMPTY = 105
    RACE = 106
    USUAL = 200
    FURTHER = 300
    METHODS = 301
    ELSEWHERE = 400
    SPELLING = 401


@dataclass(frozen=True, slots=True)
class Scenario:
    """The requests for one job, or one request that needs none.

    `valid_cancel` is None for a request that needs no job, and if no role could cancel the job.
    """

    name: str
    refused: tuple[Step, ...] = ()
    valid_cancel: Step | None = None
    repeats: tuple[Step, ...] = ()
    rivals: tuple[Step, ...] = ()
    """Sent together with the valid cancel, for the same job."""
    priority: int = Priority.USUAL
    denied: tuple[Step, ...] = ()
    """Requests of roles that may not, sent along with the refused ones, or with the rivals: another scenario shows their
    rule."""
    page: PageCalls | None = None
    """The operation of another page that its requests are for."""

    @property
    def needs_job(self) -> bool:
        """Whether an active job is leased for it."""
        return self.valid_cancel is not None or any(step.names_job for step in self.refused)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All its requests on an engine that conforms, in order."""
        valid_cancel = (self.valid_cancel,) if self.valid_cancel else ()
        return (*self.refused, *self.denied, *valid_cancel, *self.rivals, *self.repeats)

    @property
    def tried(self) -> tuple[Step, ...]:
        """The steps that must not cancel the job, sent before the valid cancel, in order."""
        return self.refused if self.rivals else (*self.refused, *self.denied)

    @property
    def rules(self) -> frozenset[str]:
        """The rules that only this kind of scenario can show; successes are judged everywhere."""
        if self.rivals:
            return frozenset({"effects.repeat"})
        if self.valid_cancel is not None and not self.refused:
            return frozenset({f"roles.{self.valid_cancel.caller.role}"})
        must_not = [step for step in self.refused if step.expect != "observed"]
        return frozenset(
            {step.rule for step in must_not} | ({self.valid_cancel.rule} if self.valid_cancel and must_not else set())
        )


@dataclass(frozen=True, slots=True)
class Resources:
    """The operation to check, the roles and jobs that a run has, and the rules that it checks."""

    operation: Operation
    roles: tuple[str, ...]
    """Documented roles with a token, in the page's order."""
    others: tuple[str, ...]
    """Roles that the page does not list, with a token."""
    jobs: int | None
    """How many jobs there are; None for as many as the plan wants."""
    derivable: bool = True
    has_case: bool = True
    """Whether all ids hold letters, whose case may be changed."""
    numeric: bool = False
    """Whether all ids are decimal numbers, which an engine may confuse with numbers."""
    unsafe: bool = False
    wanted: frozenset[str] | None = None
    """Rules to check; None for all."""
    auth: str = "bearer"
    """How the credentials travel, as in `--auth`."""
    cuts_tokens: bool = True
    """Whether a credential may be sent without its end: a cut password could lock its user out."""
    jobs_option: str = "--jobs, --jobs-command or --workflow"
    pages: tuple[PageCalls, ...] = ()
    """The operations of further pages."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """Return all roles with a token."""
        return (*self.roles, *self.others)


def fill(step: Step, job_id: str | None, guard: Guard) -> Request:
    """Return the request of a step, its placeholders replaced by ids."""
    replacements = dict(_replacements(step, job_id, guard))

    def filled(text: str, *, quoted: bool) -> str:
        for placeholder, value in replacements.items():
            text = text.replace(placeholder, json.dumps(value)[1:-1] if quoted else value)
        return text

    body = step.body
    if isinstance(body, str):
        body = filled(body, quoted=True).encode()
    query = tuple((name, filled(value, quoted=False)) for name, value in step.query)
    path = filled(step.path or guard.operation.path, quoted=False)
    return Request(
        step.method or guard.operation.method,
        path,
        step.caller,
        query,
        body,
        step.content_type,
        fresh_connection=step.fresh_connection,
        purpose=step.purpose,
        told=step.told,
    )


def _replacements(step: Step, job_id: str | None, guard: Guard) -> Iterator[tuple[str, str]]:
    text = (step.path or "") + (step.body if isinstance(step.body, str) else "")
    if job_id is not None:
        yield JOB, job_id
        for placeholder in DERIVED:
            if placeholder in text:
                yield placeholder, guard.derive(job_id, placeholder.strip("<>"))
    if UNKNOWN in text:
        yield UNKNOWN, guard.mint()

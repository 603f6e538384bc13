"""Jobs, which only cancels have: a passive judge remembers those that it has seen canceled or active."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.judge.answers import document_of
from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Judgement, Request, Response
from engine_contract.contract import Operation
from engine_contract.contract.job_status import ACTIVE

MAX_REMEMBERED = 100_000  # jobs, or credentials

# How an engine reads that refuses a job by an error of its own: the vendor's reference lists only 500 for many calls.
_TELLS_OF_THE_JOB = re.compile(
    rb"not (?:be )?found|no (?:such )?(?:active )?job|unknown|not exist|not active|inactive|already|no longer"
    rb"|cancell?ed|finished|complete|not running|invalid|missing param|refused|denied|forbidden|unauthori[sz]ed"
    rb"|not (?:allowed|permitted)|may not|permission|session|log ?in",
    re.IGNORECASE,
)


@dataclass(slots=True)
class CanceledJobs:
    """The jobs that were seen: canceled, and active."""

    canceled: dict[str, None] = field(default_factory=dict)
    active: dict[str, None] = field(default_factory=dict)

    def see(self, job_id: str, status: str) -> list[Judgement]:
        """Take note of a job in a document of another route. Return what that shows of its cancel."""
        is_evidence = job_id in self.canceled and status == "canceled"
        if status in ACTIVE:
            remember(self.active, job_id)
            self.canceled.pop(job_id, None)
        else:
            self.active.pop(job_id, None)
        return [Judgement("effects.canceled")] if is_evidence else []

    def see_canceled(self, job_id: str) -> None:
        """Take note of a job whose cancel was answered with its document."""
        remember(self.canceled, job_id)
        self.active.pop(job_id, None)


def job_of(operation: Operation, request: Request) -> str | None:
    """Return the id of the job that a valid cancel names, None for other requests."""
    if request.body is None or rule_broken_by(operation, request.body) is not None:
        return None
    job_id: str = json.loads(request.body.decode("utf-8"))["job_id"]
    return job_id


def tells_of_the_job(response: Response) -> bool:
    """Return whether an error reads like a refusal of the job or the caller, and not like a failure of the engine."""
    return bool(_TELLS_OF_THE_JOB.search(response.body[:4096]))


def tells_of_a_cancel(response: Response, job_id: str | None) -> bool:
    """Return whether a response other than a success holds the canceled job."""
    document = document_of(response)
    return isinstance(document, Mapping) and document.get("_id") == job_id and document.get("status") == "canceled"


def remember(known: dict[str, None], key: str) -> None:
    """Take the key in, as the newest; the oldest goes where there are too many."""
    known.pop(key, None)
    known[key] = None
    if len(known) > MAX_REMEMBERED:
        del known[next(iter(known))]

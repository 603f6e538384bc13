# ruff: noqa: ARG002 - a step has the same arguments in every engine
"""Faults of the effects: what a refusal does to jobs."""

from tests.standin.engine import Engine
from tests.standin.jobs import State
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

fault = Listing("effects")


class _Refusing(Engine):
    """Base of the engines that do something on a refusal."""

    why: Refusal

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """Act, then refuse as usual."""
        if why is self.why:
            self.act(request)
        return super().refuse(why, request)

    def act(self, request: Request) -> None:
        """Cancel the job named."""
        self.jobs.cancel(self.job_id(request) or "")


class _Oldest(_Refusing):
    """Cancels the oldest active job on a refusal."""

    def act(self, request: Request) -> None:
        """Cancel the oldest."""
        self.jobs.cancel(self.jobs.oldest() or "")


def _acts(base: type[_Refusing], why: Refusal) -> type[Engine]:
    return type("Acts", (base,), {"why": why})


fault.put(
    "role-refused-but-cancels",
    "A role that may not cancel is refused, but the job is canceled.",
    _acts(_Refusing, Refusal.ROLE),
)
fault.put(
    "credential-refused-but-cancels",
    "Without a known credential the request is refused, but the job is canceled.",
    _acts(_Refusing, Refusal.CREDENTIAL),
)
fault.put(
    "method-refused-but-cancels",
    "Another method than POST is refused, but the job in its body is canceled.",
    _acts(_Refusing, Refusal.METHOD),
)
fault.put(
    "parameter-refused-but-cancels",
    "A bad job_id is refused, but the oldest active job is canceled.",
    _acts(_Oldest, Refusal.PARAMETER),
)
fault.put(
    "unknown-refused-but-cancels",
    "An unknown job ID is refused, but the oldest active job is canceled.",
    _acts(_Oldest, Refusal.UNKNOWN),
)
fault.put(
    "repeat-refused-but-cancels",
    "A second cancel is refused, but it cancels the oldest active job.",
    _acts(_Oldest, Refusal.INACTIVE),
)


@fault("array-refused-but-cancels", "An array as job_id is refused, but its job is canceled.")
class ArrayCancels(_Refusing):
    """Acts on what it refuses."""

    why = Refusal.PARAMETER

    def act(self, request: Request) -> None:
        """Cancel the jobs of the array."""
        value = request.parameters().get("job_id")
        for job_id in value if isinstance(value, list) else []:
            self.jobs.cancel(str(job_id))


@fault("refusal-burns-job", "A job once refused to a role can be canceled by nobody.")
class Burns(_Refusing):
    """A refusal has an effect."""

    why = Refusal.ROLE

    def act(self, request: Request) -> None:
        """The active job gets stuck."""
        job_id = self.job_id(request) or ""
        if self.jobs.state(job_id) is State.ACTIVE:
            self.jobs.put(job_id, State.STUCK)

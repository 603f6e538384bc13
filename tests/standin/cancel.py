"""A successful cancel, as the makers of its answer see it."""

from dataclasses import dataclass

from .request import Request


@dataclass(frozen=True)
class Cancel:
    """The job canceled, by which role, and the how many-th success (from 1)."""

    job_id: str
    role: str
    request: Request
    number: int

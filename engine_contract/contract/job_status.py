"""The statuses of jobs as captures and vendor documents have them: the page shows only the canceled one."""

from typing import Literal, get_args

Active = Literal["running", "paused", "error"]
NotCanceled = Literal[Active, "complete", "incomplete"]
Status = Literal[NotCanceled, "canceled"]

STATUSES: tuple[Status, ...] = ("running", "paused", "error", "complete", "canceled", "incomplete")
"""All statuses, in the order in which people are shown them."""

ACTIVE: frozenset[str] = frozenset(get_args(Active))
"""The statuses in which a job can be canceled."""

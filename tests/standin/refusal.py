"""The reasons to refuse a request."""

from enum import Enum


class Refusal(Enum):
    """Why a request is refused; the value is the text given to the caller."""

    ROUTE = "No such route."
    METHOD = "Method not allowed."
    CREDENTIAL = "A valid credential is needed."
    ROLE = "The role of this credential may not cancel jobs."
    PARAMETER = "job_id must be a non-empty string."
    UNKNOWN = "No job has this ID."
    INACTIVE = "The job is not active."


STATUSES = {
    Refusal.ROUTE: 404,
    Refusal.METHOD: 405,
    Refusal.CREDENTIAL: 401,
    Refusal.ROLE: 403,
    Refusal.PARAMETER: 400,
    Refusal.UNKNOWN: 404,
    Refusal.INACTIVE: 409,
}

"""Which rule a request breaks, by its body alone."""

import json


def rule_broken_by(body: bytes) -> str | None:
    """Return the rule on requests that the body breaks, None for a valid request."""
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return "request.body"
    if not isinstance(document, dict):
        return "request.body"
    if "job_id" not in document:
        return "request.job_id.required"
    if not isinstance(document["job_id"], str):
        return "request.job_id.type"
    if not document["job_id"]:
        return "request.job_id.empty"
    return None


def _no_constant(constant: str) -> None:
    raise ValueError(constant)

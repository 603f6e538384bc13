"""A plan for people to read before anything is sent."""

from collections.abc import Iterator

from contract_tests.plan.plan import Plan
from contract_tests.plan.scenario import JOB, Step

_HOPES = {
    "accepted": "must succeed",
    "refused": "must be refused",
    "ineffective": "must not cancel",
    "observed": "observed",
}


def describe_plan(plan: Plan, engine: str, read_back: str) -> Iterator[str]:
    """Yield lines: each request in order, then the totals and what cannot be checked."""
    yield f"What check-engine would send to {engine}; nothing is sent now."
    job = 0
    for stage in plan.stages:
        steps = [(scenario, step) for scenario in stage.scenarios for step in scenario.steps]
        yield ""
        how = {1: "one after the other", None: "side by side"}.get(stage.at_once, f"{stage.at_once} at a time")
        yield f"{stage.name}: {len(steps)} requests, {how}"
        for scenario in stage.scenarios:
            job += scenario.needs_job
            for step in scenario.steps:
                yield f"  {describe_step(step, job if scenario.needs_job else None)}"
    yield ""
    if plan.cancels:
        yield f"read-back: GET {read_back}, once for each canceled job; where the first shows no job, no other is sent"
    for rule_id, (reason, _) in plan.missing.items():
        yield f"not checked: {rule_id}: {reason}"
    yield f"{plan.requests} requests; {plan.cancels} jobs would be canceled."


def describe_step(step: Step, job: int | None) -> str:
    """Return one request on a line: method, caller, what is sent, what is expected."""
    body = step.body.decode("utf-8", "backslashreplace") if isinstance(step.body, bytes) else step.body
    sent = "no body" if body is None else " ".join(body.split()) or "an empty body"
    query = "".join(f" ?{name}={value}" for name, value in step.query)
    text = f"{step.method:7} {step.caller}: {sent}{query} → {_HOPES[step.expect]} ({step.rule}; {step.situation})"
    return text.replace(JOB, f"<job {job}>") if job is not None else text

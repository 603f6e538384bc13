"""A plan's requests, for people and for programs, before anything is sent."""

from collections.abc import Iterator
from typing import Any

from contract_tests.plan.plan import Plan
from contract_tests.plan.scenario import JOB, Step
from engine_contract.contract import Operation
from engine_contract.text.printable import one_line, visible

_HOPES = {
    "accepted": "must succeed",
    "refused": "must be refused",
    "ineffective": "must not cancel",
    "observed": "observed",
}


def describe_step(step: Step, job: int | None, operation: Operation) -> str:
    """Return one request on a line: method, caller, what is sent, what is expected."""
    body = _body(step)
    sent = (step.path or "no body") if body is None else one_line(body) or "an empty body"
    query = "".join(f" ?{name}={value}" for name, value in step.query)
    text = f"{step.method or operation.method:7} {step.caller}: {sent}{query} → {_HOPES[step.expect]} ({step.rule}; {step.situation})"
    return visible(text.replace(JOB, f"<job {job}>") if job is not None else text)


def steps_of(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield each request in order, as JSON values; `<job>` and the like are placeholders."""
    job = 0
    for stage in plan.stages:
        for scenario in stage.scenarios:
            job += scenario.needs_job
            for step in scenario.steps:
                body = _body(step)
                yield {
                    "stage": stage.name,
                    "job": job if scenario.needs_job else None,
                    "method": step.method or plan.operation.method,
                    "path": step.path or plan.operation.path,
                    "caller": str(step.caller),
                    "body": None if body is None else visible(body),
                    "query": [list(pair) for pair in step.query],
                    "expect": _HOPES[step.expect],
                    "rule": step.rule,
                    "situation": step.situation,
                }


def _body(step: Step) -> str | None:
    return step.body.decode("utf-8", "backslashreplace") if isinstance(step.body, bytes) else step.body

"""The plan: the scenarios of a run in their order, and the rules left out for want of jobs or tokens.

Pure data; nothing is sent here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from contract_tests.model import Unchecked
from contract_tests.plan import catalogue, documented
from contract_tests.plan.scenario import (
    AFTER_WRONG_CREDENTIAL,
    ALONE,
    NO_JOB,
    TOGETHER,
    WITH_CHARSET,
    Mode,
    Resources,
    Scenario,
    without_token,
)
from engine_contract import contract
from engine_contract.contract import Operation


@dataclass(frozen=True, slots=True)
class Stage:
    """Scenarios that belong together. `at_once`: how many run together; None for all."""

    name: Literal["baseline", "probes", "parameters", "jobs", "no credential", "wrong credential", "pages"]
    scenarios: tuple[Scenario, ...]
    at_once: int | None = None
    mode: Mode = TOGETHER


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages, and the rules that cannot be checked, with the reason and what was missing."""

    operation: Operation
    stages: tuple[Stage, ...]
    missing: dict[str, Unchecked]

    @property
    def scenarios(self) -> Iterator[Scenario]:
        """All scenarios in order."""
        return (scenario for stage in self.stages for scenario in stage.scenarios)

    @property
    def jobs(self) -> int:
        """How many jobs it is given."""
        return sum(scenario.needs_job for scenario in self.scenarios)

    @property
    def cancels(self) -> int:
        """How many of them it cancels on an engine that conforms."""
        return sum(scenario.valid_cancel is not None for scenario in self.scenarios)

    @property
    def requests(self) -> int:
        """How many requests it sends to an engine that conforms and does not throttle."""
        return sum(len(scenario.steps) for scenario in self.scenarios)


def make_plan(resources: Resources, seed: int = 0) -> Plan:
    """Return the plan for these resources. Without a token of a documented role no scenario has a job."""
    missing: dict[str, Unchecked] = {}
    stages = [
        Stage("baseline", tuple(catalogue.baseline(resources)), at_once=2, mode=ALONE),
        Stage("probes", tuple(catalogue.probes(resources)), at_once=1),
        Stage("parameters", tuple(catalogue.parameters(resources, seed))),
        Stage("jobs", tuple(catalogue.on_jobs(resources))),
        # The wrong ones last: some engines lock out callers that send one.
        Stage("no credential", tuple(catalogue.no_credential(resources)), mode=AFTER_WRONG_CREDENTIAL),
        Stage("wrong credential", tuple(catalogue.wrong_credential(resources)), mode=AFTER_WRONG_CREDENTIAL),
    ]
    if not resources.derivable:
        reason = (
            "the supplied ids are short, or may end in a running number, "
            "so that one with a character more or less, or in the other letter case, could be somebody else's job"
        )
        missing["effects.exact"] = missing["effects.spelling"] = Unchecked(reason)
    for role in resources.operation.roles:
        if role not in resources.roles:
            missing[f"roles.{role}"] = without_token(role)
    if not resources.others:
        missing["roles.others"] = Unchecked(
            "no token for a role that the page does not list: give --token apiread=SOURCE",
            "tokens",
        )
    if not resources.roles:
        reason = "no token for a role that may cancel: nothing else shows that the job was still active"
        unproved = {
            rule_id
            for stage in stages
            for scenario in stage.scenarios
            if scenario.needs_job
            for rule_id in scenario.rules
        }
        for rule_id in sorted(unproved):
            missing.setdefault(rule_id, Unchecked(reason, "tokens"))
    stages = list(_ration(_select(stages, resources.wanted), resources, missing))
    if not stages:
        missing.clear()
    if pages := tuple(documented.on_pages(resources)):
        stages.append(Stage("pages", pages))
    for calls in resources.pages:
        missing |= documented.why_not(calls, resources)
    return Plan(resources.operation, tuple(stages), missing)


def _select(stages: Sequence[Stage], wanted: frozenset[str] | None) -> list[Stage]:
    """Leave out scenarios whose rules nobody wants. The baseline shows that the credentials work, so it stays.

    Where rules of other pages alone are wanted, no job is canceled.
    """
    if wanted is None:
        return list(stages)
    if not any(rule.id in wanted for rule in contract.load_rules()):
        return []
    return [
        stage
        if stage.name == "baseline"
        else replace(stage, scenarios=tuple(scenario for scenario in stage.scenarios if _is_wanted(scenario, wanted)))
        for stage in stages
    ]


def _is_wanted(scenario: Scenario, wanted: frozenset[str]) -> bool:
    own = {step.rule for step in scenario.refused} | ({scenario.valid_cancel.rule} if scenario.valid_cancel else set())
    if scenario.valid_cancel and scenario.valid_cancel.content_type == WITH_CHARSET:
        own.add("request.charset")
    own |= {"effects.overlap"} if scenario.refused and scenario.valid_cancel else set()
    return bool(own & wanted) or (bool(scenario.rivals) and "effects.repeat" in wanted)


_SHOWN_BY_SUCCESS = [
    rule.id
    for rule in contract.load_rules()
    if rule.aspect in {"response", "transport"}
    or rule.id in {"request.json", "route.path", "effects.overlap", "effects.canceled", "effects.identity"}
]


def _ration(stages: Sequence[Stage], resources: Resources, missing: dict[str, Unchecked]) -> Iterator[Stage]:
    """Drop the scenarios for which jobs are missing, the least informative first."""
    with_jobs = [scenario for stage in stages for scenario in stage.scenarios if scenario.needs_job]
    with_jobs.sort(key=lambda scenario: scenario.priority)
    kept = with_jobs if resources.jobs is None else with_jobs[: resources.jobs]
    dropped = [scenario for scenario in with_jobs if scenario not in kept]
    reason = f"too few jobs: {resources.jobs} of {len(with_jobs)}; give more by {resources.jobs_option}"
    for scenario in dropped:
        # Also if another scenario shows a part of the rule: a rule that was checked in part is not held.
        for rule_id in sorted(scenario.rules):
            missing.setdefault(rule_id, Unchecked(reason, "jobs"))
    if {scenario.valid_cancel.body for scenario in dropped if scenario.valid_cancel} - {
        scenario.valid_cancel.body for scenario in kept if scenario.valid_cancel
    }:
        missing.setdefault("request.json", Unchecked(reason, "jobs"))
    if not kept:
        for rule_id in _SHOWN_BY_SUCCESS:
            missing.setdefault(rule_id, Unchecked(reason, "jobs"))
    for stage in stages:
        yield replace(stage, scenarios=tuple(_in_place(scenario, dropped) for scenario in stage.scenarios))


def _in_place(scenario: Scenario, dropped: Sequence[Scenario]) -> Scenario:
    """Return the part of a scenario that needs no job: callers who may not are still tried with the id of no job."""
    if scenario not in dropped:
        return scenario
    refused = tuple(
        replace(step, body=NO_JOB, told=f"{step.situation}, for the id of no job")
        for step in dict.fromkeys(scenario.refused)
        if step.rule.startswith("roles.")
    )
    return Scenario(scenario.name, refused)

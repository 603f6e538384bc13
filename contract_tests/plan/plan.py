"""The plan: which chains are carried out, in which order, and what is left out for want of jobs or tokens.

Pure data; nothing is sent here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from contract_tests.model import Because
from contract_tests.plan import catalogue
from contract_tests.plan.means import Means
from contract_tests.plan.scenario import NO_JOB, ROLES, Chain
from engine_contract import contract


@dataclass(frozen=True, slots=True)
class Stage:
    """Chains that belong together. `at_once`: how many of them; with None all, and their proofs overlap."""

    name: Literal["baseline", "probes", "parameters", "jobs", "credentials"]
    chains: tuple[Chain, ...]
    at_once: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages, and the rules that cannot be checked, with the reason and what was missing."""

    stages: tuple[Stage, ...]
    missing: dict[str, tuple[str, Because | None]]

    @property
    def chains(self) -> Iterator[Chain]:
        """All chains in order."""
        return (chain for stage in self.stages for chain in stage.chains)

    @property
    def jobs(self) -> int:
        """How many jobs it is given."""
        return sum(chain.needs_job for chain in self.chains)

    @property
    def cancels(self) -> int:
        """How many of them it cancels on an engine that conforms."""
        return sum(chain.proof is not None for chain in self.chains)

    @property
    def requests(self) -> int:
        """How many requests it sends to an engine that conforms and does not throttle."""
        return sum(len(chain.steps) for chain in self.chains)


def make_plan(means: Means, seed: int = 0) -> Plan:
    """The plan for these means. Without a token for any documented role there are no chains with jobs."""
    missing: dict[str, tuple[str, Because | None]] = {}
    stages = [
        Stage("baseline", tuple(catalogue.baseline(means)), at_once=1),
        Stage("probes", tuple(catalogue.probes(means)), at_once=1),
        Stage("parameters", tuple(catalogue.parameters(means, seed))),
        Stage("jobs", tuple(catalogue.on_jobs(means))),
        Stage("credentials", tuple(catalogue.credentials(means)), at_once=1),
    ]
    if not means.derivable:
        reason = (
            "the supplied ids are short, or may end in a running number, "
            "so that one with a character more or less could be somebody else's job"
        )
        missing["effects.exact"] = (reason, None)
    for role in ROLES:
        if role not in means.roles:
            missing[f"roles.{role}"] = (f"no token for the role: give --token {role}=SOURCE", "tokens")
    if not means.others:
        missing["roles.others"] = (
            "no token for a role that the page does not list: give --token apiread=SOURCE",
            "tokens",
        )
    if not means.roles:
        reason = "no token for a role that may cancel: nothing else shows that the job was still active"
        unproved = {rule_id for stage in stages for chain in stage.chains if chain.needs_job for rule_id in chain.rules}
        for rule_id in sorted(unproved):
            missing.setdefault(rule_id, (reason, "tokens"))
    stages = _select(stages, means.wanted)
    return Plan(tuple(_ration(stages, means, missing)), missing)


def _select(stages: Sequence[Stage], wanted: frozenset[str] | None) -> list[Stage]:
    """Leave out chains whose rules nobody wants; the baseline shows that the credentials work, so it stays."""
    if wanted is None:
        return list(stages)
    return [
        stage
        if stage.name == "baseline"
        else replace(stage, chains=tuple(chain for chain in stage.chains if _is_wanted(chain, wanted)))
        for stage in stages
    ]


def _is_wanted(chain: Chain, wanted: frozenset[str]) -> bool:
    own = {step.rule for step in chain.refused} | ({chain.proof.rule} if chain.proof else set())
    own |= {"effects.overlap"} if chain.refused and chain.proof else set()
    return bool(own & wanted) or (bool(chain.rivals) and "effects.repeat" in wanted)


_SHOWN_BY_SUCCESS = [
    rule.id
    for rule in contract.load_rules()
    if rule.aspect in {"response", "transport"}
    or rule.id in {"request.json", "route.path", "effects.overlap", "effects.canceled", "effects.identity"}
]

# The most telling first: who may, then what may not cancel.
_LAST = ("further", "GET and HEAD", "PUT and PATCH", "DELETE and OPTIONS", "elsewhere")
_PRIORITY = (
    "admin",
    "engineering",
    "support",
    "apiwrite",
    "others",
    "none",
    "array",
    "location",
    "wrong",
    "empty",
    "race",
)


def _telling(chain: Chain) -> int:
    """The rank of a chain: the most telling first, what only assumed rules need last."""
    if chain.name in _LAST:
        return 100 + _LAST.index(chain.name)
    return _PRIORITY.index(chain.name) if chain.name in _PRIORITY else len(_PRIORITY)


def _ration(stages: Sequence[Stage], means: Means, missing: dict[str, tuple[str, Because | None]]) -> Iterator[Stage]:
    """Drop the chains that there are no jobs for, the least telling first."""
    with_jobs = [chain for stage in stages for chain in stage.chains if chain.needs_job]
    with_jobs.sort(key=_telling)
    kept = with_jobs if means.jobs is None else with_jobs[: means.jobs]
    dropped = [chain for chain in with_jobs if chain not in kept]
    reason = f"too few jobs: {means.jobs} of {len(with_jobs)}; give more by {means.jobs_option}"
    for chain in dropped:
        # Also where another chain shows a part of the rule: what was checked in part is not held.
        for rule_id in sorted(chain.rules):
            missing.setdefault(rule_id, (reason, "jobs"))
    if {chain.proof.body for chain in dropped if chain.proof} - {chain.proof.body for chain in kept if chain.proof}:
        missing.setdefault("request.json", (reason, "jobs"))
    if not kept:
        for rule_id in _SHOWN_BY_SUCCESS:
            missing.setdefault(rule_id, (reason, "jobs"))
    for stage in stages:
        yield replace(stage, chains=tuple(_in_place(chain, dropped) for chain in stage.chains))


def _in_place(chain: Chain, dropped: Sequence[Chain]) -> Chain:
    """What of a chain needs no job: callers who may not can still be seen to cancel the id of no job."""
    if chain not in dropped:
        return chain
    refused = tuple(
        replace(step, body=NO_JOB, situation=f"{step.situation}, for the id of no job")
        for step in dict.fromkeys(chain.refused)
        if step.rule.startswith("roles.")
    )
    return Chain(chain.name, refused)

"""The generated bodies that break the request schema."""

import pytest

from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Caller
from contract_tests.plan.generate import COUNT, bad_bodies
from contract_tests.plan.scenario import Step, fill
from contract_tests.purpose import Purpose
from contract_tests.safety.guard import Guard
from engine_contract.contract import load_contract


@pytest.mark.parametrize("seed", [1, 7])
def test_generated_body_breaks_its_rule_and_passes_the_guard(seed: int) -> None:
    """On an engine that is not ours, too, each of them is sent: none can name a job."""
    bodies = bad_bodies(load_contract(), seed)
    assert len(bodies) == len({body.body for body in bodies}) == COUNT
    assert {bad.rule for bad in bodies} >= {"request.body", "request.job_id.required"}
    guard = Guard(load_contract())
    for bad in bodies:
        request = fill(Step(Purpose.GENERATED, Caller(), "refused", bad.rule, bad.body), None, guard)
        assert (rule_broken_by(load_contract(), request.body or b""), guard.objection(request)) == (bad.rule, None)


def test_bodies_of_a_seed_are_always_the_same() -> None:
    """A run is done again with its seed; another seed draws others."""
    first = bad_bodies(load_contract(), 7)
    bad_bodies.cache_clear()
    assert bad_bodies(load_contract(), 7) == first
    assert set(first) != set(bad_bodies(load_contract(), 1))

"""The generated bodies that break the request schema."""

import subprocess
import sys

import pytest

from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Caller
from contract_tests.plan.generate import RANDOM, bad_bodies
from contract_tests.plan.scenario import Step, fill
from contract_tests.safety.guard import Guard


@pytest.mark.parametrize("seed", [0, 7])
def test_generated_body_breaks_its_rule_and_passes_the_guard(seed: int) -> None:
    """On an engine that is not ours, too, each of them is sent: none can name a job."""
    bodies = bad_bodies(seed)
    assert len(bodies) == len({body.body for body in bodies})
    assert {bad.rule for bad in bodies} >= {"request.body", "request.job_id.required"}
    guard = Guard()
    for bad in bodies:
        request = fill(Step("a generated body", Caller(), "refused", bad.rule, bad.body), None, guard)
        assert (rule_broken_by(request.body or b""), guard.objection(request)) == (bad.rule, None)


def test_bodies_of_a_seed_are_always_the_same() -> None:
    """A run is done again with its seed; another seed draws others behind the same coverage cases."""
    first = bad_bodies(7)
    bad_bodies.cache_clear()
    assert bad_bodies(7) == first
    covering = bad_bodies(0)
    assert (first[: len(covering)], len(first)) == (covering, len(covering) + RANDOM)
    assert set(first) != set(bad_bodies(8))


def test_default_run_draws_nothing() -> None:
    """Random bodies take a third of a short run; who wants them gives a seed."""
    code = "import contract_tests.plan.generate as g; g._draw = None; print(len(g.bad_bodies(0)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) >= 12

"""The generated bodies that break the request schema."""

import json
import subprocess
import sys

import pytest

from contract_tests.judge.request import rule_broken_by
from contract_tests.model import Caller
from contract_tests.plan.generate import COUNT, DEFAULT_SEED, bad_bodies, draw_bad_bodies
from contract_tests.plan.scenario import Step, fill
from contract_tests.safety.guard import Guard

MAKE_A_PLAN = """
import json, sys
from contract_tests.plan.plan import make_plan
from contract_tests.plan.scenario import Resources

make_plan(Resources(("admin",), (), None))
print(json.dumps([name for name in ("schemathesis", "hypothesis") if name in sys.modules]))
"""


def test_bodies_of_the_file_are_those_of_the_default_seed() -> None:
    """`python -m contract_tests.plan.generate` writes the file again, where another version of Hypothesis draws others."""
    assert bad_bodies(DEFAULT_SEED) == draw_bad_bodies(DEFAULT_SEED)


@pytest.mark.parametrize("seed", [DEFAULT_SEED, 7])
def test_generated_body_breaks_its_rule_and_passes_the_guard(seed: int) -> None:
    """On an engine that is not ours, too, each of them is sent: none can name a job."""
    bodies = bad_bodies(seed)
    assert len(bodies) == len({body.body for body in bodies}) == COUNT
    assert {bad.rule for bad in bodies} >= {"request.body", "request.job_id.required"}
    guard = Guard()
    for bad in bodies:
        request = fill(Step("a generated body", Caller(), "refused", bad.rule, bad.body), None, guard)
        assert (rule_broken_by(request.body or b""), guard.objection(request)) == (bad.rule, None)


def test_bodies_of_a_seed_are_always_the_same() -> None:
    """A run is done again with its seed; another seed draws others."""
    draw_bad_bodies.cache_clear()
    first = bad_bodies(7)
    draw_bad_bodies.cache_clear()
    assert bad_bodies(7) == first
    assert set(first) != set(bad_bodies(DEFAULT_SEED))


def test_run_with_the_default_seed_loads_no_generator() -> None:
    """To load Schemathesis and to draw takes half of the time of a short run."""
    done = subprocess.run([sys.executable, "-c", MAKE_A_PLAN], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == []

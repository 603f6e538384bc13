"""Hypothesis, by way of Schemathesis: it draws the bodies that break the request schema."""

from tests.adapters.removal import complaints


def test_a_name_of_the_generator_that_is_gone_is_named() -> None:
    """Without one, the bodies would depend on the modules that happen to be loaded, or there were none."""
    said = complaints("contract_tests.plan.hypothesis_setup", "None")
    assert "hypothesis.internal.conjecture.providers:HypothesisProvider._local_constants" in said
    said = complaints("contract_tests.plan.generate", "_generate(contract.load_contract(), 1, bool, is_enough=object)")
    assert "schemathesis.schemas:APIOperation.as_strategy" in said
    assert "schemathesis.schemas:BaseSchema.iter_coverage_cases" in said

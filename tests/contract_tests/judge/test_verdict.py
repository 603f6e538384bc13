"""Outcomes: the header that distinguishes the answers that break a rule from the others."""

from contract_tests.judge.verdict import USUAL, rule_results
from contract_tests.model import Finding, Judgement
from engine_contract import contract

RULE = "effects.canceled"


def test_told_apart_leaves_out_what_no_single_response_shows() -> None:
    """An engine whose answers all name their server is not said to have answered without; another server is told."""
    broken = Judgement(RULE, Finding("running", "canceled"), (("Server", "node-1"),))

    def told(*others: Judgement) -> str | None:
        (result,) = rule_results([contract.rule(RULE)], [broken, *others], {}, USUAL)
        return result.told_apart

    assert told(Judgement(RULE)) is None
    assert told(Judgement(RULE), Judgement(RULE, origin=(("Server", "node-2"),))) == (
        "These answers have Server: node-1; the rest has Server: node-2."
    )
    assert told(Judgement(RULE, origin=())) == "These answers have Server: node-1; the rest has no Server."

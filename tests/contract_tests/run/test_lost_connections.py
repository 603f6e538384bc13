"""A network that resets connections: no break of the contract, as long as the engine answers in the end."""

import pytest

from contract_tests.check import check
from contract_tests.model import Report
from contract_tests.safety.supply import Supply
from contract_tests.transport.sender import is_likely
from tests.support.engines import check_standin, settings_for
from tests.support.job_engine import job_engine
from tests.support.resetting_proxy import resetting_proxy


def run(share: float, seed: int, *, jobs: int = 24, chunk: int = 4096, **behaves: object) -> tuple[Report, int]:
    """Check an engine behind a proxy that resets; the report, and how many connections were reset."""
    with job_engine(**behaves) as engine, resetting_proxy(engine.url, share=share, seed=seed, chunk=chunk) as proxy:
        made = engine.make_jobs(jobs)
        return check(settings_for(proxy.url), lambda _: Supply(made)).report, proxy.reset


@pytest.mark.parametrize("seed", range(4))
def test_resets_of_the_network_break_nothing(seed: int) -> None:
    """With 3 % of chunks reset an engine that conforms does, and the report counts the connections that were lost."""
    report, resets = run(0.03, seed)
    broken = [result for result in report.rules if result.outcome == "broken"]
    assert not broken, broken
    assert report.verdict == "conforms" or report.undecided_because == ("network",), report.notes
    assert 0 < report.connections_lost <= resets
    assert any("connections to the engine were lost" in note for note in report.notes)


@pytest.mark.parametrize("seed", range(3))
def test_resets_do_not_hide_a_fault(seed: int) -> None:
    """An engine that lets a role in that may not is found behind such a network."""
    report, _ = run(0.03, seed, lets_in=("apiread",))
    assert report.verdict == "violates"
    assert "roles.others" in [result.rule.id for result in report.rules if result.outcome == "broken"]


@pytest.mark.parametrize("seed", range(5))
def test_too_many_resets_are_undecided_because_of_the_network(seed: int) -> None:
    """Where so much is lost that trying again does not help, it is the network, and no rule is broken."""
    report, _ = run(0.25, seed)
    assert report.verdict == "undecided", [r for r in report.rules if r.outcome == "broken"]
    assert set(report.undecided_because) & {"network", "unreachable"}


@pytest.mark.parametrize(("lost", "expected"), [(6, False), (20, False), (58, True), (130, True)])
def test_five_losses_in_a_row_are_likely_where_many_are_lost(lost: int, expected: bool) -> None:  # noqa: FBT001
    """Of 300 requests: where a fifth is lost they may be chance, and where few are lost they are the engine's."""
    assert is_likely(5, lost=lost, sent=300) is expected


def test_no_reset_counts_no_connection() -> None:
    """On a network that loses nothing the count is 0 and nothing is warned of."""
    report, _ = run(0.0, 1)
    assert (report.verdict, report.connections_lost) == ("conforms", 0)
    assert next(result for result in report.rules if result.rule.id == "transport.stable").outcome == "held"


@pytest.mark.parametrize("name", ["bad-parameter-drops", "dropped", "cut-off", "big-documents-cut"])
def test_engine_that_drops_is_still_a_break(name: str) -> None:
    """Engines that drop what they are asked, always or at every third answer, are not taken for a bad network."""
    seen = check_standin(name)
    assert seen.report.verdict == "violates", seen.why()

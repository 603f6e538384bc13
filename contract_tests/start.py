"""The starts of check-engine and watch-engine."""

from engine_contract.start import ends_at_interrupt


def main() -> None:
    """Load check-engine and run it."""
    with ends_at_interrupt("check-engine"):
        from contract_tests.cli import main as check_engine
    check_engine()


def watch_engine() -> None:
    """Load watch-engine and run it."""
    with ends_at_interrupt("watch-engine"):
        from contract_tests.watch.cli import main as watch
    watch()

"""The starts of check-engine and watch-engine."""

import gc

from engine_contract.start import ends_at_interrupt


def main() -> None:
    """Load check-engine and run it."""
    # Modules stay once they are loaded: by default the collector takes a tenth of a run to look through them, again and
    # again, and once more at the end.
    gc.set_threshold(50_000, 20, 50)
    with ends_at_interrupt("check-engine"):
        from contract_tests.cli import main as check_engine
    try:
        check_engine()
    finally:
        gc.freeze()


def watch_engine() -> None:
    """Load watch-engine and run it."""
    with ends_at_interrupt("watch-engine"):
        from contract_tests.watch.cli import main as watch
    watch()

"""The starts of check-engine and watch-engine."""

import gc

from engine_contract.start import loading


def main() -> None:
    """Load check-engine and run it."""
    with loading("check-engine"):
        from contract_tests.cli import main as check_engine
    try:
        check_engine()
    finally:
        gc.freeze()  # nothing is collected once more at the end


def watch_engine() -> None:
    """Load watch-engine and run it."""
    with loading("watch-engine"):
        from contract_tests.watch.cli import main as watch
    watch()

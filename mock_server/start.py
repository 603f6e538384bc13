"""The start of mock-engine."""

import gc

from engine_contract.start import loading


def main() -> None:
    """Load the command and run it."""
    # Nearly all that is made until it serves stays: to look through it would take a tenth of the start. See `cli`.
    gc.disable()
    with loading("mock-engine"):
        from mock_server.cli import main as mock_engine
    mock_engine()

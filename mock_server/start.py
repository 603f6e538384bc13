"""The start of mock-engine."""

from engine_contract.start import ends_at_interrupt


def main() -> None:
    """Load the command and run it."""
    with ends_at_interrupt("mock-engine"):
        from mock_server.cli import main as mock_engine
    mock_engine()

"""The start of check-engine: an interrupt while its modules load ends it as a later one does, without a traceback."""

import sys


def main() -> None:
    """Load the command and run it."""
    try:
        from contract_tests.cli import main as check_engine
    except KeyboardInterrupt:
        sys.stderr.write("check-engine: interrupted.\n")
        sys.exit(130)
    check_engine()

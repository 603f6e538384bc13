"""`python -m contract_tests` is check-engine."""

from contract_tests.cli import main

main()

"""`python -m contract_tests` is check-engine."""

from contract_tests.start import main

main()

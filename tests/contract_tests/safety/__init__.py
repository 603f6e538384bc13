"""Tests of contract_tests.safety."""

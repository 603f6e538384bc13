"""Tests of contract_tests.transport."""

"""Tests of contract_tests.watch."""

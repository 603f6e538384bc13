"""Tests of contract_tests.hooks."""

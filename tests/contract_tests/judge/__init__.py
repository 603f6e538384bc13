"""Tests of contract_tests.judge."""

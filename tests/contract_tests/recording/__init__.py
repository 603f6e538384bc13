"""Tests of contract_tests.recording."""

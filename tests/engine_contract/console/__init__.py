"""Tests of engine_contract.console."""

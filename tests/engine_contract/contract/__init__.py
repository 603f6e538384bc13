"""Tests of engine_contract.contract."""

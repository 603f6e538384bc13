"""Tests of engine_contract."""

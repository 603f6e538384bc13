"""Tests of engine_contract.http."""

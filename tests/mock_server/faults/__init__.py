"""Tests of mock_server.faults."""

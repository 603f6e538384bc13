"""Tests of mock_server.operations."""

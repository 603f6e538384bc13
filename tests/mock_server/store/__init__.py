"""Tests of mock_server.store."""

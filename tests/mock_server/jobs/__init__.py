"""Tests of mock_server.jobs."""

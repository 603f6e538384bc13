"""Tests of mock_server."""

"""Tests of mock_server.control."""

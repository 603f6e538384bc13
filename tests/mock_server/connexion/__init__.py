"""Tests of mock_server.connexion."""

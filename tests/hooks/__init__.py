"""Schemathesis with the hooks, over real HTTP, before the test engines."""

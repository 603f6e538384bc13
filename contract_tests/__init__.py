"""Checks of an engine, live or mock, against the contract: plan → exchange → judge → report."""

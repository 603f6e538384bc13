"""Checks of an engine, live or mock, against the contract: plan → exchange → judge → report."""

__version__ = "0.1.0"

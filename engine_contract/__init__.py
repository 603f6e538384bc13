"""Shared by the programs: the contract, HTTP, texts, the console and the pytest plugin."""

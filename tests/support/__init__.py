"""Shared by tests: servers, commands and other parts that several of them need."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout."""

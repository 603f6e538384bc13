"""The example scripts, run against an engine of the field."""

"""A run: scenarios carried out on an engine, and what they show."""

"""The mock as the console shows it."""

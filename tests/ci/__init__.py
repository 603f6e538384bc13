"""The recipes for CI, run as far as a machine without them can."""

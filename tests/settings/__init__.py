"""The settings file: engines by name."""

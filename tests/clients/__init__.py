"""Public clients of such engines, unchanged, on the mock."""

"""The documentation: its commands run, its pages are current."""

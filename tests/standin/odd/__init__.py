"""The correct but unusual versions of the engine, in files by what they vary."""

"""The wrong versions of the engine, a file for each aspect."""

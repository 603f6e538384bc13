"""How the mock listens: one process, several workers, or inside a test."""

"""Traffic that passed, or that a file holds: reading, judging, redacting and writing it."""

"""What may be sent at all: the guard, what neutralizes a request, and the supply of jobs."""

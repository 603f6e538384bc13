"""Safety of other people's jobs: the guard, the neutralizing of requests, and the supply of jobs."""

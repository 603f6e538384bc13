"""How a request is answered: credentials, preferences, bodies, refusals, the cancel itself."""

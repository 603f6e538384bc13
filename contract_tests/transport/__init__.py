"""How requests travel: connections, retries, TLS and proxies."""

"""Pure functions from exchanges to findings; the runner, the proxy and the replay all use them."""

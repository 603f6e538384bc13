#!/usr/bin/env python3
# ruff: noqa: T201 - it prints
"""Logs in to an engine with POST /login and prints the token: a `cmd:` source for check-engine and watch-engine.

    python examples/login.py USER

ENGINE_URL       the engine's base
ENGINE_PASSWORD  the user's password; ENGINE_PASSWORD_USER, in capitals, goes before it

It needs Python alone. Certificates to trust come from SSL_CERT_FILE, proxies from the environment.
"""

import json
import os
import re
import sys
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TIMEOUT = 30  # seconds


def main() -> None:
    """Log in as the user that is named, print the token and nothing else."""
    if len(sys.argv) != 2:
        sys.exit("usage: login.py USER")
    user = sys.argv[1]
    own = "ENGINE_PASSWORD_" + re.sub(r"\W", "_", user).upper()
    password = os.environ.get(own) or os.environ.get("ENGINE_PASSWORD")
    url = os.environ.get("ENGINE_URL")
    if not url or not password:
        sys.exit(f"login.py: set ENGINE_URL, and {own} or ENGINE_PASSWORD.")
    body = json.dumps({"user": {"username": user, "password": password}}).encode()
    try:
        request = Request(f"{url.rstrip('/')}/login", body, {"Content-Type": "application/json"})  # noqa: S310 - the user's URL
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the user's URL
            text = answer.read().decode().strip()
    except HTTPError as error:
        sys.exit(f"login.py: {url} refused {user}: status {error.code}.")
    except (OSError, HTTPException, ValueError) as error:
        sys.exit(f"login.py: {url} was not reached: {error}.")
    # A bare token; some engines put it into quotes, as JSON has it.
    print(json.loads(text) if text.startswith('"') else text)


if __name__ == "__main__":
    main()

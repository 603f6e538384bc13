#!/usr/bin/env python3
# ruff: noqa: T201 - it prints
"""Starts jobs on an engine and prints their ids, one a line: a jobs command for check-engine.

    check-engine URL --jobs-command "python examples/start_jobs.py WORKFLOW" …

The workflow's first task must keep its jobs active: a manual task, or a delay.

ENGINE_URL    the engine's base
ENGINE_TOKEN  a token that may start jobs
ENGINE_AUTH   how it travels: bearer (if not set), basic (user:password), cookie:NAME or query:NAME
JOB_COUNT     how many jobs; check-engine sets it

It needs Python alone. Certificates to trust come from SSL_CERT_FILE, proxies from the environment.
"""

import json
import os
import sys
from base64 import b64encode
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

TIMEOUT = 30  # seconds


def main() -> None:
    """Start JOB_COUNT jobs of the workflow that is named. An id is printed as soon as its job is there."""
    if len(sys.argv) != 2:
        sys.exit("usage: start_jobs.py WORKFLOW")
    url, token = (os.environ.get(name, "").strip() for name in ("ENGINE_URL", "ENGINE_TOKEN"))
    if not url or not token.isprintable() or not token:
        sys.exit("start_jobs.py: set ENGINE_URL and ENGINE_TOKEN, each to one line of text.")
    path = f"/workflow_engine/startJobWithOptions/{quote(sys.argv[1], safe='')}"
    query, headers = credential(os.environ.get("ENGINE_AUTH") or "bearer", token)
    started: list[str] = []
    try:
        for _ in range(int(os.environ.get("JOB_COUNT", "1"))):
            started.append(start(f"{url.rstrip('/')}{path}{query}", headers))
            print(started[-1], flush=True)
    except (OSError, HTTPException, KeyError, TypeError, ValueError) as error:
        why = f"status {error.code}" if isinstance(error, HTTPError) else str(error)
        left = f" These are active: {' '.join(started)}" if started else ""
        sys.exit(f"start_jobs.py: no job was started: {why}.{left}")


def credential(auth: str, token: str) -> tuple[str, dict[str, str]]:
    """The query and the headers by which the token travels."""
    way, _, name = auth.partition(":")
    match way:
        case "bearer":
            return "", {"Authorization": f"Bearer {token}"}
        case "basic":
            return "", {"Authorization": f"Basic {b64encode(token.encode()).decode()}"}
        case "cookie":
            return "", {"Cookie": f"{name}={token}"}
        case "query":  # a token may end in =, which a query must not hold
            return f"?{name}={quote(token, safe='')}", {}
    sys.exit(f"start_jobs.py: ENGINE_AUTH={auth}: allowed are bearer, basic, cookie:NAME and query:NAME.")


def start(url: str, headers: dict[str, str]) -> str:
    """Start one job; its id, which stands in `_id` of the job that is returned."""
    request = Request(url, b'{"options": {}}', {"Content-Type": "application/json", **headers})  # noqa: S310 - the user's URL
    with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the user's URL
        return str(json.load(answer)["_id"])


if __name__ == "__main__":
    main()

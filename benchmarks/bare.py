"""Bare Starlette answering the same bytes: what the mock's framework could do at most. `python -m benchmarks.bare PORT`."""

import sys
from statistics import fmean

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.load import PATH, REFUSED_STATUS
from engine_contract.http.cors import EXPOSED
from mock_server.jobs.documents import document, ids
from mock_server.jobs.job import State

_NOW = 1_764_000_000_000


def typical_document() -> bytes:
    """Of a thousand documents of the mock the one nearest to their mean size."""
    canceled = State("canceled", changed_at_ms=_NOW, changed_by="admin")
    written = [document(job, canceled) for job in ids(0, 0, 1000)]
    mean = fmean(map(len, written))
    return min(written, key=lambda document: abs(len(document) - mean))


_HEADERS = {
    "access-control-allow-origin": "http://localhost:3000",
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": EXPOSED.decode(),
    "vary": "Origin",
}


def application() -> Starlette:
    """One route, one document, and one refusal."""
    document = typical_document()
    refusal = b'{"type": "about:blank", "status": 401, "detail": "The request carries no credential."}'

    async def cancel(request: Request) -> Response:
        if "authorization" in request.headers:
            return Response(document, 200, _HEADERS, "application/json")
        return Response(refusal, REFUSED_STATUS, _HEADERS, "application/problem+json")

    return Starlette(routes=[Route(PATH, cancel, methods=["POST"])])


def main() -> None:
    """Serve as the mock does: uvloop and httptools where they exist, no log."""
    uvicorn.run(
        application(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()

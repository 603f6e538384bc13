"""A caller of an engine over one kept connection."""

import gzip
import json
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from urllib.parse import urlsplit

from .shape import CAPTURED, JOB, misfit

ADMIN = "admin"
ROUTE = "/workflow_engine/cancelJob"


@dataclass(frozen=True)
class Answer:
    """What came back; `broken` says why nothing usable did."""

    status: int = 0
    kind: str = ""
    body: bytes = b""
    broken: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the request was clearly refused."""
        return self.broken is None and self.status >= 300

    def wrong(self, job_id: str) -> str | None:
        """What is wrong with it as the answer to a good cancel of a job."""
        if self.broken is not None or self.status != 200:
            return f"{self.status} {self.broken}"
        if self.kind.partition(";")[0].strip().lower() != "application/json":
            return f"type {self.kind}"
        try:
            value = json.loads(self.body.decode("utf-8"), parse_constant=_reject)
        except ValueError as error:
            return f"JSON {error}"
        is_captured = isinstance(value, dict) and "ancestors" in value
        found = misfit(value, CAPTURED if is_captured else JOB)
        if found or value["_id"] != job_id or value["status"] != "canceled":
            return f"document {found}"
        return None


def _reject(name: str) -> Any:
    raise ValueError(name)


class Caller:
    """Sends requests; tries again when it is turned away with 429 or 503."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._prefix = parts.path
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=2)

    def __enter__(self) -> Self:
        """The caller."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.close()

    def once(self, method: str, path: str, body: bytes | None, token: str | None) -> Answer:
        """Send one request; anything that is not HTTP makes a broken answer."""
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            self._connection.request(method, self._prefix + path, body, headers)
            reply = self._connection.getresponse()
            content = reply.read()
            if reply.headers["Content-Encoding"] == "gzip":
                content = gzip.decompress(content)
        except (HTTPException, OSError) as error:
            self._connection.close()
            return Answer(broken=repr(error))
        return Answer(reply.status, reply.headers["Content-Type"] or "", content)

    def send(
        self, method: str = "POST", path: str = ROUTE, body: bytes | None = None, token: str | None = ADMIN
    ) -> Answer:
        """Send a request, again while it is turned away."""
        answer = self.once(method, path, body, token)
        for _ in range(400):
            if answer.status not in (429, 503):
                break
            time.sleep(0.005)
            answer = self.once(method, path, body, token)
        return answer

    def cancel(self, job_id: Any, token: str | None = ADMIN) -> Answer:
        """Ask to cancel a job."""
        return self.send(body=json.dumps({"job_id": job_id}).encode(), token=token)

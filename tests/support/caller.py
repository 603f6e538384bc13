"""A caller of the operation, over real HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx

ROUTE = "/workflow_engine/cancelJob"

PAGE_ID = "4321abcdef694aa79dae47ad"


@dataclass(frozen=True)
class Caller:
    """Sends requests as a role, and reads what came of them."""

    client: httpx.Client

    def cancel(self, job_id: Any = PAGE_ID, *, role: str | None = "admin", **options: Any) -> httpx.Response:
        """Cancel a job, by a JSON body unless `content` gives another."""
        headers = {} if role is None else {"Authorization": f"Bearer {role}"}
        headers |= options.pop("headers", {})
        if "content" in options:
            headers.setdefault("Content-Type", "application/json")
        else:
            options.setdefault("json", {"job_id": job_id})
        return self.client.post(ROUTE, headers=headers, **options)

    def status(self, job_id: str = PAGE_ID, session: str | None = None) -> str:
        """Return the state of a job, as the control API says it."""
        headers = {} if session is None else {"Mock-Session": session}
        response = self.client.get(f"/_mock/jobs/{job_id}", headers=headers)
        return str(response.json()["status"]) if response.status_code == 200 else "unknown"

    def arm(self, **behavior: Any) -> httpx.Response:
        """Arm a behaviour over the control API."""
        return self.client.put("/_mock/behavior", json=behavior)

    def journal(self, **query: Any) -> list[dict[str, Any]]:
        """Return the journal, newest last."""
        entries: list[dict[str, Any]] = self.client.get("/_mock/requests", params=query).json()["requests"]
        return entries


def cancel(url: str, job_id: str = PAGE_ID, token: str = "admin") -> httpx.Response:  # noqa: S107
    """Cancel a job with a bearer token, whatever the server's certificate."""
    return httpx.post(url + ROUTE, json={"job_id": job_id}, headers={"Authorization": f"Bearer {token}"}, verify=False)  # noqa: S501

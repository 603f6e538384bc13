"""The small engine with readable jobs, which takes tokens in one way, and whose logins give tokens that end."""

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.job_engine import CANCEL, DETAILS, OTHERS, ROLES, JobEngine, serve
from tests.support.raw_server import RawRequest


@dataclass
class LoginEngine(JobEngine):
    """`refuses_with` is the one status, with one body, of its refusals for want of rights; None for 401 and 403."""

    way: str = "bearer"
    """How it takes a token: bearer, query, cookie or basic."""
    lasts: int | None = None
    """Requests after which a token that a login gave has ended; None where a role's token is its name."""
    tokens: dict[str, list[Any]] = field(default_factory=dict)
    """Tokens that logins gave: the role, and for how many requests they are still good."""
    logins: list[str] = field(default_factory=list)
    """The users who logged in, in order."""

    def refusal(self, role: str) -> tuple[int, Any]:
        """Refuse with the one status, where there is one."""
        if self.refuses_with is None:
            return super().refusal(role)
        return self.refuses_with, {"error": "not for you", "time": time.time(), "request": token_hex(8)}

    def credential_of(self, request: RawRequest) -> str:
        """Return the credential of a request, empty where it does not come in the engine's way."""
        authorization = request.header("Authorization")
        match self.way:
            case "query":
                return parse_qs(urlsplit(request.path).query).get("token", [""])[0]
            case "cookie":
                return request.header("Cookie").removeprefix("token=")
            case "basic" if authorization.startswith("Basic "):
                return b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[0]
        return authorization.removeprefix("Bearer ") if self.way == "bearer" else ""

    def respond(self, request: RawRequest) -> tuple[int, Any]:
        """Answer a request: a login, a cancel, who asks, or a read of a job."""
        path = urlsplit(request.path).path
        job_id = path.removesuffix("/details").removeprefix(DETAILS)
        match request.method:
            case "POST" if path == "/login" and self.lasts is not None:
                return self.log_in(request.body)
            case "POST":
                role = self.role_of(self.credential_of(request))
                return self.cancel(role, request.body) if path == CANCEL else self.start(role, path)
            case "GET" if path == "/whoami":
                return self.whoami(self.role_of(self.credential_of(request)))
            case "GET" if path == f"{DETAILS}{job_id}/details":
                return self.details(job_id)
            case "GET":
                return 404, {"error": "not found"}
        return 405, {"error": "no such method"}

    def whoami(self, role: str) -> tuple[int, Any]:
        """Answer who asks."""
        return (200, {"role": role}) if role else (401, {"error": "log in"})

    def role_of(self, credential: str) -> str:
        """Return the role of a credential, empty for a wrong one; a token wears out by that."""
        if self.lasts is None:
            return credential if credential in {*ROLES, *OTHERS} else ""
        with self.lock:
            token = self.tokens.get(credential, ["", 0])
            token[1] -= 1
            return str(token[0]) if token[1] >= 0 else ""

    def log_in(self, body: bytes) -> tuple[int, Any]:
        """Answer a login, whose user is a role and whose password is `pass-` and the role: a bare token."""
        user = json.loads(body)["user"]
        role = user["username"].partition("@")[0]
        if user["password"] != f"pass-{role}":
            return 401, {"message": "wrong user or password"}
        self.logins.append(role)
        token = f"{token_hex(12)}="
        self.tokens[token] = [role, self.lasts]
        return 200, token


@contextmanager
def login_engine(**behaves: Any) -> Iterator[LoginEngine]:
    """Serve an engine; the keywords are the fields of `LoginEngine`."""
    engine = LoginEngine(**behaves)
    with serve(engine):
        yield engine

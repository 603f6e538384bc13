"""Roles: who may cancel a job, and which credential stands for which role."""

from collections.abc import Mapping

ALLOWED = ("admin", "engineering", "support", "apiwrite")
REFUSED = ("apiread", "operator")
TOKENS: Mapping[str, str] = {role: role for role in ALLOWED + REFUSED}


def token_of(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer TOKEN` header; None without one."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    return token.strip() or None

"""Logins, as such engines have them: `POST /login`, `POST /logout` and, in later editions, `POST /oauth/token`.

The vendor's documents and public clients send `{"user": {"username", "password"}}`, get a bare token, and send it back as
the cookie `token` or as `?token=`.
"""

from typing import Any
from urllib.parse import parse_qs, quote

import orjson

from mock_server.operations.credentials import Credentials, wrong_credential
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, Refused
from mock_server.operations.response import JSON, Response
from mock_server.store.access import Access

LOGIN_PATH = b"/login"
"""Where logins are, and where redirects of those who are not logged in lead."""
LOGIN_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Log in</title>
<h1>Log in</h1><p>An engine has a form here. This mock takes POST with {"user": {"username": "…", "password": "…"}}.</p></html>
""".encode()
TEXT = b"text/plain; charset=utf-8"
LASTS_S = 3600
"""What `expires_in` says of a token that never expires, in seconds."""


async def log_in(exchange: Exchange, credentials: Credentials, store: Access) -> Response:
    """Return the user's token, bare as such engines answer it, and in the cookie `token`. Raise Refused."""
    user = exchange.json.get("user") if isinstance(exchange.json, dict) else None
    name = user.get("username") if isinstance(user, dict) else None
    password = user.get("password", "") if isinstance(user, dict) else None
    if not isinstance(name, str) or not isinstance(password, str):
        expected = '{"user": {"username": ROLE, "password": "…"}}'
        raise Refused(Refusal("missing-parameter", f"Missing Params: a login is {expected}.", "user"))
    token = await credentials.log_in(store, exchange.session, name, password)
    if token is None:
        raise Refused(
            Refusal("wrong-credential", f"Nobody has that name and password.{credentials.users_said}", "user")
        )
    cookie = f"token={quote(token, safe='=')}; Path=/; SameSite=Lax"
    return Response(200, TEXT, token.encode(), ((b"set-cookie", cookie.encode()),))


async def log_out(exchange: Exchange, store: Access) -> Response:
    """End the token that the request carries. Raise Refused where it carries none that is valid."""
    credential = exchange.credential
    if credential.role is None:
        raise Refused(wrong_credential(credential))
    await store.dismiss(credential.token)
    gone = b"token=; Path=/; Max-Age=0; SameSite=Lax"
    return Response(200, TEXT, b"Logged out.", ((b"set-cookie", gone),))


async def grant(exchange: Exchange, credentials: Credentials, store: Access) -> Response:
    """Return an access token for a client's id and secret, which are a user's name and password. Raise Refused."""
    form = {name: values[0] for name, values in parse_qs(exchange.body.decode("latin-1")).items()}
    kind = form.get("grant_type", "")
    if kind != "client_credentials":
        raise Refused(Refusal("bad-parameter", f"grant_type {kind[:80]!r}: must be client_credentials.", "grant_type"))
    name, password = form.get("client_id"), form.get("client_secret", "")
    if name is None and exchange.credential.kind == "basic" and exchange.credential.role is not None:
        token: str | None = await credentials.give(store, exchange.session, *exchange.credential.owner)
    elif name is None:
        raise Refused(Refusal("missing-parameter", "Missing Params: client_id is required.", "client_id"))
    else:
        token = await credentials.log_in(store, exchange.session, name, password)
    if token is None:
        raise Refused(
            Refusal(
                "wrong-credential", f"Nobody has that client_id and client_secret.{credentials.users_said}", "client_id"
            )
        )
    lasts_s = LASTS_S if credentials.lifetime_ms is None else -(-credentials.lifetime_ms // 1000)  # rounded up
    granted = {"access_token": token, "token_type": "Bearer", "expires_in": lasts_s}
    return Response(200, JSON, orjson.dumps(granted), ((b"cache-control", b"no-store"),))


def with_reason(response: Response, refusal: Refusal, error: str) -> Response:
    """Return a refusal with the members that clients read of a login that failed: `message` and `error`."""
    if "json" not in response.content_type.decode("latin-1"):
        return response
    body: Any = orjson.loads(response.body)
    if not isinstance(body, dict):
        return response
    return response._replace(body=orjson.dumps({"message": refusal.detail, "error": error} | body))

"""`POST /login`, as such engines have it.

The vendor's documents and public clients send `{"user": {"username", "password"}}`, get a bare token, and send it back as
the cookie `token` or as `?token=`.
"""

from urllib.parse import quote

from engine_contract.http.types import Receive
from mock_server.operations.body import read_body
from mock_server.operations.credentials import Credentials
from mock_server.operations.exchange import Exchange
from mock_server.operations.refusals import Refusal, Refused
from mock_server.operations.response import Response


async def log_in(exchange: Exchange, receive: Receive, credentials: Credentials, largest: int) -> Response:
    """Return the user's token, bare as such engines answer it, and in the cookie `token`. Raise Refused."""
    if exchange.method != "POST":
        headers = ((b"allow", b"POST"),)
        raise Refused(Refusal("method-not-allowed", "The method is not allowed here; POST is.", headers=headers))
    await read_body(exchange, receive, largest)
    user = exchange.json.get("user") if isinstance(exchange.json, dict) else None
    name = user.get("username") if isinstance(user, dict) else None
    password = user.get("password", "") if isinstance(user, dict) else None
    if not isinstance(name, str) or not isinstance(password, str):
        expected = '{"user": {"username": ROLE, "password": "…"}}'
        raise Refused(Refusal("missing-parameter", f"Missing Params: a login is {expected}.", "user"))
    token = credentials.token_of(name, password)
    if token is None:
        raise Refused(Refusal("wrong-credential", "Nobody has that name and password.", "user"))
    cookie = f"token={quote(token, safe='')}; Path=/; SameSite=Lax"
    return Response(200, b"text/plain; charset=utf-8", token.encode(), ((b"set-cookie", cookie.encode()),))

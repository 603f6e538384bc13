"""Sessions: a test run's jobs, journal and behaviour of its own."""

import re
from collections.abc import Mapping

from mock_server.operations.credentials import cookie_value
from mock_server.operations.refusals import Refusal, Refused
from mock_server.store import DEFAULT_SESSION

_NAME = re.compile(r"[\w.:@-]{1,100}", re.ASCII).fullmatch


def read_session(headers: Mapping[bytes, bytes]) -> str:
    """The session that a request names in the header or cookie `Mock-Session`. Raises Refused for what is no name."""
    name: str | None = None
    if b"mock-session" in headers:
        name = headers[b"mock-session"].decode("latin-1")
    elif b"cookie" in headers:
        name = cookie_value(headers[b"cookie"], "Mock-Session")
    if name is None:
        return DEFAULT_SESSION
    if not _NAME(name):
        detail = "Mock-Session takes 1 to 100 letters, digits and . _ : @ -"
        raise Refused(Refusal("bad-session", detail, "Mock-Session"))
    return name

"""The session that a page shows: it stands in the address, so that a link shows the same to everybody."""

import re

from flask import abort

_NAME = re.compile(r"[\w.:@-]{1,100}", re.ASCII).fullmatch


def read_session(name: str) -> str:
    """The name of a session; empty for that of those who name none."""
    name = name.strip()
    if name and not _NAME(name):
        abort(400, "A session's name is 1 to 100 letters, digits and . _ : @ -")
    return name

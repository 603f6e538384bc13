"""Requests that ask for a credential, and the token that answers them."""

import re
from urllib.parse import unquote

from engine_contract.text.masking.names import unescaped
from engine_contract.text.masking.values import MASK, is_word

MAX_LOGIN_CHARS = 64 << 10
"""Most characters that are read of a login's request and of its response."""

_PASSWORD_FIELD = re.compile(
    r"(?:passw(?:or[dt]|d)|passphrase|passcode|userpass|pwd)[\w\]%.-]{0,40}+\\*+[\"']?\s?[=:>\r\n]|(?<![a-z])(?:pass|pw)(?:\]|%5D)?\\*+[\"']?\s?[=:>]",
    re.IGNORECASE,
)
_NOT_BARE = re.compile(r"[\s{}<>]")


def has_password(body: str) -> bool:
    """Return whether a request's body has a field for a password, so that its response may be a token."""
    read = body[:MAX_LOGIN_CHARS]
    return any(_PASSWORD_FIELD.search(text) for text in dict.fromkeys((read, unquote(unescaped(read)))))


def bare_token(answer: str) -> str | None:
    """Return the token that a response consists of, as a JSON string or as it is; None for other texts, or a word."""
    text = answer.strip().strip('"')
    if len(answer) > MAX_LOGIN_CHARS or not text or text == MASK or _NOT_BARE.search(text) or is_word(text):
        return None
    return text

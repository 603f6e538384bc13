"""Requests that ask for a credential, and the token that answers them."""

import re
from urllib.parse import unquote

from engine_contract.text.masking.names import PASSWORDS, unescaped
from engine_contract.text.masking.values import MASK, is_word

MAX_LOGIN_CHARS = 64 << 10
"""Most characters that are read of a login's request and of its response."""

_OF_PASSWORDS = "|".join(sorted(re.escape(phrase).replace("\\ ", "[ _-]?") for phrase in PASSWORDS))
_PASSWORD_FIELD = re.compile(
    rf"(?:{_OF_PASSWORDS})[\w\]%.-]{{0,40}}+\\*+[\"']?\s?[=:>\r\n]|(?<![a-z])(?:pass|pw|mdp|clave)(?:\]|%5D)?\\*+[\"']?\s?[=:>]",
    re.IGNORECASE,
)
_LOGIN_MUTATION = re.compile(
    r"\bmutation\b[^{}]{0,200}+\{\s{0,20}+(?:\w{1,40}+\s?:\s?)?(?:log_?in|sign_?in|authenticat|create_?session)",
    re.IGNORECASE,
)
# A procedure whose arguments have no names, by JSON-RPC or XML-RPC.
_LOGIN_CALL = re.compile(
    r"(?:\"method\"\s?:\s?\"|<methodName>)[\w./:]{0,80}?(?:log_?in|sign_?in|authenticat)", re.IGNORECASE
)
_LOGIN_ROUTE = re.compile(
    r"/(?:(?:do|perform|user|admin)?[-_]?log[-_]?[io]n(?:[-_]?(?:check|action|process))?|sign[-_]?[io]n|sign[-_]?up"
    r"|auth(?:n|enticate|orize|entication)?|oauth2?|sso|saml2?|tokens?|sessions?|connect|j_(?:spring_|acegi_)?security_check)"
    r"(?:\.[a-z]{1,8}+)?(?:[/;]|\Z)",
    re.IGNORECASE,
)
MAX_ROUTE_CHARS = 8 << 10
_NOT_BARE = re.compile(r"[\s{}<>]")


def has_password(body: str) -> bool:
    """Return whether a request's body has a field for a password, so that its response may be a token."""
    read = body[:MAX_LOGIN_CHARS]
    texts = dict.fromkeys((read, unquote(unescaped(read))))
    patterns = (_PASSWORD_FIELD, _LOGIN_MUTATION, _LOGIN_CALL)
    return any(pattern.search(text) for text in texts for pattern in patterns)


def is_login_route(path: str) -> bool:
    """Return whether a route is where credentials are handed out: its bodies are nobody's to see."""
    return _LOGIN_ROUTE.search(unquote(unquote(path[:MAX_ROUTE_CHARS]))) is not None


def bare_token(answer: str) -> str | None:
    """Return the token that a response consists of, as a JSON string or as it is; None for other texts, or a word."""
    text = answer.strip().strip('"')
    if len(answer) > MAX_LOGIN_CHARS or not text or text == MASK or _NOT_BARE.search(text) or is_word(text):
        return None
    return text

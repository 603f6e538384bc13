"""The names whose values are secrets, by the words in them: the one table of the kit."""

import re
from functools import lru_cache
from urllib.parse import unquote

# Phrases that make a name secret wherever they stand in it, written together or not.
_PHRASES = (
    *("passw", "passphrase", "passcode", "userpass", "kennwort", "mot de passe", "contrasena"),
    *("secret", "token", "credential", "cookie", "session", "sessid", "assertion", "oidc", "hmac"),
    *(
        "mfa code",
        "otp code",
        "recovery code",
        "backup code",
        "verification code",
        "security answer",
        "connection string",
    ),
    *("authorization", "authorisation", "authentication", "bearer", "jwt", "signature", "csrf", "xsrf", "dpop", "saml"),
    *("api key", "access key", "account key", "client key", "encryption key", "master key", "private key"),
    *(
        "shared key",
        "signing key",
        "subscription key",
        "functions key",
        "license key",
        "ssh key",
        "ocp key",
        "pass key",
    ),
    *(
        "api code",
        "magic link",
        "key material",
        "snmp community",
        "client cert",
        "web socket protocol",
        "code verifier",
    ),
)
# Words that do only where they stand by themselves: `auth`, but not `author`.
_WORDS = frozenset(
    {"auth", "cred", "creds", "oauth", "otp", "pass", "pem", "pin", "psk", "pw", "pwd", "sess", "sid", "sig", "totp"}
)
# Last words of the parameters of a URL or a form. In JSON `code` is the code of an error, and `key` may be anything.
_PARAMETER_WORDS = frozenset({"code", "key", "ticket"})
# Names of the mock's own, and words with a phrase in them by chance.
READABLE = frozenset({"mocksession"})
_INNOCENT = frozenset({"possession", "secretary", "tokenizer", "tokenized"})
# A name that begins or ends like this describes a secret: `has_password`, `tokens_used`, `session_timeout`.
_ABOUT_FIRST = frozenset({"has", "is", "max", "min", "needs", "num", "total"})
_ABOUT_LAST = frozenset(
    {"at", "by", "count", "enabled", "expired", "expires", "expiry", "in", "length", "lifetime", "limit", "on"}
    | {"policy", "required", "size", "timeout", "ttl", "type", "used"}
)

_GLUED = tuple(phrase.replace(" ", "") for phrase in _PHRASES)
_LAST_WORDS = {phrase.split()[-1] for phrase in _PHRASES} | _WORDS | _PARAMETER_WORDS
# A text with a secret name holds one of these; most texts hold none, and the full search is slow.
HINTS = tuple(word for word in _LAST_WORDS if not any(other in word for other in _LAST_WORDS - {word}))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def is_secret(name: str, *, parameter: bool = False) -> bool:
    """Return whether the value of this name must not be shown; `parameter` for those of a URL or a form."""
    return (_is_secret if len(name) <= 100 else _is_secret.__wrapped__)(name, parameter)


@lru_cache(maxsize=4096)
def _is_secret(name: str, parameter: bool) -> bool:  # noqa: FBT001 - a cache's key
    words = words_of(name)
    glued = "".join(words)
    if not words or glued in READABLE or words[0] in _ABOUT_FIRST or words[-1] in _ABOUT_LAST:
        return False
    if parameter and words[-1] in _PARAMETER_WORDS:
        return True
    return words == ["x", "key"] or not _WORDS.isdisjoint(words) or any(phrase in glued for phrase in _GLUED)


def words_of(name: str) -> list[str]:
    """Return the words that a name is made of, in small letters."""
    words = (word.lower() for word in _WORD.findall(unquote(unescaped(name))))
    return [word for word in words if word not in _INNOCENT]


def unescaped(text: str) -> str:
    """Return a text with the escapes of JSON undone."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(escape[2], escape[2])

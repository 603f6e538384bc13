"""The names whose values are secrets, by the words in them: the one table of the kit."""

import re
from functools import lru_cache
from unicodedata import combining, normalize
from urllib.parse import unquote

# Phrases that make a name secret wherever they stand in it, written together or not.
PASSWORDS = (
    *("passw", "pa55w", "p4ssw", "passphrase", "passcode", "pwd"),
    *("user pass", "db pass", "my pass", "root pass", "admin pass"),
    *("ftp pass", "smtp pass", "ssh pass", "mail pass", "login pass", "require pass", "become pass", "pass hash"),
    *("bind pw", "nt hash", "ntlm hash", "lm hash"),
    *("kennwort", "mot de passe", "contraseña", "contrasenya", "senha", "palavra passe", "parola"),
    *("wachtwoord", "lösenord"),
    *("adgangskode", "salasana", "heslo", "hasło", "jelszó", "şifre", "пароль", "密码", "密碼", "口令"),
    *("パスワード", "暗証番号", "비밀번호", "암호"),
)
_PHRASES = (
    *PASSWORDS,
    *("secret", "token", "credential", "cookie", "session", "sessid", "assertion", "oidc", "hmac"),
    *("mfa code", "otp code", "recovery code", "backup code", "verification code", "device code", "user code"),
    *("one time code", "sms code", "login code", "security answer", "connection string", "conn str"),
    *("two factor code", "2fa code", "security code", "unlock code", "activation code", "invite code", "reset code"),
    *("reset link", "jenkins crumb", "aspxauth", "pin code"),
    *("authorization", "authorisation", "authentication", "bearer", "jwt", "signature", "csrf", "xsrf", "dpop", "saml"),
    *("api key", "app key", "application key", "access key", "account key", "client key", "consumer key"),
    *("encryption key", "master key", "private key", "shared key", "signing key", "subscription key", "functions key"),
    *("license key", "licence key", "product key", "activation key", "ssh key", "ocp key", "pass key", "deploy key"),
    *("webhook key", "storage key", "customer key", "unseal key", "priv key"),
    *("tls key", "ssl key", "rsa key", "ike key"),
    *("tacacs key", "radius key", "tacacs server key", "radius server key", "key string", "sso ticket"),
    *("api code", "seed phrase", "card number", "credit card", "magic link", "key material"),
    *("snmp community", "community string", "client cert", "web socket protocol", "code verifier"),
)
# Words that do only where they stand by themselves: `auth`, but not `author`.
_PASSWORD_WORDS = frozenset({"clave", "mdp", "pass", "psw", "pswd", "pw", "pword", "pwrd"})
_WORDS = _PASSWORD_WORDS | frozenset(
    {"auth", "authz", "cred", "creds", "cvc", "cvv", "dsn", "mfa", "oauth", "otc", "otp", "pem", "pin", "psk", "puk"}
    | {"sess", "sid", "sig", "ssn", "totp"}
)
# Last words of the parameters of a URL or a form. In JSON `code` is the code of an error, and `key` may be anything.
_PARAMETER_WORDS = frozenset({"code", "key", "ticket"})
# Names whose values are secrets where they look like one: `refresh` may also be a number of seconds.
_LIKELY = frozenset({"refresh"})
# Names of the mock's own, and words with a phrase in them by chance.
READABLE = frozenset({"mocksession"})
_INNOCENT = frozenset({"possession", "secretary", "tokenizer", "tokenized"})
# A name that begins or ends like this describes a secret: `has_password`, `tokens_used`, `session_timeout`.
_ABOUT_FIRST = frozenset({"has", "is", "max", "min", "needs", "num", "total"})
_ABOUT_LAST = frozenset(
    {"alg", "algorithm", "at", "by", "count", "domain", "duration", "enabled", "endpoint", "error", "expired"}
    | {"expires", "expiry", "in", "issuer", "length", "lifetime", "limit", "message", "method", "methods", "mode"}
    | {"name", "on", "path", "policy", "provider", "realm", "required", "role", "roles", "scope", "scopes", "size"}
    | {"status", "strategy", "supported", "timeout", "ttl", "type", "used", "user", "username", "version"}
)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7F]+")


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


def may_be_secret(name: str) -> bool:
    """Return whether a value of this name is a secret if it looks like one."""
    return name.lower() in _LIKELY


def is_password(name: str) -> bool:
    """Return whether the value of this name is a password."""
    words = words_of(name[:200])
    glued = "".join(words)
    return not _PASSWORD_WORDS.isdisjoint(words) or any(phrase in glued for phrase in _GLUED_PASSWORDS)


def words_of(name: str) -> list[str]:
    """Return the words that a name is made of, in small letters without accents."""
    words = (word.lower() for word in _WORD.findall(_without_accents(unquote(unescaped(name)))))
    return [word for word in words if word not in _INNOCENT]


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in normalize("NFKD", text.replace("ł", "l")) if not combining(c))


def unescaped(text: str) -> str:
    """Return a text with the escapes of JSON undone, by functions that take milliseconds for millions of them."""
    return "\\".join(map(_without_escapes, text.split("\\\\"))) if "\\" in text else text


def _without_escapes(text: str) -> str:
    """Return a text in which no backslash is escaped without its escapes."""
    if "\\" not in text:
        return text
    for name, character in (("n", "\n"), ("r", "\r"), ("t", "\t"), ("b", "\b"), ("f", "\f")):
        text = text.replace(f"\\{name}", character)
    first, *others = text.removesuffix("\\").split("\\u")
    parts = [first.replace("\\", "")]
    for part in others:
        is_code = len(part) >= 4 and _HEX.issuperset(part[:4])
        parts += [chr(int(part[:4], 16)) if is_code else "u", part[4 if is_code else 0 :].replace("\\", "")]
    return "".join(parts) + ("\\" if text.endswith("\\") else "")


_HEX = frozenset("0123456789abcdefABCDEF")


def _glued(phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("".join(words_of(phrase)) for phrase in phrases)


_GLUED_PASSWORDS, _GLUED = _glued(PASSWORDS), _glued(_PHRASES)
_LAST_WORDS = {word for phrase in _PHRASES for word in (phrase.split()[-1], "".join(words_of(phrase.split()[-1])))}
_LAST_WORDS |= _WORDS | _PARAMETER_WORDS | _LIKELY
# A text with a secret name holds one of these; most texts hold none, and the full search is slow.
HINTS = tuple(word for word in _LAST_WORDS if not any(other in word for other in _LAST_WORDS - {word}))

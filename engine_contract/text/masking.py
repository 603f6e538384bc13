"""The definition of a secret, and texts without secrets.

A value is a secret by its name (`is_secret`): a header, parameter, cookie, form field, JSON key, XML element or
attribute. Values that are found by name are given to `learn`, so that `hide` finds them wherever they come back. Every
function here takes text that strangers wrote, so each takes time that grows with the length of the text and no faster.
"""

import html
import json
import re
from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from engine_contract.text.basic import read_basic

MASK = "***"

SHORTEST_KNOWN = 4
"""Least characters of a secret that was given: shorter ones occur in any sentence, and would hide it."""
SHORTEST_LEARNED = 8
"""Least characters of a value that is taken for a secret because of its name."""
SHORTEST_SENTENCE = 16
"""Least characters of a value in small letters alone that is taken for a secret: shorter ones are words."""
SHORTEST_PIECE = 6
"""Least characters of a secret's beginning that give something away."""
MAX_DEPTH = 5
"""How deep texts within texts are opened, as JSON in a string of JSON; a deeper one is masked as a whole."""
MAX_UNESCAPED = 4
"""How many layers of escapes a secret is looked for under."""
MAX_PART_HEADERS = 20
MAX_LOGIN_CHARS = 64 << 10
"""Most characters that are read of a login's request and of its response."""

Learn = Callable[[str], object]

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
_READABLE = frozenset({"mocksession"})
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
_HINTS = tuple(word for word in _LAST_WORDS if not any(other in word for other in _LAST_WORDS - {word}))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

# Forms. Each pattern ends where a value begins, and its first group is the value's name. Quantifiers are possessive.
_JSON_KEY = re.compile(r'"([^"\\]*+(?:\\u[0-9a-fA-F]{4}[^"\\]*+)*+)"\s*+:\s*+')
_ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+(?<!/)>")
_PART = re.compile(
    rf"^content-disposition:(?>[^\r\n]*?[;\s]name\*?=)(?:utf-8'')?[\"']?([^\"'\r\n;]*+)[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){{0,{MAX_PART_HEADERS}}}+\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
_PAIR = re.compile(r"(?<![\w.\-\[\]%$])([\w.\-\[\]%$]++)\s{0,8}+=\s{0,8}+")
_LINE = re.compile(
    r"^[ \t]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+(?:(?:bearer|basic|digest|token)[ \t]++)?+", re.IGNORECASE | re.MULTILINE
)
# JavaScript, YAML, GraphQL: names and values that JSON would not write like this.
_QUOTED = re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,8}+:\s{0,8}+(?=[\"'])")
_USER_INFO = re.compile(r"://[^\s/?#@:\"'<>\\]*+()[:](?=[^\s/?#@\"'<>\\]++@)")
# A name that is a value itself: `{"name": "password", "value": "x"}`, `["password", "x"]`.
_NAMED = re.compile(
    r'"(?:name|key|field|header|id|label)"\s{0,8}+:\s{0,8}+"([^"\\]{1,100}+)"\s{0,8}+,\s{0,20}+'
    r'(?:"(?!value")[^"\\]{0,100}+"\s{0,8}+:\s{0,8}+(?:"[^"\\]{0,200}+"|[\w.+-]{1,30}+)\s{0,8}+,\s{0,20}+){0,4}+'
    r'"value"\s{0,8}+:\s{0,8}+',
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(
    r'"value"\s{0,8}+:\s{0,8}+()(?="[^"\\]{1,2000}+"\s{0,8}+,\s{0,20}+'
    r'(?:"(?!(?:name|key|field|header|id|label)")[^"\\]{0,100}+"\s{0,8}+:\s{0,8}+'
    r'(?:"[^"\\]{0,200}+"|[\w.+-]{1,30}+)\s{0,8}+,\s{0,20}+){0,4}+'
    r'"(?:name|key|field|header|id|label)"\s{0,8}+:\s{0,8}+"(?P<name>[^"\\]{1,100}+)")',
    re.IGNORECASE,
)
_COUPLE = re.compile(r'\[\s{0,20}+"([^"\\]{1,100}+)"\s{0,8}+,\s{0,20}+(?="[^"\\]{1,4000}+"\s{0,20}+\])')
_INPUT = re.compile(r"\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}?\svalue\s?=\s?", re.IGNORECASE)
_INPUT_AFTER = re.compile(
    r"\bvalue\s?=\s?()(?=(?:\"[^\"<>]{1,2000}+\"|'[^'<>]{1,2000}+')[^<>]{0,200}?\s(?:name|id|key)\s?=\s?[\"'](?P<name>[^\"'<>]{1,100}+))",
    re.IGNORECASE,
)
_PROPERTY = re.compile(
    r"<[\w:.-]{1,50}+\s[^<>]{0,200}?\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}+(?<!/)>",
    re.IGNORECASE,
)
_AFTER_KEY = re.compile(
    r"<(?:\w{1,20}+:)?(?:name|key)>\s{0,20}+([^<>\s]{1,100}+)\s{0,20}+</(?:\w{1,20}+:)?(?:name|key)>(?:\s{0,50}+<[\w:.-]{1,50}+(?:\s[^<>]{0,100}+)?+(?<!/)>){1,3}+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(bearer|basic)\s++", re.IGNORECASE)
_SPOKEN = re.compile(r"(?<![\w-])([\w-]++)[\"']?+(?:\s*+[=:]\s*+|\s++)(?:(?:bearer|basic)\s++)?+", re.IGNORECASE)

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_ESCAPED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"?+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NESTING = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_AUTH_PARAMETER = re.compile(
    r'(?<![\w-])(response|signature|credential|token|assertion|mac|s|data)=("[^"]*+"|[^\s,]++)', re.IGNORECASE
)
_HAS_SCHEME = re.compile(r"(?:bearer|basic|digest|token|negotiate|apikey) ", re.IGNORECASE)
_SCALAR = re.compile(r"[^\s,}\]]*+")
_SAYS_NOTHING = frozenset({'""', "null", "true", "false", ""})
_BOUNDARY = re.compile(r"--[^\r\n]{1,100}+")
MAX_HEAD_CHARS = 4096
"""Most characters of a part's head in which its boundary is looked for."""
_QUOTED_VALUE = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?+|'[^'\\]*+(?:\\.[^'\\]*+)*+'?+", re.DOTALL)
_PAIR_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|[^&\s\"'<>\\]*+")
_LINE_VALUE = re.compile(r"[^\s\"'{}<>]++(?=[ \t]*+\r?$)", re.MULTILINE)
_SCHEME_VALUE = re.compile(r"[\w.~+/=-]{8,}+")
_SPOKEN_VALUE = re.compile(r"\S++")
_IS_FORM = re.compile(r"[\w.\-\[\]%$+]++=")
_PASSWORD_FIELD = re.compile(
    r"(?:passw(?:or[dt]|d)|passphrase|passcode|userpass|pwd)[\w\]%.-]{0,40}+\\*+[\"']?\s?[=:>\r\n]|(?<![a-z])(?:pass|pw)(?:\]|%5D)?\\*+[\"']?\s?[=:>]",
    re.IGNORECASE,
)
_NOT_BARE = re.compile(r"[\s{}<>]")
_TAG = re.compile(r"<[^<>]*+>")
_SMALL_LETTERS = re.compile(r"[a-z]+(?:[._-][a-z]+)*")


def is_secret(name: str, *, parameter: bool = False) -> bool:
    """Return whether the value of this name must not be shown; `parameter` for those of a URL or a form."""
    return (_is_secret if len(name) <= 100 else _is_secret.__wrapped__)(name, parameter)


@lru_cache(maxsize=4096)
def _is_secret(name: str, parameter: bool) -> bool:  # noqa: FBT001 - a cache's key
    words = _words(name)
    glued = "".join(words)
    if not words or glued in _READABLE or words[0] in _ABOUT_FIRST or words[-1] in _ABOUT_LAST:
        return False
    if parameter and words[-1] in _PARAMETER_WORDS:
        return True
    return words == ["x", "key"] or not _WORDS.isdisjoint(words) or any(phrase in glued for phrase in _GLUED)


def _words(name: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(unquote(_unescaped(name))))
    return [word for word in words if word not in _INNOCENT]


def can_be_learned(value: str) -> bool:
    """Return whether a value may be looked for everywhere: not if it is short, a word, or on the documentation page."""
    return len(value) >= SHORTEST_LEARNED and MASK not in value and not all(map(_is_word, value.split(":")))


def _is_word(value: str) -> bool:
    is_short = len(value) < SHORTEST_SENTENCE
    return not value or value.lower() in _page_words() or (is_short and _SMALL_LETTERS.fullmatch(value) is not None)


@lru_cache(maxsize=1)
def _page_words() -> frozenset[str]:
    from engine_contract.contract import load_page  # slow to import: --help answers at once

    page = load_page().lower()
    return frozenset(re.findall(r"\w+", page)) | frozenset(re.findall(r"[\w@.:-]+", page))


def ignore(_value: str) -> None:
    """Learn nothing."""


# By name.


def mask_header(name: str, value: str, learn: Learn = ignore) -> str:
    """Return the value of a header without secrets: the scheme of a credential and the names of cookies stay."""
    key = name.lower()
    if key in {"authorization", "proxy-authorization"}:
        return _mask_authorization(value, learn)
    if key == "cookie":
        return "; ".join(_mask_cookie(part.strip(), learn) for part in value.split(";"))
    if key == "set-cookie":
        cookie, semicolon, attributes = value.partition(";")
        return _mask_cookie(cookie, learn) + semicolon + mask_text(attributes, learn)
    if is_secret(name):
        for part in {value.strip(), *value.split()}:
            learn(part.strip(","))
            learn(unquote(part.strip(",")))
        return MASK if value.strip() else value
    url, mark, query = value.partition("?")
    if mark and " " not in value:
        return mask_text(url, learn) + mark + mask_query(query, learn)
    return mask_text(value, learn)


def _mask_authorization(value: str, learn: Learn) -> str:
    scheme, space, rest = value.strip().partition(" ")
    bare = [value.strip()] if not rest.strip() and not _HAS_SCHEME.match(f"{scheme} ") else []
    for credential in [*credentials_of(value), *bare]:
        learn(credential)
        learn(unquote(credential))
    if not value.strip():
        return value
    return f"{scheme} {MASK}" if space and rest.strip() and scheme.isalnum() else MASK


def credentials_of(authorization: str) -> list[str]:
    """Return the credentials in the value of an `Authorization` header; `user:password` and the password for basic."""
    scheme, _, rest = authorization.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() != "basic":
        return [rest, *(part.strip('"') for _, part in _AUTH_PARAMETER.findall(rest))]
    try:
        pair = read_basic(rest)
    except ValueError:
        return [rest]
    return [pair, pair.partition(":")[2]] if pair.strip(":") else [""]


def _mask_cookie(cookie: str, learn: Learn) -> str:
    name, equals, value = cookie.partition("=")
    if not equals:
        if cookie:
            learn(cookie)
        return MASK if cookie else ""
    if "".join(_words(name)) in _READABLE or not value:
        return cookie
    if is_secret(name):
        learn(unquote(value.strip().strip('"')))
    return f"{name}={MASK}"


def mask_path(path: str, learn: Learn = ignore) -> str:
    """Return a path without secrets: those of its parameters, and what follows a part of a secret name."""
    parts = mask_text(path, learn).split("/")
    for index, (before, part) in enumerate(pairwise(parts), start=1):
        value = unquote(part)
        if is_secret(before) and any(character.isdigit() for character in value) and can_be_learned(value):
            learn(value)
            parts[index] = MASK
    return "/".join(parts)


def mask_query(query: str, learn: Learn = ignore) -> str:
    """Return the query of a URL, or a form, without secrets; the rest as it was sent."""
    return _mask_form(query, learn, 0)


def _mask_form(form: str, learn: Learn, depth: int) -> str:
    return "&".join(_mask_parameter(part, learn, depth) for part in form.split("&"))


def _is_status(name: str, value: str) -> bool:
    """Return whether a value is too short for what a parameter alone may hide: `code=503` is not an OAuth code."""
    return len(value) < SHORTEST_KNOWN and value.isdecimal() and not is_secret(name)


def _mask_parameter(part: str, learn: Learn, depth: int) -> str:
    name, equals, value = part.partition("=")
    decoded = unquote_plus(value)
    if value and is_secret(name, parameter=True) and not _is_status(name, decoded):
        learn(decoded)
        return f"{name}={MASK}"
    decoded = unquote(decoded)  # an address in a parameter of an address in a parameter
    masked = _mask_text(decoded, learn, depth + 1)
    return part if masked == decoded else f"{name}{equals}{quote(masked, safe='*/:?@')}"


def mask_text(text: str, learn: Learn = ignore) -> str:
    """Return a text without the values of secret names: JSON, forms, XML, multipart, headers, or prose with any of them."""
    return _mask_text(text, learn, 0)


def _mask_text(text: str, learn: Learn, depth: int) -> str:
    if not _may_hold_secrets(text):
        return text
    if depth > MAX_DEPTH:
        return MASK
    if _IS_FORM.match(text) and "\n" not in text.rstrip():
        return _mask_form(text, learn, depth)
    if '"' in text:
        for form in (_JSON, *_BY_NEIGHBOUR):
            text = _mask_form_of(form, text, learn)
        text = _ESCAPED_STRING.sub(lambda match: _mask_string(match[0], learn, depth), text)
    for form in _FORMS:
        if form.hint in text:
            text = _mask_form_of(form, text, learn)
    return text


def _may_hold_secrets(text: str) -> bool:
    return (_has_hints if len(text) <= 200 else _has_hints.__wrapped__)(text)


@lru_cache(maxsize=1024)
def _has_hints(text: str) -> bool:
    lowered = text.lower()
    return "%" in text or "\\u" in text or ("://" in text and "@" in text) or any(hint in lowered for hint in _HINTS)


def _mask_string(string: str, learn: Learn, depth: int) -> str:
    """Mask what a string of JSON says; a string without secrets stays as it is written."""
    inside = _unescaped(string[1:].removesuffix('"'))
    masked = _mask_text(inside, learn, depth + 1)
    return string if masked == inside else json.dumps(masked)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}.get(escape[2], escape[2])


class _Form(NamedTuple):
    """How a text writes a name and its value. `values` returns the end of the value, and what to learn of it."""

    hint: str
    opening: re.Pattern[str]
    value: Callable[[str, int, str], tuple[int, Iterable[str]]]
    mask: str = MASK
    is_secret: Callable[[str, int, str], bool] = lambda _text, _at, name: is_secret(name)


def _mask_form_of(form: _Form, text: str, learn: Learn) -> str:
    """Mask all values that a text writes in one form."""
    parts, copied, at = [], 0, 0
    while match := form.opening.search(text, at):
        at = match.end()
        if not form.is_secret(text, match.start(1), match.groupdict().get("name") or match[1]):
            continue
        end, values = form.value(text, at, match[1])
        if end == at:
            continue
        for value in values:
            learn(value)
        parts += [text[copied:at], form.mask]
        copied = at = end
    return "".join([*parts, text[copied:]])


def _json_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    first = text[at : at + 1]
    if first in {"{", "["}:
        end = _end_of_nesting(text, at)
        inside = text[at:end]
        return end, [*_strings(inside), *re.findall(r"(?<![\w.])\d{8,}+", inside)]
    end = (_STRING if first == '"' else _SCALAR).match(text, at).end()  # type: ignore[union-attr]
    value = text[at:end]
    if value in _SAYS_NOTHING:
        return at, ()
    return end, _with_credential(_unescaped(value[1:].removesuffix('"')) if first == '"' else value)


def _with_credential(value: str) -> list[str]:
    """Return the value, and what it holds beside the scheme of a credential."""
    return [value, *credentials_of(value)] if _HAS_SCHEME.match(value) else [value]


def _strings(text: str) -> Iterator[str]:
    return (_unescaped(match[0][1:].removesuffix('"')) for match in _STRING.finditer(text))


def _end_of_nesting(text: str, at: int) -> int:
    """Return where an array or an object ends; the end of the text for one that is cut."""
    depth = 0
    for match in _NESTING.finditer(text, at):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return len(text)


def _element_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    found = text.find(f"</{name}", at)
    end = len(text) if found < 0 else found
    inside = text[at:end].replace("<![CDATA[", "<>").replace("]]>", "<>")
    return end, [html.unescape(part.strip()) for part in _TAG.split(inside)]


def _part_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    before = text[max(0, at - MAX_HEAD_CHARS) : at]
    boundary = _BOUNDARY.match(before, before.rfind("\n--") + 1)
    found = text.find(f"\n{boundary[0]}", at) if boundary else -1
    end = len(text) if found < 0 else found - (text[found - 1] == "\r")
    return max(at, end), [text[at:end]]


def _pair_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    end = _PAIR_VALUE.match(text, at).end()  # type: ignore[union-attr]
    value = text[at:end]
    if not value.strip("=") or _is_status(name, value):  # the padding of base64
        return at, ()
    if value[0] not in {'"', "'"}:
        return end, [unquote_plus(value)]
    return (end, [html.unescape(value.strip(value[0]))]) if value.strip(value[0]) else (at, ())


def _quoted_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    value = _QUOTED_VALUE.match(text, at)
    if value is None or not value[0].strip("\"'") or _is_word(value[0].strip("\"'")):
        return at, ()
    return value.end(), _with_credential(_unescaped(value[0][1:].removesuffix(value[0][0])))


def _user_info(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    end = text.index("@", at)
    return end, [text[at:end], unquote(text[at:end])]


def _property_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    end = text.find("<", at)
    end = len(text) if end < 0 else end
    return end if text[at:end].strip() else at, [html.unescape(text[at:end].strip())]


def _is_secret_pair(text: str, at: int, name: str) -> bool:
    return is_secret(name, parameter=at == 0 or text[at - 1] in "?&#;")


def _word_value(
    pattern: re.Pattern[str], *, may_be_a_word: bool = False
) -> Callable[[str, int, str], tuple[int, Iterable[str]]]:
    def value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
        match = pattern.match(text, at)
        return (match.end(), [match[0]]) if match and (may_be_a_word or not _is_word(match[0].lower())) else (at, ())

    return value


def _always(_text: str, _at: int, _name: str) -> bool:
    return True


_JSON = _Form('"', _JSON_KEY, _json_value, mask=f'"{MASK}"')
_SCHEMES = _Form(" ", _SCHEME, _word_value(_SCHEME_VALUE), is_secret=_always)
_BY_NEIGHBOUR = (
    _Form('"', _NAMED, _json_value, mask=f'"{MASK}"'),
    _Form('"', _NAMED_AFTER, _json_value, mask=f'"{MASK}"'),
    _Form('"', _COUPLE, _quoted_value, mask=f'"{MASK}"'),
)
_FORMS = (
    _Form("<", _ELEMENT, _element_value),
    _Form("<", _PROPERTY, _property_value),
    _Form("<", _AFTER_KEY, _property_value),
    _Form("<", _INPUT, _pair_value, mask=f'"{MASK}"'),
    _Form("<", _INPUT_AFTER, _pair_value, mask=f'"{MASK}"'),
    _Form("--", _PART, _part_value),
    _Form(":", _QUOTED, _quoted_value, mask=f'"{MASK}"'),
    _Form("@", _USER_INFO, _user_info, is_secret=_always),
    _Form("=", _PAIR, _pair_value, is_secret=_is_secret_pair),
    _Form(":", _LINE, _word_value(_LINE_VALUE)),
    _SCHEMES,
)
_OUTPUT = _Form("", _SPOKEN, _word_value(_SPOKEN_VALUE, may_be_a_word=True))


def mask_output(text: str) -> str:
    """Return what a command printed, without the words that follow secret names: `token abc`, `password: abc`."""
    return _mask_form_of(_SCHEMES, _mask_form_of(_OUTPUT, mask_text(text), ignore), ignore)


# Logins.


def has_password(body: str) -> bool:
    """Return whether a request's body has a field for a password, so that its response may be a token."""
    read = body[:MAX_LOGIN_CHARS]
    return any(_PASSWORD_FIELD.search(text) for text in dict.fromkeys((read, unquote(_unescaped(read)))))


def bare_token(answer: str) -> str | None:
    """Return the token that a response consists of, as a JSON string or as it is; None for other texts, or a word."""
    text = answer.strip().strip('"')
    if len(answer) > MAX_LOGIN_CHARS or not text or text == MASK or _NOT_BARE.search(text) or _is_word(text):
        return None
    return text


# By value.


class _Needles(NamedTuple):
    """The bytes that give secrets away, longest first: as they are, and in small letters, for secrets that are not words."""

    exact: tuple[bytes, ...]
    folded: tuple[bytes, ...]
    coded: frozenset[bytes]
    """Those of them that are the middle of a base64 text, whose neighbours belong to the secret too."""


def hide(text: str, secrets: frozenset[str]) -> str:
    """Return the text with every secret in it, however spelled, replaced by `***`; also one that `…` cuts short.

    A secret is found in any case and in any mixture of escapes of URLs, JSON and HTML, and within base64 and hex.
    """
    needles = _needles(secrets)
    if not text or not (needles.exact or needles.folded):
        return text
    data = text.encode("utf-8", "surrogatepass")
    spans: list[tuple[int, int]] = []
    layer, depth = _Layer(data), 0
    while True:
        spans += _found(layer, needles)
        if depth == MAX_UNESCAPED or (inner := _unescape(layer)) is None:
            break
        layer, depth = inner, depth + 1
    if not spans:
        return text
    parts, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            parts += [data[at:start], MASK.encode()]
        at = max(at, end)
    return b"".join([*parts, data[at:]]).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=8)
def _needles(secrets: frozenset[str]) -> _Needles:
    exact: set[bytes] = set()
    folded: set[bytes] = set()
    coded: set[bytes] = set()
    for secret in secrets:
        if len(secret) < SHORTEST_KNOWN:
            continue
        texts, middles = _spellings(secret)
        if can_be_learned(secret.lower()):
            folded |= {text.lower() for text in (*texts, *_all_cases(secret))}
            # A base64 text in another case says little, but then it is not found twice.
            folded |= {text.lower() for text in middles}
            coded |= {text.lower() for text in middles}
        else:
            exact |= texts | middles
            coded |= middles
    longest_first = [tuple(sorted(found, key=len, reverse=True)) for found in (exact, folded)]
    return _Needles(longest_first[0], longest_first[1], frozenset(coded))


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _all_cases(secret: str) -> Iterator[bytes]:
    return map(_bytes_of, (secret.lower(), secret.upper()))


def _spellings(secret: str) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return how a secret is written once all escapes are undone, and the middles of base64 texts that hold it."""
    data = _bytes_of(secret)
    texts = {data, data.replace(b" ", b"+"), secret.encode("utf-8", "surrogatepass"), data.hex().encode()}
    with suppress(UnicodeEncodeError):
        texts.add(secret.encode("latin-1"))  # headers
    texts.add(data.hex().upper().encode())
    layer, undone = _Layer(data), 0
    while undone < MAX_UNESCAPED and (inner := _unescape(layer)) is not None:  # its own escapes are undone like others
        texts.add(inner.data)
        layer, undone = inner, undone + 1
    middles = set()
    for before in range(3):
        whole = b64encode(b"\0" * before + data)
        first, last = (0, 2, 3)[before], (before + len(data)) // 3 * 4 + (0, 1, 2)[(before + len(data)) % 3]
        middle = whole[first:last]
        if len(middle) >= SHORTEST_KNOWN:
            middles |= {middle, middle.translate(_TO_URL)}
    return frozenset(texts), frozenset(middles)


_TO_URL = bytes.maketrans(b"+/", b"-_")
_NEXT_OF_CODE = re.compile(rb"[A-Za-z0-9+/_-]?+=*+")


def _found(layer: "_Layer", needles: _Needles) -> Iterator[tuple[int, int]]:
    """Yield where secrets begin and end in the original text."""
    data = layer.data
    for searched, known in ((data, needles.exact), (data.lower() if needles.folded else b"", needles.folded)):
        for needle in known:
            at = searched.find(needle)
            while at >= 0:
                end = at + len(needle)
                if needle in needles.coded:
                    end = _NEXT_OF_CODE.match(data, end).end()  # type: ignore[union-attr]
                yield layer.start(at), layer.end(end)
                at = searched.find(needle, end)
        if _ELLIPSIS in searched:
            # An escape that is cut short too belongs to the piece.
            yield from ((layer.start(start), layer.start(end)) for start, end in _pieces(searched, known))


class _Layer(NamedTuple):
    """A text some of whose escapes are undone, and where its parts stood before."""

    data: bytes
    places: tuple[int, ...] = ()
    """Where an escape stood, and where the text after it begins, by turns; in this layer's bytes."""
    origins: tuple[int, ...] = ()
    """The same places in the layer before."""
    outer: "_Layer | None" = None

    def start(self, place: int) -> int:
        """Return where in the original text something begins that begins here in this one."""
        if self.outer is None:
            return place
        index = bisect_right(self.places, place) - 1
        if index < 0:
            return self.outer.start(place)
        # Within an escape it begins where the escape does.
        within = 0 if index % 2 == 0 else place - self.places[index]
        return self.outer.start(self.origins[index] + within)

    def end(self, place: int) -> int:
        """Return where in the original text something ends that ends here in this one."""
        if self.outer is None:
            return place
        index = bisect_left(self.places, place) - 1
        if index < 0:
            return self.outer.end(place)
        return self.outer.end(
            self.origins[index + 1] if index % 2 == 0 else self.origins[index] + place - self.places[index]
        )


def _unescape(outer: _Layer) -> _Layer | None:
    """Undo one layer of escapes; None if there are none."""
    data = outer.data
    if not any(mark in data for mark in (b"%", b"\\", b"&")):
        return None
    parts: list[bytes] = []
    places: list[int] = []
    origins: list[int] = []
    copied = length = 0
    for match in _ESCAPED.finditer(data):
        start, end = match.span()
        before, character = data[copied:start], _unescaped_bytes(match[0])
        length += len(before)
        places += [length, length + len(character)]
        origins += [start, end]
        parts += [before, character]
        length += len(character)
        copied = end
    return _Layer(b"".join([*parts, data[copied:]]), tuple(places), tuple(origins), outer) if places else None


def _unescaped_bytes(escape: bytes) -> bytes:
    if escape[:1] == b"%":
        return bytes.fromhex(escape[1:].decode()) if len(escape) == 3 else b""
    if escape[:2] in {b"\\u", b"\\x"} and len(escape) > 3:
        codes = [int(code, 16) for code in re.findall(rb"\\[ux]([0-9a-fA-F]+)", escape)]
        if len(codes) == 2:
            codes = [0x10000 + ((codes[0] & 0x3FF) << 10) + (codes[1] & 0x3FF)]
        return chr(codes[0]).encode("utf-8", "surrogatepass")
    if escape[:1] == b"\\":
        return _CONTROLS.get(escape[1:], escape[1:]) if len(escape) == 2 else b""
    if escape[-1:] != b";":
        return b""
    return html.unescape(escape.decode()).encode("utf-8", "surrogatepass")


_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ELLIPSIS = "…".encode()
_ESCAPED = re.compile(
    rb"%[0-9a-fA-F]{2}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}"
    rb"|\\[\"'/\\bfnrt]|&(?:#[0-9]{1,7}+|#[xX][0-9a-fA-F]{1,6}+|amp|lt|gt|quot|apos);"
    rb"|(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3})?|&(?:#[xX]?[0-9a-fA-F]{0,6}+|[a-z]{0,4}+))(?=\xe2\x80\xa6)"  # cut short
)


def _pieces(data: bytes, known: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where the beginnings of secrets stand that end at a `…`."""
    shown = data.split(_ELLIPSIS)
    ends = {part[-SHORTEST_PIECE:] for part in shown[:-1]}
    found: dict[bytes, list[tuple[int, bytes]]] = {}
    for needle in known:
        for length in range(SHORTEST_PIECE, len(needle)):
            if (end := needle[length - SHORTEST_PIECE : length]) in ends:
                found.setdefault(end, []).append((length, needle))
    for beginnings in found.values():
        beginnings.sort(reverse=True)
    at = 0
    for part in shown[:-1]:
        beginnings = found.get(part[-SHORTEST_PIECE:], [])
        fitting = beginnings[bisect_left(beginnings, -len(part), key=lambda item: -item[0]) :]
        length = next((length for length, needle in fitting if part.endswith(needle[:length])), 0)
        if length:
            yield at + len(part) - length, at + len(part)
        at += len(part) + len(_ELLIPSIS)

"""The definition of a secret, and texts without secrets.

A value is a secret by its name (`is_secret`): a header, parameter, cookie, form field, JSON key, XML element or
attribute. Values that are found by name are given to `learn`, so that `hide` finds them wherever they come back. Every
function here takes text that strangers wrote, so each takes time that grows with the length of the text and no faster.
"""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

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
MAX_PART_HEADERS = 20
MAX_LOGIN_CHARS = 64 << 10
"""Most characters that are read of a login's request and of its response."""

Learn = Callable[[str], object]

# Phrases that make a name secret wherever they stand in it, written together or not.
_PHRASES = (
    *("password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "cookie", "session", "sessid"),
    *("authorization", "authorisation", "authentication", "bearer", "jwt", "signature", "csrf", "xsrf", "dpop", "saml"),
    *("api key", "access key", "account key", "client key", "encryption key", "master key", "private key"),
    *("shared key", "signing key", "subscription key", "client cert", "web socket protocol", "code verifier"),
)
# Words that do only where they stand by themselves: `auth`, but not `author`.
_WORDS = frozenset({"auth", "cred", "creds", "otp", "pass", "pwd", "sess", "sid", "sig"})
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
    rf"^content-disposition:(?>[^\r\n]*?[;\s]name=)\"?([^\"\r\n;]*+)[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){{0,{MAX_PART_HEADERS}}}+\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
_PAIR = re.compile(r"(?<![\w.\-\[\]%$])([\w.\-\[\]%$]++)\s?=\s?")
_LINE = re.compile(
    r"^[ \t]*+([\w-]++)[ \t]*+:[ \t]*+(?:(?:bearer|basic|digest|token)[ \t]++)?+", re.IGNORECASE | re.MULTILINE
)
_SCHEME = re.compile(r"\b(bearer|basic)\s++", re.IGNORECASE)
_SPOKEN = re.compile(r"(?<![\w-])([\w-]++)[\"']?+(?:\s*+[=:]\s*+|\s++)(?:(?:bearer|basic)\s++)?+", re.IGNORECASE)

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_ESCAPED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"?+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NESTING = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_SCALAR = re.compile(r"[^\s,}\]]*+")
_SAYS_NOTHING = frozenset({'""', "null", "true", "false", ""})
_PART_END = re.compile(r"\r?\n--|\Z")
_PAIR_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|[^&\s\"'<>\\]*+")
_LINE_VALUE = re.compile(r"[^\s\"'{}<>]++(?=[ \t]*+\r?$)", re.MULTILINE)
_SCHEME_VALUE = re.compile(r"[\w.~+/=-]{8,}+")
_SPOKEN_VALUE = re.compile(r"\S++")
_IS_FORM = re.compile(r"[\w.\-\[\]%$+]++=")
_PASSWORD_FIELD = re.compile(
    r"(?:pass(?:word|wd|phrase|code)|pwd)[\w\]%.-]{0,40}+\\*+[\"']?\s?[=:>\r\n]|\bpass[\"']?\s?[=:>]", re.IGNORECASE
)
_NOT_BARE = re.compile(r"[\s{}<>]")
_TAG = re.compile(r"<[^<>]*+>")
_SAFE_IN_HTML = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&'+"})
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
    return not _WORDS.isdisjoint(words) or any(phrase in glued for phrase in _GLUED)


def _words(name: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(unquote(_unescaped(name))))
    return [word for word in words if word not in _INNOCENT]


def can_be_learned(value: str) -> bool:
    """Return whether a value may be looked for everywhere: not if it is short, a word, or on the documentation page."""
    return len(value) >= SHORTEST_LEARNED and MASK not in value and not all(map(_is_word, value.split(":")))


def _is_word(value: str) -> bool:
    is_short = len(value) < SHORTEST_SENTENCE
    return not value or value in _page_words() or (is_short and _SMALL_LETTERS.fullmatch(value) is not None)


@lru_cache(maxsize=1)
def _page_words() -> frozenset[str]:
    from engine_contract.contract import load_page  # slow to import: --help answers at once

    page = load_page()
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
    for credential in credentials_of(value):
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
        return [rest]
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


def mask_query(query: str, learn: Learn = ignore) -> str:
    """Return the query of a URL, or a form, without secrets; the rest as it was sent."""
    return _mask_form(query, learn, 0)


def _mask_form(form: str, learn: Learn, depth: int) -> str:
    return "&".join(_mask_parameter(part, learn, depth) for part in form.split("&"))


def _mask_parameter(part: str, learn: Learn, depth: int) -> str:
    name, equals, value = part.partition("=")
    decoded = unquote_plus(value)
    if value and is_secret(name, parameter=True):
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
        text = _mask_form_of(_JSON, text, learn)
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
    return "%" in text or "\\u" in text or any(hint in lowered for hint in _HINTS)


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
        if not form.is_secret(text, match.start(1), match[1]):
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
    return end, [_unescaped(value[1:].removesuffix('"')) if first == '"' else value]


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
    end = _PART_END.search(text, at).start()  # type: ignore[union-attr]
    return end, [text[at:end]]


def _pair_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    end = _PAIR_VALUE.match(text, at).end()  # type: ignore[union-attr]
    value = text[at:end]
    if not value.strip("="):  # the padding of base64
        return at, ()
    if value[0] not in {'"', "'"}:
        return end, [unquote_plus(value)]
    return (end, [html.unescape(value.strip(value[0]))]) if value.strip(value[0]) else (at, ())


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
_FORMS = (
    _Form("<", _ELEMENT, _element_value),
    _Form("name=", _PART, _part_value),
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
    return _PASSWORD_FIELD.search(body[:MAX_LOGIN_CHARS]) is not None


def bare_token(answer: str) -> str | None:
    """Return the token that a response consists of, as a JSON string or as it is; None for other texts, or a word."""
    text = answer.strip().strip('"')
    if len(answer) > MAX_LOGIN_CHARS or not text or text == MASK or _NOT_BARE.search(text) or _is_word(text):
        return None
    return text


# By value.


def hide(text: str, secrets: frozenset[str]) -> str:
    """Return the text with every secret in it, however spelled, replaced by `***`; also one that `…` cuts short."""
    known = _all_spellings(secrets)
    for spelling in known:
        text = text.replace(spelling, MASK)
    return _hide_pieces(text, known) if "…" in text else text


@lru_cache(maxsize=8)
def _all_spellings(secrets: frozenset[str]) -> tuple[str, ...]:
    """Return all spellings, longest first, so that a shorter one leaves no piece of a longer one behind."""
    known = (secret for secret in secrets if len(secret) >= SHORTEST_KNOWN)
    return tuple(sorted({form for secret in known for form in spellings(secret)}, key=len, reverse=True))


@lru_cache(maxsize=512)
def spellings(secret: str) -> frozenset[str]:
    """Return how a secret may be written in a URL, a header or a document."""
    data = secret.encode("utf-8", "surrogateescape")
    coded = [code(data).decode() for code in (b64encode, urlsafe_b64encode)]
    forms = {secret, *coded, *(text.rstrip("=") for text in coded)}
    for text in tuple(forms):
        once = {quote(text, safe, errors="surrogateescape") for safe in ("", "/", "/!*'()", "!*'()")}
        once |= {quote_plus(text, errors="surrogateescape")}
        percent = once | {quote(form, safe="+") for form in once} | {form.replace("%", "%25") for form in once}
        forms |= percent | {_small_escapes(form) for form in percent}
    escaped = {html.escape(secret), html.escape(secret, quote=False)}
    escaped |= {
        form.replace("&#x27;", "&#39;").replace("&quot;", mark) for form in escaped for mark in ("&#34;", "&quot;")
    }
    for text in escaped | {secret}:
        dumped = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        dumped |= {form.replace("/", "\\/") for form in dumped} | {form.translate(_SAFE_IN_HTML) for form in dumped}
        forms |= {text} | dumped | {json.dumps(form)[1:-1] for form in dumped}
    return frozenset(forms | {data.hex(), data.hex().upper()})


def _small_escapes(text: str) -> str:
    return re.sub(r"%(?:25)?[0-9A-F]{2}", lambda match: match[0].lower(), text)


def _hide_pieces(text: str, known: Iterable[str]) -> str:
    """Replace the beginnings of secrets that end at a `…`."""
    shown = text.split("…")
    ends = {part[-SHORTEST_PIECE:] for part in shown[:-1]}
    found: dict[str, list[tuple[int, str]]] = {}
    for spelling in known:
        for length in range(SHORTEST_PIECE, len(spelling)):
            if (end := spelling[length - SHORTEST_PIECE : length]) in ends:
                found.setdefault(end, []).append((length, spelling))
    for beginnings in found.values():
        beginnings.sort(reverse=True)
    for index, part in enumerate(shown[:-1]):
        beginnings = found.get(part[-SHORTEST_PIECE:], [])
        fitting = beginnings[bisect_left(beginnings, -len(part), key=lambda item: -item[0]) :]
        length = next((length for length, spelling in fitting if part.endswith(spelling[:length])), 0)
        if length:
            shown[index] = part[:-length] + MASK
    return "…".join(shown)

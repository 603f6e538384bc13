"""Forms, JSON, XML, multipart and prose without the values of secret names."""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from engine_contract.text.masking.names import HINTS, is_password, is_secret, unescaped
from engine_contract.text.masking.values import (
    HAS_SCHEME,
    MASK,
    SHORTEST_KNOWN,
    SHORTEST_LEARNED,
    Learn,
    Password,
    can_be_learned,
    credentials_of,
    ignore,
    is_word,
)

MAX_DEPTH = 5
"""How deep texts within texts are opened, as JSON in a string of JSON; a deeper one is masked as a whole."""
MAX_PART_HEADERS = 20

# Forms. Each pattern ends where a value begins, and its first group is the value's name. Quantifiers are possessive.
_JSON_KEY = re.compile(r'"([^"\\]*+(?:\\u[0-9a-fA-F]{4}[^"\\]*+)*+)"\s*+:\s*+')
_ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+(?<!/)>")
_PART = re.compile(
    rf"^content-disposition[ \t]*+:(?>(?:[^\r\n]|\r?\n[ \t])*?(?<=[;\s])name\*?[ \t]*+=)[ \t]*+(?:utf-8'')?[\"']?([^\"'\r\n;]*+)[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){{0,{MAX_PART_HEADERS}}}+\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
_PAIR = re.compile(r"(?<![\w.\-\[\]%$])([\w.\-\[\]%$]++)\s{0,8}+=\s{0,8}+")
_LINE = re.compile(
    r"^[ \t]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+(?:(?:bearer|basic|digest|token)[ \t]++)?+", re.IGNORECASE | re.MULTILINE
)
_BLOCK = re.compile(r"^[ \t]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+[|>][+\d-]{0,2}+[ \t]*+\r?\n", re.MULTILINE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----()")
# JavaScript, YAML, GraphQL: names and values that JSON would not write like this.
_QUOTED = re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,8}+:\s{0,8}+(?=[\"'])")
_USER_INFO = re.compile(r"://[^\s/?#@:\"'<>\\]*+()[:](?=[^\s/?#@\"'<>\\]++@)")
# A name that is a value itself: `{"name": "password", "value": "x"}`, `["password", "x"]`.
_NAMES = '"(?:name|key|field|header|id|label|path|param|parameter|attribute|property|variable|k)"'
_VALUES = '"(?:value|val|v|new_?value)"'
_COLON, _COMMA = r"\s{0,8}+:\s{0,8}+", r"\s{0,8}+,\s{0,20}+"
_MEMBER = rf'"[^"\\]{{0,100}}+"{_COLON}(?:"[^"\\]{{0,200}}+"|[\w.+-]{{1,30}}+){_COMMA}'
_NAMED = re.compile(
    rf'{_NAMES}{_COLON}"([^"\\]{{1,100}}+)"{_COMMA}(?:(?!{_VALUES}){_MEMBER}){{0,4}}+{_VALUES}{_COLON}', re.IGNORECASE
)
_NAMED_AFTER = re.compile(
    rf'{_VALUES}{_COLON}()(?="[^"\\]{{1,2000}}+"{_COMMA}(?:(?!{_NAMES}){_MEMBER}){{0,4}}+'
    rf'{_NAMES}{_COLON}"(?P<name>[^"\\]{{1,100}}+)")',
    re.IGNORECASE,
)
_COUPLE = re.compile(r'\[\s{0,20}+"([^"\\]{1,100}+)"\s{0,8}+,\s{0,20}+(?="[^"\\]{1,4000}+"\s{0,20}+\])')
_INPUT = re.compile(r"\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}?\svalue\s?=\s?", re.IGNORECASE)
_INPUT_AFTER = re.compile(
    r"\bvalue\s?=\s?()(?=(?:\"[^\"<>]{1,2000}+\"|'[^'<>]{1,2000}+')[^<>]{0,200}?\s(?:name|id|key)\s?=\s?[\"'](?P<name>[^\"'<>]{1,100}+))",
    re.IGNORECASE,
)
_PROPERTY = re.compile(
    r"<[\w:.-]{1,50}+\s[^<>]{0,200}?\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}+(?<!/)>"
    r"(?:\s{0,50}+<[\w:.-]{1,50}+(?:\s[^<>]{0,100}+)?+(?<!/)>){0,2}+(?:\s{0,50}+<!\[CDATA\[)?+",
    re.IGNORECASE,
)
_AFTER_KEY = re.compile(
    r"<(?:\w{1,20}+:)?(?:name|key)>\s{0,20}+([^<>\s]{1,100}+)\s{0,20}+</(?:\w{1,20}+:)?(?:name|key)>(?:\s{0,50}+<[\w:.-]{1,50}+(?:\s[^<>]{0,100}+)?+(?<!/)>){1,3}+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(bearer|basic)\s++", re.IGNORECASE)
_SPOKEN = re.compile(r"(?<![\w-])([\w-]++)[\"']?+\s*+[=:]\s*+(?:(?:bearer|basic)\s++)?+", re.IGNORECASE)
_PROSE = re.compile(r"(?<![\w-])(\w[\w-]*+)[\"']?+\s++[\"']?+")
_OPTION = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*+)\s++")
# A user with a password, as curl takes it.
_USER = re.compile(
    r"(?<![^\s\"'])(?:(?:-u|-U)\s*+|--(?:proxy-)?user(?:=|\s++))(?P<quote>[\"']?+)(?P<name>)[^\s:\"'$]++[:](?=\S)"
)

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_ESCAPED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"?+', re.DOTALL)
_NESTING = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_SCALAR = re.compile(r"[^\s,}\]]*+")
_SAYS_NOTHING = frozenset({'""', "null", "true", "false", ""})
_BOUNDARY = re.compile(r"--[^\r\n]{1,100}+")
MAX_HEAD_CHARS = 4096
"""Most characters of a part's head in which its boundary is looked for."""
_QUOTED_VALUE = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?+|'[^'\\]*+(?:\\.[^'\\]*+)*+'?+", re.DOTALL)
_PAIR_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|[^&\s\"'<>\\]*+")
_LINE_VALUE = re.compile(r"[^\s\"'{}<>]++(?=[ \t]*+\r?$)", re.MULTILINE)
_WHOLE_LINE = re.compile(r"[^\s\"'{}<>|](?:[^\r\n\"'{}<>]*+)(?=\r?$)", re.MULTILINE)
_SCHEME_VALUE = re.compile(r"[\w.~+/=-]{8,}+")
_SPOKEN_VALUE = re.compile(r"\S++")
_OPTION_VALUE = re.compile(r"\"[^\"]*+\"|'[^']*+'|[^\s\"';|&<>]*+")
_BARE_VALUE = re.compile(r"[^\s\"';|&<>\\]++")
_PROSE_VALUE = re.compile(r"[^\s;,\"'()<>.!?:]++(?:[.!?:]++[^\s;,\"'()<>.!?:]++)*+")
_IS_FORM = re.compile(r"[\w.\-\[\]%$+]++=")
_AFTER_PAIR = re.compile(r";\s?[\w .-]{1,40}+=")
_TAG = re.compile(r"<[^<>]*+>")


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
        learn(_typed(name, decoded))
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
    if _IS_FORM.match(text) and "\n" not in text.rstrip() and ("&" in text or not _AFTER_PAIR.search(text)):
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
    has_user = ("://" in text and "@" in text) or "-u " in lowered or "--user" in lowered or "--proxy-user" in lowered
    return "%" in text or "\\u" in text or has_user or any(hint in lowered for hint in HINTS)


def _mask_string(string: str, learn: Learn, depth: int) -> str:
    """Mask what a string of JSON says; a string without secrets stays as it is written."""
    inside = unescaped(string[1:].removesuffix('"'))
    masked = _mask_text(inside, learn, depth + 1)
    return string if masked == inside else json.dumps(masked)


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
        name = match.groupdict().get("name") or match[1]
        if not form.is_secret(text, match.start(1), name):
            continue
        end, values = form.value(text, at, match[1])
        if end == at:
            continue
        for value in values:
            learn(_typed(name, value))
        parts += [text[copied:at], form.mask]
        copied = at = end
    return "".join([*parts, text[copied:]])


def _typed(name: str, value: str) -> str:
    return Password(value) if len(value) < SHORTEST_LEARNED and is_password(name) else value


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
    return end, _with_credential(unescaped(value[1:].removesuffix('"')) if first == '"' else value)


def _with_credential(value: str) -> list[str]:
    """Return the value, and what it holds beside the scheme of a credential."""
    return [value, *credentials_of(value)] if HAS_SCHEME.match(value) else [value]


def _strings(text: str) -> Iterator[str]:
    return (unescaped(match[0][1:].removesuffix('"')) for match in _STRING.finditer(text))


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
        return end, [unquote_plus(value), unquote_plus(value.partition(";")[0])]
    return (end, [html.unescape(value.strip(value[0]))]) if value.strip(value[0]) else (at, ())


def _quoted_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    value = _QUOTED_VALUE.match(text, at)
    if value is None or not value[0].strip("\"'") or is_word(value[0].strip("\"'")):
        return at, ()
    return value.end(), _with_credential(unescaped(value[0][1:].removesuffix(value[0][0])))


def _user_info(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    end = text.index("@", at)
    return end, [text[at:end], unquote(text[at:end])]


def _property_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    end = text.find("]]>" if text.endswith("<![CDATA[", 0, at) else "<", at)
    end = len(text) if end < 0 else end
    return end if text[at:end].strip() else at, [html.unescape(text[at:end].strip())]


def _block_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    """Read the lines of a block of YAML: those that are further in than its name, and blank ones."""
    head = text[text.rfind("\n", 0, at - 1) + 1 : at]
    margin = head[: len(head) - len(head.lstrip(" \t"))]
    end = at
    while end < len(text):
        after = text.find("\n", end) + 1 or len(text)
        if text[end:after].strip() and not text.startswith((f"{margin} ", f"{margin}\t"), end):
            break
        end = after
    lines = [line.strip() for line in text[at:end].splitlines()]
    return end, ["\n".join(lines).strip(), *lines]


def _key_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    found = text.find("-----END", at)
    end = len(text) if found < 0 else found
    return at if text[at:end] == MASK else end, text[at:end].split()


def _line_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read a word that ends its line; of a password all words."""
    pattern = _WHOLE_LINE if is_password(name) else _LINE_VALUE
    match = pattern.match(text, at)
    return (match.end(), [match[0]]) if match and not is_word(match[0].lower()) else (at, ())


def _user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password to the quote that ends it, or to a blank."""
    found = text.find(quote, at) if quote else _OPTION_VALUE.match(text, at).end()  # type: ignore[union-attr]
    end = len(text) if found < 0 else found
    return end, [text[at:end]]


def _bare_user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password within a larger text, to its quote or to what may belong to that text."""
    if quote:
        return _user_value(text, at, quote)
    match = _BARE_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match else (at, ())


def _prose_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read the word behind a secret name in a sentence, where it looks like a secret: `token expired` does not."""
    match = _PROSE_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and can_be_learned(_typed(name, match[0])) else (at, ())


def _option_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    value = _OPTION_VALUE.match(text, at)[0]  # type: ignore[index]
    return at + len(value), [value.strip("\"'")]


def _is_secret_pair(text: str, at: int, name: str) -> bool:
    return is_secret(name, parameter=at == 0 or text[at - 1] in "?&#;")


def _word_value(
    pattern: re.Pattern[str], *, may_be_a_word: bool = False
) -> Callable[[str, int, str], tuple[int, Iterable[str]]]:
    def value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
        match = pattern.match(text, at)
        return (match.end(), [match[0]]) if match and (may_be_a_word or not is_word(match[0].lower())) else (at, ())

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
    _Form("-----BEGIN", _PRIVATE_KEY, _key_value, is_secret=_always),
    _Form(":", _BLOCK, _block_value, mask=f"  {MASK}\n"),
    _Form(":", _QUOTED, _quoted_value, mask=f'"{MASK}"'),
    _Form("@", _USER_INFO, _user_info, is_secret=_always),
    _Form("=", _PAIR, _pair_value, is_secret=_is_secret_pair),
    _Form(":", _LINE, _line_value),
    _Form("-", _OPTION, _word_value(_BARE_VALUE, may_be_a_word=True)),
    _Form("-", _USER, _bare_user_value, is_secret=_always),
    _SCHEMES,
)
_OPTIONS = _Form("-", _OPTION, _option_value)
_OUTPUT = (
    _OPTIONS,
    _Form("", _SPOKEN, _word_value(_SPOKEN_VALUE, may_be_a_word=True)),
    _Form("", _PROSE, _prose_value),
    _SCHEMES,
)
_USERS = _Form("", _USER, _user_value, is_secret=_always)


def mask_output(text: str) -> str:
    """Return what a command printed, without the values of secret names: `--token abc`, `password: abc`."""
    text = mask_text(text)
    for form in _OUTPUT:
        text = _mask_form_of(form, text, ignore)
    return text


def mask_command(command: str, learn: Learn = ignore) -> str:
    """Return a shell command without the secrets that are written in it."""
    for form in (_OPTIONS, _USERS):  # first: an option's value is one whatever words stand before it
        command = _mask_form_of(form, command, learn)
    command = mask_text(command, learn)
    for form in _OUTPUT:
        command = _mask_form_of(form, command, learn)
    return command

"""Forms, JSON, XML, multipart and prose without the values of secret names."""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_plus

from engine_contract.text.masking.looks import BEGINNINGS, LOOK, REST
from engine_contract.text.masking.names import HINTS, is_password, is_secret, may_be_secret, unescaped
from engine_contract.text.masking.tables import mask_tables
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
    looks_random,
)

MAX_DEPTH = 5
"""How deep texts within texts are opened, as JSON in a string of JSON; a deeper one is masked as a whole."""
MAX_PART_HEADERS = 20

# Forms. Each pattern ends where a value begins, and its first group is the value's name. Quantifiers are possessive.
_JSON_KEY = re.compile(r'"([^"\\]*+(?:\\u[0-9a-fA-F]{4}[^"\\]*+)*+)"\s*+:\s*+')
_ESCAPED_ELEMENT = re.compile(r"&lt;([\w:.-]++)(?:\s(?:[^<>&]|&(?![lg]t;))*+)?+&gt;")
_ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+(?<!/)>")
_PART = re.compile(
    rf"^content-disposition[ \t]*+:(?>(?:[^\r\n]|\r?\n[ \t])*?(?<=[;\s])name\*?[ \t]*+=)[ \t]*+(?:utf-8'')?[\"']?([^\"'\r\n;]*+)[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){{0,{MAX_PART_HEADERS}}}+\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
# In a URL, a program, a log: `a=b`, `a => b`, `{a: b}`, `map[a:b]`. `_QUOTED` reads quotes after a colon.
_PAIR = re.compile(r"(?<![\w.\-\[\]%$])([\w.\-\[\]%$]++)[\"']?+\s{0,8}+(?:=>?+\s{0,8}+|:[ \t]{0,8}+\[?+(?![\s\"'\[{]))")
_LINE = re.compile(
    r"^[ \t<>]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+(?:(?:bearer|basic|digest|token)[ \t]++)?+",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_LINE = re.compile(r"[\"']([\w-]++): ?+(?![\"'])")
# Two lines of YAML: a name and its value, an option and what follows it.
_TWO_LINES = re.compile(
    r"^[ \t]*+(?:- ++)?(?:(?:name|key):[ \t]++[\"']?+([\w.-]++)[\"']?+[ \t]*+\r?\n[ \t]*+value:"
    r"|[\"']?+(?P<name>--?[a-z][\w-]*+)[\"']?+[ \t]*+\r?\n[ \t]*+-)[ \t]++",
    re.MULTILINE,
)
_BLOCK = re.compile(r"^[ \t]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+[|>][+\d-]{0,2}+[ \t]*+\r?\n", re.MULTILINE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----()")
# JavaScript, YAML, GraphQL: names and values that JSON would not write like this.
_QUOTED = re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,8}+:\s{0,8}+\[?+b?+(?=[\"'])")
# A list whose every other element is a value: headers, the arguments of a command.
_LISTED = re.compile(r"[\"']([\w-]++)[\"']\s{0,8}+,\s{0,20}+b?+(?=[\"'])")
_USER_INFO = re.compile(r"://(?:[^\s/?#@:\"'<>\\]*+:)?+()(?=[^\s/?#@\"'<>\\]++@)")
# A name that is a value itself: `{"name": "password", "value": "x"}`, `["password", "x"]`.
_NAMES = '"(?:name|key|field|header|id|label|path|param|parameter|attribute|property|type|variable|k)"'
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
_SCHEME = re.compile(r"\b(bearer|basic)\s++(?!(?:charset|error|realm|scope)=)", re.IGNORECASE)
_SPOKEN = re.compile(r"(?<![\w-])([\w-]++)[\"']?+\s*+[=:]\s*+(?:(?:bearer|basic)\s++)?+", re.IGNORECASE)
# A device's configuration says how a password is written before it: `secret 5 $1$…`.
_PROSE = re.compile(
    r"(?<![\w-])(\w[\w-]*+)[\"']?+\s++[\"']?+(?:(?:\d{1,2}|ascii|clear|encrypted|hashed|hexadecimal|md5|plain-text|sha\d{0,3})\s++[\"']?+)?+"
)
_DEVICE = re.compile(r"\b(?:snmp-server\s++community\s++|identified\s++by\s++[\"'])()", re.IGNORECASE)
_DEVICE_KEY = re.compile(r"\bkey [0-9] ()")
_OPTION = re.compile(r"-(?<![\w-]-)(-?[A-Za-z][\w-]*+)[ \t]++")
# The options of passwords, which are short.
_TOOL = re.compile(
    r"\b(?:sshpass\s++-p\s?+|mysql\w{0,20}+\s(?:[^|;&\n]{0,60}?\s)?-p|(?:ldap\w{1,20}+\s(?:[^|;&\n]{0,60}?\s)?-w"
    r"|redis-cli\s(?:[^|;&\n]{0,60}?\s)?-a|(?:az|docker|helm|podman)\s[^|;&\n]{0,40}?login\s(?:[^|;&\n]{0,60}?\s)?-p)\s)()"
)
# A user with a password, as curl takes it.
_USER = re.compile(
    r"-(?<![^\s\"']-)(?:[uU](?:[\"'],)?+\s*+|-(?:proxy-)?user(?:=|[\"'],\s*+|\s++))(?P<quote>[\"']?+)(?P<name>)[^\s:\"'$]++[:](?=\S)"
)

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_ESCAPED_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"?+', re.DOTALL)
_NESTING = re.compile(rf"{_STRING.pattern}|[\[\]{{}}]", re.DOTALL)
_SCALAR = re.compile(r"[^\s,}\]]*+")
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_SAYS_NOTHING = frozenset({'""', "null", "true", "false", ""})
_BOUNDARY = re.compile(r"--[^\r\n]{1,100}+")
MAX_HEAD_CHARS = 4096
"""Most characters of a part's head in which its boundary is looked for."""
_QUOTED_VALUE = re.compile(r"\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"?+|'[^'\\]*+(?:\\.[^'\\]*+)*+'?+", re.DOTALL)
_PAIR_VALUE = re.compile(r"\"[^\"]*+\"?+|'[^']*+'?+|[^&\s\"'<>\\]*+")
_LINE_VALUE = re.compile(r"(?!\|)[^\s\"'{}<>]++(?=[ \t]*+\r?$)", re.MULTILINE)
_END_VALUE = re.compile(r"[^\s\"'{}<>\\]++(?=[\"'])")
_HEADER_VALUE = re.compile(r"[^\r\n]++")
_WHOLE_LINE = re.compile(r"[^\s\"'{}<>|](?:[^\r\n\"'{}<>]*+)(?=\r?$)", re.MULTILINE)
_SCHEME_VALUE = re.compile(r"[\w.~+/=-]{8,}+")
_SPOKEN_VALUE = re.compile(r"\S++")
_OPTION_VALUE = re.compile(r"\"[^\"]*+\"|'[^']*+'|[^\s\"';|&<>]*+")
_LINE_OF_QUOTES = re.compile(r"[^\"'\\\r\n]++")
_BARE_VALUE = re.compile(r"[^\s\"';|&<>\\]++")
_PROSE_VALUE = re.compile(r"[^\s;,\"'()<>{}\[\].!?:]++(?:[.!?:]++[^\s;,\"'()<>{}\[\].!?:]++)*+")
_FLOW_VALUE = re.compile(r"[^\s\"'<>\\,;&(){}\[\]]*+")
_AUTHORITY = re.compile(r"[^\s/?#\"'<>\\]++")
_IS_FORM = re.compile(r"[\w.\-\[\]%$+]++=")
_AFTER_PAIR = re.compile(r";\s?[\w .-]{1,40}+=")
_BEFORE_COLON = re.compile(r"\s{0,20}+:")
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
    is_named = is_secret(name, parameter=True) or (may_be_secret(name) and looks_random(decoded))
    if value and is_named and not _is_status(name, decoded):
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
        for form in _OF_JSON:
            text = _mask_form_of(form, text, learn)
        text = _ESCAPED_STRING.sub(lambda match: _mask_string(match[0], learn, depth), text)
    text = mask_tables(text, learn)
    lowered = text.lower()
    for form in _FORMS:
        if any(hint in lowered for hint in form.hints):
            text = _mask_form_of(form, text, learn)
    return text


def _may_hold_secrets(text: str) -> bool:
    return (_has_hints if len(text) <= 200 else _has_hints.__wrapped__)(text)


@lru_cache(maxsize=1024)
def _has_hints(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS) or ("://" in text and "@" in text)


def _mask_string(string: str, learn: Learn, depth: int) -> str:
    """Mask what a string of JSON says; a string without secrets stays as it is written."""
    inside = unescaped(string[1:].removesuffix('"'))
    masked = _mask_text(inside, learn, depth + 1)
    return string if masked == inside else json.dumps(masked)


class _Form(NamedTuple):
    """How a text writes a name and its value.

    A text that does so holds one of the `hints`, in small letters. `value` returns the end of a value, and what to
    learn of it.
    """

    hints: tuple[str, ...]
    opening: re.Pattern[str]
    value: Callable[[str, int, str], tuple[int, Iterable[str]]]
    mask: str = MASK
    is_secret: Callable[[str, int, str], bool] | None = None
    """Whether the value at a place is secret, where not the name alone decides."""


def _mask_form_of(form: _Form, text: str, learn: Learn) -> str:
    """Mask all values that a text writes in one form."""
    parts, copied, at = [], 0, 0
    is_named = "name" in form.opening.groupindex
    while match := form.opening.search(text, at):
        at = match.end()
        name = (match["name"] if is_named else None) or match[1]
        is_secret_name = form.is_secret(text, match.start(1), name) if form.is_secret else is_secret(name)
        if not is_secret_name and not may_be_secret(name):
            continue
        end, values = form.value(text, at, match[1])
        found = [_typed(name, value) for value in values]
        if end == at or not (is_secret_name or any(map(looks_random, found))):
            continue
        for value in found:
            learn(value)
        parts += [text[copied:at], form.mask.replace('"', "'") if text.startswith("'", at) else form.mask]
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


def _escaped_element_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    found = text.find(f"&lt;/{name}", at)
    end = len(text) if found < 0 else found
    return end, [html.unescape(html.unescape(text[at:end])).strip()]


def _part_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    before = text[max(0, at - MAX_HEAD_CHARS) : at]
    boundary = _BOUNDARY.match(before, before.rfind("\n--") + 1)
    found = text.find(f"\n{boundary[0]}", at) if boundary else -1
    end = len(text) if found < 0 else found - (text[found - 1] == "\r")
    return max(at, end), [text[at:end]]


def _pair_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    if ":" in text[max(0, at - 12) : at].rstrip(" \t[")[-1:]:
        value = _FLOW_VALUE.match(text, at)[0]  # type: ignore[index]
        return (at + len(value), [value]) if can_be_learned(_typed(name, value)) else (at, ())
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
    end = at + _AUTHORITY.match(text, at)[0].rindex("@")  # type: ignore[index]
    value = text[at:end]
    is_user = text[at - 1] == "/"  # alone, as `https://TOKEN@host`
    return (at, ()) if is_user and not looks_random(value) else (end, [value, unquote(value)])


def _listed_value(text: str, at: int, name: str) -> tuple[int, Iterable[str]]:
    """Read what follows an option, or what looks like a secret after another name: a list may be one of names."""
    match = _QUOTED_VALUE.match(text, at)
    value = unescaped(match[0][1:].removesuffix(match[0][0])) if match else ""
    is_value = not value.startswith("-") if name.startswith("-") else can_be_learned(_typed(name, value))
    is_value = is_value and (name.startswith("-") or any(map(str.isdigit, value)))
    if match is None or not value or not is_value or _BEFORE_COLON.match(text, match.end()):
        return at, ()
    return match.end(), _with_credential(value)


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
    """Read a word that ends its line; of a password all words, and of a header that is a credential."""
    if name.lower() in _CREDENTIAL_HEADERS:
        line = _HEADER_VALUE.match(text, at)
        return (at, ()) if line is None or all(map(is_word, line[0].lower().split())) else (line.end(), [line[0]])
    match = (is_password(name) and _WHOLE_LINE.match(text, at)) or _LINE_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and not is_word(match[0].lower()) else (at, ())


def _quoted_line_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    match = _END_VALUE.match(text, at)
    return (match.end(), [match[0]]) if match and not is_word(match[0].lower()) else (at, ())


def _two_lines_value(text: str, at: int, _name: str) -> tuple[int, Iterable[str]]:
    value = _HEADER_VALUE.match(text, at)
    return (value.end(), [value[0].strip("\"' ")]) if value and not value[0].startswith("-") else (at, ())


def _user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password to the quote that ends it, or to a blank."""
    found = text.find(quote, at) if quote else _OPTION_VALUE.match(text, at).end()  # type: ignore[union-attr]
    end = len(text) if found < 0 else found
    return end, [text[at:end]]


def _bare_user_value(text: str, at: int, quote: str) -> tuple[int, Iterable[str]]:
    """Read a password within a larger text, to its quote or to what may belong to that text."""
    match = (_LINE_OF_QUOTES if quote else _BARE_VALUE).match(text, at)
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


def _look_value(text: str, at: int, beginning: str) -> tuple[int, Iterable[str]]:
    match = REST.match(text, at)
    return (match.end(), [beginning + match[0]]) if match else (at, ())


def _is_look(text: str, at: int, _name: str) -> bool:
    """Return whether a beginning is one: not within a word, but for an escape of a URL."""
    return at == 0 or not (text[at - 1].isalnum() or text[at - 1] in "_-") or text[max(0, at - 3) : at - 2] == "%"


def _always(_text: str, _at: int, _name: str) -> bool:
    return True


_OF_DEVICES = ("snmp-server", "identified")
_STRINGS = f'"{MASK}"'
_SCHEMES = _Form(("bearer", "basic"), _SCHEME, _word_value(_SCHEME_VALUE), is_secret=_always)
_OF_JSON = (
    _Form(('"',), _JSON_KEY, _json_value, mask=_STRINGS),
    _Form(('"',), _NAMED, _json_value, mask=_STRINGS),
    _Form(('"',), _NAMED_AFTER, _json_value, mask=_STRINGS),
    _Form(('"',), _COUPLE, _quoted_value, mask=_STRINGS),
)
_FORMS = (
    _Form(("<",), _ELEMENT, _element_value),
    _Form(("&lt;",), _ESCAPED_ELEMENT, _escaped_element_value),
    _Form(("<",), _PROPERTY, _property_value),
    _Form(("<",), _AFTER_KEY, _property_value),
    _Form(("value",), _INPUT, _pair_value, mask=_STRINGS),
    _Form(("value",), _INPUT_AFTER, _pair_value, mask=_STRINGS),
    _Form(("content-disposition",), _PART, _part_value),
    _Form(("-----begin",), _PRIVATE_KEY, _key_value, is_secret=_always),
    _Form(("|", ">"), _BLOCK, _block_value, mask=f"  {MASK}\n"),
    _Form(("\n",), _TWO_LINES, _two_lines_value),
    _Form((":",), _QUOTED, _quoted_value, mask=_STRINGS),
    _Form((",",), _LISTED, _listed_value, mask=_STRINGS),
    _Form(("@",), _USER_INFO, _user_info, is_secret=_always),
    _Form(("=", ":"), _PAIR, _pair_value, is_secret=_is_secret_pair),
    _Form((":",), _LINE, _line_value),
    _Form((":",), _QUOTED_LINE, _quoted_line_value),
    _Form(("-",), _OPTION, _word_value(_BARE_VALUE)),
    _Form(("-u", "-proxy-user"), _USER, _bare_user_value, is_secret=_always),
    _Form(_OF_DEVICES, _DEVICE, _word_value(_BARE_VALUE, may_be_a_word=True), is_secret=_always),
    _Form(("key ",), _DEVICE_KEY, _word_value(_BARE_VALUE), is_secret=_always),
    _Form((" ", "\t"), _PROSE, _prose_value),
    _SCHEMES,
    _Form(BEGINNINGS, LOOK, _look_value, is_secret=_is_look),
)
_HINTS = (*HINTS, *BEGINNINGS, *_OF_DEVICES, "basic ", "%", "\\u", "-u", "-proxy-user")
_OPTIONS = _Form(("-",), _OPTION, _option_value)
_OUTPUT = (
    _OPTIONS,
    _Form(("=", ":"), _SPOKEN, _word_value(_SPOKEN_VALUE, may_be_a_word=True)),
    _Form((" ",), _PROSE, _prose_value),
    _SCHEMES,
)
_OF_COMMANDS = (
    _OPTIONS,
    _Form(("-u", "-proxy-user"), _USER, _user_value, is_secret=_always),
    _Form(("-",), _TOOL, _option_value, is_secret=_always),
)


def mask_output(text: str) -> str:
    """Return what a command printed, without the values of secret names: `--token abc`, `password: abc`."""
    text = mask_text(text)
    for form in _OUTPUT:
        text = _mask_form_of(form, text, ignore)
    return text


def mask_command(command: str, learn: Learn = ignore) -> str:
    """Return a shell command without the secrets that are written in it."""
    for form in _OF_COMMANDS:  # first: an option's value is one whatever words stand before it
        command = _mask_form_of(form, command, learn)
    command = mask_text(command, learn)
    for form in _OUTPUT:
        command = _mask_form_of(form, command, learn)
    return command

"""Where a value begins in a text: the ways of writing a name before its value.

Each pattern ends where a value begins, and its first group is the value's name. Quantifiers are possessive.
"""

import re

MAX_PART_HEADERS = 20

JSON_KEY = re.compile(r'"([^"\\]*+(?:\\u[0-9a-fA-F]{4}[^"\\]*+)*+)"\s*+:\s*+')
ESCAPED_ELEMENT = re.compile(r"&lt;([\w:.-]++)(?:\s(?:[^<>&]|&(?![lg]t;))*+)?+&gt;")
ELEMENT = re.compile(r"<([\w:.-]++)(?:\s[^<>]*+)?+(?<!/)>")
PART = re.compile(
    rf"^content-disposition[ \t]*+:(?>(?:[^\r\n]|\r?\n[ \t])*?(?<=[;\s])name\*?[ \t]*+=)[ \t]*+(?:utf-8'')?[\"']?([^\"'\r\n;]*+)[^\r\n]*+\r?\n(?:[^\r\n]++\r?\n){{0,{MAX_PART_HEADERS}}}+\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
# In a URL, a program, a log: `a=b`, `a => b`, `{a: b}`, `map[a:b]`. `QUOTED` reads quotes after a colon.
PAIR = re.compile(r"(?<![\w.\-\[\]%$])([\w.\-\[\]%$]++)[\"']?+\s{0,8}+(?:=>?+\s{0,8}+|:[ \t]{0,8}+\[?+(?![\s\"'\[{]))")
LINE = re.compile(
    r"^[ \t<>]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+(?:(?:bearer|basic|digest|token)[ \t]++)?+",
    re.IGNORECASE | re.MULTILINE,
)
QUOTED_LINE = re.compile(r"[\"']([\w-]++): ?+(?![\"'])")
# Two lines of YAML: a name and its value, an option and what follows it.
TWO_LINES = re.compile(
    r"^[ \t]*+(?:- ++)?(?:(?:name|key):[ \t]++[\"']?+([\w.-]++)[\"']?+[ \t]*+\r?\n[ \t]*+value:"
    r"|[\"']?+(?P<name>--?[a-z][\w-]*+)[\"']?+[ \t]*+\r?\n[ \t]*+-)[ \t]++",
    re.MULTILINE,
)
BLOCK = re.compile(r"^[ \t]*+(?:- ++)?([\w-]++)[ \t]*+:[ \t]*+[|>][+\d-]{0,2}+[ \t]*+\r?\n", re.MULTILINE)
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----()")
# JavaScript, YAML, GraphQL: names and values that JSON would not write like this.
QUOTED = re.compile(r"(?<![\w-])([\w-]++)[\"']?\s{0,8}+:\s{0,8}+\[?+b?+(?=[\"'])")
# A list whose every other element is a value: headers, the arguments of a command.
LISTED = re.compile(r"[\"']([\w-]++)[\"']\s{0,8}+,\s{0,20}+b?+(?=[\"'])")
USER_INFO = re.compile(r"://(?:[^\s/?#@:\"'<>\\]*+:)?+()(?=[^\s/?#@\"'<>\\]++@)")
# A line of PostgreSQL's file of passwords: host, port, database and user before one.
PGPASS_HINTS = (":543", ":6432:", ":*:")
PGPASS = re.compile(
    r"(?:^[ \t]*+(?:- ++)?+(?=[^\s\"'])|(?=[\"']))([\"']?+)(?:[\w.*-]{1,253}+):(?:543\d|6432|\*):(?:[^\s:\"'<>]{1,63}+:){2}+(?=\S)",
    re.MULTILINE,
)
# A name that is a value itself: `{"name": "password", "value": "x"}`, `["password", "x"]`.
_NAMES = '"(?:name|key|field|header|id|label|path|param|parameter|attribute|property|type|variable|k)"'
_VALUES = '"(?:value|val|v|new_?value)"'
_COLON, _COMMA = r"\s{0,8}+:\s{0,8}+", r"\s{0,8}+,\s{0,20}+"
_MEMBER = rf'"[^"\\]{{0,100}}+"{_COLON}(?:"[^"\\]{{0,200}}+"|[\w.+-]{{1,30}}+){_COMMA}'
NAMED = re.compile(
    rf'{_NAMES}{_COLON}"([^"\\]{{1,100}}+)"{_COMMA}(?:(?!{_VALUES}){_MEMBER}){{0,4}}+{_VALUES}{_COLON}', re.IGNORECASE
)
NAMED_AFTER = re.compile(
    rf'{_VALUES}{_COLON}()(?="[^"\\]{{1,2000}}+"{_COMMA}(?:(?!{_NAMES}){_MEMBER}){{0,4}}+'
    rf'{_NAMES}{_COLON}"(?P<name>[^"\\]{{1,100}}+)")',
    re.IGNORECASE,
)
COUPLE = re.compile(r'\[\s{0,20}+"([^"\\]{1,100}+)"\s{0,8}+,\s{0,20}+(?="[^"\\]{1,4000}+"\s{0,20}+\])')
INPUT = re.compile(r"\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}?\svalue\s?=\s?", re.IGNORECASE)
INPUT_AFTER = re.compile(
    r"\bvalue\s?=\s?()(?=(?:\"[^\"<>]{1,2000}+\"|'[^'<>]{1,2000}+')[^<>]{0,200}?\s(?:name|id|key)\s?=\s?[\"'](?P<name>[^\"'<>]{1,100}+))",
    re.IGNORECASE,
)
PROPERTY = re.compile(
    r"<[\w:.-]{1,50}+\s[^<>]{0,200}?\b(?:name|id|key)\s?=\s?[\"']([^\"'<>]{1,100}+)[\"'][^<>]{0,200}+(?<!/)>"
    r"(?:\s{0,50}+<[\w:.-]{1,50}+(?:\s[^<>]{0,100}+)?+(?<!/)>){0,2}+(?:\s{0,50}+<!\[CDATA\[)?+",
    re.IGNORECASE,
)
AFTER_KEY = re.compile(
    r"<(?:\w{1,20}+:)?(?:name|key)>\s{0,20}+([^<>\s]{1,100}+)\s{0,20}+</(?:\w{1,20}+:)?(?:name|key)>(?:\s{0,50}+<[\w:.-]{1,50}+(?:\s[^<>]{0,100}+)?+(?<!/)>){1,3}+",
    re.IGNORECASE,
)
SCHEME = re.compile(r"\b(bearer|basic)\s++(?!(?:charset|error|realm|scope)=)", re.IGNORECASE)
SPOKEN = re.compile(r"(?<![\w-])([\w-]++)[\"']?+\s*+[=:]\s*+(?:(?:bearer|basic)\s++)?+", re.IGNORECASE)
# A device's configuration says how a password is written before it: `secret 5 $1$…`.
PROSE = re.compile(
    r"(?<![\w-])(\w[\w-]*+)[\"']?+\s++[\"']?+(?:(?:\d{1,2}|ascii|clear|encrypted|hashed|hexadecimal|md5|plain-text|sha\d{0,3})\s++[\"']?+)?+"
)
DEVICE = re.compile(r"\b(?:snmp-server\s++community\s++|identified\s++by\s++[\"'])()", re.IGNORECASE)
DEVICE_KEY = re.compile(r"\bkey [0-9] ()")
OPTION = re.compile(r"-(?<![\w-]-)(-?[A-Za-z][\w-]*+)[ \t]++")
# The options of passwords, which are short.
TOOL = re.compile(
    r"\b(?:sshpass\s++-p\s?+|mysql\w{0,20}+\s(?:[^|;&\n]{0,60}?\s)?-p|(?:ldap\w{1,20}+\s(?:[^|;&\n]{0,60}?\s)?-w"
    r"|redis-cli\s(?:[^|;&\n]{0,60}?\s)?-a|(?:az|docker|helm|podman)\s[^|;&\n]{0,40}?login\s(?:[^|;&\n]{0,60}?\s)?-p)\s)()"
)
# A user with a password, as curl takes it.
USER = re.compile(
    r"-(?<![^\s\"']-)(?:[uU](?:[\"'],)?+\s*+|-(?:proxy-)?user(?:=|[\"'],\s*+|\s++))(?P<quote>[\"']?+)(?P<name>)[^\s:\"'$]++[:](?=\S)"
)

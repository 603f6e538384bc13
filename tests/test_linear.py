"""Each regular expression of the product takes linear time: it is called here with its worst texts."""

import ast
import importlib
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine_contract.own_packages import __file__ as here
from tests.support.linear import hold_linear

ROOT = Path(here).parent.parent
PACKAGES = ("engine_contract", "mock_server", "contract_tests")
FUNCTIONS = frozenset({"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
# What patterns take from the place where they are written.
LOCAL = {
    "names": rb"(?:https?:)?//engine\.example(?::443)?",
    "below": rb"/app",
    "job_id": "4321abcdef694aa79dae47ad",
    "secret": "s3cret",
    "value": "a",
    "separator": ",",
    "here": {"propertyNames": {"pattern": "^[A-Za-z-]+$"}},
}


class Pattern(NamedTuple):
    """A regular expression of the product: its name, and how it is called."""

    name: str
    pattern: re.Pattern[Any]
    is_search: bool


def _patterns() -> Iterator[Pattern]:
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        source = path.read_text("utf-8")
        if "re." not in source:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield from _patterns_of(module, ast.parse(source))


def _patterns_of(module: str, tree: ast.Module) -> Iterator[Pattern]:
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    for statement in tree.body:
        for number, (call, method) in enumerate(_calls(statement), 1):
            name = _name(statement)
            methods = {method} if method else used.get(name, set()) & FUNCTIONS
            if not methods or (isinstance(statement, ast.ClassDef | ast.FunctionDef)):
                methods |= {method or call.func.attr}  # type: ignore[attr-defined]
            label = f"{module}:{name}" if number == 1 else f"{module}:{name} {number}"
            scope = vars(importlib.import_module(module)) | LOCAL
            arguments = [*call.args[:1], *_flags(call)]
            yield Pattern(
                label, re.compile(*(_value(one, scope) for one in arguments)), not methods <= {"match", "fullmatch"}
            )


def _calls(statement: ast.stmt) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of `re`, and the method of the pattern that is taken at once."""
    taken = {
        node.value: node.attr
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call)
    }
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=attr)) if attr in FUNCTIONS:
                yield node, taken.get(node, "" if attr == "compile" else attr)


def _flags(call: ast.Call) -> list[ast.expr]:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    return named or (call.args[1:2] if call.func.attr == "compile" else [])  # type: ignore[attr-defined]


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
    return "module"


def _value(expression: ast.expr, scope: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(expression), "pattern", "eval"), scope)  # noqa: S307 - our own source


PATTERNS = {pattern.name: pattern for pattern in _patterns()}

# Patterns that a function gets, which calls `match`.
MATCHED = frozenset(
    {
        f"engine_contract.text.masking.readers:{name}"
        for name in ("_LINE_VALUE", "SCHEME_VALUE", "_WHOLE_LINE", "SPOKEN_VALUE")
    }
)

SHAPES: dict[str, tuple[str, ...]] = {
    "contract_tests.config.auth:_SCHEME": ("bearer ", "Basic"),
    "contract_tests.config.auth:_TOKEN": ("a", "a<<a>> "),
    "engine_contract.environment:variable_of": ("-", "A"),
    "contract_tests.config.settings_file:_NAME": ("a", "a.", "<<a>>/"),
    "contract_tests.config.settings_file:_check": ("a", "env:"),
    "contract_tests.config.settings_file:_complaint": ("<<a>>1", "a1"),
    "contract_tests.watch.cli:_checked_key": ("a", "<<a>>/"),
    "contract_tests.watch.cli:_host_name": ("a", "[<<:>>", "<<a>>/"),
    "contract_tests.judge.answers:MASKED": ("abcdef012345678-", "1", "<<a>>g"),
    "contract_tests.judge.answers:_LOGIN": ("log", "sign-", "sso", "auth"),
    "contract_tests.judge.canceled_jobs:_TELLS_OF_THE_JOB": ("not ", "no such active "),
    "contract_tests.judge.received:_ARRAY": ("an array of <<1>> ",),
    "contract_tests.judge.received:_DATE_TIME": ('"2026-01-01T00:00:00.<<1>>Z" ',),
    "contract_tests.judge.received:_HEX": ("abcdef0-", "<<1>>g"),
    "contract_tests.judge.received:_KIND": ("(a string", "(a number) "),
    "contract_tests.judge.received:_LONG": ("12345.", "<<1>>."),
    "contract_tests.judge.received:_NUMBER": ("-<<1>> (a numbe", "1.e+"),
    "contract_tests.judge.received:_STATUS": ("1",),
    "contract_tests.model:TELL_TALE": ("x-<<a-instanc>>", "x-<<->>", "x-"),
    "contract_tests.output_files:_days": ("1",),
    "contract_tests.pytest_run:_FLAG": (" --", "--url-", " --ur"),
    "contract_tests.recording.har_bodies:_BASE64": ("a", "<<a>>-", "="),
    "contract_tests.recording.har_reader:_date": (" ", " UTC", "GMT "),
    "contract_tests.recording.profile:ProfileWriter": ("jso", "json"),
    "contract_tests.recording.profile:_NOT_ACTIVE": ("not ", "cance", "no longe"),
    "contract_tests.recording.profile:_OF_CREDENTIALS": ("log ", "unauthori", "token"),
    "contract_tests.recording.profile:_OF_JOBS": ("not ", "jo", "id"),
    "contract_tests.recording.profile:_OF_ROLES": ("rol", "not may "),
    "contract_tests.recording.profile:_template": ("4321abcdef694aa79dae47a", "4321abcdef694aa79dae47ad"),
    "contract_tests.run.diagnose:_HEAD": ("<style", "<", "<script "),
    "contract_tests.run.diagnose:_TAG": ("<", "<a", "<>"),
    "contract_tests.run.diagnose:_WANTS_ORIGIN": ("a", "origin", "csr"),
    "contract_tests.run.diagnose:_ASKS_FOR_MORE": ("param", "a", "arguments "),
    "contract_tests.run.diagnose:_SAYS_MISSING": ("missing required ", "job_id   is "),
    "contract_tests.run.diagnose:_WANTS_CERTIFICATE": ("client-", "ssl certificate "),
    "contract_tests.run.likeness:_VARYING": ("mon", "a-", "mon 1 jan ", "<<f>>-", "2026-01-01T"),
    "contract_tests.run.likeness:_WORD": ("a", "!", "-"),
    "contract_tests.run.likeness:look_without": ("s3cre", "s3cret"),
    "contract_tests.safety.guard:_FIXED_FORM": ("a", "abcdef01-"),
    "contract_tests.safety.guard:_ID_LIKE": ("abcdef012345678/", "a"),
    "contract_tests.safety.guard:_INERT_KEY": ("a", "_"),
    "contract_tests.safety.guard:_INERT_TEXT": ("job_id", "true", "< >x", "nul"),
    "contract_tests.safety.guard:_NUMBER": ("1",),
    "contract_tests.transport.tokens:_HEX": ("a", "-"),
    "contract_tests.transport.tokens:_NOT_A_TOKEN": ("a", " "),
    "contract_tests.transport.transport:_ASKS_FOR_CERTIFICATE": ("alert certificate ",),
    "contract_tests.transport.transport:_REFUSES_CERTIFICATE": ("alert unsupported ", "alert certificate "),
    "engine_contract.console.bug_report:_is_transport": ("sec-<<a>>\n", "accept-"),
    "engine_contract.console.json_view:_COLON": (" ",),
    "engine_contract.console.json_view:_PIECE": ('"\\', '"', "a", '"a" '),
    "engine_contract.console.json_view:_TOKEN": ('"\\', '"', '"a"<< >>x', "1", "<<1>>a", "1.", "1e"),
    "engine_contract.contract.draft.block:_BUTTON": ("Copied to ",),
    "engine_contract.contract.draft.block:_JSON": ("1", "null"),
    "engine_contract.contract.draft.block:_NOTHING": ("none", "this method has no ", "no "),
    "engine_contract.contract.draft.block:_TABS": (
        *(
            "Details",
            "<<Example>>x",
            "Details << >>x",
            "|<< >>x",
            "Example <<1>>x",
            "Example<<:>>x",
            "Example<< error>>x",
        ),
    ),
    "engine_contract.contract.draft.columns:_BAR": ("|", "\\|"),
    "engine_contract.contract.draft.columns:_GAP": (" ", "a  "),
    "engine_contract.contract.draft.columns:_MARK": ("_", "_. ", "=<< >>"),
    "engine_contract.contract.draft.columns:_WORD": ("a", "a "),
    "engine_contract.contract.draft.json_schema:_is_pattern": ("a",),
    "engine_contract.contract.draft.kinds:_ARRAY": ("a", "array of <<a>>?", "<<a>>?", "<<a>>["),
    "engine_contract.contract.draft.kinds:_OR": ("|", "or ", "or"),
    "engine_contract.contract.draft.lines:_PAGE_NUMBER": ("1\n", " ", "\n", "1<<\n>>", "1 \n"),
    "engine_contract.contract.draft.located_json:COMMENT": ("/*", "/* *", "//", "/*<<a*>>"),
    "engine_contract.contract.draft.located_json:_CURLY": ("“a", "“<<a>>"),
    "engine_contract.contract.draft.located_json:_SCALAR": ("1", "1.<<1>>e"),
    "engine_contract.contract.draft.located_json:_SPACE": (" ",),
    "engine_contract.contract.draft.marks:UNDERLINE": ("=", "<<=>>a"),
    "engine_contract.contract.draft.marks:_ANCHOR": ("{", "{#", "{#a", "{anchor:a"),
    "engine_contract.contract.draft.marks:_ASIDE": ("(", "(a", "()"),
    "engine_contract.contract.draft.marks:_ESCAPE": ("\\\\", "\\\\_"),
    "engine_contract.contract.draft.marks:_CODE": ("{{", "{{a", "''", "''a", "''%%"),
    "engine_contract.contract.draft.marks:_HEADING": ("#", "=<< >>", "h1.<< >>"),
    "engine_contract.contract.draft.marks:_ITEM": ("1", "-<< >>", "1. ", "1."),
    "engine_contract.contract.draft.marks:_MARKUP": (
        *("```<< >>?", "```<<a>>?", "{code<<a>>", "{code:<<a>>", ".. code::<< >>?", "[source<<a>>", "<code <<a>>"),
    ),
    "engine_contract.contract.draft.page:_BODY": ("bod", "payloa"),
    "engine_contract.contract.draft.page:_LABEL": ("method<< >>", "http "),
    "engine_contract.contract.draft.page:_NAME": ("a", "<<a>>."),
    "engine_contract.contract.draft.page:_NAMES": ("{", "{a", "{}"),
    "engine_contract.contract.draft.page:_PATH": ("/a", "/<<a>>?", "/:a", "/{a}", "/{<<a>>"),
    "engine_contract.contract.draft.page:_PATH_PARAMETER": (":", ":a", ":<<a>>"),
    "engine_contract.contract.draft.page:_ROLE": ("a", "<<a>>/"),
    "engine_contract.contract.draft.page:_ROUTE": ("GET << >>a", "POST /<<a>> "),
    "engine_contract.contract.draft.page:_roles": (" ", ",|", "a "),
    "engine_contract.contract.draft.schema:_DATE_TIME": ("2026-01-01T00:00:00.<<1>>z ",),
    "engine_contract.contract.draft.schema:_ID": ("a", "1", "<<a>>1"),
    "engine_contract.contract.draft.table:_ELEMENT": ("[", "[1", "[]"),
    "engine_contract.contract.draft.table:_NAME": ("a", "—", "<<a>> "),
    "engine_contract.contract.draft.table:_RUN": ("-", "- "),
    "engine_contract.contract.operation:_SEGMENT": ("a", "<<a>>/"),
    "engine_contract.contract.rule_ids:_NOT_IN_IDS": ("a", "/"),
    "engine_contract.dependencies:_REQUIREMENT": ("a", "a[<<b>>"),
    "engine_contract.environment:_KUBERNETES": ("tcp:", "t"),
    "engine_contract.environment:_OF_A_SERVICE": ("SERVICE_PORT_<<A>>", "PORT_<<1>>", "S"),
    "engine_contract.http.access:_AUTHORITY_ENDS": ("a", "/", "\\"),
    "engine_contract.http.access:_HOST": ("a", "[<<:>>", "a:<<1>>x"),
    "engine_contract.http.cors:_NAMES": ("a", "a, "),
    "engine_contract.http.cors:_OF_HTTP": ("http://<<a>>/", "http://[<<:>>", "http://a:"),
    "engine_contract.http.cors:_ORIGIN": ("a", "a://<<b>>/"),
    "engine_contract.http.media_types:_PARAMETER": (";", ';="', ';="\\', ";=<< >>", ';"', ';a="<<\\>>', ";a"),
    "engine_contract.http.own_origin:OwnOrigin": ("http:", "//engine.exampl", "//engine.example"),
    "engine_contract.http.own_origin:OwnOrigin 2": ("http:", "//engine.example/", "//engine.example/app"),
    "engine_contract.http.own_origin:_DELIMITER": ("a", " "),
    "engine_contract.http.own_origin:_POLICY_WORD": ("a", "a;"),
    "engine_contract.http.own_origin:_SOURCE": ("a", "a.", "http://<<a>>/\n", "[<<:>>", "a:<<1>>x"),
    "engine_contract.http.own_origin:_TEXTS": ("text/<<a>>\n", "application/<<a+>>", "image/<<+>>jso"),
    "engine_contract.http.own_origin:_is_host": ("a", "<<a>>/"),
    "engine_contract.http.proxy_headers:_DOMAIN": (" ", "domain<< >>"),
    "engine_contract.http.proxy_headers:_PATH": (" ", "path<< >>"),
    "engine_contract.http.proxy_headers:_TIED_TO_TLS": (" ", "samesite=<< >>", "secure<< >>x"),
    "engine_contract.http.proxy_headers:_leads_out": ("/", "a"),
    "engine_contract.session_name:is_session_name": ("a",),
    "engine_contract.text.curl:_DOUBLE_QUOTED": ("a", "<<a>>`", "\x1a"),
    "engine_contract.text.curl:_VARIABLE": ("$a", "a", "$<<a>>-"),
    "engine_contract.text.curl:_URL": ("a", "http://<<a>>", ":", "http://a/<<\n>>"),
    "engine_contract.text.curl:curl": ("?", "a&"),
    "engine_contract.text.printable:_AT_LINE_START": ("\n", " ", "\n ", "<< >>:", ":", "\n::"),
    "engine_contract.text.printable:_IN_A_LINE": ("#", "##vso", "##["),
    "engine_contract.text.markdown:_SPECIAL": (":a", ":<<a>>", "_", "1.", "w.", ":+"),
    "engine_contract.text.markdown:_longest_run": ("`", "` "),
    "engine_contract.text.markdown:escape": ("<", "a"),
    "engine_contract.http.behind:_CONTROL": ("a", "\t"),
    "engine_contract.http.http_protocol:_HOST": ("a", "[", "[a", "1:", "[<<a>>/"),
    "engine_contract.http.paths:_ESCAPED_SLASH": ("%2", "%", "2f"),
    "engine_contract.http.proxies:_ENTRY": ("[", "[a", "1:", "<<a>>]"),
    "engine_contract.http.proxies:_is_exempt": (" ", ",", "a "),
    "mock_server.app:_SLASHES": ("/", "/a"),
    "engine_contract.text.masking.openings:AFTER_KEY": ("<name>", "<key>a</key>", "<name><< >>", "<name>a<< >>"),
    "engine_contract.text.masking.values:_CAPITALS": ("Aa.", "A", "Aa.<<a>>!", "A.<<A>>a"),
    "engine_contract.text.masking.values:_ID": ("a", "1", "<<1>>x"),
    "engine_contract.text.masking.values:_PUBLIC": (
        "/",
        "/a",
        "/v1",
        "http://<<a>>",
        "text/<<a>>!",
        "/a.b-",
        "1",
        "1.<<1>>x",
    ),
    "engine_contract.text.masking.headers:_DATE": ("Thu, 26 Nov ", "Thu"),
    "engine_contract.text.masking.headers:_NUMBER": ("1", "<<1>>x"),
    "engine_contract.text.masking.headers:_STRUCTURAL": ("a/", "text/<<a>>!", "text/a;boundary=<<a>>!"),
    "engine_contract.text.masking.values:_AUTH_PARAMETER": ('response="', "data=", "s", "s=<<a>> "),
    "engine_contract.text.masking.readers:_BOUNDARY": ("-", "--a"),
    "engine_contract.text.masking.openings:COUPLE": ("[", '["a",', '["a","', "[<< >>", '["a","<<b>>'),
    "engine_contract.text.masking.hiding:_ESCAPED": ("%", "\\u", "\\ud800", "\\x"),
    "engine_contract.text.masking.values:HAS_SCHEME": ("bearer ", "a"),
    "engine_contract.text.masking.openings:INPUT": ('name="a" ', 'name="a', 'name="<<a>>', "id='a' value"),
    "engine_contract.text.masking.openings:INPUT_AFTER": ('value="a" ', 'value="', 'value="<<a>>', "value='a' name "),
    "engine_contract.text.masking.openings:NAMED": ('"name":"a",', '"name":', '"name":"', '"name":"a","'),
    "engine_contract.text.masking.openings:NAMED_AFTER": ('"value":"a",', '"value":', '"value":"', '"value":"a","'),
    "engine_contract.text.masking.hiding:_NEXT_OF_CODE": ("=", "a="),
    "engine_contract.text.masking.openings:PROPERTY": (
        *("<a ", '<a name="b" ', "<a name=", "<a << >>", "<a << name>>"),
        *("<a name='b'>", "<a name='b'><<<c>>>", "<a name='b'>< >", "<a name='b'><![CDATA["),
    ),
    "engine_contract.text.masking.openings:QUOTED": ("a", "a:", "a'", "a<< >>", "a: "),
    "engine_contract.text.masking.readers:_QUOTED_VALUE": ('"\\', "'", "'\\"),
    "engine_contract.text.masking.openings:PGPASS": ("a", "\n", '"', '"a', "a:5432:", "a:*:<<a>>:", '"a:5432:a:', " "),
    "engine_contract.text.masking.readers:_PGPASS_VALUE": ("a", "a\n"),
    "engine_contract.text.masking.forms:_BASE64_JSON": ("eyJ", "eyJ<<a>>.", "-eyJa", "eyJaaaaaaaa=", "eyJaaaaaaaa."),
    "engine_contract.text.masking.openings:USER_INFO": ("://", "://a:", "://<<:>>", "://a:<<b>>", ":"),
    "engine_contract.text.masking.hiding:_unescaped_bytes": ("\\u", "\\u<<a>>", "\\x41"),
    "engine_contract.text.masking.openings:ELEMENT": ("<", "<a", "<a ", "<<<a >>", "<a:"),
    "engine_contract.text.masking.forms:_ESCAPED_STRING": ('"\\', '"', '\\"', '"a'),
    "engine_contract.text.masking.forms:_IS_FORM": ("a", "<<a>> "),
    "engine_contract.text.masking.openings:JSON_KEY": ('"', '"\\', '"\\u0041', '"a"<< >>', '"a" '),
    "engine_contract.text.masking.openings:LINE": ("a", " ", "\n", "a: \n", "a:bearer ", "a:<< >>"),
    "engine_contract.text.masking.readers:_LINE_VALUE": ("a", "<<a>>{", "a<< >>x"),
    "engine_contract.text.masking.readers:_NESTING": ('"\\', '"', "["),
    "engine_contract.text.masking.logins:_LOGIN_ROUTE": (
        "/login",
        "/oauth",
        "/auth",
        "/login.",
        "/do-",
        "/login.<<a>>!",
    ),
    "engine_contract.text.masking.logins:_LOGIN_MUTATION": (
        "mutation ",
        "mutation{",
        "mutation{a:",
        "mutation<< >>{<< >>",
    ),
    "engine_contract.text.masking.openings:ESCAPED_ELEMENT": (
        "&lt;",
        "&lt;a ",
        "&lt;a&gt;",
        "&lt;<<a>>",
        "&lt;a<< &>>",
    ),
    "engine_contract.text.masking.openings:TWO_LINES": (
        "\n",
        "- ",
        "name: a\n",
        "- --a\n- ",
        "name:<< >>",
        "- --a<< >>\n",
    ),
    "engine_contract.text.masking.openings:LISTED": ('"', "'a", '"a",', '"a"<< >>', '"a",<< >>'),
    "engine_contract.text.masking.readers:_BEFORE_COLON": (" ",),
    "engine_contract.text.masking.openings:QUOTED_LINE": ('"', "'a", '"a: ', '"<<a>>'),
    "engine_contract.text.masking.openings:DEVICE": (
        "key ",
        "key 7 ",
        "key 7<< >>",
        "identified<< >>",
        "snmp-server<< >>",
    ),
    "engine_contract.text.masking.openings:DEVICE_KEY": ("key ", "key 7", "key 7 "),
    "engine_contract.text.masking.openings:TOOL": (
        "mysql ",
        "mysql -",
        "ldapa ",
        "redis-cli ",
        "az ",
        "az login ",
        "sshpass<< >>",
    ),
    "engine_contract.text.masking.readers:_HEADER_VALUE": ("a", "a\n"),
    "engine_contract.text.masking.readers:_END_VALUE": ("a", "<<a>>{", 'a"'),
    "engine_contract.text.masking.readers:_FLOW_VALUE": ("a", "a,"),
    "engine_contract.text.masking.readers:_AUTHORITY": ("a", "@", "a/"),
    "engine_contract.text.masking.readers:_LINE_OF_QUOTES": ("a", 'a"'),
    "engine_contract.text.masking.looks:LOOK": (
        "eyJ",
        "eyJ.",
        " eyJaaaaaaaa",
        "%3DeyJaaaaaaaa",
        "/bot1",
        "/webhooks/1",
        "AIza",
        "AKIA",
        "$",
    ),
    "engine_contract.text.masking.hiding:_STRING_OR_NUMBER": ('"', '\\"', "1", "***", "1<<*>>", "e.", "<<1>>*"),
    "engine_contract.text.masking.looks:REST": ("a", "a ", "aaaaaaaa "),
    "engine_contract.text.masking.tables:_HEAD": ("a", "a,", "a,a\n", '"a",', " ", "\n", "|"),
    "engine_contract.text.masking.tables:_CELLS": ("a", '"', '""', '"a', ",", " "),
    "engine_contract.text.masking.values:_RANDOM": ("a", "1", "a1", "a1 ", "<<a>>!"),
    "engine_contract.text.masking.openings:BLOCK": (" ", "\n", "a", "- ", "a: |", "a:<< >>", "a: |\n"),
    "engine_contract.text.masking.openings:PRIVATE_KEY": ("-", "-----BEGIN ", "-----BEGIN << >>"),
    "engine_contract.text.masking.readers:_WHOLE_LINE": ("a", "<<a>>{", "a<< >>x"),
    "engine_contract.text.masking.forms:_AFTER_PAIR": (";", ";a", "; <<a>>=", ";a "),
    "engine_contract.text.masking.logins:_LOGIN_CALL": (
        "<methodName>",
        "<methodName>a",
        '"method":"',
        '"method":"<<a>>',
    ),
    "engine_contract.text.masking.logins:_NOT_BARE": ("a",),
    "engine_contract.text.masking.openings:PAIR": ("a", "<<a>>!", "a ", "a="),
    "engine_contract.text.masking.readers:_PAIR_VALUE": ('"', "<<a>>&", "'a"),
    "engine_contract.text.masking.openings:PART": (
        "content-disposition:",
        "content-disposition:<<;name=>>",
        "content-disposition:<<\n >>",
        "content-disposition:\n ;",
        "content-disposition<< >>",
        "content-disposition:;name=",
        "content-disposition: name=a\n",
        "content-disposition: name=a\n<<a\n>>",
    ),
    "engine_contract.text.masking.logins:_PASSWORD_FIELD": ("pwd", "password", "pwd\\", "pwd<<\\>>", "pass"),
    "engine_contract.text.masking.readers:_SCALAR": ("a", ","),
    "engine_contract.text.masking.openings:SCHEME": ("bearer", "bearer ", "bearer<< >>"),
    "engine_contract.text.masking.readers:SCHEME_VALUE": ("a", "<<a>> "),
    "engine_contract.text.masking.values:_SMALL_LETTERS": ("a", "a.", "<<a>>A"),
    "contract_tests.config.job_ids:_PRINTED_ID": ("a", "a-", "<<a>>!"),
    "engine_contract.text.masking.openings:OPTION": ("-", "-a", "--a ", "-a<< >>"),
    "engine_contract.text.masking.readers:_OPTION_VALUE": ("a", '"', "'", "\"'", "a;"),
    "engine_contract.text.masking.readers:BARE_VALUE": ("a", "<<a>>;"),
    "engine_contract.text.masking.openings:PROSE": ("a", "a ", "a<< >>", "a' '", "a-"),
    "engine_contract.text.masking.readers:_PROSE_VALUE": ("a", "a.", ".", "a<<.>>"),
    "engine_contract.text.masking.openings:USER": ("-u", "-u ", "-u<< >>", "--user=a ", "-ua:", "-u<<a>> "),
    "engine_contract.text.masking.openings:SPOKEN": ("a", "<<a>>!", "a<< >>", "a bearer ", "a'"),
    "engine_contract.text.masking.readers:SPOKEN_VALUE": ("a", "a "),
    "engine_contract.text.masking.readers:STRING": ('"\\', '"', '\\"'),
    "engine_contract.text.masking.readers:_TAG": ("<", "<a", "<>"),
    "engine_contract.text.masking.names:_WORD": ("A", "Aa", "<<A>>a", "1"),
    "engine_contract.text.masking.readers:json_value": ("1234567.", "1", "1234567 "),
    "engine_contract.text.masking.values:_page_words": ("a", " "),
    "engine_contract.text.masking.values:_page_words 2": ("a", " "),
    "mock_server.control.access:_is_of_jobs": ("/_mock/jobs/", "/"),
    "mock_server.faults.request:_read_anyhow": ('"job_id"', '"job_id"<< >>', '"job_id":"', '"job_id":<< >>'),
    "mock_server.faults.request:request": ('{"job_id": "<<a>>"', '{"job_id":'),
    "mock_server.faults.transport:_NO_JSON": ('"', '"a', '"a"'),
    "mock_server.operations.companions:shape": ("{", "{a", "{}"),
    "mock_server.operations.job_search:_CAPITAL": ("A", "\\", "\\A"),
    "mock_server.operations.preferences:_ITEM": ('"', '"\\', ",", "a", 'a;\\"b,'),
    "mock_server.operations.preferences:_PREFERENCE": ("code=503;<< >>x", " ", 'a="<<\\">>', "a;", "a<< >>", 'a;"'),
    "mock_server.operations.preferences:_unquote": ("\\", "a"),
    "mock_server.store.access:_TOKEN": ("M", "Ma", "M<<a>>!"),
    "mock_server.store.memory:WELL_FORMED": ("a",),
    "mock_server.store.redis_address:_PREFIX": ("a",),
}


def test_patterns_each_have_their_worst_texts_here() -> None:
    """A new pattern fails this test until its worst texts are in `SHAPES`: think of what makes it read a character twice."""
    assert sorted(PATTERNS) == sorted(SHAPES)


def test_patterns_have_no_other_module() -> None:
    """All patterns are made by `re.…`, so that they are found."""
    text = "\n".join(path.read_text("utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    assert not re.findall(r"^\s*(?:from re import|import re as|import regex).*", text, re.MULTILINE)


@pytest.mark.parametrize("name", [*SHAPES])
def test_pattern_takes_linear_time(name: str) -> None:
    """Four times the text take at most six times the time, wherever the pattern is looked for."""
    found = PATTERNS[name]
    is_search = found.is_search and name not in MATCHED

    def call(text: str) -> None:
        subject = text if isinstance(found.pattern.pattern, str) else text.encode("latin-1")
        if is_search:
            deque(found.pattern.finditer(subject), 0)
        else:
            found.pattern.match(subject)
            found.pattern.fullmatch(subject)

    for shape in SHAPES[name]:
        hold_linear(call, shape)

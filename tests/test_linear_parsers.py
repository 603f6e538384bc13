"""Each parser of foreign text takes linear time, or reads no more than a bound: it is called here with its worst texts."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from contract_tests.config.auth import Bearer
from contract_tests.judge import answers, document, received
from contract_tests.model import Response
from contract_tests.recording import har_bodies
from contract_tests.recording.callers import Callers
from contract_tests.recording.har_file import HarFile, NotHeldError
from contract_tests.recording.har_reader import read_har
from contract_tests.recording.redaction import Redaction, is_login
from contract_tests.transport.sender import retry_after
from engine_contract.console import bug_report, graph, journal_rows, json_view
from engine_contract.console.interface import About, Entry, Message
from engine_contract.contract import load_contract
from engine_contract.contract.draft import draft
from engine_contract.http import content_encoding, cookies, cors, media_types, proxy_headers, strict_json
from engine_contract.http.access import Access
from engine_contract.http.own_origin import OwnOrigin
from engine_contract.text import curl, json_pointer, markdown, masking, printable
from mock_server import Settings
from mock_server.operations.credentials import Credentials
from mock_server.operations.preferences import read_preferences
from mock_server.operations.refusals import Refused
from mock_server.store import journal
from mock_server.store.masker import Masker
from tests.support.linear import hold_linear, hold_linear_of

SERVER = proxy_headers.Address.of("https://engine.example/app")
OWN = OwnOrigin(SERVER)
ACCESS = Access(foreign_host="{host}", foreign_page="no")
TOKENS = [f"{number:03d}{'eyJhbGciOi' * 74}" for number in range(8)]
TOKEN = TOKENS[0]
MOCK_CREDENTIALS = Credentials(Settings(), load_contract().roles)


def _entry(body: str, *, path: str = "/") -> Entry:
    message = Message((("content-type", "application/json"),), body, len(body))
    return Entry(
        number=1, at_ms=0, duration_ms=1, method="POST", path=path, request=message, response=message, status=200
    )


def _kept(text: str) -> journal.Entry:
    headers, body = ((b"cookie", _bytes(text)),), _bytes(text)
    return journal.Entry(
        *(0, 0.1, "", "POST", text, body, headers, body, len(body), "none", None, "", None, 404, headers, body),
        *(len(body), None, None, None, None),
    )


def _learning(text: str) -> None:
    redaction = Redaction()
    pairs = [("Authorization", text), ("Cookie", text), ("X-Token", text)]
    redaction.learn_from_request(pairs, (text, text), _bytes(text))
    redaction.learn_from_answer([("Set-Cookie", text)], _bytes(text), is_login=is_login("/", _bytes(text)))


def _replayed(text: str) -> None:
    har_bodies.answered_body(
        {"content": {"text": text, "size": len(text)}},
        200,
        [("content-type", f"text/plain; charset={text[:40]}"), ("content-encoding", text)],
        HarFile({}, lambda _name, _limit: b""),
        is_own=False,
    )


def _answer(text: str, **headers: str) -> Response:
    return Response(200, tuple(headers.items()), _bytes(text), None, 0.1)


def _refusing(call: Callable[[str], object]) -> Callable[[str], None]:
    def quiet(text: str) -> None:
        with suppress(Refused, ValueError, NotHeldError):
            call(text)

    return quiet


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


PARSERS: Mapping[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "cookies": (cookies.read_cookies, ("a=1;", "token=", "%41", 'a="', "é", ";")),
    "content type": (lambda t: media_types.read_content_type(f"a/b;{t}"), (";", ' charset="', ";=", "charset=")),
    "new charset": (lambda t: media_types.with_charset(f"a/b;{t}", "utf-8"), (";", ';charset="\\', ";charset=a")),
    "charset": (media_types.codec_of, ("a", "-", "punycode")),
    "accept": (lambda t: media_types.accepts_json(_bytes(t)), (",", "application/json;q=", "*/*;q=<<1>>", ";q=")),
    "prefer": (
        _refusing(lambda t: read_preferences(_bytes(t), (), tuple, ())),
        ('code=503;<< >>"x', "code=503;", 'a;\\"b,', '"', ",", "a=", "latency=<<1>>", 'a="\\'),
    ),
    "content codings": (lambda t: content_encoding.decode_content(b"x", t), ("gzip,", "identity,", ",", "a")),
    "unreadable codings": (content_encoding.unreadable, ("gzip,", "identity,", ", ")),
    "accepted codings": (
        lambda t: content_encoding.only_readable([(b"accept-encoding", _bytes(t))]),
        ("gzip,", "br;q=1,", ",", ";"),
    ),
    "json": (
        _refusing(lambda t: strict_json.read_json(_bytes(t))),
        ("[", "[]", '{"a":', "<<1>>", "[<<1,>>1]", '"<<\\ud800>>"', '["\\ud800",<<1>>]', "-"),
    ),
    "repeated keys": (_refusing(lambda t: strict_json.repeated_key(_bytes(t))), ('{"a":', "[", '{<<"a":1,>>"b":1}')),
    "access": (lambda t: ACCESS.objection("POST", {b"host": _bytes(t), b"origin": _bytes(t)}), ("a", "[:", "a.", ":1")),
    "referer": (lambda t: ACCESS.objection("POST", {b"referer": _bytes(t)}), ("a", "://", "http://<</>>")),
    "cors": (
        lambda t: cors.Cors(frozenset()).preflight(
            "OPTIONS",
            {
                b"origin": b"http://localhost",
                b"access-control-request-method": b"",
                b"access-control-request-headers": _bytes(t),
            },
        ),
        ("a", "a, ", " "),
    ),
    "origin": (lambda t: cors.Cors(frozenset()).allows(_bytes(t)), ("http://<<a.>>localhost", "a", "http://[<<:>>]")),
    "redirect": (
        lambda t: proxy_headers.response_headers([(b"location", _bytes(t)), (b"set-cookie", _bytes(t))], SERVER),
        (
            "/",
            "\\",
            "\t",
            "http://<<a>>",
            "//[<<:>>]",
            "a;",
            "; path=/app",
            ";domain=",
            "; << >>secure",
            "/app<</>>",
            "?",
            "@",
        ),
    ),
    "request headers": (
        lambda t: proxy_headers.request_headers(
            [(b"host", b"h"), (b"connection", _bytes(t)), (b"referer", _bytes(t))], SERVER
        ),
        ("a,", ",", "http://<<h/>>"),
    ),
    "own origin": (
        lambda t: [OWN.is_in(_bytes(t)), OWN.moved(_bytes(t), b"127.0.0.1:4011")],
        ("https:", "//", "\\/", "https://engine.example", "//engine.example/app", "%2F", "\\u002f", "engine.example "),
    ),
    "target": (_refusing(SERVER.target), ("/..", "/", "/%2e%2e", "%25", "/a;", "/a/..", "/<<%2525>>")),
    "mock's credentials": (
        lambda t: [
            MOCK_CREDENTIALS.read({b"authorization": _bytes(f"Basic {t}")}, b""),
            MOCK_CREDENTIALS.read({b"cookie": _bytes(t)}, b""),
            MOCK_CREDENTIALS.read({}, _bytes(f"token={t}")),
        ],
        ("a", "token=", "%41", "=", "&"),
    ),
    "callers": (
        lambda t: Callers(Bearer()).of(
            [("Authorization", f"Basic {t}"), ("Cookie", t), ("X-Token", t)], [("token", t)]
        ),
        ("token=", "QUFB", "%41", ";"),
    ),
    "learning": (
        _learning,
        ("token=", '"token":', '{"a":', "token:\n", "<token>", "bearer ", "%25", "aB1-", "password="),
    ),
    "headers masked": (
        lambda t: [
            masking.mask_header(name, t) for name in ("Cookie", "Set-Cookie", "Authorization", "X-Any", "X-Token")
        ],
        ("token=", 'token="', "a;", "?a=", " "),
    ),
    "queries masked": (masking.mask_query, ("token=a&", "&", "=", "%25", "a=%2526b%253D", "token=")),
    "texts masked": (
        masking.mask_text,
        (
            *(
                '"token":',
                '"token":<<[>>',
                '{"password":',
                '"\\"',
                '"',
                "<token>",
                "<token ",
                "<!",
                "a=b ",
                "token=token=",
            ),
            *("token:\n", "name=\ncontent-disposition:", "content-disposition: name=a\n", "bearer ", "\\u0041", "%25"),
        ),
    ),
    "output masked": (masking.mask_output, ("token ", "token: ", "password=", "a ", " ")),
    "logins": (lambda t: [masking.has_password(t), masking.bare_token(t)], ("pwd", "password", "a", '"')),
    "secrets hidden": (
        lambda t: masking.hide(t, frozenset(TOKENS)),
        ("a", "…", f"{TOKEN[:-1]}…", "000eyJhbGciOi…", TOKEN),
    ),
    "journal masked": (
        lambda t: Masker(Settings()).mask(_kept(t[: len(t) // 4])),
        ('"token":"a",', '"\\', "token=a&"),
    ),
    "json on pages": (
        lambda t: json_view.highlight(json_view.pretty_body(t), ["/a/b"]),
        ('"\\', "[", "[<<1,>>1]", '"a" ', "[" * 900 + "<<1,>>1" + "]" * 900, '{"a":{"b":[<<{},>>1]}}', "<", "\x00"),
    ),
    "bug report": (
        lambda t: bug_report.bug_report(_entry(t), About(title="x"), "http://h", "$T"),
        ("'", '"\\', "[", "`", "\x00", "[<<1,>>1]"),
    ),
    "journal rows": (
        lambda t: [
            journal_rows.select([_entry("", path=t)], "all", "x"),
            journal_rows.row(_entry("", path=t), url="", is_pinned=False),
        ],
        ("a", "\x00", "İ"),
    ),
    "graph": (lambda t: graph.draw({"tasks": {t: {"name": t, "status": t, "x": t}}}), ("a", "<")),
    "curl": (
        lambda t: curl.curl("POST", f"http://h/{t}", [("A", t)], _bytes(t)),
        ("'", "?a=", "&", "\x1a", "%", "é", "\n", "/."),
    ),
    "markdown": (
        lambda t: [markdown.escape(t), markdown.code(t), markdown.block(t)],
        ("`", "<", "_", ":a", "1.", "` "),
    ),
    "pointers": (lambda t: json_pointer.pointer_of(json_pointer.path_of(t)), ("/", "~", "~1")),
    "printable": (
        lambda t: [printable.visible(t), printable.one_line(t), printable.shorten(t, 9)],
        ("\x00", " ", "\r\n", "é"),
    ),
    "received": (
        lambda t: [received.shape(t), received.kind(t), received.pattern(t)],
        ("1", '"1', "abcdef0-", "/", "(a string"),
    ),
    "documents judged": (
        _refusing(lambda t: document.judge_document(load_contract(), json.loads(t))),
        ('{"tasks":{"a":[<<1,>>1]}}', '{"_id":"<<a>>"}', "[<<1,>>1]", '{"status":"<<\\u0000>>"}'),
    ),
    "answers judged": (
        lambda t: answers._content_type_flaw(_answer(t, **{"content-type": "application/json; charset=-punycode"})),  # noqa: SLF001 - where an answer is judged
        ("é", "aé"),
    ),
    "retry after": (lambda t: retry_after(_answer("", **{"retry-after": t})), ("1", " ", "Mon, ", "(", ":")),
    "replayed bodies": (_refusing(_replayed), ("-punycode", "punycode", "idna", "é", "QUFB", "gzip,")),
}


PAGE = "Summary\nA\nRoute\nPOST /a\nParameters\n{parameters}\nReturn\n| Name | Type | Description |\n{answer}"
COLUMNS = "| Name | Type | Required | Description |\n"
PAGES: dict[str, Callable[[int], dict[str, str]]] = {
    "rows": lambda n: {"parameters": COLUMNS + _lines(n, "| a{} | string | yes | A. |")},
    "rows within": lambda n: {
        "parameters": f"{COLUMNS}| a | array | yes | A. |\n" + _lines(n, "| a[].b{} | string | yes | B. |")
    },
    "wrapped": lambda n: {"parameters": f"{COLUMNS}| a | string | yes | A |\n" + _lines(n, "| | | | more {} |")},
    "a cell a line": lambda n: {
        "parameters": COLUMNS.replace(" | ", "\n").strip("| \n") + "\n" + _lines(n, "a{}\nstring\nyes\nA")
    },
    "blanks": lambda n: {"parameters": COLUMNS.replace("|", "") + _lines(n, "a{} string yes A.")},
    "keys": lambda n: {"parameters": "", "answer": "{" + _lines(n, '"k{}": 1,') + "}"},
    "ids": lambda n: {"parameters": "", "answer": "{" + _lines(n, '"{}": {{"a": 1}},') + "}"},
    "texts": lambda n: {"parameters": "", "answer": "[" + _lines(n, '"{}", // a') + "]"},
    "examples": lambda n: {"parameters": "", "answer": _lines(n, '{{"a": {}}}')},
}


def _lines(number: int, line: str) -> str:
    return "\n".join(line.format(index) for index in range(number)) + "\n"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_read_in_linear_time(name: str) -> None:
    """Four times the rows, keys or examples of a documentation page take at most six times the time."""
    short, long = (PAGE.format(**{"answer": "", **PAGES[name](number)}) for number in (250, 1000))
    hold_linear_of(draft, short, long)


@pytest.mark.parametrize("name", [*PARSERS])
def test_parser_takes_linear_time(name: str) -> None:
    """Four times the text take at most six times the time."""
    call, shapes = PARSERS[name]
    for shape in shapes:
        hold_linear(call, shape)


@pytest.mark.parametrize(
    "field", ["startedDateTime", "method", "url", "httpVersion", "comment", "header", "cookie", "text", "time"]
)
def test_recording_takes_linear_time(field: str, tmp_path: Path) -> None:
    """A field of a recording that somebody else wrote is read in linear time, or refused."""

    def read(text: str) -> None:
        request: dict[str, Any] = {"method": "POST", "url": "http://h/workflow_engine/cancelJob", "headers": []}
        entry: dict[str, Any] = {
            "startedDateTime": "2026-01-01T00:00:00Z",
            "request": request,
            "response": {"status": 200},
        }
        if field in {"method", "url", "httpVersion"}:
            request[field] = text
        elif field in {"header", "cookie"}:
            request[f"{field}s"] = [{"name": "Cookie", "value": text}]
        elif field == "text":
            entry["response"]["content"] = {"text": text, "size": len(text)}
            entry["response"]["headers"] = [{"name": "Content-Type", "value": "a/b; charset=punycode"}]
        else:
            entry[field] = text
        path = tmp_path / "a.har"
        path.write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": [entry]}}), "utf-8")
        with suppress(Exception):
            read_har(path, [load_contract()])

    for shape in ("1", "é", "token=", "http://h/<<?a=>>"):
        hold_linear(read, shape)


@pytest.mark.parametrize(
    "shape", ["<<[>>", "[" * 500 + "<<[],>>1" + "]" * 500, "<<'>>", "<<\x00>>", '<<{"a":>>', "<<\U000e0001>>"]
)
def test_page_of_a_body_is_bounded(shape: str) -> None:
    """180 KB of a body become no page of megabytes: deep indents are left out."""
    text = shape.replace("<<", "").replace(">>", "") if ">>" not in shape else _filled(shape)
    shown = json_view.highlight(json_view.pretty_body(text))
    line = bug_report.curl_line(_entry(text), About(title="x"), "http://h", "$T")
    assert len(shown) < 4_000_000
    assert len(line) < 1_000_000


def _filled(shape: str) -> str:
    first, _, rest = shape.partition("<<")
    unit, _, last = rest.partition(">>")
    closing = {"[": "]", '{"a":': "}"}.get(unit, "")
    count = 180_000 // (len(unit) + len(closing))
    return first + unit * count + ("1" if unit == '{"a":' else "") + closing * count + last


def test_document_that_is_too_large_for_indents_is_shown_on_a_line() -> None:
    """A document of a thousand levels and many leaves is not indented."""
    leaves: Any = [1] * 50_000
    for _ in range(200):
        leaves = [leaves]
    assert len(json_view.pretty(leaves)) < 200_000


def test_content_encodings_are_bounded_in_number() -> None:
    """Six content encodings are not undone; five are."""
    import gzip

    body = b"x"
    for _ in range(5):
        body = gzip.compress(body)
    assert content_encoding.decode_content(body, "gzip, gzip, gzip, gzip, gzip") == (b"x", None)
    assert content_encoding.unreadable(",".join(["gzip"] * 6)) == ", ".join(["gzip"] * 6)
    assert content_encoding.decode_content(gzip.compress(body), ",".join(["gzip"] * 6))[1] == (
        "it has 6 content encodings, more than the 5 that are undone"
    )


def test_charsets_that_are_slow_are_unknown() -> None:
    """However its name is spelled, a codec whose time grows with the square of the text is not used."""
    for name in ("punycode", "PUNYCODE", "-punycode", "puny code", "_idna", "idna", "a" * 41, "x\x00", "é"):
        assert media_types.codec_of(name) is None
    assert media_types.codec_of("shift_jis") == "shift_jis"
    assert media_types.codec_of("latin1") == "iso8859-1"

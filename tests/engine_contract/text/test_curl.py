"""Command lines are pasted into real shells, and what arrives is what was described."""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import httpx
import pytest

from contract_tests.config.auth import Auth, Bearer
from contract_tests.config.options import Connection
from contract_tests.config.sources import Source
from contract_tests.model import Caller as Sender
from contract_tests.model import Exchange, Request
from contract_tests.report.presenter import Presenter
from contract_tests.watch.console_data import WatchData
from engine_contract.console.bug_report import bug_report, curl_line
from engine_contract.console.interface import About, Entry, Message
from engine_contract.text.curl import CREDENTIAL, curl
from mock_server.serving.in_process import RunningMock, running_mock
from mock_server.settings import Settings
from tests.support.caller import PAGE_ID, ROUTE, Caller
from tests.support.raw_server import Raw, answer_of, raw_server
from tests.support.requirements import need_command
from tests.support.watching import watching

SHELLS = ("sh", "bash")
TOKEN = "s+k&n'q\"u o$HOME`id`!\\=%41#é"
COOKIE = TOKEN.replace("%41", "").replace("é", "")  # the mock decodes a cookie, as it decodes those of browsers
LINES = " \\\n  "
JSON = ("Content-Type", "application/json")

BODIES = (
    b"",
    b'{"job_id": "it\'s \\"quoted\\" $HOME `id` !x"}',
    '{"job_id": "ünï→😀"}'.encode(),
    b"@/etc/hostname",
    b'{\n\t"job_id": "a",\r\n"b": "%s %41 \\n"\n}\n',
    b"-n\nx",
    b"\x00\x01\xff\xfe\x00",
    "turned\u202eround".encode(),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Raw]:
    """A server that keeps what it gets, byte by byte."""
    need_command("curl", "curl")
    with raw_server(answer_of("200 OK")) as raw:
        yield raw


@pytest.fixture(scope="module")
def secret_mock() -> Iterator[RunningMock]:
    need_command("curl", "curl")
    with running_mock(Settings(tokens={TOKEN: "support", COOKIE: "admin"})) as mock:
        yield mock


def paste(line: str, shell: str = "sh", **variables: str) -> str:
    """Run a command line in a shell; what it printed."""
    done = subprocess.run(
        [shell, "-c", line], env=os.environ | variables, capture_output=True, timeout=20, check=False, text=True
    )
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES)
def test_body_of_any_bytes_arrives_as_it_is(engine: Raw, body: bytes, shell: str) -> None:
    """Line breaks, quotes, an `@` that curl would take for a file, zero bytes: the shell changes none of it."""
    for separator in (" ", LINES):
        line = curl("POST", f"{engine.url}/x", [JSON], body, separator=separator)
        assert (line.replace("\n", "") if separator == LINES else line).isprintable()
        paste(line, shell)
        assert engine.body() == body
        assert engine.header("content-type") == ["application/json"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{\n  "job_id": "a"\n}', '--data-raw \'{\n  "job_id": "a"\n}\''),
        ('{\n\t"job_id": "a"\r\n}', 'printf \'{\n\\t"job_id": "a"\\r\n}\' | curl'),
    ],
)
def test_body_with_line_breaks_is_read_line_by_line(body: str, shown: str) -> None:
    """In a command of several lines a body's lines stand below one another, and tabs are named."""
    assert shown in curl("POST", "http://h/x", [JSON], body.encode(), separator=LINES)


@pytest.mark.parametrize("body", [None, b"{}"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "it's"])
def test_method_arrives_with_and_without_a_body(engine: Raw, method: str, body: bytes | None) -> None:
    """Each method is sent as it is, and curl waits for no body that an answer to HEAD only announces."""
    if method == "HEAD" and body is not None:
        with raw_server(lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) as raw:
            assert paste(curl(method, f"{raw.url}/x", [JSON], body)).startswith("HTTP/1.1 200")
            assert raw.head()[0] == "HEAD /x HTTP/1.1"
        return
    paste(curl(method, f"{engine.url}/x", [JSON] if body else [], body))
    assert engine.head()[0] == f"{method} /x HTTP/1.1"
    assert engine.body() == (body or b"")


def test_body_without_a_type_is_not_called_a_form(engine: Raw) -> None:
    """Where the request names no type, curl adds none of its own."""
    paste(curl("POST", f"{engine.url}/x", [], b"{}"))
    assert engine.header("content-type") == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ('/a b/ü?q=it\'s "x"&r=[1-3]{a,b}', "/a%20b/%C3%BC?q=it's%20%22x%22&r=%5B1-3%5D%7Ba,b%7D"),
        ("/a%20b/../c/./d?q=%26%2B+", "/a%20b/../c/./d?q=%26%2B+"),
        ("/x#y?$HOME=`id`", "/x%23y?$HOME=%60id%60"),
    ],
)
def test_url_arrives_as_it_is(engine: Raw, path: str, sent: str) -> None:
    """What curl does not take is percent-encoded; what is encoded stays, and dots in a path are not folded."""
    paste(curl("GET", engine.url + path))
    assert engine.head()[0] == f"GET {sent} HTTP/1.1"


@pytest.mark.parametrize(
    "text", ["'", '"', "$HOME", "`id`", "$(id)", "\\", "; rm -rf /", f"{CREDENTIAL}'; id #", f"{CREDENTIAL}`id`x!"]
)
@pytest.mark.parametrize("credential", ["$TOKEN", "admin"])
@pytest.mark.parametrize("shell", SHELLS)
def test_text_of_a_request_is_never_run(engine: Raw, text: str, credential: str, shell: str) -> None:
    """Whatever a request holds stays text: the shell expands the credential's variable and nothing else."""
    line = curl("POST", f"{engine.url}/x?q={text}", [JSON, ("X-A", text)], text.encode(), credential=credential)
    paste(line, shell, TOKEN="admin")
    shown = text.replace(CREDENTIAL, "admin")
    assert dict(parse_qsl(urlsplit(engine.head()[0].split(" ")[1]).query)) == {"q": shown}
    assert engine.header("x-a") == [shown]
    assert engine.body() == text.encode()


def test_header_without_a_value_is_sent(engine: Raw) -> None:
    """Curl would leave it out, if it were not told otherwise."""
    paste(curl("GET", f"{engine.url}/x", [("X-Empty", "")]))
    assert engine.header("x-empty") == [""]


def _exchange(way: str, kind: str = "token") -> Exchange:
    of_role = kind in {"token", "cut", "recased"}
    sender = Sender("support" if of_role else None, kind, None if of_role else way)  # type: ignore[arg-type]
    query = (("job_id", "a+b &'%"),)
    return Exchange(Request("POST", ROUTE, sender, query, b'{"job_id": "%s"}' % PAGE_ID.encode()), "a request")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "case",
    [
        ("bearer", "bearer", COOKIE, "admin"),
        ("basic", "basic", f"support:{TOKEN}", "support"),
        ("cookie:token", "cookieToken", COOKIE, "admin"),
        ("query:token", "queryToken", TOKEN, "support"),
    ],
)
def test_credential_of_a_run_reaches_the_mock(
    secret_mock: RunningMock, case: tuple[str, str, str, str], shell: str
) -> None:
    """A failure's line works for each `--auth`, whatever characters the token has, and does not name it."""
    way, kind, token, role = case
    presenter = Presenter(secret_mock.url, Auth.parse(way), {"support": "$SUPPORT_TOKEN"}, frozenset({token}))
    line = presenter.curl(_exchange(way))
    assert token not in line
    paste(line, shell, SUPPORT_TOKEN=token)
    entry = secret_mock.requests()[-1]
    assert (entry["credential"], entry["role"], entry["job_id"]) == (kind, role, PAGE_ID)
    query = str(entry["request"]["query"])  # type: ignore[index]
    assert dict(parse_qsl(query))["job_id"] == "a+b &'%"


def _sent(engine: Raw, way: str) -> list[str]:
    """The credential that arrived at its place."""
    scheme, _, name = way.partition(":")
    query = parse_qsl(urlsplit(engine.head()[0].split(" ")[1]).query, keep_blank_values=True)
    match scheme:
        case "query":
            return [value for key, value in query if key == name]
        case "cookie":
            return [cookie.removeprefix(f"{name}=") for cookie in engine.header("cookie")]
        case "header":
            return engine.header(name)
    return engine.header("authorization")


@pytest.mark.parametrize("way", ["bearer", "basic", "cookie:c%&", "query:a&b%", "header:X-Api-Key"])
@pytest.mark.parametrize("kind", ["token", "none", "empty", "wrong", "cut", "recased"])
def test_credential_of_any_kind_travels_as_told(engine: Raw, way: str, kind: str) -> None:
    """A valid credential, a wrong one, an empty one and what the shell makes of a valid one travel the same way."""
    paste(Presenter(engine.url, Auth.parse(way), {"support": "$T"}).curl(_exchange(way, kind)), T="us er:p+w")
    made = {"cut": "us er:", "recased": "US ER:P+W"}
    value = ({"token": "us er:p+w", "none": "", "empty": "", "wrong": "wrong"} | made)[kind]
    if way == "bearer":
        value = f"Bearer {value}".rstrip()
    elif way == "basic":
        value = f"Basic {b64encode((value if ':' in value else f'{value}:{value}').encode()).decode()}"
    assert _sent(engine, way) == ([] if kind == "none" else [value])


def test_lines_of_a_journal_reach_the_mock(secret_mock: RunningMock) -> None:
    """What the console shows of any credential works when it is pasted, with the token in the variable."""
    with httpx.Client(base_url=secret_mock.url, trust_env=False) as client:
        caller = Caller(client)
        caller.cancel(role=None, params={"token": TOKEN, "x": "a+b &"})
        caller.cancel(role=None, headers={"Authorization": f"Basic {b64encode(f'support:{TOKEN}'.encode()).decode()}"})
        caller.cancel(role=None, headers={"Cookie": f"token={quote(TOKEN)}"})
        caller.cancel(role=COOKIE, content='{\n"job_id": "it\'s @"}')
    sent = secret_mock.requests()[-4:]
    assert [entry["credential"] for entry in sent] == ["queryToken", "basic", "cookieToken", "bearer"]
    for entry in sent:
        request: dict[str, object] = entry["request"]  # type: ignore[assignment]
        role = str(entry["role"])
        shown = Entry(
            number=1,
            at_ms=0,
            duration_ms=0,
            method=str(request["method"]),
            path=str(request["path"]),
            query=str(request["query"]),
            request=Message(tuple(map(tuple, request["headers"])), str(request["body"]), 1),  # type: ignore[call-overload]
            role=role,
        )
        token = {"support": TOKEN, "admin": COOKIE}[role]
        variable = quote(token) if entry["credential"] == "cookieToken" else token
        paste(curl_line(shown, About(title="Mock"), secret_mock.url, "$TOKEN"), TOKEN=variable)
        again = secret_mock.requests()[-1]
        for key in ("credential", "role", "job_id"):
            assert again[key] == entry[key], key
        query = [dict(parse_qsl(unquote(str(one["request"]["query"])))) for one in (entry, again)]  # type: ignore[index]
        assert query[0] == query[1]


@pytest.mark.parametrize(
    ("auth", "token", "sent"),
    [
        ("bearer", COOKIE, {"headers": {"Authorization": f"Bearer {COOKIE}"}}),
        ("basic", f"support:{TOKEN}", {"auth": ("support", TOKEN)}),
        ("cookie:token", COOKIE, {"headers": {"Cookie": f"theme=dark; token={COOKIE}"}}),
        ("query:token", TOKEN, {"params": {"x": "a+b &", "token": TOKEN}}),
    ],
)
def test_lines_of_a_watcher_reach_the_engine(
    secret_mock: RunningMock, auth: str, token: str, sent: dict[str, Any]
) -> None:
    """The line and the bug report of a watched cancel work for each `--auth`, and its body can be read line by line."""
    body = json.dumps({"job_id": PAGE_ID, "note": "it's"}, indent=2)
    with watching(secret_mock.url, tokens={"tester": token}, auth=auth) as watch:
        headers = {"Content-Type": "application/json", **sent.get("headers", {})}
        httpx.post(watch.url + ROUTE, content=body, **{**sent, "headers": headers})
        data = WatchData(watch.watch)
        entry = data.entry("", 1)
        assert entry is not None
        assert entry.role == "tester"
        seen = secret_mock.requests()[-1]
        for show in (curl_line, bug_report):
            text = show(entry, data.about(), secret_mock.url, data.credential(entry.role))
            assert '\n  "note": "it\'' in text
            assert token not in text
            line = text.partition("```sh\n")[2].partition("\n```")[0] or text
            paste(line, TESTER_TOKEN=token)
            again = secret_mock.requests()[-1]
            assert again["number"] != seen["number"]
            for key in ("credential", "role", "job_id"):
                assert again[key] == seen[key], key
            assert again["request"]["body"] == body  # type: ignore[index]


def test_lines_hold_what_is_added_to_each_request(engine: Raw) -> None:
    """A header of --header comes from its variable, in place of the request's own; TLS is met as the run met it."""
    connection = Connection(
        engine.url,
        tokens={"support": Source("env:S", "--token")},
        headers={"X-Gateway": Source("env:GATEWAY", "--header"), "X-Api-Key": Source("literal", "--header")},
        ca_bundle=Path("ca bundle.pem"),
        client_cert=Path("me.pem"),
        insecure=True,
    )
    line = Presenter(engine.url, Bearer(), {"support": "$S"}, added=connection.added).curl(_exchange("bearer"))
    assert line.startswith("curl -i --cacert 'ca bundle.pem' --cert me.pem -k 'http://")
    entry = Entry(
        number=1,
        at_ms=0,
        duration_ms=0,
        method="GET",
        path="/x",
        request=Message((("x-gateway", "mine"), ("x-a", "b"))),
    )
    for text in (line, curl_line(entry, About(title="x", added=connection.added), engine.url, "$S")):
        assert "***" not in text
        plain = text.replace("--cacert 'ca bundle.pem' --cert me.pem ", "")
        paste(plain, GATEWAY="g '$HOME'", X_API_KEY="k", S="s")
        assert [engine.header(name) for name in ("x-gateway", "x-api-key")] == [["g '$HOME'"], ["k"]]

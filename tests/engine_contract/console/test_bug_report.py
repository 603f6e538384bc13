"""What is taken elsewhere: command lines and bug reports that nothing in a request can break out of."""

import json
import shlex
from dataclasses import replace
from urllib.parse import unquote

import pytest

from engine_contract.console.bug_report import bug_report, curl_line
from engine_contract.console.interface import About, Entry, Finding, Message
from engine_contract.console.json_view import highlight, locate, pretty_body
from engine_contract.contract import rule

ENTRY = Entry(
    number=3,
    at_ms=1_700_000_000_123,
    duration_ms=4.2,
    method="POST",
    path="/workflow_engine/cancelJob",
    request=Message(
        (("host", "h"), ("authorization", "Bearer ***"), ("content-type", "application/json")), '{"job_id": "a"}', 15
    ),
    role="admin",
    credential="bearer",
    job_id="a",
    status=200,
    response=Message((("content-type", "application/json"),), '{"a":[1,{}]}', 12),
)


def curl(entry: Entry, credential: str, *, is_live: bool = False) -> str:
    return curl_line(entry, About(title="x", is_live=is_live), "http://h", credential)


@pytest.mark.parametrize(
    "text", ["'", '"', "$HOME", "`id`", "$(id)", "\\", "a\nb", "; rm -rf /", "***'; id #", '***"; id #', "***`id`"]
)
@pytest.mark.parametrize("credential", ["$TOKEN", "admin"])
def test_shell_words(text: str, credential: str) -> None:
    """Whatever a request holds is one word of the command line, and the shell runs none of it."""
    entry = replace(ENTRY, query=f"q={text}", request=Message((("x-a", text),), text, 9))
    line = curl(entry, credential)
    words = shlex.split(line.replace("\\\n", ""))
    words = words[words.index("curl") :]
    assert words[:2] == ["curl", "-i"]
    shown = text.replace("***", credential)
    if credential in shown and credential.startswith("$"):
        assert words[2:5] == ["http://h/workflow_engine/cancelJob", "--url-query", f"q={shown}"]
        words[2:5] = [f"http://h/workflow_engine/cancelJob?q={shown}"]
    assert unquote(words[2]) == f"http://h/workflow_engine/cancelJob?q={shown}"
    assert words[4] == f"X-A: {shown}"
    assert words[5:] == ["-H", "Content-Type:", "--data-raw", text]
    for danger in ("$(", "`", "$HOME"):
        before, found, _ = line.partition(danger)
        assert not found or before.count("'") % 2 == 1  # it stands in single quotes


def test_basic_names_the_user() -> None:
    """The mock's user is the role, the password its token; a live engine's variable holds both."""
    entry = replace(ENTRY, request=Message((("authorization", "Basic ***"),), "", 0))
    assert '-u "admin:$ADMIN_TOKEN"' in curl(entry, "$ADMIN_TOKEN")
    assert "-u admin:admin" in curl(entry, "admin")
    assert '-u "$ADMIN_TOKEN"' in curl(entry, "$ADMIN_TOKEN", is_live=True)


def test_methods() -> None:
    """Other methods are named, HEAD has an option of its own."""
    assert curl(replace(ENTRY, method="PUT"), "x").startswith("curl -i -X PUT http://h/")
    assert curl(replace(ENTRY, method="HEAD", request=Message()), "x").startswith("curl -I http://h/")
    assert curl(replace(ENTRY, method="GET", request=Message()), "x") == "curl -i http://h/workflow_engine/cancelJob"
    assert curl(replace(ENTRY, request=Message()), "x").startswith("curl -i -X POST http://h/")


def test_fences_are_longer_than_what_is_in_them() -> None:
    """A body with a fence in it stays in its block."""
    entry = replace(ENTRY, response=Message((), "````\n# Heading\n", 9))
    assert "`````\n````\n# Heading\n\n`````" in bug_report(entry, About(title="x"), "http://h", "x")


def test_a_report_without_an_answer() -> None:
    """What did not come is said."""
    entry = replace(
        ENTRY,
        status=None,
        response=Message(),
        reason="The connection was reset.",
        role=None,
        credential="none",
        job_id=None,
    )
    report = bug_report(entry, About(title="x", engine="https://e", is_live=True), "https://e", "x")
    assert report.startswith("## POST /workflow_engine/cancelJob: no answer\n")
    assert "No answer. The connection was reset." in report
    assert "without a credential" in report
    assert report.endswith("**Engine**\n\nhttps://e\n")


def test_a_report_of_an_assumed_rule() -> None:
    """Where the page is silent the reason stands in place of its line."""
    entry = replace(ENTRY, findings=(Finding(rule("transport.status.exact"), "status 201", "status 200"),))
    report = bug_report(entry, About(title="x"), "http://h", "x")
    assert "- status 200 (rule `transport.status.exact`, assumed)\n  The page names no status;" in report


def test_places_of_pointers() -> None:
    """A JSON pointer is found in the text; for a member that is missing, what should hold it."""
    text = pretty_body('{"a/b": {"~c": [1, {"d": "x, {"}], "e": {}}, "f": null, "f": 2}')
    pointers = ["/a~1b/~0c/1/d", "/a~1b/~0c/1", "/f", "/a~1b/e/missing", "/missing", "/not/there", "/a~1b/~0c/7"]
    found = {pointer: text[start:end] for pointer, (start, end) in locate(text, pointers).items()}
    assert found == {
        "/a~1b/~0c/1/d": '"x, {"',
        "/a~1b/~0c/1": '{\n        "d": "x, {"\n      }',
        "/f": "2",
        "/a~1b/e/missing": '"e"',
        "/missing": "{",
        "/a~1b/~0c/7": '"~c"',
    }
    assert locate("plain", ["/a"]) == locate('{"a": ', ["/a"]) == {}


def test_marks_are_around_what_is_coloured() -> None:
    """Marks stand around whole values, one in another, and the text stays as it was."""
    text = '{"a": {"b": "<i>"}, "c": 1}'
    marked = highlight(text, ["/a", "/a/b", "/c"])
    assert '<mark id="at-0">{' in marked
    assert '<mark id="at-1"><span class="j-string">&#34;&lt;i&gt;&#34;</span></mark>}</mark>' in marked
    assert '<mark id="at-2"><span class="j-number">1</span></mark>}' in marked
    assert marked.striptags() == text


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            '{"a":1E5,"a":[ ],"b":{"c":"x, {\\" ]"},"d":[1.0,null]}',
            '{\n  "a": 1E5,\n  "a": [],\n  "b": {\n    "c": "x, {\\" ]"\n  },\n  "d": [\n    1.0,\n    null\n  ]\n}',
        ),
        ('{"a": 1,}', '{"a": 1,}'),
        ("plain", "plain"),
        ("[" * 5000, "[" * 5000),
        ("", ""),
    ],
)
def test_bodies_keep_every_token(body: str, shown: str) -> None:
    """JSON is indented and nothing else: numbers, repeated keys and what is no JSON stay as they came."""
    assert pretty_body(body) == shown


def test_the_place_that_breaks_a_rule_is_shown() -> None:
    """A long document is cut before most places; what stands around the broken one is shown by itself."""
    tasks = {f"{number:04x}": {"name": "x" * 80, "app": {"version": number}} for number in range(100)}
    finding = Finding(rule("response.tasks.name"), "1 (a number)", "a string", pointer="/tasks/0063/app/version")
    entry = replace(ENTRY, response=Message((), json.dumps({"tasks": tasks}), 9), findings=(finding,))
    report = bug_report(entry, About(title="x"), "http://h", "x")
    assert 'At `/tasks/0063/app`:\n\n```json\n{\n  "version": 99\n}\n```' in report
    missing = replace(finding, pointer="/nowhere/x")
    assert "nowhere/x" in bug_report(replace(entry, findings=(missing,)), About(title="x"), "http://h", "x")

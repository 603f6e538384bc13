"""`GET`s of another page, checked live: on a small engine that is right, odd but right, or wrong in one way."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from contract_tests.check import check
from contract_tests.cli import main
from contract_tests.config.options import EMBEDDED_READ_BACK, Connection, calls_of
from contract_tests.config.sources import Source
from contract_tests.embedded import embedded_engine
from contract_tests.errors import SettingError
from contract_tests.model import Report
from contract_tests.safety.page_calls import page_calls
from contract_tests.safety.supply import Supply
from engine_contract.contract import load_contract
from engine_contract.options import CheckOptions
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings as MockSettings
from tests.support.commands import check_engine
from tests.support.engines import settings_for
from tests.support.forty_pages import OPERATIONS, PAGES, ROLES
from tests.support.pages import ASSET, TAG, operation_of
from tests.support.raw_server import RawRequest, answer_of, answering_server

PAGE = """Summary
List the parts on a shelf
Description
List the parts that lie on a shelf.
Route
GET /inventory/shelves/:shelf/parts
Roles
admin
engineering
Parameters
| Name | Type | Required | Description |
| shelf | string | yes | Name of the shelf. |
| limit | number | yes | How many are returned. |
| sort | string | no | By which field. |
Return
| Name | Type | Description |
| parts | array | The parts. |
| total | number | How many lie there. |
Copied to Clipboard
{
  "parts": [
    {
      "id": "5f2c",
      "made": { "by": "Lathe", "minutes": 12 }
    }
  ],
  "total": 1
}
"""
PARTS = operation_of(PAGE)
NAME = PARTS.name
VALUES: dict[str, dict[str, Any]] = {"path": {"shelf": "a/1"}, "query": {"limit": 5}}
RIGHT: dict[str, Any] = {"parts": [{"id": "77", "made": {"by": "Mill", "minutes": 3}}], "total": 1}
JSON = "application/json"
Answer = tuple[int, Any, str]


@dataclass
class Shelf:
    """A stand-in that serves the page, and what it was asked."""

    change: Callable[[str, dict[str, str], Answer], Answer] | None = None
    """Makes another answer of the role, the query and the right answer."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def respond(self, request: RawRequest) -> bytes:
        """Answer a request."""
        self.seen.append((request.method, request.path))
        path, _, text = request.path.partition("?")
        role = request.header("Authorization").removeprefix("Bearer").strip()
        if not request.header("Authorization"):
            role = "nobody"
        query = dict(parse_qsl(text))
        answer = self.right(role, path, query)
        if self.change is not None:
            answer = self.change(role, query, answer)
        status, body, content_type = answer
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        return answer_of(f"{status} x", payload, f"Content-Type: {content_type}")

    def right(self, role: str, path: str, query: dict[str, str]) -> Answer:
        """Return what an engine that conforms answers."""
        if role not in {"admin", "engineering", "support"}:
            return 401, {"error": "log in"}, JSON
        if role == "support":
            return 403, {"error": "not allowed"}, JSON
        if path != "/inventory/shelves/a%2F1/parts":
            return 404, {"error": "no such shelf"}, JSON
        return (200, RIGHT, JSON) if query.get("limit", "").isdigit() else (400, {"error": "limit"}, JSON)


@contextmanager
def shelf(change: Any = None) -> Iterator[Shelf]:
    """Serve the stand-in."""
    engine = Shelf(change)
    with answering_server(engine.respond) as raw:
        engine.url = raw.url
        yield engine


def run(
    url: str, values: Any = None, roles: tuple[str, ...] = ("admin", "engineering", "support"), **more: Any
) -> Report:
    """Check the page alone; `others` are further ones."""
    pages = (page_calls(PARTS, VALUES if values is None else values), *more.pop("others", ()))
    only = tuple(rule.id for page in pages for rule in page.operation.rules)
    settings = replace(settings_for(url, roles=roles, only=only, **more), pages=pages)
    return check(settings, lambda _: Supply()).report


def of(report: Report, *outcomes: str) -> list[str]:
    """Return the rules of these outcomes, without the operation's name."""
    return [result.rule.id.removeprefix(f"{NAME}/") for result in report.rules if result.outcome in outcomes]


def always(answer: Answer) -> Callable[..., Answer]:
    """Answer a success in this way."""
    return lambda _, __, right: answer if right[0] == 200 else right


def to(role: str, answer: Answer) -> Callable[..., Answer]:
    """Answer one caller in this way."""
    return lambda who, _, right: answer if who == role else right


def without_limit(_: str, query: dict[str, str], right: Answer) -> Answer:
    """Take a request without the required parameter."""
    return right if "limit" in query or right[0] != 400 else (200, RIGHT, JSON)


def any_limit(_: str, query: dict[str, str], right: Answer) -> Answer:
    """Take any text as a number."""
    return (200, RIGHT, JSON) if "limit" in query and right[0] == 400 else right


GOOD: Answer = (200, RIGHT, JSON)
MADE = {"by": "Mill", "minutes": 3}
FAULTS = {
    "another role": (to("support", GOOD), ["roles.others"]),
    "no credential": (to("nobody", GOOD), ["roles.none"]),
    "an empty credential": (to("", GOOD), ["roles.empty"]),
    "a documented role is refused": (to("engineering", (403, {"error": "no"}, JSON)), ["roles.engineering"]),
    "required left out": (without_limit, ["request.limit.required"]),
    "another type taken": (any_limit, ["request.limit.type"]),
    "deep type": (
        always((200, {"parts": [{"id": "1", "made": {**MADE, "minutes": "3"}}], "total": 1}, JSON)),
        ["response.parts.entry.made.minutes"],
    ),
    "deep object": (
        always((200, {"parts": [{"id": "1", "made": "Mill"}], "total": 1}, JSON)),
        ["response.parts.entry.made"],
    ),
    "array is an object": (always((200, {"parts": {}, "total": 1}, JSON)), ["response.parts"]),
    "a bare array": (always((200, [], JSON)), ["response.document"]),
    "HTML": (always((200, RIGHT, "text/html")), ["transport.content_type"]),
    "no JSON": (always((200, b"{'parts': []}", JSON)), ["transport.json"]),
    "a failure": (always((500, {}, JSON)), ["transport.status"]),
    "no such method": (lambda *_: (405, {}, JSON), ["route.path"]),
}


@pytest.mark.parametrize(("change", "broken"), FAULTS.values(), ids=FAULTS)
def test_fault_breaks_its_rule_alone(change: Any, broken: list[str]) -> None:
    """Route, roles, parameters and the answer at every depth are judged, each under its rule."""
    with shelf(change) as engine:
        report = run(engine.url)
    assert (of(report, "broken", "warned"), report.jobs.used) == (broken, 0)


ODD = {
    "as it is": None,
    "further fields": always((200, {**RIGHT, "page": {"n": 1}}, JSON)),
    "an empty shelf": always((200, {"parts": [], "total": 0}, JSON)),
    "a whole number with a point": always((200, {**RIGHT, "total": 1.0}, JSON)),
    "a charset": always((200, RIGHT, f"{JSON}; charset=utf-8")),
    "hides what others may not see": to("support", (404, {"error": "no such shelf"}, JSON)),
    "sends strangers to a login": lambda _, __, right: (302, b"", "text/plain") if right[0] == 401 else right,
    "says 422": lambda _, __, right: (422, {}, JSON) if right[0] == 400 else right,
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_odd_but_right_engine_breaks_nothing(change: Any) -> None:
    """What can be held is held; the rest does not count."""
    with shelf(change) as engine:
        report = run(engine.url)
    assert (report.verdict, of(report, "broken", "warned")) == ("conforms", []), report.rules
    assert {"route.path", "roles.engineering", "roles.others", "roles.wrong", "response.total"} <= set(
        of(report, "held")
    )
    assert set(of(report, "unchecked")) == {"request.shelf.type", "request.sort.type", "effects.done"}


def test_nothing_but_the_gets_with_the_values_is_sent() -> None:
    """No job is canceled where other pages' rules alone are wanted, and no other value is tried."""
    with shelf() as engine:
        run(engine.url)
    parts = "/inventory/shelves/a%2F1/parts"
    assert set(engine.seen) == {("GET", f"{parts}{query}") for query in ("", "?limit=5", "?limit=not-a-number")}


def test_page_without_a_value_is_not_asked_for_and_does_not_count() -> None:
    """The reason says what to give, and where; a call with another method is left to those who watch."""
    asset, tag = operation_of(ASSET), operation_of(TAG)
    with shelf() as engine:
        report = run(engine.url, others=(page_calls(asset, {}), page_calls(tag, {})))
    assert report.verdict == "conforms"
    assert not any(path.startswith("/inventory/getAsset") or method != "GET" for method, path in engine.seen)
    reasons = {
        result.reason for result in report.rules if result.rule.id.startswith((asset.rule_prefix, tag.rule_prefix))
    }
    assert reasons == {
        f"no value for id: give one in [operations.{asset.name}] of the settings file",
        "POST is judged where it passes: by watch-engine --page, or --replay and --page",
    }


def test_run_that_has_nothing_to_send_is_undecided() -> None:
    """A gate is never green by a missing value."""
    with shelf() as engine:
        report = run(engine.url, {"query": {"limit": 5}})
    assert (engine.seen, report.verdict, report.undecided_because) == ([], "undecided", ("values",))


@pytest.mark.parametrize("change", [None, lambda *_: (404, {"error": "no such shelf"}, JSON)])
def test_values_that_name_nothing_leave_the_run_undecided(change: Any) -> None:
    """A 404 may mean the values, also where everybody gets one: nothing is held or broken by it."""
    with shelf(change) as engine:
        report = run(engine.url, {"path": {"shelf": "b"}, "query": {"limit": 5}})
    assert (report.verdict, report.undecided_because) == ("undecided", ("values",))
    assert of(report, "broken") == []
    assert "route.path" in of(report, "unchecked")


@pytest.mark.parametrize(("trusts", "outcome"), [(False, "unchecked"), (True, "held")])
def test_refusal_as_to_a_wrong_credential_may_mean_the_token(*, trusts: bool, outcome: str) -> None:
    """Unless somebody says that the tokens are good."""
    with shelf(to("support", (401, {"error": "log in"}, JSON))) as engine:
        report = run(engine.url, trust_tokens=trusts)
    assert "roles.others" in of(report, outcome)
    assert report.verdict == ("conforms" if trusts else "undecided")


def test_tokens_that_are_not_accepted_leave_the_run_undecided() -> None:
    """It is the tokens that are to be looked at, and not the values."""
    with shelf(lambda *_: (401, {"error": "log in"}, JSON)) as engine:
        report = run(engine.url)
    assert (report.verdict, report.undecided_because, of(report, "broken")) == ("undecided", ("tokens",), [])


def test_missing_token_of_a_documented_role_counts() -> None:
    """As for the contract's own roles."""
    with shelf() as engine:
        report = run(engine.url, roles=("admin", "support"))
    assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",))
    assert "roles.engineering" in of(report, "unchecked")


def test_pages_and_cancels_are_in_one_report() -> None:
    """The mock serves the forty pages: their GETs conform beside cancelJob, with values for those that show none."""
    pages = []
    for operation in OPERATIONS:
        given: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for one in operation.parameters:
            if one.required and one.example is None:
                given[one.place][one.name] = (
                    3 if one.schema.get("type") in {"integer", "number"} else "4321abcdef694aa79dae47ad"
                )
        pages.append(page_calls(operation, given))
    with running_mock(MockSettings(pages=PAGES)) as mock:
        tokens = {role: Source(role, "--token") for role in ("admin", "support", "operator", *ROLES)}
        settings = replace(
            settings_for(mock.url, trust_tokens=True, max_jobs=1, read_back=EMBEDDED_READ_BACK, settle_s=0.0),
            connection=Connection(mock.url, tokens=tokens),
        )
        job_ids = mock.add_jobs(1)
        report = check(replace(settings, pages=tuple(pages)), lambda _: Supply(job_ids)).report
    told = [
        (result.rule.id, [found.received for found in result.findings])
        for result in report.rules
        if result.outcome == "broken"
    ]
    assert told == []
    assert report.jobs.used == 1
    held = {result.rule.id for result in report.rules if result.outcome == "held"}
    gets = {operation.name for operation in OPERATIONS if operation.method == "GET"}
    assert {rule.partition("/")[0] for rule in held if "/" in rule} == gets
    assert "roles.admin" in held


def test_command_takes_the_values_of_the_settings_file(tmp_path: Path) -> None:
    """Those of an engine stand in the place of those of every engine; --only takes the page's rules."""
    (tmp_path / "listParts.txt").write_text(PAGE)
    with shelf() as engine:
        (tmp_path / "engine.toml").write_text(
            f"""[operations.listParts]
path = {{ shelf = "another" }}
[engines.s]
url = "{engine.url}"
tokens = {{ admin = "env:A", engineering = "env:E", support = "env:S" }}
auth = "bearer"
only = ["listParts/*"]
[engines.s.operations.listParts]
path = {{ shelf = "a/1" }}
query = {{ limit = 5 }}
"""
        )
        environment = {"A": "admin", "E": "engineering", "S": "support"}
        done = check_engine("s", "--page=listParts.txt", cwd=tmp_path, env=environment)
    assert done.status == 0, done.out + done.err
    assert done.last_line.startswith("conforms")
    assert ("POST", "/workflow_engine/cancelJob") not in engine.seen
    assert any(path.endswith("/a%2F1/parts?limit=5") for _, path in engine.seen)


def test_way_of_a_credential_is_found_by_a_page_where_only_pages_are_checked() -> None:
    """No cancel is sent; without a value for a `GET` nothing is."""
    with shelf() as engine:
        report = run(engine.url, auth="auto")
        assert report.verdict == "conforms", report.undecided_because
        assert {method for method, _ in engine.seen} == {"GET"}
        engine.seen.clear()
        run(engine.url, values={}, auth="auto")
        assert [path for _, path in engine.seen if "cancelJob" in path or "shelves" in path] == []


def test_settings_file_of_operations_needs_no_engines(tmp_path: Path) -> None:
    """Values alone are enough for a URL; the name of an engine is then unknown."""
    (tmp_path / "listParts.txt").write_text(PAGE)
    values = '[operations.listParts]\npath = { shelf = "a/1" }\nquery = { limit = 5 }\n'
    (tmp_path / "engine.toml").write_text(values)
    planned = check_engine("http://127.0.0.1:9", "--page=listParts.txt", "--only=listParts/*", "--plan", cwd=tmp_path)
    assert "pages: 3 requests" in planned.out, planned.err
    named = check_engine("s", "--plan", cwd=tmp_path)
    assert named.status == 2
    assert "no engine is named 's'. There is none: add [engines.s] with its url." in named.err


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"path": {"shelve": "a"}}, "path.shelve of the settings file: there is no such parameter. Allowed are shelf."),
        (
            {"query": {"limit": "few"}},
            "query.limit of the settings file is 'few': cannot stand there. Allowed is a number.",
        ),
        (
            {"path": {"shelf": ".."}},
            "path.shelf of the settings file is '..': cannot stand there. Allowed is a string.",
        ),
    ],
)
def test_value_that_cannot_be_used_is_refused(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    """A misspelt name, a text for a number, and a way up in the path."""
    page = tmp_path / "listParts.txt"
    page.write_text(PAGE)
    with pytest.raises(SettingError, match="listParts") as refused:
        calls_of(CheckOptions(pages=(page,), operations={"listParts": values}))
    assert said in str(refused.value)


def test_values_of_every_engine_are_the_mocks_and_a_urls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """engine.toml of the folder, or the file that --settings names."""
    (tmp_path / "listParts.txt").write_text(PAGE)
    text = '[engines.s]\nurl = "http://127.0.0.1:1"\n[operations.listParts.path]\nshelf = "b"\n'
    for name in ("engine.toml", "values.toml"):
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    for arguments in (["--mock"], ["http://127.0.0.1:1", "--settings=values.toml"]):
        with main.make_context("check-engine", [*arguments, "--page=listParts.txt"]) as context:
            assert CheckOptions(**context.params).operations == {"listParts": {"path": {"shelf": "b"}}}


def test_page_that_cannot_be_read_is_wrong_usage_with_the_mock(tmp_path: Path) -> None:
    """The mock is not started, and nothing fails in it."""
    page = tmp_path / "broken.txt"
    page.write_text("Summary\n")
    with pytest.raises(SettingError, match=r"broken\.txt"), embedded_engine(load_contract(), 1.0, (page,)):
        pass

"""The draft of `cancelJob.txt` is what `spec/` holds, but for the readings that a person decided."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from openapi_spec_validator import validate

from engine_contract import contract
from engine_contract.contract.draft import Draft, draft
from engine_contract.contract.openapi import load_contract, load_openapi
from engine_contract.draft_cli import main

Place = tuple[str, ...]

# ── the decided readings: where spec/ says other than the draft, and why ────────────────────────────

# The page shows a whole number; what it measures need not be one.
NUMBERS = {("font_size",), ("metrics", "run_time"), ("tasks", "*", "metrics", "run_time")}

# In the page's example, and yet an engine may leave it out: rules `….present`, assumed.
MAY_BE_ABSENT = {
    ("locked",),
    ("error",),
    ("tasks", "*", "x"),
    ("tasks", "*", "y"),
    ("tasks", "*", "groups"),
    ("tasks", "*", "metrics"),
    *(("tasks", "*", "metrics", name) for name in ("owner", "start_time", "end_time", "run_time", "finish_state")),
    *(("tasks", "*", "metrics", name) for name in ("server_id", "app")),
    *(("metrics", name) for name in ("owner", "run_time", "finish_state", "server_id", "app")),
}

# The answer to a cancel is a canceled job: the one value of the example that is the contract.
FIXED_VALUE = {("status",): ["canceled"]}

# Rules that no line of the page gives by itself.
DECIDED_RULES = {
    "roles.case",
    "request.charset",
    "request.job_id.empty",
    "effects.identity",
    "effects.overlap",
    "effects.refused",
    "effects.isolation",
    "effects.unknown",
    "effects.exact",
    "effects.spelling",
    "effects.repeat",
    "effects.methods",
    "effects.paths",
    "transport.status.exact",
    "transport.refusal_status",
    "transport.complete",
    "transport.stable",
}

# A rule of the draft, and what a person called it.
RENAMED = {"effects.done": "effects.canceled"}

# What of the document is a person's alone: nothing of it is on the page.
DECIDED_IN_THE_DOCUMENT = {"security", "4XX", "securitySchemes", "contact", "license", "sparse", "extended"}


@pytest.fixture(scope="module")
def drafted() -> Draft:
    return draft(contract.load_page())


# ── the document ────────────────────────────────────────────────────────────────────────────────────


def test_the_operation(drafted: Draft) -> None:
    """Method, path, name, summary, tag, roles and server are those of the spec; other roles no page can list."""
    ours, theirs = _operation(drafted.openapi), _operation(load_openapi())
    for key in ("operationId", "summary", "tags", "x-roles"):
        assert ours[key] == theirs[key], key
    assert list(drafted.openapi["paths"]) == [load_contract().path]
    assert drafted.openapi["openapi"] == load_openapi()["openapi"]
    assert [server["url"] for server in drafted.openapi["servers"]] == ["/"]
    assert ours["description"] in theirs["description"]
    assert set(theirs) - set(ours) == {"x-unlisted-roles"}
    assert set(theirs["responses"]) - set(ours["responses"]) == DECIDED_IN_THE_DOCUMENT & {"4XX"}
    assert set(load_openapi()) - set(drafted.openapi) == DECIDED_IN_THE_DOCUMENT & {"security"}


def test_the_request(drafted: Draft) -> None:
    """The table of parameters gives the schema of the body, field by field, and the page's example stands there."""
    ours = _content(drafted.openapi, _operation(drafted.openapi)["requestBody"])
    assert _operation(drafted.openapi)["requestBody"]["required"] is True
    theirs = dict(load_contract().request_schema)
    assert ours["examples"]["page"]["value"] == load_contract().request_example
    assert ours["schema"]["required"] == theirs["required"]
    assert list(ours["schema"]["properties"]) == list(theirs["properties"])
    # Decided: the empty text is the ID of no job.
    assert {**ours["schema"]["properties"]["job_id"], "minLength": 1} == theirs["properties"]["job_id"]


def test_the_response_field_by_field(drafted: Draft) -> None:
    """At every depth the schema has the same fields with the same types, but for the decided readings."""
    ours = dict(_facts(_content(drafted.openapi, _operation(drafted.openapi)["responses"]["200"])["schema"]))
    theirs = dict(_facts(dict(load_contract().response_schema)))
    different = {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}
    decided = {(place, "type") for place in NUMBERS}
    decided |= {(place, "required") for place in MAY_BE_ABSENT}
    decided |= {(place, "enum") for place in FIXED_VALUE}
    assert different == decided
    assert all((ours[place, "type"], theirs[place, "type"]) == ("integer", "number") for place in NUMBERS)
    assert all((ours[place, "required"], theirs[place, "required"]) == (True, False) for place in MAY_BE_ABSENT)
    assert {place: theirs[place, "enum"] for place in FIXED_VALUE} == FIXED_VALUE
    assert len(ours) > 100


def test_the_examples(drafted: Draft) -> None:
    """The page's example of the answer stands in the draft as it does in the spec."""
    content = _content(drafted.openapi, _operation(drafted.openapi)["responses"]["200"])
    assert content["examples"]["page"]["value"] == load_contract().response_examples["page"]
    assert set(load_contract().response_examples) - set(content["examples"]) == {"sparse", "extended"}


def test_maps_are_recognised(drafted: Draft) -> None:
    """Tasks and transitions have ids as keys, metrics and app have names."""
    schema = _content(drafted.openapi, _operation(drafted.openapi)["responses"]["200"])["schema"]["properties"]
    assert "properties" not in schema["tasks"]
    assert "properties" not in schema["transitions"]
    assert "properties" not in schema["transitions"]["additionalProperties"]
    assert "additionalProperties" not in schema["metrics"]


# ── the ledger ──────────────────────────────────────────────────────────────────────────────────────


def test_the_furniture(drafted: Draft) -> None:
    """The lines that say nothing are the same."""
    assert set(drafted.rules["furniture"]) == contract.load_furniture()


def test_the_rules(drafted: Draft) -> None:
    """Each rule of the draft is one of the ledger, of the same level; what more the ledger has was decided."""
    ours = {RENAMED.get(entry["id"], entry["id"]): entry for entry in _rules(drafted) if "field" not in entry}
    theirs = {rule.id: rule for rule in contract.load_rules() if rule.field is None}
    assert theirs.keys() - ours.keys() == DECIDED_RULES
    assert ours.keys() - theirs.keys() == set()
    for name, entry in ours.items():
        assert entry["level"] == theirs[name].level, name
        assert set(_quotes(entry)) == set(theirs[name].quotes), name


def test_the_rules_of_fields(drafted: Draft) -> None:
    """Each place of the answer has its rule with the same lines; what more the ledger has is who may be absent."""
    ours = {_place(entry["field"]): entry for entry in _rules(drafted) if "field" in entry}
    theirs = {rule.field: rule for rule in contract.load_rules() if rule.field is not None and not rule.is_assumed}
    assert ours.keys() == theirs.keys()
    for place, entry in ours.items():
        assert place is not None
        assert entry["level"] == theirs[place].level == "documented"
        assert set(_quotes(entry)) == set(theirs[place].quotes), place
    assumed = {rule.field for rule in contract.load_rules() if rule.field is not None and rule.is_assumed}
    assert assumed == MAY_BE_ABSENT


def test_every_line_is_quoted(drafted: Draft) -> None:
    """Each line of the page that says something is furniture or stands behind a rule, verbatim."""
    quoted = {quote for entry in _rules(drafted) for quote in _quotes(entry)}
    assert set(contract.statements()) == quoted | set(drafted.rules["furniture"])


# ── the command ─────────────────────────────────────────────────────────────────────────────────────


def run(*arguments: str | Path) -> Result:
    """Run `draft-contract`."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_draft_contract_with_output_writes_both_files(tmp_path: Path, drafted: Draft) -> None:
    """`--output` writes valid YAML that holds the draft, and never over other files."""
    folder = tmp_path / "draft"
    assert run(contract.PAGE_PATH, "--output", folder).exit_code == 0
    document = yaml.safe_load((folder / "cancelJob.openapi.yaml").read_text(encoding="utf-8"))
    assert document == drafted.openapi
    validate(document)
    rules = folder / "cancelJob.rules.yaml"
    assert yaml.safe_load(rules.read_text(encoding="utf-8")) == drafted.rules
    before = rules.read_bytes()
    again = run(contract.PAGE_PATH, "--output", folder)
    assert (again.exit_code, rules.read_bytes()) == (2, before)
    assert "is there already" in again.output


def test_draft_contract_without_output_writes_beside_the_page(tmp_path: Path, drafted: Draft) -> None:
    """Both files lie beside the page, and their names are printed; a byte order mark and Windows' line ends change nothing."""
    page = tmp_path / "cancelJob.txt"
    page.write_bytes(b"\xef\xbb\xbf" + contract.PAGE_PATH.read_bytes().replace(b"\n", b"\r\n"))
    done = run(page)
    assert done.exit_code == 0
    written = [tmp_path / "cancelJob.openapi.yaml", tmp_path / "cancelJob.rules.yaml"]
    assert done.stdout.splitlines() == [str(path) for path in written]
    assert [yaml.safe_load(path.read_text(encoding="utf-8")) for path in written] == [drafted.openapi, drafted.rules]


def test_draft_contract_prints_what_was_sure_guessed_and_open(tmp_path: Path) -> None:
    """The summary goes to standard error, so that a script reads the files' names alone."""
    assert run(contract.PAGE_PATH, "--output", tmp_path).stderr.splitlines() == SUMMARY.splitlines()


SUMMARY = """\
cancelJob, POST /workflow_engine/cancelJob
Sure, by lines of the page: 1 rule of the route, 4 rules of roles, 2 rules of the request, 1 rule of effects, 50 rules of the answer
Guessed:
  answer: the answer is the bare value, and not an object with canceled_job
  answer.tasks: its keys are taken for ids, a map
  answer.transitions: its keys are taken for ids, a map
  answer.transitions.*: its keys are taken for ids, a map
  answer.created: a time, by its look
  answer.last_updated: a time, by its look
Open:
  answer.tasks.*.groups.*: anything fits
  answer.groups.*: anything fits
  how a credential travels, and how a request is refused
"""


def test_draft_contract_with_an_unreadable_page_says_why(tmp_path: Path) -> None:
    """The command names the file, the line, what stands there and what is allowed."""
    page = tmp_path / "page.txt"
    page.write_text("Summary\nStart a job\nRoute\nSEND /startJob\n", encoding="utf-8")
    refused = run(page)
    assert refused.exit_code == 2
    assert f"{page}, line 4: 'SEND /startJob' is not a route. Allowed is one line METHOD /path" in refused.output
    missing = run(tmp_path / "nowhere.txt")
    assert missing.exit_code == 2
    assert "the page cannot be read" in missing.output


# ── reading the two ─────────────────────────────────────────────────────────────────────────────────


def _operation(document: dict[str, Any]) -> dict[str, Any]:
    (item,) = document["paths"].values()
    operation: dict[str, Any] = item["post"]
    return operation


def _content(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = node["content"]["application/json"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    return {**content, "schema": document["components"]["schemas"][name]}


def _facts(schema: dict[str, Any], place: Place = ()) -> Iterator[tuple[tuple[Place, str], Any]]:
    """What a schema says of each place: its type, format, values, whether it is required, whether it is open."""
    for key in ("type", "format", "enum"):
        if key in schema:
            yield (place, key), schema[key]
    if schema.get("additionalProperties") is True:
        yield (place, "open"), True
    for name, below in schema.get("properties", {}).items():
        yield ((*place, name), "required"), name in schema.get("required", ())
        yield from _facts(below, (*place, name))
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            yield ((*place, "*"), "of"), key
            yield from _facts(schema[key], (*place, "*"))


def _rules(drafted: Draft) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = drafted.rules["rules"]
    return rules


def _quotes(entry: dict[str, Any]) -> list[str]:
    quote = entry.get("quote", [])
    return [quote] if isinstance(quote, str) else quote


def _place(field: str) -> Place:
    return tuple(filter(None, field.split(".")))

"""The draft of each page is a document that other tools take as it is, and that agrees with itself."""

import random
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from openapi_spec_validator import validate

from engine_contract import contract
from engine_contract.contract.draft import Draft, PageError, draft
from engine_contract.contract.ledger import parse_rules
from engine_contract.contract.operation import Operation, operations_in
from engine_contract.contract.page import is_punctuation
from engine_contract.pages import load_pages
from engine_contract.text.unmarked import read_text


def _drafts() -> dict[str, Draft]:
    """Return the drafts of all pages that are not refused."""
    found: dict[str, Draft] = {}
    for page in PAGES:
        try:
            found[page.stem] = draft(read_text(page))
        except PageError:
            continue
    return found


PAGES = [*sorted((Path(__file__).parent / "pages").glob("*.txt")), contract.PAGE_PATH]
DRAFTS = _drafts()


def operation(drafted: Draft) -> Operation:
    """Return the one operation of a draft, as mock and checks read it."""
    (found,) = operations_in(drafted.openapi, lambda: parse_rules(drafted.rules))
    return found


def described(drafted: Draft) -> dict[str, Any]:
    """Return the one operation of a draft, as the document has it."""
    ((_, item),) = drafted.openapi["paths"].items()
    ((_, found),) = item.items()
    return dict(found)


@pytest.mark.parametrize("name", DRAFTS)
def test_draft_of_a_page_is_valid_openapi(name: str) -> None:
    """The document is what OpenAPI 3.0 allows."""
    validate(DRAFTS[name].openapi)


def test_drafts_of_pages_are_taken_by_schemathesis_as_they_are() -> None:
    """Plain Schemathesis loads each document, and draws a case of its operation."""
    for name, drafted in DRAFTS.items():
        ((path, item),) = drafted.openapi["paths"].items()
        ((method, _),) = item.items()
        schema = schemathesis.openapi.from_dict(drafted.openapi)
        cases = _drawn(schema[path][method.upper()].as_strategy())
        assert [case.method for case in cases] == [method.upper()], name


def _drawn(strategy: SearchStrategy[schemathesis.Case[Any]]) -> list[schemathesis.Case[Any]]:
    """Return one case of a strategy."""
    cases: list[schemathesis.Case[Any]] = []

    @settings(
        max_examples=1, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(strategy)
    def draw(case: schemathesis.Case[Any]) -> None:
        cases.append(case)

    draw()
    return cases


@pytest.mark.parametrize("name", DRAFTS)
def test_examples_of_a_page_fit_its_schemas_or_a_note_says_why_not(name: str) -> None:
    """Each example of body, answer and parameters fits; where the page contradicts itself, the example says so."""
    drafted, found = DRAFTS[name], operation(DRAFTS[name])
    request, answer = described(drafted).get("requestBody", {}), described(drafted)["responses"]["200"]
    for described_one, schema in ((request, found.request_schema), (answer, found.response_schema)):
        for media in described_one.get("content", {}).values():
            for example in media.get("examples", {}).values():
                assert _fits(schema, example["value"]) or "it does not fit the schema: " in example["x-guessed"]
    for parameter, entry in zip(found.parameters, described(drafted).get("parameters", ()), strict=True):
        if "example" in entry:
            assert _fits(parameter.schema, entry["example"]) or "does not fit: " in entry["x-guessed"]


def _fits(schema: Any, value: Any) -> bool:
    return jsonschema_rs.Draft4Validator(schema).is_valid(value)


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem in DRAFTS], ids=lambda page: page.stem)
def test_each_line_of_a_page_is_quoted_or_furniture(page: Path) -> None:
    """No statement of a page is lost: its lines stand behind rules, verbatim, or say nothing."""
    drafted = DRAFTS[page.stem]
    lines = {line.strip() for line in read_text(page).splitlines()}
    said = {line for line in lines if not is_punctuation(line) and not re.fullmatch(r"null,?", line)}
    rules = operation(drafted).rules
    known = {quote for rule in rules for quote in rule.quotes} | set(drafted.rules["furniture"])
    assert said - known == set()
    assert known <= lines


@pytest.mark.parametrize("name", DRAFTS)
def test_rules_of_a_draft_hold_together(name: str) -> None:
    """Ids and fields stand once, an implied rule has a reason, a documented one a quote, and a field is in the schema."""
    rules = operation(DRAFTS[name]).rules
    for keys in ([rule.id for rule in rules], [rule.field for rule in rules if rule.field is not None]):
        assert len(keys) == len(set(keys))
    assert all(rule.quotes for rule in rules if rule.level == "documented")
    assert all(rule.reason for rule in rules if rule.level != "documented")


def test_pages_of_a_folder_are_operations_with_names_of_their_own(tmp_path: Path) -> None:
    """Many pages are read together, though paths end alike; a broken file is told in one line with its name."""
    for page in PAGES:
        if page.stem in DRAFTS and page != contract.PAGE_PATH:
            (tmp_path / page.name).write_bytes(page.read_bytes())
    assert [operation.name for operation in load_pages([tmp_path])] == [name for name in DRAFTS if name != "cancelJob"]
    (tmp_path / "startJob.openapi.yaml").write_text("paths: [\n  a: b: c", encoding="utf-8")
    with pytest.raises(ValueError, match=r"startJob\.txt: the page or the drafts beside it cannot be read: ") as caught:
        load_pages([tmp_path])
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read: File name too long"):
        load_pages([Path("x" * 300)])


def test_mutilated_pages_are_drafted_or_refused_with_a_line() -> None:
    """A page that lost lines is a valid draft all the same, or refused; the reader itself never fails."""
    drawn, refused, valid = random.Random(16), 0, 0  # noqa: S311 - pages to break, not secrets
    texts = [read_text(page) for page in PAGES]
    for _ in range(150):
        lines = drawn.choice(texts).split("\n")
        for _lost in range(drawn.randint(1, 3)):
            del lines[drawn.randrange(len(lines))]
        try:
            drafted = draft("\n".join(lines))
        except PageError as error:
            refused += 1 <= error.line <= len(lines)
        else:
            assert operation(drafted).rules
            valid += 1
    assert refused + valid == 150
    assert min(refused, valid) > 10

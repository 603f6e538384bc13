"""The ledger of rules against the page, and the OpenAPI document against both."""

import json
import re
import subprocess
import sys
from typing import Any

from contract_tests.judge.answers import judge_success
from contract_tests.judge.document import judge_document
from contract_tests.model import Caller, Exchange, Request, Response
from engine_contract import contract
from engine_contract.contract.files import OPENAPI_PATH
from tests.support import ROOT

RULES = contract.load_rules()


def page_example() -> Any:
    """The page's example of the answer, cut out of the page's text."""
    page = contract.load_page()
    return json.loads(page[page.index('{\n  "_id"') :])


def test_every_quote_is_a_line_of_the_page() -> None:
    """No rule quotes what the page does not say."""
    assert [quote for rule in RULES for quote in rule.quotes if quote not in contract.statements()] == []


def test_every_line_of_the_page_is_cited() -> None:
    """Every line of the page that says something is cited by a rule, or is named as furniture."""
    cited = {quote for rule in RULES for quote in rule.quotes} | contract.load_furniture()
    assert [line for line in contract.statements() if line not in cited] == []


def test_documented_rules_quote_and_others_reason() -> None:
    """A documented rule has its line; an implied or assumed one its reason; an assumed one no line."""
    for rule in RULES:
        assert rule.quotes if rule.level == "documented" else rule.reason, rule.id
        assert not (rule.is_assumed and rule.quotes), rule.id
        assert rule.aspect in {"route", "roles", "request", "response", "effects", "transport"}
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_every_place_of_the_response_schema_belongs_to_a_rule() -> None:
    """Each property, element and map value that the response schema describes is owned by a rule, and no other is."""
    owned = {rule.field for rule in RULES if rule.field is not None}
    assert set(_places(contract.load_contract().response_schema, ())) == owned


def _places(schema: Any, at: tuple[str, ...]) -> Any:
    if at[-1:] != ("*",) or set(schema) - {"type", "description"}:
        yield at
    for name, child in schema.get("properties", {}).items():
        yield from _places(child, (*at, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _places(schema["additionalProperties"], (*at, "*"))
    if schema.get("items"):
        yield from _places(schema["items"], (*at, "*"))


def test_further_fields_are_accepted() -> None:
    """The judge finds nothing in a document with fields of its own in the job, a task, and metrics."""
    example = page_example()
    for place in (example, example["metrics"], *example["tasks"].values(), example["error"][0]):
        place["variables"] = {"job_id": None}
    assert judge_document(contract.load_contract(), example) == []


def test_the_page_example_is_the_spec_example_and_is_accepted() -> None:
    """The page's JSON stands verbatim in the OpenAPI document, validates, and is judged to be a right answer."""
    example = page_example()
    assert contract.load_contract().response_examples["page"] == example
    assert judge_document(contract.load_contract(), example) == []
    answer = Response(200, (("Content-Type", "application/json"),), json.dumps(example).encode())
    exchange = Exchange(Request("POST", "/", Caller("admin", "token")), "a valid request", answer)
    assert [
        item.finding for item in judge_success(contract.load_contract(), exchange, example["_id"]) if item.finding
    ] == []


def test_the_request_example_is_the_page_s() -> None:
    """The example of the request is the page's."""
    assert '"job_id": "4321abcdef694aa79dae47ad"' in contract.statements()
    assert contract.load_contract().request_example == {"job_id": "4321abcdef694aa79dae47ad"}


def test_the_roles_are_the_page_s() -> None:
    """The machine-readable roles are the lines between the page's headings Roles and Parameters."""
    lines = contract.statements()
    assert contract.load_contract().roles == lines[lines.index("Roles") + 1 : lines.index("Parameters")]


def test_the_validator_passes() -> None:
    """`openapi-spec-validator spec/openapi.yaml` passes."""
    command = [sys.executable, "-m", "openapi_spec_validator", str(OPENAPI_PATH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_document_names_no_framework() -> None:
    """The OpenAPI document has no Python path and no word of connexion in it, so that any tool can use it."""
    text = OPENAPI_PATH.read_text()
    assert not re.search(r"connexion|x-[a-z]*Func|mock_server|contract_tests|\.py\b", text)


OF_PAGES = {"roles.any", "request.example"}  # of a page that lists no role, or whose operation has no body


def test_every_rule_that_the_checks_name_is_in_the_ledger() -> None:
    """Rules are named as text, also where no run of the tests comes by; the score proves that each is judged."""
    text = "\n".join(path.read_text() for path in (ROOT / "contract_tests").rglob("*.py"))
    named = set(re.findall(r'"((?:route|roles|request|response|effects|transport)\.[a-z_.]+)"', text))
    ids = {rule.id for rule in RULES}
    assert {name for name in named if name not in ids and not name.endswith(".")} - OF_PAGES == set()

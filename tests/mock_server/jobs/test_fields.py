"""The table of fields: one row each, the same fields as the spec, and CONTRIBUTING's recipe for a further one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine_contract.contract import load_contract, load_rules
from mock_server.jobs.documents import document, ids
from mock_server.jobs.fields import FIELDS
from mock_server.jobs.job import State
from tests.support import ROOT

NOW = 1_764_000_000_000


def _in_schema(schema: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, bool]]:
    """Each field of a schema, and whether it is required."""
    for name, below in schema.get("properties", {}).items():
        yield f"{at}{name}", name in schema.get("required", ())
        yield from _in_schema(below, f"{at}{name}.")
    elements = schema.get("items") if schema.get("type") == "array" else schema.get("additionalProperties")
    if isinstance(elements, dict):
        yield from _in_schema(elements, f"{at}*.")


def _in_document(value: Any, at: str = "") -> Iterator[str]:
    """The places of a document's objects, and of what they hold; keys of tasks and transitions are `*`."""
    if isinstance(value, dict):
        is_map = at in {"tasks.", "transitions.", "transitions.*."}
        for key, below in value.items():
            place = f"{at}{'*' if is_map else key}"
            yield place
            yield from _in_document(below, f"{place}.")
    elif isinstance(value, list):
        for below in value:
            yield from _in_document(below, f"{at}*.")


def test_fields_are_those_of_the_spec() -> None:
    """Each field of the response schema has one row, and no row is of another; each has a rule of its own."""
    places = [field.place for field in FIELDS]
    assert sorted(places) == sorted(place for place, _ in _in_schema(load_contract().response_schema))
    assert set(places) <= {".".join(rule.field) for rule in load_rules() if rule.field}


def test_fields_that_may_be_absent_are_so_in_the_spec_and_in_documents() -> None:
    """A canceled job lacks only what its row says it may, and the spec requires none of that; each is seen absent."""
    required = {place for place, is_required in _in_schema(load_contract().response_schema) if is_required}
    may_lack = {field.place for field in FIELDS if field.absent}
    lacking: set[str] = set()
    of_canceled_jobs = {"metrics.end_time"}  # absent in active jobs alone, of which the page shows none
    for job_id in ids(3, 0, 60):
        for state in (State("canceled", changed_at_ms=NOW, changed_by="admin"), State(made_at_ms=NOW)):
            lacking |= _lacking(json.loads(document(job_id, state)))
    assert lacking - {"error"} <= may_lack
    assert {place for place in may_lack if "error" not in place} - lacking == set()
    assert required & may_lack <= of_canceled_jobs


def _lacking(document: Any) -> set[str]:
    """The fields that an object of the document lacks."""
    lacking: set[str] = set()
    for name, holder in (
        ("", [document]),
        ("tasks.*", [*document["tasks"].values()]),
        ("metrics", [document["metrics"]]),
    ):
        metrics = [one["metrics"] for one in holder if "metrics" in one] if name == "tasks.*" else []
        for of, objects in ((name, holder), (f"{name}.metrics", metrics)):
            wanted = {field.place for field in FIELDS if field.place.rpartition(".")[0] == of}
            lacking |= {place for place in wanted for one in objects if place.rpartition(".")[2] not in one}
    return lacking


def _insert(path: Path, after: str, text: str) -> None:
    before, found, rest = path.read_text(encoding="utf-8").partition(after)
    assert found, f"{path.name} has no {after!r}"
    path.write_text(before + found + text + rest, encoding="utf-8")


SEEN = """
import json
from contract_tests.judge.document import judge_document
from engine_contract.contract import load_contract
from mock_server import faults
from mock_server.jobs import documents as jobs
from mock_server.jobs.job import State
canceled = State("canceled", changed_at_ms=1, changed_by="admin")
documents = [json.loads(jobs.document(job_id, canceled)) for job_id in jobs.ids(0, 0, 40)]
wrong = documents[0] | {"priority": "high"}
print(json.dumps({
    "values": sorted({document.get("priority", "absent") for document in documents}, key=str),
    "notes": sorted({task["note"] for document in documents for task in document["tasks"].values()}),
    "flaws": [flaw.rule for document in documents for flaw in judge_document(load_contract(), document) if not flaw.rule.endswith(".present")],
    "wrong": [flaw.rule for flaw in judge_document(load_contract(), wrong)],
    "faults": [change.name for change in faults.faults() if change.name.endswith(("priority", "tasks.note"))],
}))
"""


def test_field_added_by_the_recipe_is_served_and_judged(tmp_path: Path) -> None:
    """The recipe of CONTRIBUTING, followed in a copy: spec and one row; answers have the field, and the judge takes them."""
    for name in ("engine_contract", "mock_server", "contract_tests"):
        shutil.copytree(
            ROOT / name, tmp_path / name, copy_function=os.symlink, ignore=shutil.ignore_patterns("__pycache__")
        )
    spec, table = tmp_path / "spec", tmp_path / "mock_server" / "jobs" / "fields.py"
    shutil.copytree(ROOT / "spec", spec)
    table.unlink()
    shutil.copy(ROOT / "mock_server" / "jobs" / "fields.py", table)

    _insert(spec / "cancelJob.txt", '  "font_size": 12,\n', '  "priority": 3,\n')
    _insert(
        spec / "openapi.yaml",
        "              $ref: '#/components/schemas/Transition'\n",
        "        priority: {type: integer}\n",
    )
    _insert(
        spec / "openapi.yaml",
        "          description: The state of the task, such as `complete`.\n",
        "        note: {type: string}\n",
    )
    rule = "  - {{id: response.{0}, level: documented, field: '{1}', title: It has its type, quote: '{2}'}}\n"
    _insert(
        spec / "rules.yaml",
        """    title: state of a transition is a string\n    quote: '"state": "success"'\n""",
        rule.format("priority", "priority", '"priority": 3,')
        + rule.format("tasks.note", "tasks.*.note", '"note": "",'),
    )
    row = '    Field("priority", Drawn(lambda _: [b"1", b"2", b"3", None], 13, 8), "in a quarter of the jobs"),\n'
    _insert(table, '    Field("type", _constant("automation")),\n', row)
    _insert(
        table,
        '    Field("tasks.*.name", _text(lambda task: task.name)),\n',
        '    Field("tasks.*.note", _constant("none")),\n',
    )

    done = subprocess.run(
        [sys.executable, "-c", SEEN],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["values"] == [1, 2, 3, "absent"]
    assert seen["notes"] == ["none"]
    assert seen["flaws"] == []
    assert "response.priority" in seen["wrong"]
    assert {"wrong-type.priority", "null.priority", "null.tasks.note", "wrong-type.tasks.note"} <= set(seen["faults"])

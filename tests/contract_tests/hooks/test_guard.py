"""The last guard: what somebody else's hooks make of a request is not sent either."""

from pathlib import Path

import pytest
import yaml

from tests import standin
from tests.contract_tests.hooks.runs import ADMIN, SPEC, schemathesis, with_jobs

MEDDLING = """
import schemathesis
from contract_tests import hooks

@schemathesis.hook
def before_call(context, case, kwargs):
    {meddle}
"""


@pytest.mark.parametrize(
    "meddle",
    [
        "case.body = {{'job_id': '{stranger}'}}",
        "case.query = {{'job_id': '{stranger}'}}",
        "case.body = {{'job_id': {{'$ne': 'x'}}}}",
    ],
)
def test_a_request_with_another_id_is_not_sent(tmp_path: Path, meddle: str) -> None:
    """A hook that runs after ours names another job: an error, and nothing leaves."""
    with standin.serve() as engine:
        (stranger,) = engine.make_jobs(1)
        (tmp_path / "meddling.py").write_text(MEDDLING.format(meddle=meddle.format(stranger=stranger)))
        environment = {**with_jobs(tmp_path, engine.make_jobs(3)), "SCHEMATHESIS_HOOKS": "meddling"}
        arguments = ("run", str(SPEC), "--url", engine.url, "--phases", "examples")
        run = schemathesis(tmp_path, environment, *arguments)
        assert run.status == 1, run.text
        assert "The request was not sent" in run.text
        assert [request for request in engine.requests if request["method"] == "POST"] == []


def test_another_operation_is_not_called(tmp_path: Path) -> None:
    """A document with another operation: it is not called, and the message says which document to give."""
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    document["paths"] = {"/workflow_engine/deleteJob": document["paths"]["/workflow_engine/cancelJob"]}
    path = tmp_path / "other.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with standin.serve() as engine:
        arguments = ("run", str(path), "--url", engine.url, "--phases", "examples")
        run = schemathesis(tmp_path, with_jobs(tmp_path, engine.make_jobs(3)), *arguments)
        assert run.status == 1, run.text
        assert "give Schemathesis spec/openapi.yaml" in run.text
        assert [request for request in engine.requests if request["method"] == "POST"] == []


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"CHECK_ENGINE_JOBS": "nowhere.txt"}, "nowhere.txt: the file cannot be read"),
        ({"CHECK_ENGINE_MAX_JOBS": "many"}, "CHECK_ENGINE_MAX_JOBS=many: is not a number of jobs"),
        ({"CHECK_ENGINE_TOKEN": "apiread=x"}, "none of apiread may cancel jobs. Give a token of one of admin,"),
        ({"CHECK_ENGINE_AUTH": "auto"}, "the hooks do not find out how the credential travels. Give bearer, basic,"),
        ({"CHECK_ENGINE_AUTH": "Bearer Zq7-11-Zq7", "A_TOKEN": "Zq7-11-Zq7"}, "Bearer ***: unknown scheme."),
        (
            {"CHECK_ENGINE_JOBS": "a", "CHECK_ENGINE_JOBS_COMMAND": "b"},
            "CHECK_ENGINE_JOBS and CHECK_ENGINE_JOBS_COMMAND exclude each other.",
        ),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    """A wrong setting ends the run before anything is sent, and says what is allowed."""
    run = schemathesis(tmp_path, {**ADMIN, **environment}, "run", str(SPEC), "--url", "http://127.0.0.1:9")
    assert run.status != 0
    assert message in run.text

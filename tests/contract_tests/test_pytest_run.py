"""The suite under pytest alone, from another project's folder."""

import json
import os
from pathlib import Path

import pytest

from engine_contract.contract import load_rules
from tests.support.commands import PYTEST_TOKENS, run_suite, write_jobs
from tests.support.engines import standin_engine
from tests.support.pages import ASSET


def test_the_embedded_mock_is_green(tmp_path: Path) -> None:
    """Without a URL the suite runs on the embedded mock and is green, a test a rule."""
    done = run_suite("-q", cwd=tmp_path)
    assert done.status == 0, done.out
    assert "conforms" in done.out
    assert f"{len(load_rules()) + 1} passed" in done.out


@pytest.mark.parametrize(
    ("arguments", "env"),
    [(["--engine-url="], {}), ([], {"CI": "true"}), ([], {"CHECK_ENGINE_URL": ""}), (["--engine-auth=basic"], {})],
)
def test_an_engine_that_is_not_named_is_wrong_usage(tmp_path: Path, arguments: list[str], env: dict[str, str]) -> None:
    """A URL that was forgotten or is empty ends the session with status 2 and names the option for the mock."""
    done = run_suite("-q", "-k", "roles.admin", *arguments, cwd=tmp_path, env=env)
    assert done.status == 2, done.out
    assert "--engine-mock" in done.out


def test_the_mock_where_it_is_named(tmp_path: Path) -> None:
    """With --engine-mock the suite runs on the mock in CI too, and its last lines say so."""
    done = run_suite("-q", "-k", "roles.admin", "--engine-mock", cwd=tmp_path, env={"CI": "true"})
    assert done.status == 0, done.out
    assert "the kit's own mock" in done.out


def test_pages_have_a_test_a_rule(tmp_path: Path) -> None:
    """--engine-page checks the page's rules as --page does; a page that cannot be read is one sentence."""
    values = "[operations.getAsset]\npath = { id = 'a1' }\n"
    for name, text in (("getAsset.txt", ASSET), ("bad.txt", "(summary"), ("engine.toml", values)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run_suite("-k", "getAsset", "--engine-mock", "--engine-page=getAsset.txt", "-v", cwd=tmp_path)
    assert done.status == 0, done.out
    assert "test_rule[getAsset/roles.admin] PASSED" in done.out
    bad = run_suite("-q", "--engine-mock", "--engine-page=bad.txt", cwd=tmp_path)
    assert bad.status == 2
    assert "--engine-page bad.txt, line 1: " in bad.out
    assert "read_page" not in bad.out


def test_reports_that_cannot_be_written_hide_no_verdict(tmp_path: Path) -> None:
    """The disk is full at the end: the tests are as they are, and the session is not green."""
    (tmp_path / "reports" / "report.json").mkdir(parents=True)
    done = run_suite("-q", "-k", "roles.admin", "--engine-mock", "--engine-report-dir=reports", cwd=tmp_path)
    assert done.status == pytest.ExitCode.USAGE_ERROR, done.out
    assert "1 passed" in done.out
    assert "--engine-report-dir" in done.out
    assert "cannot be written there: Is a directory." in done.out
    assert "Traceback" not in done.out + done.err


def test_signal_that_ends_the_run_ends_the_session(tmp_path: Path) -> None:
    """Ctrl-C is meant for pytest too: the report is written, and the project's own tests are not run."""
    (tmp_path / "conftest.py").write_text(
        "import pytest, signal\n"
        "@pytest.fixture(scope='session')\n"
        "def engine_jobs():\n"
        "    return lambda count: signal.raise_signal(signal.SIGINT)\n"
    )
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n")
    words = ("-q", "test_own.py", *PYTEST_TOKENS, "--engine-url=http://127.0.0.1:9", "--engine-report-dir=reports")
    done = run_suite(*words, cwd=tmp_path)
    assert done.status == pytest.ExitCode.INTERRUPTED, done.out
    assert "a signal ended the run on the engine" in done.out
    assert "passed" not in done.out
    assert (tmp_path / "reports" / "report.json").exists()


def test_a_broken_rule_fails_its_test_alone(tmp_path: Path) -> None:
    """A broken rule fails, with what was received and a curl line; the others pass."""
    with standin_engine("font-size-text") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = run_suite(f"--engine-url={engine.url}", f"--engine-jobs={jobs}", *PYTEST_TOKENS, "-q", cwd=tmp_path)
    assert done.status == 1
    assert "FAILED" in done.out
    assert "test_rule[response.font_size]" in done.out
    assert "Reproduce:  curl" in done.out
    assert "2 failed" in done.out  # the rule and the verdict


def test_an_unchecked_rule_is_an_error(tmp_path: Path) -> None:
    """Rules that count and were not checked are errors: the run is not green."""
    with standin_engine() as engine:
        done = run_suite(f"--engine-url={engine.url}", *PYTEST_TOKENS, "-q", cwd=tmp_path)
    assert done.status == 1
    assert "ERROR" in done.out
    assert "failed" not in done.out.splitlines()[-1]


def test_selection_runs_what_it_needs(tmp_path: Path) -> None:
    """-k runs the selected rules alone: fewer jobs are used, and the reports are written."""
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        options = [
            f"--engine-url={engine.url}",
            f"--engine-jobs={jobs}",
            "--engine-report-dir=out",
            "--junitxml=own.xml",
        ]
        done = run_suite(*options, *PYTEST_TOKENS, "-q", "-x", "-k", "request", cwd=tmp_path)
        assert done.status == 0, done.out
        assert len(engine.canceled) < 12
    assert json.loads((tmp_path / "out" / "report.json").read_text())["verdict"] == "conforms"
    assert (tmp_path / "own.xml").exists()


CONFTEST = """
import pytest, urllib.request

@pytest.fixture(scope="session")
def engine_tokens():
    return {role: role for role in ("admin", "engineering", "support", "apiwrite", "operator")}

@pytest.fixture(scope="session")
def engine_jobs():
    def make(count):
        request = urllib.request.Request(f"URL/_test/jobs?count={count}", method="POST")
        return urllib.request.urlopen(request).read().decode().split()
    return make
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_a_conftest_supplies_jobs_and_credentials(tmp_path: Path, workers: list[str]) -> None:
    """A project's conftest overrides the supply and the credentials; under xdist one lease serves all workers."""
    with standin_engine() as engine:
        (tmp_path / "conftest.py").write_text(CONFTEST.replace("URL", engine.url))
        options = [f"--engine-url={engine.url}", "--engine-report-dir=out", f"--confcutdir={tmp_path}", "-q", *workers]
        done = run_suite(*options, "-c", os.devnull, f"--rootdir={tmp_path}", "-p", "conftest", cwd=tmp_path)
        assert done.status == 0, done.out + done.err
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert report["jobs"]["used"] == len(engine.canceled) == 20


@pytest.mark.parametrize(("workers", "errors"), [([], 1), (["-n", "2"], 2)], ids=["alone", "xdist"])
def test_wrong_usage_is_told(tmp_path: Path, workers: list[str], errors: int) -> None:
    """A setting that cannot be used is one line a worker, without a traceback, and ends the session with status 2."""
    done = run_suite("--engine-url=ftp://x", "-q", *workers, cwd=tmp_path)
    assert done.status == 2
    sentence = "ftp://x: is not the URL of an engine. Give the engine's base, such as http://localhost:3000."
    assert done.out.splitlines().count(sentence) == errors
    assert "Traceback" not in done.out + done.err
    assert "pytest_run.py" not in done.out
    assert done.out.splitlines()[-1].startswith(f"{errors} error")


def test_path_beside_its_option_that_hides_a_conftest_is_told(tmp_path: Path) -> None:
    """Pytest takes a path that stands alone for its root; with `=` the conftest is read, and the header names the engine."""
    project, certificates = tmp_path / "project", tmp_path / "certificates"
    project.mkdir()
    certificates.mkdir()
    bundle = certificates / "ca.pem"
    bundle.touch()
    (project / "conftest.py").write_text("def pytest_report_header():\n    return 'my conftest is read'\n")
    engine = "--engine-url=http://alice:pw@127.0.0.1:9"
    alone = run_suite(engine, "--engine-ca-bundle", str(bundle), "--collect-only", "-q", cwd=project)
    assert alone.status == 4
    assert f"Write --engine-ca-bundle={bundle}" in alone.err
    joined = run_suite(engine, f"--engine-ca-bundle={bundle}", "--collect-only", cwd=project)
    assert joined.status == 0, joined.out
    assert "my conftest is read" in joined.out
    assert "engine contract: http://…@127.0.0.1:9" in joined.out

"""Known deviations as a user meets them, on the engine that imitates public captures."""

import datetime as dt
import json
from pathlib import Path

import httpx
import pytest

from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings
from tests import field_engine
from tests.support.commands import PYTEST_TOKENS, TOKENS, Done, check_engine, run_suite, write_jobs
from tests.support.engines import standin_engine


def _check_field(version: str, cwd: Path, *arguments: str, jobs: int = 24) -> Done:
    with field_engine.serve(version=version) as engine:
        supplied = write_jobs(cwd, engine.make_jobs(jobs))
        return check_engine(engine.url, "-q", *TOKENS, "--jobs", str(supplied), *arguments, cwd=cwd)


@pytest.mark.parametrize(
    ("seen", "later"),
    [("status-cancelled", "status-running"), ("missing-watchers", "typed-watchers"), ("third-500", "third-204")],
)
def test_a_known_deviation_hides_no_later_fault(tmp_path: Path, seen: str, later: str) -> None:
    """What was written for one value covers no other value, type or status of the same place."""
    one = ("--concurrency", "1")  # so that the third answer is the same one in each run
    assert _check_field(seen, tmp_path, *one, "--write-known", "known.toml").status == 1
    assert _check_field(seen, tmp_path, *one, "--known", "known.toml").status == 0
    assert _check_field(later, tmp_path, *one, "--known", "known.toml").status == 1


@pytest.mark.parametrize(
    ("arguments", "jobs"),
    [
        (["--only", "response.*"], 24),
        (["--only", "roles.*"], 24),
        (["--skip", "response.status"], 24),
        ([], 3),
        (["--known", "known.toml"], 3),
        (["--max-jobs", "19"], 24),
        (["--deadline", "0.05"], 24),
    ],
)
def test_a_partial_run_keeps_entries_and_reasons(tmp_path: Path, arguments: list[str], jobs: int) -> None:
    """`--only`, `--skip`, too few jobs and a deadline drop nothing."""
    known = tmp_path / "known.toml"
    entry = '[[known]]\nrule = "response.status"\npointer = "/status"\nreason = "ticket 1234"\n'
    known.write_text(entry)
    _check_field("right", tmp_path, "--write-known", "known.toml", *arguments, jobs=jobs)
    assert 'reason = "ticket 1234"' in known.read_text()


def test_a_whole_run_drops_what_is_gone(tmp_path: Path) -> None:
    """An entry goes where a run with all jobs saw that its deviation no longer occurs; one that does stays as it is."""
    known = tmp_path / "known.toml"
    gone = '[[known]]\nrule = "response.name"\npointer = "/name"\nreason = "ticket 1"\n'
    known.write_text(f'{gone}\n[[known]]\nrule = "response.status"\npointer = "/status"\nreason = "ticket 2"\n')
    _check_field("status-cancelled", tmp_path, "--write-known", "known.toml")
    assert "ticket 1" not in known.read_text()
    assert 'reason = "ticket 2"' in known.read_text()
    assert "cancelled" not in known.read_text()


def test_an_entry_that_a_run_cut_short_did_not_see_does_not_break_it(tmp_path: Path) -> None:
    """With three jobs a run is undecided and not violating, though the known deviation did not occur."""
    entry = '[[known]]\nrule = "response.status"\npointer = "/status"\nreason = "seen at times"\n'
    (tmp_path / "known.toml").write_text(entry)
    assert _check_field("right", tmp_path, "--known", "known.toml", jobs=3).status == 3
    assert _check_field("right", tmp_path, "--known", "known.toml").status == 1


def test_later_editions_are_green_on_the_first_day(tmp_path: Path) -> None:
    """With the list that ships an engine of a later edition conforms, also strictly, and the report says why."""
    assert _check_field("captured-start-time", tmp_path).status == 1
    listed = ["--known", "later-editions", "--strict", "--report-dir", "out"]
    done = _check_field("captured-start-time", tmp_path, *listed)
    assert done.status == 0, done.out
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    rules = {rule["id"]: rule for rule in report["rules"]}
    assert rules["response.tasks.metrics.start_time"]["outcome"] == "known"
    assert "an ISO date" in rules["response.tasks.metrics.start_time"]["reason"]


def test_the_list_of_later_editions_hides_no_other_fault(tmp_path: Path) -> None:
    """A wrong type, and what is missing inside an object that is there, are found; where nothing of it occurs it is green."""
    for version in ("captured-app-without-id", "captured-owner-null"):
        assert _check_field(version, tmp_path, "--known", "later-editions").status == 1
    assert _check_field("right", tmp_path, "--known", "later-editions").status == 0


def test_the_mock_serves_a_later_edition(tmp_path: Path) -> None:
    """The profile `newer` answers as captured: metrics by task, a date as start_time, neither locked nor error."""
    with running_mock(Settings(profile="newer", jobs=1)) as mock:
        jobs = write_jobs(tmp_path, mock.add_jobs(24))
        on_mock = [mock.url, "-q", *TOKENS, "--jobs", str(jobs)]
        assert check_engine(*on_mock, "--known", "later-editions", cwd=tmp_path).status == 0
        answer = httpx.post(
            f"{mock.url}/workflow_engine/cancelJob",
            json={"job_id": "4321abcdef694aa79dae47ad"},
            headers={"authorization": "Bearer admin"},
        )
    document = answer.json()
    assert set(document["metrics"]) == {"start_time", "user", "progress", "end_time"}
    assert not {"locked", "error"} & set(document)
    metrics = {key: task["metrics"] for key, task in document["tasks"].items()}
    assert set(metrics.pop("workflow_start")) == {"start_time", "user", "finish_state"}
    assert metrics.pop("workflow_end") == {"owner": ""}
    ran = [own for own in metrics.values() if own != {"owner": ""}]
    assert all(isinstance(own["start_time"], str) and own["retrying"] is None and "app" not in own for own in ran)
    assert ran


def test_the_lists_that_ship_are_listed(tmp_path: Path) -> None:
    """--list-known names each list and what it knows; a file that is not there is told with their names."""
    done = check_engine("--list-known", cwd=tmp_path)
    assert done.status == 0
    assert done.out.startswith("later-editions: How later editions")
    assert "response.tasks.metrics.start_time" in done.out
    wrong = check_engine("--known", "later-edition", cwd=tmp_path)
    assert wrong.status == 2
    assert "The kit ships later-editions." in wrong.err


def test_a_settings_file_names_a_list(tmp_path: Path) -> None:
    """`known` of an engine is a file beside the settings file, or the name of a list."""
    with field_engine.serve(version="captured-start-time") as engine:
        write_jobs(tmp_path, engine.make_jobs(24))
        tokens = "\n".join(f'{role} = "env:{role.upper()}"' for role in ("admin", "engineering", "support", "apiwrite"))
        (tmp_path / "engine.toml").write_text(
            f'[engines.new]\nurl = "{engine.url}"\nknown = "later-editions"\njobs = "jobs.txt"\n'
            f'[engines.new.tokens]\n{tokens}\napiread = "env:APIREAD"\n'
        )
        roles = ("admin", "engineering", "support", "apiwrite", "apiread")
        done = check_engine("new", cwd=tmp_path, env={role.upper(): role for role in roles})
    assert done.status == 0, done.out + done.err


def test_new_entries_expire_when_asked_to(tmp_path: Path) -> None:
    """--expires dates what --write-known adds, a report says so before the day, and without --write-known it is refused."""
    known = tmp_path / "known.toml"
    assert _check_field("status-cancelled", tmp_path, "--write-known", str(known), "--expires", "9d").status == 1
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=9)
    assert f"expires = {day}" in known.read_text()
    done = _check_field("status-cancelled", tmp_path, "--known", str(known), "--report-dir", "out")
    assert done.status == 0
    assert f"expires on {day}" in (tmp_path / "out" / "summary.md").read_text()
    assert f"expires on {day}" in _check_field("status-cancelled", tmp_path, "--known", str(known), "-q").out
    alone = check_engine("--expires", "9d", cwd=tmp_path)
    assert (alone.status, "Give both, or neither" in alone.err) == (2, True)
    wrong = check_engine("--write-known", str(known), "--expires", "9", cwd=tmp_path)
    assert (wrong.status, "not a number of days" in wrong.err) == (2, True)


def test_write_known_follows_no_link(tmp_path: Path) -> None:
    """A link is replaced by the file, and what it named stays as it was."""
    target, link = tmp_path / "target.toml", tmp_path / "known.toml"
    target.write_text("# mine\n")
    link.symlink_to(target)
    check_engine("-q", "--write-known", str(link), cwd=tmp_path)
    assert target.read_text() == "# mine\n"
    assert not link.is_symlink()
    assert "[[known]]" in link.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["known.toml", "target.toml"]


def test_write_known_replaces_no_file_that_it_cannot_read(tmp_path: Path) -> None:
    """What the file holds would be kept; where that is not possible nothing is sent and nothing is written."""
    file = tmp_path / "known.toml"
    file.write_text("[[known")
    with field_engine.serve(version="right") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), "--write-known", str(file), cwd=tmp_path)
        assert engine.requests == []
    assert (done.status, file.read_text()) == (2, "[[known")
    assert "not valid TOML" in done.err


def _pytest(cwd: Path, url: str, *arguments: str) -> Done:
    return run_suite("-q", f"--engine-url={url}", "--engine-jobs=jobs.txt", *PYTEST_TOKENS, *arguments, cwd=cwd)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["-W", "error"], 1),
        (["-W", "error", "-W", "default::engine_contract.AssumedRuleWarning"], 0),
        (["-W", "error", "--engine-known=later-editions"], 0),
    ],
)
def test_assumed_warnings_have_a_category_of_their_own(tmp_path: Path, arguments: list[str], status: int) -> None:
    """Under `-W error` a broken assumed rule fails its test, unless its category is excepted or it is known."""
    with field_engine.serve(version="document-captured") as engine:
        write_jobs(tmp_path, engine.make_jobs(24))
        done = _pytest(tmp_path, engine.url, *arguments)
    assert done.status == status, done.out[-2000:]
    assert ("AssumedRuleWarning" in done.out) == ("later-editions" not in arguments[-1])


def test_one_entry_is_written_as_one_deviation(tmp_path: Path) -> None:
    """The sentence on what was written counts in words."""
    with standin_engine("support-refused") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(4))
        arguments = ("--jobs", str(jobs), "--only", "roles.support", "--write-known", "known.toml")
        done = check_engine(engine.url, *TOKENS, *arguments, cwd=tmp_path)
    assert done.err == "check-engine: 1 deviation written to known.toml.\n"

"""check-engine as a user runs it: exit statuses, options, messages, files."""

import html
import json
import os
import signal
import ssl
import subprocess
import sys
from dataclasses import MISSING
from pathlib import Path

import psutil
import pytest

from contract_tests.cli import main
from contract_tests.config.command import Command
from contract_tests.config.which_engine import CI_VARIABLES
from contract_tests.errors import SettingError
from engine_contract.contract import load_rules
from tests import field_engine, standin
from tests.support.commands import TOKENS, begin, check_engine, write_jobs
from tests.support.engines import standin_engine
from tests.support.eventually import eventually

SECRET = "s3cr3t/+tok=en"


def test_without_a_url_the_mock_is_checked(tmp_path: Path) -> None:
    """`check-engine` alone starts the mock, checks it, says conforms in its last line, and leaves nothing behind."""
    done = check_engine(cwd=tmp_path)
    assert done.status == 0, done.out
    assert done.last_line.startswith("conforms")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variable", CI_VARIABLES)
@pytest.mark.parametrize("value", ["true", "1", "9.3"])
def test_no_url_in_ci_is_wrong_usage(tmp_path: Path, variable: str, value: str) -> None:
    """A forgotten URL never makes a gate green: the mock is checked only where it is named."""
    done = check_engine(cwd=tmp_path, env={variable: value})
    assert (done.status, done.out) == (2, "")
    assert variable in done.err
    assert "--mock" in done.err


@pytest.mark.parametrize("value", ["", "0", "false", "FALSE"])
def test_no_url_outside_ci_is_the_mock(tmp_path: Path, value: str) -> None:
    """CI that is set to no is no CI."""
    done = check_engine("--only=roles.admin", cwd=tmp_path, env={"CI": value, "CHECK_ENGINE_AUTH": ""})
    assert done.status == 0, done.err


@pytest.mark.parametrize("arguments", [["--mock"], ["--mock", "--token=admin=env:NOT_THERE", "--auth=basic"]])
def test_the_mock_is_checked_where_it_is_named_and_each_file_says_so(tmp_path: Path, arguments: list[str]) -> None:
    """With --mock the mock is checked in CI too, whatever is given for an engine; the first line and all files say so."""
    done = check_engine(*arguments, "--only=roles.admin", "--report-dir=out", cwd=tmp_path, env={"CI": "true"})
    assert done.status == 0, done.err
    assert "the kit's own mock" in done.out.splitlines()[0]
    assert done.last_line.endswith("the kit's own mock")
    for path in (tmp_path / "out").iterdir():
        assert "the kit's own mock" in html.unescape(path.read_text()), path.name


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        ([""], {}),
        ([" "], {}),
        ([], {"CHECK_ENGINE_URL": ""}),
        (["--plan"], {"CHECK_ENGINE_URL": " "}),
        (["--mock"], {"CHECK_ENGINE_URL": ""}),
        (["--mock", "http://127.0.0.1:9"], {}),
        (["http://127.0.0.1:9"], {"CHECK_ENGINE_MOCK": "1"}),
        (["--auth=basic"], {}),
        ([], {"CHECK_ENGINE_AUTH": "bearer"}),
        ([], {"CHECK_ENGINE_TOKEN": "admin=env:T"}),
        ([], {"CHECK_ENGINE_JOBS": "jobs.txt"}),
        (["--jobs-command=true"], {}),
        (["--plan"], {"CI": "1"}),
    ],
)
def test_an_engine_that_is_not_named_is_wrong_usage(tmp_path: Path, arguments: list[str], env: dict[str, str]) -> None:
    """An empty URL from wherever, what is meant for an engine without a URL, and both of URL and mock: 2."""
    done = check_engine(*arguments, cwd=tmp_path, env=env)
    assert (done.status, done.out) == (2, ""), done.err
    assert "URL" in done.err


def test_a_right_engine_by_url_with_a_jobs_command(tmp_path: Path) -> None:
    """With tokens and a command that makes jobs, a right engine conforms; jobs that were not needed are canceled."""
    with standin_engine() as engine:
        make = f'curl -s -X POST "{engine.url}/_test/jobs?count=$((JOB_COUNT + 3))"'
        done = check_engine(engine.url, *TOKENS, "--jobs-command", make, "--report-dir", "out", cwd=tmp_path)
        assert done.status == 0, done.out
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert report["verdict"] == "conforms"
        assert report["jobs"]["supplied"] == report["jobs"]["used"] + 3
        assert report["jobs"]["leftover_canceled"] == 3
        assert len(engine.canceled) == report["jobs"]["supplied"]
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert names == {"report.json", "junit.xml", "report.html", "requests.har", "summary.md"}


def test_keep_jobs(tmp_path: Path) -> None:
    """With --keep-jobs what the command made and the run did not need stays active."""
    with standin_engine() as engine:
        make = f'curl -s -X POST "{engine.url}/_test/jobs?count=$((JOB_COUNT + 3))"'
        done = check_engine(engine.url, *TOKENS, "--jobs-command", make, "--keep-jobs", cwd=tmp_path)
        assert done.status == 0, done.out
        assert len(engine.canceled) == len(engine.make_jobs(1)) * 20


def test_a_wrong_engine_exits_with_1(tmp_path: Path) -> None:
    """A broken rule is shown with what was received, the page's line and a curl line, and the exit status is 1."""
    with standin_engine("support-refused") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
    assert done.status == 1
    assert done.last_line.startswith("violates")
    for text in ("roles.support", "Received", "Documented", "Reproduce", "curl -i", "$SUPPORT_TOKEN"):
        assert text in done.out


def test_the_curl_line_reproduces(tmp_path: Path) -> None:
    """The curl line of a failure, pasted into a shell with the variable set, sends the request again."""
    with standin_engine("font-size-text") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), "--report-dir", "out", cwd=tmp_path)
        assert done.status == 1
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        failure = next(rule for rule in report["rules"] if rule["id"] == "response.font_size")["failures"][0]
        sent = len(engine.requests)
        variable = f"{failure['role'].upper()}_TOKEN"
        again = subprocess.run(
            ["bash", "-c", failure["reproduce"]],
            env=os.environ | {variable: failure["role"]},
            capture_output=True,
            text=True,
            check=True,
        )
        assert again.stdout.startswith("HTTP/1.1 409")
        assert len(engine.requests) == sent + 1


def test_without_jobs_it_says_which_option_is_missing(tmp_path: Path) -> None:
    """With a URL and no jobs it checks what needs none, exits with 3, and names the option."""
    with standin_engine() as engine:
        done = check_engine(engine.url, *TOKENS, cwd=tmp_path)
        assert engine.canceled == set()
    assert done.status == 3
    assert "--jobs" in done.out
    assert done.last_line.startswith("undecided")


def test_without_tokens_it_says_which_option_is_missing(tmp_path: Path) -> None:
    """Without tokens the run is undecided and names --token."""
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, "--jobs", str(jobs), cwd=tmp_path)
        assert engine.canceled == set()
    assert done.status == 3
    assert "--token" in done.out


def test_a_role_without_a_token_is_unchecked_by_name_and_can_be_skipped(tmp_path: Path) -> None:
    """roles.support without a token leaves the run undecided, unless it is skipped by name."""
    tokens = [token for token in TOKENS if "support" not in token]
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *tokens, "--jobs", str(jobs), cwd=tmp_path)
        assert done.status == 3
        assert "--token support=SOURCE" in done.out
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *tokens, "--jobs", str(jobs), "--skip", "roles.support", cwd=tmp_path)
        assert done.status == 0, done.out


def test_an_unreachable_engine_exits_with_3(tmp_path: Path) -> None:
    """Nobody at the URL: exit status 3 and a sentence."""
    jobs = write_jobs(tmp_path, ["4321abcdef694aa79dae47ad"] * 1)
    done = check_engine("http://127.0.0.1:9", *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
    assert done.status == 3
    assert "no connection" in done.out


def test_stale_jobs_exit_with_3(tmp_path: Path) -> None:
    """Ids that the engine does not know are a bad supply, not a broken contract."""
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, [f"{number:024x}" for number in range(24)])
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
    assert done.status == 3
    assert "does not know them" in done.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nonsense"], "No such option"),
        (["ftp://engine"], "ftp://engine: is not the URL of an engine"),
        (["http://user:pass@engine"], "shows it everywhere"),
        (["http://127.0.0.1:1", "--auth", "digest"], "Allowed are auto, bearer, basic, cookie:NAME"),
        (["http://127.0.0.1:1", "--token", "admin"], "is not ROLE=SOURCE"),
        (["http://127.0.0.1:1", "--token", "admin=env:NOT_THERE"], "the environment has no variable NOT_THERE"),
        (["http://127.0.0.1:1", "--token", "admin=file:nowhere"], "the file cannot be read"),
        (["http://127.0.0.1:1", "--token", "admin=a", "--jobs", "nowhere"], "the file cannot be read"),
        (
            ["http://127.0.0.1:1", "--token", "admin=a", "--jobs-command", "printf 'a\\tb'"],
            "--jobs-command: line 1 is not a job id",
        ),
        (["http://127.0.0.1:1", "--jobs", "a", "--jobs-command", "b"], "exclude each other"),
        (["http://127.0.0.1:1", "--jobs-command", "a", "--workflow", "b"], "exclude each other"),
        (["--jobs", "a"], "Give the engine's URL"),
        (["--only", "nothing.*"], "no rule has that id"),
        (["--known", "nowhere.toml"], "there is no such file, nor a list of that name. The kit ships later-editions."),
        (["-q", "-v"], "exclude each other"),
        (["--concurrency", "0"], "Invalid value"),
        (["http://127.0.0.1:1", "--token", "admin=a", "--proxy", "::"], "--proxy"),
        (["https://127.0.0.1:1", "--token", "admin=a", "--ca-bundle", "nowhere"], "--ca-bundle"),
        (["http://127.0.0.1:1", "--token", "admin=a", "--proxy", "socks5://127.0.0.1:9"], "socks5 cannot be used"),
        (["http://127.0.0.1:1", "--token", "admin=a", "--auth", "header:X Y"], "Allowed are auto, bearer"),
        (["http://127.0.0.1:1", "--token", "admin=a", "--auth", "basic"], "is not user:password"),
        (["http://127.0.0.1:1", "--token", "Admin=a"], "the page writes the role admin"),
        (
            ["http://127.0.0.1:1", "--token", "admin=a", "--header", "Content-Length=5"],
            "the run sets this header itself",
        ),
        (["--rate", "nan"], "is not a number of seconds or requests"),
        (["--skip", "*"], "leave no rule to check"),
        (["--report-dir", "a-file/out"], "--report-dir a-file/out: the folder cannot be made"),
        (["--write-known", "nowhere/known.toml"], "nowhere/known.toml: cannot be written"),
        (["--write-known", os.devnull], "is a device or a pipe"),
        (["--write-profile", os.devnull], "is a device or a pipe"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_exit_status_2(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    """Wrong usage: what was given, what is allowed; exit status 2; no traceback."""
    (tmp_path / "a-file").touch()
    done = check_engine(*arguments, cwd=tmp_path)
    assert done.status == 2
    assert sentence in done.err


def test_every_option_has_its_environment_variable(tmp_path: Path) -> None:
    """Options come from CHECK_ENGINE_…, repeated ones separated by line breaks."""
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        env = {
            "CHECK_ENGINE_URL": engine.url,
            "CHECK_ENGINE_TOKEN": "admin=admin\nsupport=env:OWN",
            "OWN": "support",
            "CHECK_ENGINE_JOBS": str(jobs),
            "CHECK_ENGINE_ONLY": "roles.admin\nroles.support",
        }
        # click reads the name of the parameter; both spellings of the plural are taken.
        done = check_engine(cwd=tmp_path, env=env)
    assert done.status == 0, done.out + done.err


def test_a_block_of_lines_in_a_variable_ends_with_a_line_break(tmp_path: Path) -> None:
    """Repeated options in a variable, as a block of YAML gives them: lines that say nothing are none."""
    env = {"CHECK_ENGINE_ONLY": "\nroles.admin\n\nroles.support\n"}
    done = check_engine("-q", cwd=tmp_path, env=env)
    assert done.status == 0, done.err
    assert f"{len(load_rules()) - 2} skipped" in done.out


def test_no_secret_of_a_command_is_repeated(tmp_path: Path) -> None:
    """What a command complains of is told without what looks like a credential, and no token stands in an error."""
    script = "echo 'curl -H Authorization: Bearer s3cr3t-value' >&2; exit 1"
    url = "http://127.0.0.1:1"
    told = check_engine(url, "--token", "admin=env:T", "--jobs-command", script, cwd=tmp_path, env={"T": "x"})
    assert (told.status, "Bearer ***" in told.err) == (2, True)
    assert "s3cr3t" not in told.err.partition("It said:")[2]
    assert "s3cr3t" not in check_engine(url, "--token", "s3cr3t-value", cwd=tmp_path).err


def test_an_id_may_hold_blanks(tmp_path: Path) -> None:
    """The page says string."""
    with field_engine.serve(version="ids-words") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", str(jobs), "-q", cwd=tmp_path)
    assert done.status == 0, done.out + done.err


def test_a_base_with_the_routes_first_part_is_asked_about(tmp_path: Path) -> None:
    """The commonest wrong base is no fault of the engine."""
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(f"{engine.url}/workflow_engine", *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
        assert engine.canceled == set()
    assert done.status == 3, done.out
    assert "base URL" in done.out


def test_a_known_deviation_that_is_gone_is_told_of(tmp_path: Path) -> None:
    """Without a broken rule too the verdict says what fails the run, and junit.xml has a failure."""
    known = tmp_path / "known.toml"
    known.write_text('[[known]]\nrule = "response.status"\npointer = "/status"\nreason = "since June"\n')
    done = check_engine("-q", "--known", str(known), "--report-dir", "out", cwd=tmp_path)
    assert done.status == 1
    assert "1 known deviation to be looked at again" in done.out
    assert 'failures="1"' in (tmp_path / "out" / "junit.xml").read_text()


def test_jobs_from_standard_input(tmp_path: Path) -> None:
    """`--jobs -` reads the ids from standard input."""
    with standin_engine() as engine:
        ids = "\n".join(engine.make_jobs(24))
        done = check_engine(engine.url, *TOKENS, "--jobs", "-", cwd=tmp_path, stdin=ids)
    assert done.status == 0, done.out


def test_help_names_every_default(tmp_path: Path) -> None:
    """--help names the defaults, the units and the exit statuses."""
    done = check_engine("--help", cwd=tmp_path)
    assert done.status == 0
    shown = " ".join(done.out.split())
    for text in ("[default: 120.0", "Seconds", "Exit status", "CHECK_ENGINE_JOBS", "[default: 10"):
        assert text in shown


def test_list_rules_and_version(tmp_path: Path) -> None:
    """--list-rules prints each rule with its level; --version the version."""
    done = check_engine("--list-rules", cwd=tmp_path)
    assert "effects.refused" in done.out
    assert "implied" in done.out
    assert "0.1.0" in check_engine("--version", cwd=tmp_path).out


def test_pytest_has_the_same_options(pytestconfig: pytest.Config) -> None:
    """The plugin's options are check-engine's, but for those that belong to the command alone."""
    alone = {"as_json", "base_url", "plan_only", "replay", "list_rules", "list_known", "quiet", "verbose"}
    alone |= {"version"}
    names = {parameter.name for parameter in main.params}
    assert {name for name in names if pytestconfig.getoption(f"engine_{name}", MISSING) is MISSING} == alone


def test_tokens_appear_nowhere(tmp_path: Path) -> None:
    """A token shows in no output and in no file, in no spelling, whichever way it travels, also when echoed."""
    for version, scheme in (("right", "query:token"), ("right", "cookie:token"), ("marked-texts", "bearer")):
        with field_engine.serve(version=version) as engine:
            jobs = write_jobs(tmp_path, engine.make_jobs(24))
            arguments = [f"--token={role}=env:SECRET_{role.upper()}" for role in ("admin", "engineering")]
            env = {"SECRET_ADMIN": SECRET, "SECRET_ENGINEERING": f"{SECRET}2"}
            done = check_engine(
                engine.url,
                *arguments,
                "--auth",
                scheme,
                "--jobs",
                str(jobs),
                "--report-dir",
                "out",
                "-v",
                cwd=tmp_path,
                env=env,
            )
        written = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
        for text in (done.out, done.err, written):
            for spelling in ("s3cr3t", "czNjcjN0"):
                assert spelling not in text


@pytest.mark.parametrize(("faults", "status"), [([], 2), (["font-size-text"], 1)])
def test_reports_that_cannot_be_written_hide_no_verdict(tmp_path: Path, faults: list[str], status: int) -> None:
    """The disk is full at the end: what the run found is told, and a broken contract stays 1."""
    (tmp_path / "reports" / "report.json").mkdir(parents=True)
    with standin_engine(*faults) as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        arguments = (engine.url, *TOKENS, f"--jobs={jobs}", "-q", "--report-dir=reports")
        done = check_engine(*arguments, cwd=tmp_path)
    assert done.status == status
    assert {1: "violates: 1 rule broken", 2: "conforms: "}[status] in done.out
    assert "--report-dir reports: the reports cannot be written there: Is a directory." in done.err


def test_file_without_an_id_is_named(tmp_path: Path) -> None:
    """Quiet or not, and also where it is standard input, which many runners do not have."""
    (tmp_path / "none.txt").write_text("\n\n")
    for source in ("none.txt", "-"):
        done = check_engine("http://127.0.0.1:9", "--token=admin=admin", f"--jobs={source}", "-q", cwd=tmp_path)
        assert (done.status, f"--jobs {source} gave no job id." in done.out) == (3, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token=admin=env:{}"],
        ["--token=admin=file:{}"],
        ["--token=admin=env:{}", "--plan"],
        ["--token=admin=env:{}", "--plan", "--json"],
        ["--auth=Bearer {}"],
        ["--timeout={}"],
        ["{}"],
        ["--proxy=env:http://ci:Zq7@proxy"],
    ],
)
def test_secret_in_a_wrong_place_is_not_told(tmp_path: Path, arguments: list[str]) -> None:
    """A shell puts the value there, as in `env:$ADMIN_TOKEN`, and the log of a pipeline is read by many."""
    words = [argument.format("adm-Zq7-1111") for argument in arguments]
    done = check_engine("http://127.0.0.1:9", *words, cwd=tmp_path, env={"ADMIN_TOKEN": "adm-Zq7-1111"})
    status = 0 if "--plan" in arguments else 2
    assert (done.status, "Zq7" in done.out + done.err) == (status, False), done.err


def test_tokens_are_not_in_the_process_list(tmp_path: Path) -> None:
    """A command that makes jobs does not see the tokens in its parents' arguments."""
    with standin_engine() as engine:
        make = f"ps ax -o args > {tmp_path}/ps.txt; curl -s -X POST '{engine.url}/_test/jobs?count='$JOB_COUNT"
        env = {"SECRET_ADMIN": "sup3rs3cret"}
        check_engine(engine.url, "--token", "admin=env:SECRET_ADMIN", "--jobs-command", make, cwd=tmp_path, env=env)
    assert "sup3rs3cret" not in (tmp_path / "ps.txt").read_text()


def test_a_literal_token_warns(tmp_path: Path) -> None:
    """A token given as it is warns that it shows in the process list; several do so in one line."""
    tokens = ("--token", "admin=verysecret", "--token", "support=verysecret2")
    done = check_engine("http://127.0.0.1:9", *tokens, cwd=tmp_path)
    assert (
        "--token admin, --token support: the value itself is given. On a command line it shows in the process list, and in a variable"
        in done.err
    )
    assert "verysecret" not in done.err + done.out


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_interrupted_it_writes_what_it_knows(tmp_path: Path, number: int, status: int) -> None:
    """SIGINT, SIGTERM and SIGHUP end the run with 130, 143 and 129; the report of what is known is written."""
    with standin.serve(variation="slow") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        arguments = [engine.url, *TOKENS, "--jobs", str(jobs), "--report-dir", "out"]
        process = begin("check-engine", *arguments, cwd=tmp_path)
        eventually(lambda: len(engine.requests) >= 12, within_s=60)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["interrupted"]
    assert any(rule["outcome"] == "held" for rule in report["rules"])
    assert any(rule["outcome"] == "unchecked" for rule in report["rules"])


def test_odd_things_in_the_folder_change_nothing(tmp_path: Path) -> None:
    """The verdict is the same where broken settings of pytest and schemathesis lie about, and nothing is left there."""
    (tmp_path / "schemathesis.toml").write_text("seed = [broken")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --nonsense")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('conftest')")
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "__init__.py").write_text("raise RuntimeError('spec')")
    before = {path.name for path in tmp_path.iterdir()}
    done = check_engine(
        "--report-dir", "out", cwd=tmp_path, env={"PYTEST_ADDOPTS": "--nonsense", "SCHEMATHESIS_HOOKS": "nothing"}
    )
    assert done.status == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}


def test_known_deviations(tmp_path: Path) -> None:
    """What --write-known wrote does not fail the next run; another break does; one that is gone does; an expired one does."""
    known = tmp_path / "known.toml"

    def run(fault: str | None, *arguments: str) -> int:
        with standin_engine(fault) as engine:
            jobs = write_jobs(tmp_path, engine.make_jobs(24))
            return check_engine(engine.url, *TOKENS, "--jobs", str(jobs), *arguments, cwd=tmp_path).status

    assert run("font-size-text", "--write-known", str(known)) == 1
    assert run("font-size-text", "--known", str(known)) == 0
    assert run("type-number", "--known", str(known)) == 1
    assert run(None, "--known", str(known)) == 1
    text = known.read_text()
    known.write_text(f"{text}expires = 2099-12-31\n")
    assert run("font-size-text", "--known", str(known), "--write-known", str(known)) == 0
    assert "expires = 2099-12-31" in known.read_text()
    known.write_text(text.replace("reason =", "intermittent = true\nreason ="))
    assert run(None, "--known", str(known)) == 0
    known.write_text(text.replace("reason =", "expires = 2020-01-01\nreason ="))
    assert run("font-size-text", "--known", str(known)) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[known]]\nrule = 'nothing'\nreason = 'x'", "no rule has the id"),
        ("[[known]]\nrule = 'roles.admin'", "reason is missing"),
        ("[[known]]\nrule = 'roles.admin'\nreason = 'x'\nexpires = 'soon'", "it must be a date"),
        ("[[known]]\nrule = 'roles.admin'\nreason = 'x'\ncolour = 'red'", "unknown key 'colour'"),
        ("known = 5", "[[known]] tables only"),
        ("[[known", "is not valid TOML"),
    ],
)
def test_a_wrong_known_file(tmp_path: Path, text: str, sentence: str) -> None:
    """A known file that cannot be used is told with its entry, the key and what is allowed."""
    path = tmp_path / "known.toml"
    path.write_text(text)
    done = check_engine("--known", str(path), cwd=tmp_path)
    assert done.status == 2
    assert sentence in done.err


def test_commands_find_the_engine_in_their_environment(tmp_path: Path) -> None:
    """Commands for tokens and jobs know the engine, the role, the certificates and the proxy of the run."""
    kept = "ENGINE_URL ENGINE_NAME ROLE JOB_COUNT SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HTTPS_PROXY"
    script = "; ".join(f'echo "{name}=${name}" >> $OUT' for name in kept.split())
    bundle = tmp_path / "ca.pem"
    bundle.write_text(ssl.DER_cert_to_PEM_cert(ssl.create_default_context().get_ca_certs(binary_form=True)[0]))
    (tmp_path / "engine.toml").write_text(
        f'[engines.staging]\nurl = "http://127.0.0.1:9/iap/"\nca_bundle = "{bundle}"\nproxy = "http://127.0.0.1:9"\n'
        f"tokens.admin = 'cmd:OUT=token; {script}; echo admin'\njobs_command = 'OUT=jobs; {script}; echo {'ab' * 12}'\n"
    )
    check_engine("staging", cwd=tmp_path)
    shared = ["ENGINE_URL=http://127.0.0.1:9/iap", "ENGINE_NAME=staging"]
    reached = [f"{name}={bundle}" for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
    reached.append("HTTPS_PROXY=http://127.0.0.1:9")
    token, jobs = ((tmp_path / name).read_text().split()[:8] for name in ("token", "jobs"))
    assert token == [*shared, "ROLE=admin", "JOB_COUNT=", *reached]
    assert jobs[:3] == [*shared, "ROLE="]
    assert jobs[3] != "JOB_COUNT="
    assert jobs[4:] == reached


def test_a_command_token_is_renewed_once_after_a_401(tmp_path: Path) -> None:
    """A `cmd:` token that a 401 says is stale is asked for once more, and the run goes on."""
    script = tmp_path / "token.sh"
    script.write_text('n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; [ "$n" = 0 ] && echo stale || echo admin\n')
    with standin_engine() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        done = check_engine(
            engine.url, f"--token=admin=cmd:sh {script}", "--jobs", str(jobs), "--only", "roles.admin", cwd=tmp_path
        )
    assert done.status == 0, done.out
    assert (tmp_path / "n").read_text().strip() == "2"


def test_python_minus_m_works_too(tmp_path: Path) -> None:
    """`python -m contract_tests` is the same command."""
    done = subprocess.run(
        [sys.executable, "-m", "contract_tests", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "check-engine" in done.stdout


def test_reports_of_an_engine_behind_a_base_path(tmp_path: Path) -> None:
    """A base path before the route is kept, also where the URL holds the whole route."""
    with standin.serve(variation="base-path") as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(24))
        url = f"{engine.url}/workflow_engine/cancelJob"
        done = check_engine(url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
    assert done.status == 0, done.out


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    """A command that does not end is ended with all that it started, and told."""
    command = Command(f"sleep 60 & echo $! > {tmp_path}/pid; wait", "--jobs-command:", timeout_s=0.3)
    with pytest.raises(SettingError, match="did not end"):
        command.run()
    pid = int((tmp_path / "pid").read_text())
    eventually(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)

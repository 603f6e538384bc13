"""The settings file as a user meets it: engines by name, what beats what, and its errors."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner

from contract_tests.cli import main
from contract_tests.config.settings_file import find_engine
from contract_tests.config.settings_schema import settings_schema
from contract_tests.errors import SettingError
from contract_tests.watch.cli import main as watch
from tests import standin
from tests.standin.running import Running
from tests.support.commands import check_engine, run, run_suite, started, write_jobs
from tests.support.engines import standin_engine

ROLES = ("admin", "engineering", "support", "apiwrite", "apiread")
TOKENS = "tokens = { " + ", ".join(f'{role} = "env:T_{role.upper()}"' for role in ROLES) + " }"
ENVIRONMENT = {f"T_{role.upper()}": role for role in ROLES}


@pytest.fixture(scope="module")
def engine() -> Iterator[Running]:
    """A right engine."""
    with standin_engine() as running:
        yield running


def write(folder: Path, text: str, name: str = "engine.toml") -> Path:
    """A settings file."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def staging(engine: Running, *lines: str) -> str:
    """The table of an engine with tokens and a command for jobs."""
    command = f"curl -s -X POST {engine.url}/_test/jobs?count=$JOB_COUNT"
    return "\n".join(["[engines.staging]", f'url = "{engine.url}"', TOKENS, f'jobs_command = "{command}"', *lines, ""])


def test_an_engine_by_name(engine: Running, tmp_path: Path) -> None:
    """`check-engine staging` takes the URL, the tokens and the jobs from engine.toml; the name is the label."""
    write(tmp_path, staging(engine, 'report_dir = "out"'))
    done = check_engine("staging", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 0, done.out + done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["engine"], report["label"]) == (engine.url, "staging")


def test_an_engine_of_pyproject_toml(engine: Running, tmp_path: Path) -> None:
    """[tool.engine-contract] of pyproject.toml serves as well, where there is no engine.toml."""
    text = staging(engine).replace("[engines.staging]", "[tool.engine-contract.engines.staging]")
    write(tmp_path, '[project]\nname = "app"\n' + text, "pyproject.toml")
    done = check_engine("staging", "--only", "roles.*", "-q", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 0, done.out + done.err


def test_a_file_elsewhere(engine: Running, tmp_path: Path) -> None:
    """--settings or CHECK_ENGINE_SETTINGS names the file; paths are relative to it, and commands run in its folder."""
    folder = tmp_path / "conf"
    text = f"""
    [engines.staging]
    url = "{engine.url}"
    tokens = {{ admin = "file:admin.txt", support = "cmd:cat support.txt" }}
    jobs_command = "sh ./jobs.sh"
    known = "known.toml"
    only = ["roles.admin", "roles.support"]
    report_dir = "out"
    """
    path = write(folder, text)
    write(folder, "admin\n", "admin.txt")
    write(folder, "support\n", "support.txt")
    write(folder, f"curl -s -X POST {engine.url}/_test/jobs?count=$JOB_COUNT\n", "jobs.sh")
    write(folder, "", "known.toml")
    for arguments, env in ((["--settings", str(path)], {}), ([], {"CHECK_ENGINE_SETTINGS": str(path)})):
        done = check_engine("staging", *arguments, cwd=tmp_path, env=env)
        assert done.status == 0, done.out + done.err
    assert (folder / "out" / "report.json").is_file()


def test_the_command_line_beats_the_environment_and_that_the_file(engine: Running, tmp_path: Path) -> None:
    """A value comes from the command line, else from the environment, else from the file; tokens role by role."""
    write(tmp_path, staging(engine, 'label = "file"', 'only = ["roles.support"]', "seed = 5"))
    env = ENVIRONMENT | {"CHECK_ENGINE_LABEL": "environment", "CHECK_ENGINE_SEED": "6", "T_SUPPORT": "wrong"}
    arguments = ["--label", "line", "--token", "support=support", "--report-dir", "out"]
    done = check_engine("staging", *arguments, cwd=tmp_path, env=env)
    assert done.status == 0, done.out + done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["label"], report["seed"]) == ("line", 6)
    assert {rule["id"] for rule in report["rules"] if rule["outcome"] == "held"} == {"roles.support"}


def test_jobs_of_the_command_line_stand_in_for_the_files_command(engine: Running, tmp_path: Path) -> None:
    """--jobs takes the place of the file's jobs_command, with which it could not go."""
    write(tmp_path, staging(engine).replace("curl", "false"))
    jobs = write_jobs(tmp_path, engine.make_jobs(24))
    done = check_engine("staging", "--jobs", str(jobs), "--only", "roles.*", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 0, done.out + done.err


def test_defaults_are_for_every_engine(tmp_path: Path) -> None:
    """[defaults] fills in what an engine does not set."""
    path = write(
        tmp_path,
        '[defaults]\nseed = 3\nrate = 5\n[engines.a]\nurl = "http://a"\n[engines.b]\nurl = "http://b"\nseed = 4\n',
    )
    assert find_engine("a", path).values["seed"] == 3
    assert find_engine("b", path).values == {"seed": 4, "rate": 5, "url": "http://b"}


def test_without_a_name_the_file_is_left_alone(tmp_path: Path) -> None:
    """A URL, or none, needs no file: a broken one changes nothing."""
    write(tmp_path, "broken = [")
    assert check_engine("-q", "--only", "route.path", cwd=tmp_path).status == 0
    assert check_engine("http://127.0.0.1:9", cwd=tmp_path).status == 3


def test_pytest_takes_a_name(engine: Running, tmp_path: Path) -> None:
    """`pytest --pyargs contract_tests --engine-url staging` does the same, and a wrong name is wrong usage."""
    write(tmp_path, staging(engine))
    words = ("-q", "-k", "roles", "--engine-url")
    done = run_suite(*words, "staging", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 0, done.out
    assert "no engine is named 'production'" in run_suite(*words, "production", cwd=tmp_path, env=ENVIRONMENT).out


def test_watch_engine_takes_a_name(tmp_path: Path) -> None:
    """`watch-engine staging` watches the engine of that name; a wrong name is one line and status 2."""
    with standin.serve() as engine:
        write(tmp_path, f'[engines.staging]\nurl = "{engine.url}"\ntokens = {{ admin = "env:T_ADMIN" }}\ntimeout = 1\n')
        ready = f"Watching {engine.url} on http://127.0.0.1:"
        with started("watch-engine", "staging", "--port", "0", ready=ready, cwd=tmp_path, env=ENVIRONMENT):
            pass
    done = run("watch-engine", "other", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 2
    assert done.err == (
        "watch-engine: engine.toml: no engine is named 'other'. There are staging. "
        "A URL begins with http:// or https://.\n"
    )


URL = '[engines.s]\nurl = "http://x"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = [", "engine.toml: the settings file is not valid TOML"),
        ("", "engine.toml: the top: engines is missing. A table of engines, [engines.NAME] each."),
        (
            "[engine.s]",
            "engine.toml: the top: unknown key 'engine'. Did you mean engines? Allowed are defaults, engines, operations.",
        ),
        ("[engines]", "engine.toml: engines is {}. Allowed: A table of engines"),
        (
            '[engines."a b"]\nurl = "http://s3cret"',
            "engine.toml: engines: 'a b' is not a valid name. Allowed are letters",
        ),
        ('[engines.""]\nx = 1\n[engines.s]\nurl = "http://x"', "engine.toml: engines: '' is not a valid name. Allowed"),
        (URL + "known = 07:32:00", 'engine.toml: engines.s.known is "07:32:00": there is no such file.'),
        ('[engines.s]\nauth = "bearer"', "engine.toml: engines.s: url is missing. The engine's base"),
        ('[engines.s]\nurl = "ftp://me:s3cret@x"', 'engine.toml: engines.s.url is "ftp://…@x". Allowed: The engine\'s'),
        (
            '[engines.s]\nurl = "env:NO_SUCH_URL"',
            "engine.toml: engines.s.url is env:NO_SUCH_URL: the environment has no",
        ),
        ('[engines.s]\nurl = "env:PATH"', "engine.toml: engines.s.url is env:PATH: "),
        ('[engines.s]\nurl = "http://me:s3cret@x"', "engine.toml: engines.s.url: http://…@x: a URL with a password"),
        (URL + "tmeout = 5", "engine.toml: engines.s: unknown key 'tmeout'. Did you mean timeout? Allowed are"),
        (URL + 'timeout = "ten"', 'engine.toml: engines.s.timeout is "ten". Allowed: A number above 0: seconds'),
        (URL + "timeout = inf", "engine.toml: engines.s.timeout is not a finite number. Allowed: A number above 0"),
        (URL + "concurrency = 65", "engine.toml: engines.s.concurrency is 65. Allowed: A whole number from 1 to 64"),
        (URL + "strict = 1", "engine.toml: engines.s.strict is 1. Allowed: true or false"),
        (URL + 'auth = "digest"', 'engine.toml: engines.s.auth is "digest". Allowed: How tokens travel: bearer, basic'),
        (URL + 'tokens = "s3cret"', "engine.toml: engines.s.tokens is something else. Allowed: A table from roles"),
        (
            URL + 'tokens = { admin = "s3cret" }',
            "engine.toml: engines.s.tokens.admin: a token must not be in a file. Allowed are env:NAME, file:PATH and",
        ),
        ('[defaults]\ntokens = { admin = "s3cret" }\n' + URL, "engine.toml: defaults.tokens.admin: a token must not"),
        (
            URL + 'headers = { Authorization = "Bearer s3cret" }',
            "engine.toml: engines.s.headers.Authorization: a secret must not be in a file.",
        ),
        (URL + 'tokens = { admin = "env:NOT_THERE" }', "engine.toml: engines.s.tokens.admin env:NOT_THERE: the env"),
        (URL + 'jobs = "none.txt"', 'engine.toml: engines.s.jobs is "none.txt": there is no such file. A relative'),
        (URL + "known = 2026-01-01", 'engine.toml: engines.s.known is "2026-01-01": there is no such file.'),
        (URL + 'jobs = "-"\nworkflow = "x"', "engine.toml: engines.s.jobs and workflow exclude each other."),
        (URL + 'jobs = "-"\njobs_command = "x"', "engine.toml: engines.s.jobs and jobs_command exclude each other."),
        (URL + 'skip = ["role.*"]', "engine.toml: engines.s.skip role.*: no rule has that id."),
        (URL + "skip = [5]", "engine.toml: engines.s.skip.0 is 5. Allowed: The id of a rule, or a glob"),
        (
            URL + 'tokens = { admin = "env:T_ADMIN" }\njobs_command = "exit 7"',
            "engine.toml: engines.s.jobs_command: The command ended with status 7",
        ),
        (URL.replace(".s]", ".other]"), "engine.toml: no engine is named 's'. There are other. A URL begins with"),
    ],
)
def test_errors_name_the_file_the_key_the_value_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    """A file that cannot be used is one line, exit status 2, and shows no secret."""
    write(tmp_path, text)
    done = check_engine("s", cwd=tmp_path, env=ENVIRONMENT)
    assert done.status == 2, done.out
    assert done.err.startswith(f"check-engine: {message}")
    assert len(done.err.splitlines()) == 1
    assert "s3cret" not in done.err + done.out


def test_a_name_without_a_file(tmp_path: Path) -> None:
    """Where there is no file it says what could name an engine."""
    done = check_engine("staging", cwd=tmp_path)
    assert done.status == 2
    assert "staging: is not the URL of an engine, and there is no settings file" in done.err
    done = check_engine("staging", "--settings", "none.toml", cwd=tmp_path)
    assert "none.toml: the settings file cannot be read" in done.err


def test_a_file_without_a_name(tmp_path: Path) -> None:
    """--settings alone lists the names that there are."""
    write(tmp_path, URL)
    done = check_engine("--settings", "engine.toml", cwd=tmp_path)
    assert done.status == 2
    assert "Pass one of its engine names in place of a URL: s." in done.err


def test_the_schema_is_one_and_knows_every_option() -> None:
    """The schema is valid; its keys are the options' names, and each says what it allows."""
    schema = settings_schema()
    jsonschema_rs.meta.validate(schema)
    properties = schema["$defs"]["settings"]["properties"]
    assert all(entry["description"].endswith(".") for entry in properties.values())
    options = {parameter.name for parameter in main.params}
    assert set(properties) - options == {"operations"}  # values by name, which no command line holds
    assert options - set(properties) == {
        *("settings", "mock", "plan_only", "replay", "list_rules", "quiet", "verbose", "version", "write_known"),
        *("list_known", "expires", "compare", "as_json"),
        *("write_profile", "base_url", "pages"),
    }


def test_watch_engine_takes_from_the_file_how_an_engine_is_reached_and_nothing_else(tmp_path: Path) -> None:
    """Its own timeout means something else than the file's."""
    path = write(tmp_path, URL + 'timeout = 1\nauth = "basic"\ninsecure = true\nconcurrency = 3\n')
    with watch.make_context("watch-engine", ["s", "--settings", str(path)]) as context:
        assert context.params["timeout"] == 300.0
        assert (context.params["auth"], context.params["insecure"]) == ("basic", True)
        assert context.default_map is not None
        assert set(context.default_map) == {"label", "auth", "insecure"}


def test_a_date_is_no_number(tmp_path: Path) -> None:
    """TOML's dates, which JSON has not, are told like any other value."""
    path = write(tmp_path, URL + "seed = 2026-01-01")
    with pytest.raises(SettingError, match=r'engines\.s\.seed is "2026-01-01"\. Allowed: A whole number'):
        find_engine("s", path)


def test_the_nearest_file_is_engine_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """engine.toml goes before pyproject.toml, and a byte order mark is no obstacle."""
    (tmp_path / "engine.toml").write_text(URL, encoding="utf-8-sig")
    write(tmp_path, '[tool.engine-contract.engines.s]\nurl = "http://y"\n', "pyproject.toml")
    monkeypatch.chdir(tmp_path)
    assert find_engine("s").url == "http://x"
    os.remove("engine.toml")  # noqa: PTH107 - the one in this folder
    assert find_engine("s").url == "http://y"


@pytest.mark.parametrize(
    ("arguments", "variables", "told"),
    [
        (["--mock"], {"CHECK_ENGINE_URL": "http://a.example"}, "made by the mock"),
        (["--url=http://b.example"], {"CHECK_ENGINE_URL": "http://a.example"}, "send to http://b.example"),
        (
            ["http://b.example", "--token=admin=env:HOME", "--jobs-command=x"],
            {"CHECK_ENGINE_WORKFLOW": "w"},
            "made by --jobs-command",
        ),
    ],
)
def test_command_line_wins_over_a_variable_that_it_excludes(
    arguments: list[str], variables: dict[str, str], told: str
) -> None:
    """A pipeline's variable gives way to what is typed."""
    done = CliRunner(env=variables).invoke(main, [*arguments, "--plan"], prog_name="check-engine")
    assert done.exit_code == 0, done.output
    assert told in done.output

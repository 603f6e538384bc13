"""check-engine --replay: a recording judged offline."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from contract_tests.cli import main
from contract_tests.recording.replay import replay
from tests import standin
from tests.contract_tests.recording.exports import browser_entry, browser_har, right_document
from tests.support.watching import ROLES, ROUTE, watching

UNKNOWN = "0123456789abcdef01234567"


def check_engine(*options: str) -> Result:
    """Run check-engine."""
    return CliRunner().invoke(main, list(options), prog_name="check-engine")


def outcomes(path: Path) -> dict[str, str]:
    """The outcome of each rule."""
    return {result.rule.id: result.outcome for result in replay(path).report.rules}


def recorded(folder: Path, *, fault: str | None = None, variation: str | None = None) -> Path:
    """A recording of all roles' cancels, a second one, and some that are refused."""
    record = folder / f"{fault or variation or 'right'}.har"
    with (
        standin.serve(fault=fault, variation=variation) as engine,
        watching(engine.url, record=record) as watch,
        httpx.Client(base_url=watch.url, timeout=20) as client,
    ):
        jobs = engine.make_jobs(4)
        for job_id, role in [
            *zip(jobs, ROLES, strict=False),
            (jobs[0], "admin"),
            (UNKNOWN, "admin"),
            (UNKNOWN, "apiread"),
        ]:
            client.post(ROUTE, json={"job_id": job_id}, headers={"Authorization": f"Bearer {role}"})
        client.post(ROUTE, json={"job_id": UNKNOWN})
        client.post(ROUTE, json={}, headers={"Authorization": "Bearer admin"})
        client.get("/ui")
    return record


def test_a_recording_of_the_watcher_is_judged_as_it_was_watched(tmp_path: Path) -> None:
    """What passed conforms; what no recording can show is unchecked, and does not count."""
    path = recorded(tmp_path)
    ended = check_engine("--replay", str(path), "--report-dir", str(tmp_path / "report"))
    assert ended.exit_code == 0, ended.output
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["verdict"] == "conforms"
    assert report["jobs"]["used"] == 4
    assert report["requests"] == 9
    found = {rule["id"]: rule["outcome"] for rule in report["rules"]}
    for rule in ("roles.admin", "roles.apiwrite", "roles.others", "roles.none", "effects.repeat", "effects.identity"):
        assert found[rule] == "held", rule
    for rule in ("roles.wrong", "effects.isolation", "effects.refused", "effects.methods"):
        assert found[rule] == "unchecked", rule
    assert (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("status-running", "response.status"),
        ("document-of-first-job", "effects.identity"),
        ("role-refused-with-200", "roles.others"),
        ("anonymous-refused-with-200", "roles.none"),
        ("cut-off", "transport.complete"),
        ("body-latin-1", "transport.json"),
        ("gzip-unannounced", "transport.json"),
        ("type-html", "transport.content_type"),
    ],
)
def test_a_recorded_fault_is_found(tmp_path: Path, fault: str, rule: str) -> None:
    """A recording of a wrong engine breaks the contract: exit status 1, and the rule."""
    path = recorded(tmp_path, fault=fault)
    assert check_engine("--replay", str(path)).exit_code == 1
    assert outcomes(path)[rule] == "broken"


@pytest.mark.parametrize(
    "variation", ["refusals-all-500", "gzip", "login-redirect", "non-ascii", "unknown-500-repeat-500"]
)
def test_a_recorded_odd_engine_is_not_accused(tmp_path: Path, variation: str) -> None:
    """What conforms live conforms in a recording."""
    assert check_engine("--replay", str(recorded(tmp_path, variation=variation))).exit_code == 0


def test_check_engines_own_recording_can_be_replayed(tmp_path: Path) -> None:
    """requests.har of a run shows wrong credentials and unknown ids too, as it says who sent what and why."""
    with standin.serve() as engine:
        jobs = tmp_path / "jobs"
        jobs.write_text("\n".join(engine.make_jobs(24)))
        tokens = [option for role in ROLES for option in ("--token", f"{role}={role}")]
        assert (
            check_engine(engine.url, *tokens, "--jobs", str(jobs), "--report-dir", str(tmp_path / "r"), "-q").exit_code
            == 0
        )
    path = tmp_path / "r" / "requests.har"
    assert check_engine("--replay", str(path)).exit_code == 0
    found = outcomes(path)
    refused = ("roles.wrong", "roles.empty", "roles.case", "request.body", "effects.repeat")
    for rule in (*refused, "effects.unknown", "effects.exact", "effects.spelling"):
        assert found[rule] == "held", rule


def test_check_engines_recording_of_a_wrong_engine_is_broken_again(tmp_path: Path) -> None:
    """A credential that must be refused was accepted: the recording shows it."""
    with standin.serve(fault="unknown-token-allowed") as engine:
        jobs = tmp_path / "jobs"
        jobs.write_text("\n".join(engine.make_jobs(24)))
        tokens = [option for role in ROLES for option in ("--token", f"{role}={role}")]
        check_engine(engine.url, *tokens, "--jobs", str(jobs), "--report-dir", str(tmp_path / "r"), "-q")
    assert outcomes(tmp_path / "r" / "requests.har")["roles.wrong"] == "broken"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """A right document of the page's job."""
    return right_document()


def test_a_browsers_export_is_judged(tmp_path: Path, document: dict[str, Any]) -> None:
    """A browser leaves credentials out: no role is blamed or credited, and the base is found from the URL."""
    path = browser_har(tmp_path / "b.har", browser_entry(document))
    checked = replay(path)
    assert checked.report.verdict == "conforms"
    assert checked.report.engine == "https://engine.example/base"
    reasons = {result.rule.id: (result.outcome, result.reason) for result in checked.report.rules}
    for rule in ("roles.admin", "roles.none", "roles.others"):
        assert reasons[rule] == (
            "unchecked",
            "the recording does not say whose requests these are: credentials were left out of it",
        )
    wrong = browser_har(tmp_path / "w.har", browser_entry(document | {"status": "running"}))
    assert check_engine("--replay", str(wrong)).exit_code == 1


def test_bodies_in_base64_and_a_byte_order_mark_are_read(tmp_path: Path, document: dict[str, Any]) -> None:
    """Exports differ: some begin with a byte order mark, some write JSON as base64."""
    content = {
        "size": 100,
        "mimeType": "application/json",
        "encoding": "base64",
        "text": base64.b64encode(json.dumps(document).encode()).decode(),
    }
    path = browser_har(tmp_path / "b.har", browser_entry(document, response={"content": content}))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert check_engine("--replay", str(path)).exit_code == 0


def test_credentials_in_an_export_are_shown_nowhere(tmp_path: Path, document: dict[str, Any]) -> None:
    """An export with credentials in it is judged, and its report holds none of them."""
    headers = [
        {"name": "Authorization", "value": "Bearer s3cret-in-export"},
        {"name": "content-type", "value": "application/json"},
    ]
    url = f"https://engine.example{ROUTE}?token=an0ther-s3cret"
    wrong = document | {"name": ["s3cret-in-export"], "type": 5}
    path = browser_har(tmp_path / "b.har", browser_entry(wrong, request={"headers": headers, "url": url}))
    ended = check_engine(
        "--replay",
        str(path),
        "--report-dir",
        str(tmp_path / "r"),
        "-v",
        "--write-profile",
        str(tmp_path / "r" / "p.json"),
    )
    assert ended.exit_code == 1
    written = ended.output + "".join(file.read_text() for file in (tmp_path / "r").iterdir())
    assert "s3cret" not in written


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"response": {"content": {"size": 100, "mimeType": "application/json"}}}, "left the answer's body out"),
        ({"response": {"status": 0, "content": {"size": 0}}}, "holds no answer"),
        ({"request": {"postData": None}}, "left the request's body out"),
        ({"request": {"method": "GET"}}, "holds no answered cancel"),
    ],
)
def test_what_cannot_be_decided_is_3(
    tmp_path: Path, document: dict[str, Any], change: dict[str, Any], says: str
) -> None:
    """A recording without a cancel that can be judged decides nothing, and says why."""
    path = browser_har(tmp_path / "b.har", browser_entry(document, **change))
    ended = check_engine("--replay", str(path))
    assert ended.exit_code == 3, ended.output
    assert says in " ".join(ended.output.split())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a HAR file: it is not JSON"),
        (b"\xff\xfe", "is not a HAR file: it is not JSON"),
        (b"[]", "is not a HAR file: it has no log.entries"),
        (b'{"log": {"entries": {}}}', "is not a HAR file: it has no log.entries"),
        (b'{"log": {"entries": [5]}}', "log.entries[0] is not an entry of a HAR file"),
        (
            b'{"log": {"entries": [{"request": {"url": "x"}, "response": {}}]}}',
            "log.entries[0] is not an entry of a HAR file",
        ),
        (
            b'{"log": {"entries": [{"request": {}}]}}',
            "log.entries[0] is not an entry of a HAR file: it has no 'response'.",
        ),
    ],
)
def test_what_is_no_har_is_2(tmp_path: Path, content: bytes, says: str) -> None:
    """One clear line that names the file."""
    path = tmp_path / "x.har"
    path.write_bytes(content)
    ended = check_engine("--replay", str(path))
    assert ended.exit_code == 2
    assert ended.output.startswith(f"check-engine: --replay {path}: ")
    assert says in ended.output
    assert len(ended.output.splitlines()) == 1


def test_a_missing_file_is_2(tmp_path: Path) -> None:
    """So is a file that is not there."""
    ended = check_engine("--replay", str(tmp_path / "none.har"))
    assert ended.exit_code == 2
    assert "the file cannot be read" in ended.output


def test_rules_are_chosen_and_made_strict(tmp_path: Path) -> None:
    """--only, --skip and --strict mean what they mean in a live run."""
    path = recorded(tmp_path, fault="locked-missing")
    assert check_engine("--replay", str(path)).exit_code == 0
    assert check_engine("--replay", str(path), "--strict").exit_code == 1
    assert check_engine("--replay", str(path), "--strict", "--skip", "response.locked*").exit_code == 0
    assert check_engine("--replay", str(path), "--strict", "--only", "transport.*").exit_code == 0

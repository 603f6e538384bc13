"""Calls of further pages pass the watcher, which judges and records them; the recording is judged alike."""

import json
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from contract_tests.recording.replay import replay
from contract_tests.watch.cli import main
from contract_tests.watch.terminal import lines_on
from tests.support.commands import check_engine
from tests.support.pages import ASSET, TAG, operation_of
from tests.support.raw_server import RawRequest, answer_of, answering_server
from tests.support.watching import watching

RIGHT = {"id": "a1", "name": "Pump", "size": 3, "tags": [{"key": "site", "value": "north"}]}


def engine(request: RawRequest) -> bytes:
    """Answer as an engine whose asset `a2` differs from the page, and which lets every caller add tags."""
    document: object = {"count": 1} if request.method == "POST" else RIGHT
    if request.path.endswith("a2"):
        document = RIGHT | {"tags": [{"key": "site", "value": 5}]}
    return answer_of("200 OK", json.dumps(document).encode(), "Content-Type: application/json")


def test_watcher_judges_calls_of_pages_as_they_pass_and_replay_agrees(tmp_path: Path) -> None:
    """Each call is judged by its own page's ledger, marked, told and recorded; other paths pass unjudged."""
    pages, record = (operation_of(ASSET), operation_of(TAG)), tmp_path / "r.har"
    with answering_server(engine) as raw, watching(raw.url, record=record, pages=pages) as watch:
        with httpx.Client(base_url=watch.url, trust_env=False) as client:
            right, wrong, other = (
                client.get(f"/inventory/getAsset/{name}", headers={"Authorization": "Bearer admin"})
                for name in ("a1", "a2", "a1/history")
            )
            tagged = client.post(
                "/inventory/addTag/a1", json={"key": "site"}, headers={"Authorization": "Bearer engineering"}
            )
        entries = watch.watch.journal.entries()
    assert [answer.headers.get("Contract-Violations") for answer in (right, wrong, other, tagged)] == [
        None,
        "getAsset/response.tags.entry.value",
        None,
        "addTag/roles.others",
    ]
    assert wrong.json()["tags"] == [{"key": "site", "value": 5}]
    assert [entry.is_cancel for entry in entries] == [False] * 4
    told = [line.strip() for entry in entries for line in lines_on(entry) if "BROKEN" in line]
    assert told == ["BROKEN  getAsset/response.tags.entry.value at /tags/0/value", "BROKEN  addTag/roles.others"]
    results = {result.rule.id: result.outcome for result in replay(record, pages=pages).report.rules}
    assert {rule for rule, outcome in results.items() if outcome == "broken"} == {
        "getAsset/response.tags.entry.value",
        "addTag/roles.others",
    }
    assert results["getAsset/roles.admin"] == "held"
    assert results["getAsset/roles.others"] == results["roles.admin"] == "unchecked"


def test_replay_command_judges_calls_of_a_page_in_a_file(tmp_path: Path) -> None:
    """`--replay --page FOLDER` reports each rule of the page by its operation's name; --only chooses among them."""
    record, folder = tmp_path / "r.har", tmp_path / "pages"
    folder.mkdir()
    (folder / "getAsset.txt").write_text(ASSET, encoding="utf-8")
    with answering_server(engine) as raw, watching(raw.url, record=record) as watch:
        httpx.get(f"{watch.url}/inventory/getAsset/a2", headers={"Authorization": "Bearer admin"}, trust_env=False)
    options = ["--replay", str(record), "--page", str(folder), "--token=admin=admin", "--report-dir", "out"]
    done = check_engine(*options, "--only", "getAsset/*", cwd=tmp_path)
    assert (done.status, "getAsset/response.tags.entry.value" in done.out) == (1, True), done.out + done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    outcomes = {rule["id"]: rule["outcome"] for rule in report["rules"]}
    assert outcomes["getAsset/response.tags.entry.value"] == "broken"
    assert outcomes["getAsset/transport.status"] == "held"
    assert outcomes["response.status"] == "skipped"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "--page {page}: the page or the drafts beside it cannot be read"), ("Summary\n", "--page {page}, line ")],
)
def test_page_that_cannot_be_read_ends_the_watcher_with_its_name(
    tmp_path: Path, content: str | None, said: str
) -> None:
    """The message names the option, the file and the line."""
    page = tmp_path / "p.txt"
    if content is not None:
        page.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(main, ["http://127.0.0.1:9", "--page", str(page)])
    assert result.exit_code == 2
    assert said.format(page=page) in result.output


def test_replay_takes_what_the_recording_masks_for_any_value(tmp_path: Path) -> None:
    """A number under a secret name, in the query or in the answer, breaks nothing there; what is not masked may."""
    text = ASSET.replace("depth | number | no", "pin | number | yes").replace('"size": 12', '"token": 12, "size": 12')
    page, record = operation_of(text), tmp_path / "r.har"
    document = {"id": "a1", "name": "pin 12345678", "size": "12", "token": 5, "tags": [{"key": "a", "value": "b"}]}
    body = json.dumps(document | {"more": 12345678}).encode()
    right = answer_of("200 OK", body, "Content-Type: application/json")
    with answering_server(lambda _request: right) as raw, watching(raw.url, record=record, pages=(page,)) as watch:
        passed = httpx.get(f"{watch.url}/inventory/getAsset/a1?pin=12345678", headers={"Authorization": "Bearer admin"})
    assert passed.headers["Contract-Violations"] == "getAsset/response.size"
    assert "12345678" not in record.read_text(encoding="utf-8")
    results = {result.rule.id: result.outcome for result in replay(record, pages=(page,)).report.rules}
    assert [rule for rule, outcome in results.items() if outcome == "broken"] == ["getAsset/response.size"]

"""What exporters write and leave out: never a broken rule for what the file does not hold."""

import base64
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check import Checked, exit_status
from contract_tests.errors import SettingError
from contract_tests.recording import har_file
from contract_tests.recording.har_reader import read_har
from contract_tests.recording.replay import replay
from engine_contract.contract import load_contract
from tests.contract_tests.recording.exports import JOB, browser_entry, browser_har, right_document
from tests.support.watching import ROUTE

SENT = json.dumps({"job_id": JOB})
BODY = json.dumps(right_document()).encode()
GZIP = base64.b64encode(gzip.compress(BODY)).decode()
TYPE = {"name": "Content-Type", "value": "application/json"}
DEEP = b'{"_id": "x", "status": "canceled", "a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def content(**fields: Any) -> dict[str, Any]:
    """Return a change of an entry's answer."""
    return {"response": {"content": {"mimeType": "application/json", **fields}}}


def posted(**fields: Any) -> dict[str, Any]:
    """Return a change of an entry's request."""
    size = fields.pop("bodySize", 40)
    return {"request": {"bodySize": size, "postData": {"mimeType": "application/json", **fields}}}


def replayed(tmp_path: Path, *changes: dict[str, Any], **options: Any) -> Checked:
    """Judge an export with one entry for each change of a right one."""
    entries = [browser_entry(right_document(), **change) for change in changes]
    return replay(browser_har(tmp_path / "b.har", *entries), **options)


def broken(checked: Checked) -> list[str]:
    """Return the rules that are broken or warned of."""
    return [result.rule.id for result in checked.report.rules if result.outcome in {"broken", "warned"}]


LEFT_OUT = {
    "size -1": content(size=-1),
    "size -1, empty text": content(size=-1, text=""),
    "size 0, no text": content(size=0),
    "empty text beside a size": content(size=900, text=""),
    "no size": {"response": {"content": {"mimeType": "application/json", "text": ""}}},
    "no content": {"response": {"content": None}},
    "a length beside size 0": {
        "response": {"headers": [TYPE, {"name": "Content-Length", "value": "900"}], "content": {"size": 0, "text": ""}}
    },
    "cut": content(size=len(BODY), text=BODY[:200].decode()),
    "cut base64": content(size=900, text=base64.b64encode(BODY[:200]).decode(), encoding="base64"),
    "not base64": content(size=900, text=BODY.decode(), encoding="base64"),
    "another encoding": content(size=900, text="H4sI", encoding="gzip64"),
    "an object": content(size=900, text={"_id": JOB}),
    "an attached file that is missing": content(size=900, _file="none.json"),
    "an error": {"response": {"_error": "net::ERR_HTTP2_PROTOCOL_ERROR", "content": {"size": 2, "text": "{}"}}},
    "broken gzip": {
        "response": {
            "headers": [TYPE, {"name": "content-encoding", "value": "gzip"}],
            "content": {"size": 900, "encoding": "base64", "text": GZIP[:200]},
        }
    },
    "brotli": {
        "response": {
            "headers": [TYPE, {"name": "content-encoding", "value": "br"}],
            "content": {"size": 900, "encoding": "base64", "text": "iwGAAAA="},
        }
    },
    "empty post beside a size": posted(text=""),
    "empty post of size -1": posted(text="", bodySize=-1),
    "empty post of size 0 beside a type": posted(text="", bodySize=0),
    "no post of size -1": {"request": {"postData": None, "bodySize": -1}},
    "post in a missing file": posted(_file="none.json"),
    "post as parameters": posted(text="", params=[{"name": "job_id", "value": JOB}], bodySize=-1),
    "post that is not base64": posted(text=SENT, encoding="base64"),
    "too deep": content(size=len(DEEP), text=DEEP.decode()),
    "post too deep": posted(text=DEEP.decode(), bodySize=len(DEEP)),
}


@pytest.mark.parametrize("change", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_a_body_that_is_not_held_decides_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    """Alone it is undecided (3) with a reason; beside a readable cancel nothing is broken."""
    alone = replayed(tmp_path, change)
    assert (alone.report.verdict, broken(alone)) == ("undecided", [])
    assert any("could not be judged. Not judged: " in note for note in alone.report.notes)
    beside = replayed(tmp_path, change, {})
    assert (beside.report.verdict, broken(beside)) == ("conforms", [])


HELD = {
    "base64 post": posted(text=base64.b64encode(SENT.encode()).decode(), encoding="base64"),
    "base64 post, the field of others": posted(text=base64.b64encode(SENT.encode()).decode(), _encoding="base64"),
    "base64 post that does not say so": posted(text=base64.b64encode(SENT.encode()).decode(), bodySize=-1),
    "base64 for URLs, in lines": content(
        size=len(BODY),
        encoding="BASE64",
        text="\n".join([base64.urlsafe_b64encode(BODY).decode().rstrip("=")[i : i + 76] for i in range(0, 4000, 76)]),
    ),
    "base64 that only the size tells": content(size=len(BODY), text=base64.b64encode(BODY).decode()),
    "gzip in base64": {
        "response": {
            "headers": [TYPE, {"name": "content-encoding", "value": "gzip"}],
            "content": {"size": len(BODY), "encoding": "base64", "text": GZIP},
        }
    },
    "gzip in base64 that only the size tells": {
        "response": {"headers": [TYPE], "content": {"size": len(BODY), "encoding": "base64", "text": GZIP}}
    },
    "gzip in base64 without headers": {
        "response": {
            "headers": [],
            "content": {"size": -1, "encoding": "base64", "text": GZIP, "mimeType": "application/json"},
        }
    },
    "no headers beside a type": {"response": {"headers": []}},
    "headers are null": {"response": {"headers": None}},
    "no headers, no type": {"response": {"headers": [], "content": {"size": len(BODY), "text": BODY.decode()}}},
    "a method in small letters": {"request": {"method": "post"}},
    "a status as a text": {"response": {"status": "200"}},
    "no time": {"time": None},
    "a time that is not one": {"time": float("inf")},
    "an error that is null": {"response": {"_error": None}},
}


@pytest.mark.parametrize("change", HELD.values(), ids=HELD.keys())
def test_a_body_that_is_held_is_read(tmp_path: Path, change: dict[str, Any]) -> None:
    """However a body is written, its job is seen to be canceled."""
    report = replayed(tmp_path, change).report
    assert (report.verdict, report.jobs.ids_used) == ("conforms", (JOB,)), report.notes


def test_flaws_of_what_is_held_are_found(tmp_path: Path) -> None:
    """An answer that the file says is empty, and one of a wrong type, are breaks still."""
    empty = {"response": {"content": {"size": 0, "text": "", "mimeType": "application/json"}}}
    assert "response.document" in broken(replayed(tmp_path, empty))
    html = {"response": {"headers": [], "content": {"size": 9, "text": BODY.decode(), "mimeType": "text/html"}}}
    assert "transport.content_type" in broken(replayed(tmp_path, html))
    none = {"response": {"headers": [{"name": "Date", "value": "x"}], "content": {"size": 9, "text": BODY.decode()}}}
    assert "transport.content_type" in broken(replayed(tmp_path, none))


def test_without_any_header_the_content_type_is_unchecked(tmp_path: Path) -> None:
    """The rule does not hold either, where neither headers nor a type are in the file."""
    report = replayed(tmp_path, HELD["no headers, no type"]).report
    assert {result.rule.id: result.outcome for result in report.rules}["transport.content_type"] == "unchecked"


@pytest.mark.parametrize(
    "date",
    [
        "2026-11-24T09:00:00.1234567Z",
        "2026-11-24T10:00:00.123+0100",
        "2026-11-24T10:00:00.123 +01:00",
        "2026-11-24t09:00:00,123z",
        "2026-11-24 09:00:00.123 UTC",
        "2026-11-24T09:00:00.123",
        "Tue, 24 Nov 2026 09:00:00 GMT",
        1795510800123,
        1795510800.123,
        "1795510800123",
    ],
)
def test_dates_are_read_in_their_spellings(tmp_path: Path, date: Any) -> None:
    """The time of an exchange is the same, however its date is spelled."""
    checked = replayed(tmp_path, {"startedDateTime": date})
    assert checked.report.verdict == "conforms"
    assert int(checked.report.started_at) == 1795510800


@pytest.mark.parametrize("date", ["24/11/2026 9 o'clock", "", None, {}, True, -5, 1e300, "9" * 400, "٣"])
def test_a_date_that_cannot_be_read_keeps_the_order(tmp_path: Path, date: Any) -> None:
    """The entry stands after the one before it, and nothing is broken."""
    sent = {"request": {"headers": [{"name": "Authorization", "value": "Bearer s3cret-1"}, TYPE]}}
    gone = {"response": {"status": 404, "content": {"size": 4, "text": "gone"}}}
    checked = replayed(tmp_path, sent, {"startedDateTime": date, **sent, **gone})
    assert (checked.report.verdict, broken(checked)) == ("conforms", [])
    assert "effects.repeat" in {result.rule.id for result in checked.report.rules if result.outcome == "held"}


@pytest.mark.parametrize(
    "entry",
    [
        5,
        None,
        {},
        {"request": {}, "response": {}},
        {"request": {"method": "GET", "url": "http://[/"}, "response": {"status": 200}},
        {"request": {"method": "GET", "url": "data:,x", "postData": "x"}, "response": {"status": 200}},
        {"request": {"method": "POST", "url": f"http://e{ROUTE}", "headers": [5]}, "response": {"status": 200}},
    ],
)
def test_an_entry_that_cannot_be_read_is_left_out(tmp_path: Path, entry: Any) -> None:
    """The others are judged, and a note names the entry."""
    checked = replay(browser_har(tmp_path / "b.har", entry, browser_entry(right_document())))
    assert checked.report.verdict == "conforms"
    assert any("left out: 1. log.entries[0] is not an entry of a HAR file" in note for note in checked.report.notes)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"_role": 5}, "_role is a number"),
        ({"_credential": ["token"]}, "_credential is an array"),
        ({"_caller": {}}, "_caller is an object"),
        ({"_situation": 5}, "_situation is a number"),
        ({"_job_id": 5}, "_job_id is a number"),
        ({"_obstacle": True}, "_obstacle is a boolean"),
        ({"_overlapping": "no"}, "_overlapping is a string"),
        ({"response": {"_fault": ["dropped"]}}, "response._fault is an array"),
        ({"response": {"_error": 5}}, "response._error is a number"),
        ({"response": {"content": {"_cut": 1}}}, "response.content._cut is a number"),
        ({"request": {"postData": {"_base64": 5}}}, "request.postData._base64 is a number"),
        ({"request": {"postData": {"_hidden": "yes"}}}, "request.postData._hidden is a string"),
    ],
)
@pytest.mark.parametrize("creator", ["check-engine", "WebInspector"])
def test_own_fields_of_a_wrong_type_are_a_wrong_setting(
    tmp_path: Path, change: dict[str, Any], place: str, creator: str
) -> None:
    """The message names the entry, the field, what it is, and what it may be."""
    path = browser_har(tmp_path / "b.har", browser_entry(right_document(), **change))
    path.write_text(path.read_text().replace("WebInspector", creator))
    with pytest.raises(SettingError, match=r"log\.entries\[0\]: ") as error:
        replay(path)
    assert f"{place}. Allowed are " in str(error.value)


def attached(folder: Path, name: str = "body.json") -> Path:
    """Write an export as Playwright does with `content: attach`: bodies lie in files of their own."""
    change = posted(_file="sent.json") | content(size=len(BODY), _file=name)
    return browser_har(folder / "har.har", browser_entry(right_document(), **change))


def test_attached_files_beside_a_recording_are_read(tmp_path: Path) -> None:
    """Those in the recording's folder and below."""
    (tmp_path / "sent.json").write_text(SENT)
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "body.json").write_bytes(BODY)
    assert replay(attached(tmp_path, "resources/body.json")).report.verdict == "conforms"


@pytest.mark.parametrize(
    "name", ["../body.json", "sub/../../body.json", "{folder}/body.json", "link.json", "..\\body.json", "a\0b", "."]
)
def test_attached_files_elsewhere_are_not_read(tmp_path: Path, name: str) -> None:
    """No file outside of the recording's folder is opened, by whatever name, nor through a link."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "body.json").write_bytes(BODY)
    (folder / "sent.json").write_text(SENT)
    (folder / "link.json").symlink_to(tmp_path / "body.json")
    report = replay(attached(folder, name.replace("{folder}", str(tmp_path)))).report
    assert (report.verdict, report.undecided_because, report.jobs.used) == ("undecided", ("recording",), 0)


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("folder", ["", "trace/"])
def test_a_zip_of_playwright_is_read(tmp_path: Path, folder: str) -> None:
    """A HAR file with its attached files, and nothing from the disk beside the zip."""
    har = attached(tmp_path).read_bytes()
    members = {f"{folder}har.har": har, f"{folder}sent.json": SENT.encode()}
    path = zipped(tmp_path / "whole.zip", {**members, f"{folder}body.json": BODY})
    assert replay(path).report.verdict == "conforms"
    (tmp_path / "body.json").write_bytes(BODY)
    lacking = replay(zipped(tmp_path / "lacking.zip", members)).report
    assert (lacking.verdict, lacking.jobs.used) == ("undecided", 0)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"trace.network": b"{}"}, "it holds none"),
        ({"a.har": b"{}", "b.har": b"{}"}, "it holds a.har, b.har"),
        ({"har.har": b"no"}, "is not a HAR file"),
    ],
)
def test_a_zip_without_a_recording_is_told(tmp_path: Path, members: dict[str, bytes], says: str) -> None:
    """The message says what the zip holds."""
    with pytest.raises(SettingError, match=says):
        read_har(zipped(tmp_path / "x.zip", members), [load_contract()])


def test_a_torn_zip_is_told(tmp_path: Path) -> None:
    """So is one that ends too early, and one in which bytes were changed."""
    whole = zipped(tmp_path / "x.zip", {"har.har": b"x" * 5000}, zipfile.ZIP_STORED).read_bytes()
    for torn in (whole[:200], whole.replace(b"x" * 9, b"y" * 9, 1), whole[:-22] + b"\0" * 22):
        (tmp_path / "torn.zip").write_bytes(torn)
        with pytest.raises(SettingError, match="that zip cannot be read"):
            read_har(tmp_path / "torn.zip", [load_contract()])


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a zip's members, its list of members, and all bodies together are read up to a limit."""
    har = attached(tmp_path).read_bytes()
    (tmp_path / "sent.json").write_text(SENT)
    (tmp_path / "body.json").write_bytes(b" " * 20_000 + BODY)
    monkeypatch.setattr(har_file, "MAX_BODIES_BYTES", 10_000)
    assert replay(tmp_path / "har.har").report.verdict == "undecided"
    bomb = base64.b64encode(gzip.compress(b" " * 20_000 + BODY)).decode()
    report = replayed(tmp_path, content(size=-1, encoding="base64", text=bomb) | {"time": 1}).report
    assert report.verdict == "undecided"
    monkeypatch.setattr(har_file, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(SettingError, match="too many files"):
        read_har(zipped(tmp_path / "many.zip", {"har.har": har, "a": b"", "b": b"", "c": b""}), [load_contract()])
    monkeypatch.setattr(har_file, "MAX_FILE_BYTES", 400)
    with pytest.raises(SettingError, match="larger than"):
        read_har(tmp_path / "har.har", [load_contract()])
    with pytest.raises(SettingError, match="larger than"):
        read_har(zipped(tmp_path / "bomb.zip", {"har.har": b" " * 5000}), [load_contract()])


def test_tokens_name_the_callers(tmp_path: Path) -> None:
    """`--token` says whose a credential in a foreign recording is, in a header or a cookie."""
    allowed = {"request": {"headers": [{"name": "Authorization", "value": "Bearer s3cret-1"}, TYPE]}}
    refused = {
        "request": {"headers": [TYPE], "cookies": [{"name": "token", "value": "s3cret-2"}]},
        "response": {"status": 403, "content": {"size": 2, "text": "no"}},
        "startedDateTime": "2026-11-24T09:00:01Z",
    }
    tokens = {"admin": "s3cret-1", "apiread": "s3cret-2", "support": "s3cret-3"}
    checked = replayed(tmp_path, allowed, refused, tokens=tokens)
    found = {result.rule.id: result.outcome for result in checked.report.rules}
    assert (found["roles.admin"], found["roles.others"], found["roles.support"]) == ("held", "held", "unchecked")
    assert "No request of the recording carries the token of support." in checked.report.notes
    assert exit_status(checked.report.verdict) == 0


def test_file_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    """Whatever is nested too deep to be read is wrong usage in one line, and no defect of the kit."""
    path = tmp_path / "deep.har"
    path.write_text(f'{{"log": {{"entries": [{"[" * 100_000}{"]" * 100_000}]}}}}')
    with pytest.raises(SettingError, match=r"its JSON is nested too deep to be read\.") as refused:
        har_file.open_har(path)
    assert "\n" not in str(refused.value)

"""requests.har is valid HAR 1.2 and holds what a replay needs."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from contract_tests.model import Caller, Exchange, Fault, Report, Request, Response
from contract_tests.report import har
from contract_tests.report.har import write_har

from .reports import HOSTILE, JOB, PRESENTER, conforming, exchange, hostile, undecided, violating


def _log(report: Report) -> dict[str, Any]:
    file = StringIO()
    write_har(report, PRESENTER, file)
    log: dict[str, Any] = json.loads(file.getvalue().encode("utf-8"), parse_constant=pytest.fail)["log"]
    return log


def _entry(one: Exchange) -> dict[str, Any]:
    entry: dict[str, Any] = _log(replace(conforming(), exchanges=(one,)))["entries"][0]
    return entry


# The fields that HAR 1.2 requires, and their types.
_PAIR = {"name": str, "value": str}
_ENTRY = {
    "startedDateTime": str,
    "time": (int, float),
    "request": dict,
    "response": dict,
    "cache": dict,
    "timings": dict,
}
_MESSAGE = {"httpVersion": str, "cookies": list, "headers": list, "headersSize": int, "bodySize": int}
_REQUEST = _MESSAGE | {"method": str, "url": str, "queryString": list}
_RESPONSE = _MESSAGE | {"status": int, "statusText": str, "content": dict, "redirectURL": str}


def _assert_fields(value: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, kind in fields.items():
        assert isinstance(value[name], kind), name


@pytest.mark.parametrize("make", [conforming, violating, hostile, undecided])
def test_every_file_has_the_fields_of_the_format(make: Callable[[], Report]) -> None:
    """Each entry has the fields that HAR 1.2 requires, of their types; fields of our own begin with `_`."""
    report = make()
    log = _log(report)
    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "check-engine"
    assert len(log["entries"]) == len(report.exchanges)
    for entry in log["entries"]:
        _assert_fields(entry, _ENTRY)
        _assert_fields(entry["timings"], {"send": (int, float), "wait": (int, float), "receive": (int, float)})
        _assert_fields(entry["request"], _REQUEST)
        _assert_fields(entry["response"], _RESPONSE)
        _assert_fields(entry["response"]["content"], {"size": int, "mimeType": str, "text": str})
        for pair in entry["request"]["headers"] + entry["request"]["queryString"] + entry["response"]["headers"]:
            _assert_fields(pair, _PAIR)
        if "postData" in entry["request"]:
            _assert_fields(entry["request"]["postData"], {"mimeType": str, "text": str})
        assert all(name.startswith("_") for name in entry.keys() - _ENTRY.keys())


def test_a_run_without_requests_is_an_empty_list() -> None:
    """No exchange, no entry, and still a valid file."""
    assert _log(replace(conforming(), exchanges=()))["entries"] == []


def test_a_replay_finds_request_answer_and_who_sent_it_why() -> None:
    """Method, URL, headers, body, status, answer and the run's own words on the exchange are kept."""
    request = Request(
        "POST", "/workflow_engine/cancelJob", Caller("admin", "token"), (("job_id", "a b"),), b'{"job_id": 1}'
    )
    response = Response(
        404, (("Content-Type", "text/plain"), ("Location", "/login")), "nein, größer".encode(), elapsed=0.25
    )
    entry = _entry(Exchange(request, "a number as job_id", response, job_id=JOB, started_at=1767225600))
    assert entry["startedDateTime"] == "2026-01-01T00:00:00.000Z"
    assert entry["time"] == 250
    assert entry["request"]["method"] == "POST"
    assert entry["request"]["url"] == "http://127.0.0.1:4010/base/workflow_engine/cancelJob?job_id=a%20b"
    assert entry["request"]["queryString"] == [{"name": "job_id", "value": "a b"}]
    assert entry["request"]["postData"] == {"mimeType": "application/json", "text": '{"job_id": 1}'}
    assert {"name": "Authorization", "value": "Bearer $ADMIN_TOKEN"} in entry["request"]["headers"]
    assert (entry["response"]["status"], entry["response"]["statusText"]) == (404, "Not Found")
    assert entry["response"]["content"]["text"] == "nein, größer"
    assert entry["response"]["redirectURL"] == "/login"
    assert [entry[name] for name in ("_role", "_credential", "_situation", "_job_id")] == [
        "admin",
        "token",
        "a number as job_id",
        JOB,
    ]


def test_bytes_that_are_no_text_are_kept() -> None:
    """A binary body is base64 in the answer's content, and beside the readable part in the posted data."""
    body = bytes(range(256))
    entry = _entry(exchange(body=body, response=Response(200, (), body)))
    content = entry["response"]["content"]
    assert (content["encoding"], b64decode(content["text"]), content["size"]) == ("base64", body, 256)
    assert b64decode(entry["request"]["postData"]["_base64"]) == body


def test_a_missing_answer_is_status_0_with_its_fault() -> None:
    """A fault stands where the answer would; an answer that breaks off says so."""
    response = _entry(exchange(fault=Fault.TIMEOUT, detail="30 s"))["response"]
    assert (response["status"], response["_fault"], response["_error"]) == (
        0,
        "no answer in time",
        "no answer in time: 30 s",
    )
    broken = _entry(exchange(response=Response(200, (), b"{", "12 bytes were announced")))["response"]
    assert (broken["status"], broken["_error"]) == (200, "12 bytes were announced")
    assert "_fault" not in broken


def test_big_documents_are_whole_and_bigger_ones_are_cut() -> None:
    """A job of 2,000 tasks is whole; beyond the limit the beginning is kept and the length noted."""
    document = json.dumps({f"{number:04x}": {"x": 0.5, "metrics": {"owner": "x" * 200}} for number in range(2000)})
    assert len(document) > 400_000
    assert _entry(exchange(response=Response(200, (), document.encode())))["response"]["content"]["text"] == document
    content = _entry(exchange(response=Response(200, (), b"x" * 3_000_000)))["response"]["content"]
    assert content["size"] == 3_000_000
    assert content["_cut"] is True
    assert content["text"] == "x" * har.BODY_LIMIT
    assert content["comment"] == "Only the beginning of 3,000,000 bytes is kept."


def test_a_flood_of_big_answers_leaves_a_file_that_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once all bodies together have reached the limit, each of the rest is kept in brief."""
    monkeypatch.setattr(har, "TOTAL_LIMIT", 100_000)
    entries = _log(replace(conforming(), exchanges=(exchange(response=Response(200, (), b"x" * 90_000)),) * 10))[
        "entries"
    ]
    assert [len(entry["response"]["content"]["text"]) for entry in entries] == [90_000, *[har.BRIEF_LIMIT] * 9]


def test_a_cut_within_a_character_leaves_text() -> None:
    """A body of wide characters stays text where it is cut."""
    content = _entry(exchange(response=Response(200, (), ("x" + "ü" * 1_000_000).encode())))["response"]["content"]
    assert "encoding" not in content
    assert content["text"].endswith("ü")


def test_what_an_engine_hands_out_is_masked() -> None:
    """Cookies and tokens in the answer's headers are masked, their attributes are not."""
    headers = (
        ("Set-Cookie", "sid=abc123; Path=/; HttpOnly"),
        ("X-Auth-Token", "abc123"),
        ("WWW-Authenticate", "Bearer"),
    )
    entry = _entry(exchange(response=Response(200, headers)))
    assert [header["value"] for header in entry["response"]["headers"]] == [
        "sid=***; Path=/; HttpOnly",
        "***",
        "Bearer",
    ]
    assert "abc123" not in json.dumps(entry)


def test_hostile_headers_are_kept_as_text() -> None:
    """Header values of the engine are data in the file, without halves of surrogate pairs."""
    entry = _entry(exchange(response=Response(200, (("X-Evil", HOSTILE),))))
    value = entry["response"]["headers"][0]["value"]
    assert "</script><script>" in value
    assert "\\ud800" in value

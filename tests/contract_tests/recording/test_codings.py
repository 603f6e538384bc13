"""The same answer gets the same verdict from check-engine, watch-engine and the replay, whatever its content encoding."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from contract_tests.judge.answers import judge_success
from contract_tests.model import Caller, Exchange, Request
from contract_tests.recording.replay import replay
from contract_tests.transport.transport import response_of
from engine_contract.contract import load_contract
from tests.support.raw_server import answer_of, raw_server
from tests.support.watching import ROUTE, watching

DOCUMENT = json.dumps(load_contract().response_examples["page"]).encode()
JOB_ID = json.loads(DOCUMENT)["_id"]
HALF = len(DOCUMENT) // 2
MEMBERS = gzip.compress(DOCUMENT[:HALF], mtime=0) + gzip.compress(DOCUMENT[HALF:], mtime=0)


def _checked(body: bytes, headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return what check-engine finds broken, and how it words that."""
    raw = [(name.encode(), value.encode()) for name, value in headers]
    head = httpx.Response(200, headers=headers, extensions={"kept_headers": raw})
    response = response_of([head], [body], None, 0.0, is_cut=False)
    request = Request("POST", ROUTE, Caller("admin", "token"), body=b"{}")
    judged = judge_success(load_contract(), Exchange(request, "a valid request", response), JOB_ID)
    return {item.rule: item.finding.received for item in judged if item.finding and "warn" not in item.rule}


@pytest.mark.parametrize(
    ("body", "encodings", "is_readable"),
    [
        (MEMBERS, ["gzip"], True),
        (DOCUMENT, ["UTF-8"], True),
        (DOCUMENT, ["none"], True),
        (DOCUMENT, [""], True),
        (DOCUMENT, ["binary"], True),
        (gzip.compress(DOCUMENT, mtime=0), ["utf-8", "gzip"], True),
        (DOCUMENT, ["gzip"], False),
        (MEMBERS[:-20], ["gzip"], False),
        (DOCUMENT[::-1], ["rot"], False),
        (b"\x1b\x03\x00", ["br"], False),
        (b"\x28\xb5\x2f\xfd", ["gzip", "zstd"], False),
        (DOCUMENT, ["gzip"] * 6, False),
    ],
)
def test_content_encoding_gets_one_verdict(
    tmp_path: Path, body: bytes, encodings: list[str], *, is_readable: bool
) -> None:
    """What can be read conforms in all three, what cannot breaks the same rule, and nothing is said to break off."""
    lines = ["Content-Type: application/json", *(f"Content-Encoding: {name}" for name in encodings)]
    record = tmp_path / "all.har"
    with raw_server(answer_of("200 OK", body, *lines)) as engine, watching(engine.url, record=record) as watch:
        headers = {"Authorization": "Bearer admin", "Accept-Encoding": "gzip"}
        with httpx.stream("POST", watch.url + ROUTE, json={"job_id": JOB_ID}, headers=headers) as received:
            watched = received.headers.get("contract-violations", "").split(", ")
            said = [finding.received for finding in watch.watch.journal.entries()[0].findings]
    checked = _checked(body, [(name, value) for name, _, value in (line.partition(": ") for line in lines)])
    report = replay(record).report
    broken = {result.rule.id: result for result in report.rules if result.outcome == "broken"}
    expected = set() if is_readable else {"transport.complete"}
    assert set(checked) == set(filter(None, watched)) == set(broken) == expected
    said += [*checked.values(), *(finding.received for result in broken.values() for finding in result.findings)]
    assert not [text for text in said if "breaks off" in text]

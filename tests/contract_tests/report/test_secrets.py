"""A secret appears in no file and on no terminal, however the engine or the run spells it."""

import json
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from rich.console import Console

from contract_tests.config.auth import Auth, Bearer
from contract_tests.judge.known import Known, new_entries
from contract_tests.judge.known_file import known_toml
from contract_tests.model import Caller, Exchange, Fault, Finding, Observation, Report, Request, Response, RuleResult
from contract_tests.report import har, write_reports
from contract_tests.report.presenter import Presenter
from contract_tests.report.terminal import print_report
from engine_contract.contract import rule
from engine_contract.text.curl import Added

from .reports import ENGINE, JOB, PRESENTER, conforming

TOKEN = "user:t0p s3cr3t/+=&ok"
SPELLINGS = (
    TOKEN,
    quote(TOKEN),
    quote(TOKEN, safe=""),
    quote_plus(TOKEN),
    b64encode(TOKEN.encode()).decode(),
    quote(b64encode(TOKEN.encode()).decode(), safe=""),
)
EVERYWHERE = " ".join(f"<{spelling}>" for spelling in SPELLINGS)
LIMIT = 10_000  # bytes, so that a cut in a secret is tried with small bodies
AUTHS = ["bearer", "basic", "cookie:sid", "query:token", "header:X-Token"]


def _exchanges() -> Iterator[Exchange]:
    headers = (
        ("Set-Cookie", f"sid={TOKEN}; Path=/"),
        ("Set-Cookie", f"{EVERYWHERE}; Path=/{EVERYWHERE}"),
        ("Location", f"/login?token={quote(TOKEN)}"),
        ("X-Echo", EVERYWHERE),
        (f"X-{TOKEN}", TOKEN),
        ("Content-Type", f"text/plain; x={TOKEN}"),
    )
    request = Request(
        "POST",
        "/workflow_engine/cancelJob",
        Caller("admin", "token"),
        (("job_id", TOKEN), ("q", f"<{TOKEN}>")),
        json.dumps({"job_id": TOKEN}).encode(),
    )
    bodies = (
        EVERYWHERE.encode(),
        b"\xff\xfe\x00" + EVERYWHERE.encode(),
        b"x" * (LIMIT - 7) + EVERYWHERE.encode() * 40,
        EVERYWHERE.encode() * 80,
    )
    for body in bodies:
        response = Response(200, headers, body, broken_off=EVERYWHERE)
        yield Exchange(request, EVERYWHERE, response, detail=EVERYWHERE, job_id=TOKEN)
        yield Exchange(replace(request, body=body), EVERYWHERE, fault=Fault.TLS, detail=EVERYWHERE, job_id=JOB)


def _leaky() -> Report:
    exchanges = tuple(_exchanges())
    findings = [Finding(EVERYWHERE, EVERYWHERE, EVERYWHERE, exchange) for exchange in exchanges]
    long = Finding("x" * 595 + EVERYWHERE, "x" * 590 + TOKEN)
    outcomes: tuple[Any, ...] = ("broken", "warned", "known", "unchecked", "skipped")
    return replace(
        conforming(),
        verdict="violates",
        rules=tuple(RuleResult(rule("roles.admin"), outcome, EVERYWHERE, (long, *findings)) for outcome in outcomes),
        engine=f"{ENGINE}?token={quote(TOKEN)}",
        label=EVERYWHERE,
        notes=(EVERYWHERE,),
        exchanges=exchanges,
        observed=(Observation(EVERYWHERE, 200, EVERYWHERE, EVERYWHERE),),
    )


def _decoded(written: str) -> Iterator[str]:
    for entry in json.loads(written)["log"]["entries"]:
        yield json.dumps(entry, ensure_ascii=False)
        content = entry["response"]["content"]
        if content.get("encoding") == "base64":
            yield b64decode(content["text"]).decode("latin-1")
        if "_base64" in entry["request"].get("postData", {}):
            yield b64decode(entry["request"]["postData"]["_base64"]).decode("latin-1")


@pytest.mark.parametrize("auth", AUTHS)
def test_no_spelling_of_a_token_is_written_or_printed(
    auth: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token in URL, header, cookie, body, Set-Cookie, messages: neither raw nor percent-encoded nor as base64."""
    monkeypatch.setattr(har, "BODY_LIMIT", LIMIT)
    presenter = Presenter(
        ENGINE, Auth.parse(auth), {"admin": "$ADMIN_TOKEN"}, frozenset({TOKEN}), Added({"X-Extra": "$X"})
    )
    texts = [path.read_text(encoding="utf-8") for path in write_reports(_leaky(), presenter, tmp_path)]
    texts += _decoded((tmp_path / "requests.har").read_text(encoding="utf-8"))
    for quiet, verbose in ((True, False), (False, False), (False, True)):
        file = StringIO()
        print_report(_leaky(), presenter, Console(file=file, width=100_000), quiet=quiet, verbose=verbose)
        texts.append(file.getvalue())
    for text in texts:
        assert "s3cr3t" not in text, text[max(0, text.find("s3cr3t") - 60) :][:120]
        assert not [spelling for spelling in SPELLINGS if spelling in text]


def test_the_variable_takes_the_tokens_place(tmp_path: Path) -> None:
    """A curl line and a HAR entry name the variable that holds the token."""
    presenter = Presenter(ENGINE, Bearer(), {"admin": "$ADMIN_TOKEN"}, frozenset({TOKEN}))
    write_reports(_leaky(), presenter, tmp_path)
    assert "Bearer $ADMIN_TOKEN" in (tmp_path / "requests.har").read_text()
    assert "Bearer $ADMIN_TOKEN" in (tmp_path / "report.json").read_text()


def test_secret_that_an_engine_hands_out_is_masked_by_its_name(tmp_path: Path) -> None:
    """A wrong answer with a token in it is quoted in the report, and the token is not."""
    told = '{"refreshToken": "Zq7hunter2Kx9w", "status": "canceled"}'
    request = Request("POST", "/workflow_engine/cancelJob", Caller("admin", "token"), body=b"{}")
    seen = Exchange(request, "", Response(200, (("X-Auth-Token", "Zq7hunter2Kx9w"),), told.encode()))
    finding = Finding(f"a body that is not a job: {told}", "a job", None, seen)
    report = replace(
        conforming(),
        rules=(RuleResult(rule("roles.admin"), "broken", None, (finding,)),),
        exchanges=(seen,),
        observed=(Observation("x", 400, "text/plain", told),),
    )
    presenter = Presenter(ENGINE, Bearer(), {}, frozenset())
    file = StringIO()
    print_report(report, presenter, Console(file=file, width=1000), quiet=False, verbose=True)
    for text in (file.getvalue(), *(path.read_text() for path in write_reports(report, presenter, tmp_path))):
        assert "hunter2" not in text
    assert "canceled" in file.getvalue()


def test_known_deviation_of_a_secret_holds_its_type() -> None:
    """An entry never holds the secret, and matches what comes next time."""
    finding = Finding('"Bearer Zq7hunter2Kx9w" (a string)', "x", "/status")
    (entry,) = new_entries(
        [RuleResult(rule("response.status"), "broken", None, (finding,))], (), PRESENTER.mask, today=date(2026, 1, 1)
    )
    assert "hunter2" not in known_toml([entry])
    assert entry.matches("/status", '"Bearer another1234" (a string)')


def test_known_deviation_holds_no_raw_control_characters() -> None:
    """Escapes in the file, the same text once it is read."""
    odd = "a\x1b[31m\x9b\u202eb\u2066c\x7fé"
    text = known_toml([Known("response.status", odd, odd, (odd,))])
    assert text.replace("\n", "").isprintable()
    assert tomllib.loads(text)["known"][0] == {"rule": "response.status"} | dict.fromkeys(
        ("pointer", "received", "reason"), odd
    )

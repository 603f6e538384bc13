"""A secret appears in no file and on no terminal, however the engine or the run spells it."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from rich.console import Console

from contract_tests.config.auth import Auth
from contract_tests.model import Caller, Exchange, Fault, Finding, Observation, Report, Request, Response, RuleResult
from contract_tests.report import har, write_reports
from contract_tests.report.presenter import Presenter
from contract_tests.report.terminal import print_report
from engine_contract.text.curl import Added

from .reports import ENGINE, JOB, conforming

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
LIMIT = 50_000  # bytes, so that a cut in a secret is tried with small bodies
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
        b"x" * (LIMIT - 7) + EVERYWHERE.encode() * 200,
        EVERYWHERE.encode() * 400,
    )
    for body in bodies:
        response = Response(200, headers, body, broken_off=EVERYWHERE)
        yield Exchange(request, EVERYWHERE, response, detail=EVERYWHERE, job_id=TOKEN)
        yield Exchange(replace(request, body=body), EVERYWHERE, fault=Fault.TLS, detail=EVERYWHERE, job_id=JOB)


def _leaky() -> Report:
    exchanges = tuple(_exchanges())
    findings = [Finding("roles.admin", EVERYWHERE, EVERYWHERE, EVERYWHERE, exchange) for exchange in exchanges]
    long = Finding("roles.admin", "x" * 595 + EVERYWHERE, "x" * 590 + TOKEN)
    outcomes: tuple[Any, ...] = ("broken", "warned", "known", "unchecked", "skipped")
    return replace(
        conforming(),
        verdict="violates",
        rules=tuple(RuleResult("roles.admin", outcome, EVERYWHERE, (long, *findings)) for outcome in outcomes),
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
    presenter = Presenter(ENGINE, Auth(), {"admin": "$ADMIN_TOKEN"}, frozenset({TOKEN}))
    write_reports(_leaky(), presenter, tmp_path)
    assert "Bearer $ADMIN_TOKEN" in (tmp_path / "requests.har").read_text()
    assert "Bearer $ADMIN_TOKEN" in (tmp_path / "report.json").read_text()

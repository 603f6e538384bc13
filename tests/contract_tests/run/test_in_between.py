"""What stands before an engine, or in its place, is told as what it is, and never as jobs that are not active."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from contract_tests.check import check
from contract_tests.model import Report
from contract_tests.run import canceller
from contract_tests.safety.supply import Supply
from tests.support.certificates import self_signed
from tests.support.commands import TOKENS, check_engine, write_jobs
from tests.support.engines import settings_for
from tests.support.job_engine import job_engine
from tests.support.raw_server import RawRequest, answer_of, answering_server

IDS = [f"{number:012x}4abc8{number:07x}" for number in range(20)]


def _supply_of_workflow(_count: int) -> Supply:
    return Supply(made=True)


@contextmanager
def answering(
    tls: ssl.SSLContext | None = None,
    *,
    status: int,
    body: bytes = b"",
    location: str | None = None,
    more: Sequence[str] = (),
) -> Iterator[str]:
    """Serve one answer to everything, `{path}` in its location being the request's; the address without a scheme."""

    def answer(request: RawRequest) -> bytes:
        place = [] if location is None else [f"Location: {location.format(path=request.path)}"]
        return answer_of(f"{status} {HTTPStatus(status).phrase}", body, *place, *more)

    with answering_server(answer, tls=tls) as server:
        yield server.url.partition("//")[2]


def run(url: str, **changes: Any) -> Report:
    """Check what is at the URL."""
    return check(settings_for(url, deadline=20.0, **changes), lambda _: Supply(IDS)).report


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        *("https://engine.example{path}", "https://sso.example/login?back=x", "/base{path}", "//other.example/"),
        *("/login", "/#/login", "/login?back={path}"),
    ],
)
def test_redirect_of_every_path_asks_for_the_base_url(status: int, location: str) -> None:
    """Whatever redirects everything is not the engine at that URL: undecided, and the target is named."""
    with answering(status=status, location=location) as address:
        report = run(f"http://{address}")
    assert (report.verdict, report.undecided_because) == ("undecided", ("unreachable",)), report.notes
    said = next(note for note in report.notes if "is this the base URL?" in note)
    assert f"redirects to {location.partition('{')[0].partition('?')[0]}" in said
    assert ("no credential was taken" in said) is ("login" in location)


def test_proxy_that_asks_for_a_password_is_named() -> None:
    """A 407, from a proxy for http or where a tunnel was asked for, is the proxy's: undecided, and --proxy is named."""
    asks = ('Proxy-Authenticate: Basic realm="proxy"',)
    with answering(status=407, more=asks) as address:
        for url, workflow in product(("http://engine.example", "https://engine.example"), (None, "w")):
            settings = replace(settings_for(url, deadline=20.0), workflow=workflow)
            object.__setattr__(settings.connection, "proxy", f"http://{address}")
            report = check(settings, _supply_of_workflow if workflow else lambda _: Supply(IDS)).report
            assert (report.verdict, report.undecided_because) == ("undecided", ("unreachable",)), report.notes
            assert any("proxy" in note and "--proxy env:NAME" in note for note in report.notes), report.notes


def test_nginx_without_a_client_certificate_is_told() -> None:
    """The 400 of nginx says that no certificate was sent: undecided, and --client-cert is named."""
    page = b"<html><head><title>400 No required SSL certificate was sent</title></head></html>"
    with answering(status=400, body=page) as address:
        report = run(f"http://{address}")
    assert (report.verdict, report.undecided_because) == ("undecided", ("unreachable",)), report.notes
    assert any("--client-cert" in note for note in report.notes), report.notes


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_alert_for_a_missing_client_certificate_is_told(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """A server that ends the handshake for want of a client certificate: exit status 3, and --client-cert is named."""
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = context.maximum_version = version
    with answering(context, status=404) as address:
        jobs = write_jobs(tmp_path, IDS[:4])
        done = check_engine(f"https://{address}", *TOKENS, f"--jobs={jobs}", f"--ca-bundle={certificate}", cwd=tmp_path)
    assert done.status == 3, done.out
    assert "--client-cert FILE" in done.out, done.out


@pytest.mark.parametrize("status", [401, 403, 429])
def test_lock_out_after_a_wrong_credential_is_outwaited(status: int) -> None:
    """Callers who are refused for some seconds after a wrong credential are no break."""
    with job_engine(locks_out_s=2.0, locks_out_with=status) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url), lambda _: Supply(made)).report
    assert report.verdict == "conforms", report.notes
    assert any("a lock-out" in note and "which was waited for" in note for note in report.notes), report.notes


@pytest.mark.parametrize("status", [401, 429])
def test_lock_out_that_lasts_is_told(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock-out that outlasts the wait is told as one: undecided, no rule is broken, and no job is called inactive."""
    monkeypatch.setattr(canceller, "LOCK_OUT_WAITS_S", (0.1, 0.2))
    with job_engine(locks_out_s=60.0, locks_out_with=status) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url), lambda _: Supply(made)).report
    assert (report.verdict, report.undecided_because) == ("undecided", ("tokens",)), report.notes
    assert any("a lock-out" in note for note in report.notes)
    assert not any("not active" in note for note in report.notes)


@pytest.mark.soak
def test_lock_out_of_31_s_is_outwaited() -> None:
    """A lock-out of 31 s is waited for within the deadline, and told."""
    with job_engine(locks_out_s=31.0) as engine:
        made = engine.make_jobs(24)
        report = check(settings_for(engine.url, deadline=120.0), lambda _: Supply(made)).report
    assert report.verdict == "conforms", report.notes
    assert any("a lock-out" in note and "which was waited for" in note for note in report.notes), report.notes

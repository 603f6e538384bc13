"""When no valid request succeeds: why, told by the answers; undecided where the engine is not at fault."""

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from contract_tests.check import check
from contract_tests.safety.supply import Supply
from tests import field_engine, standin
from tests.support.caller import ROUTE
from tests.support.check_engine import TOKENS, check_engine, write_jobs
from tests.support.engines import ObservedExchange, settings_for


def _seen(url: str, job_ids: list[str], **changes: object) -> ObservedExchange:
    return ObservedExchange(check(settings_for(url, **changes), lambda _: Supply(job_ids)), frozenset(), ())  # type: ignore[arg-type]


@pytest.mark.parametrize("variation", [None, "refusals-all-500", "refusals-all-400", "refusal-string", "refusal-empty"])
def test_jobs_that_were_canceled_already_are_a_bad_supply(variation: str | None) -> None:
    """'Not active' to all supplied ids is a bad supply, undecided, however the engine says it where it can be told."""
    with standin.serve(variation=variation) as engine:
        job_ids = engine.make_jobs(24)
        assert _seen(engine.url, job_ids[:20]).report.verdict == "conforms"
        seen = _seen(engine.url, job_ids[:20])
    assert seen.report.verdict == "undecided", seen.why()
    assert seen.report.undecided_because == ("jobs",)


@pytest.mark.parametrize("variation", [None, "refusals-all-404", "refusals-all-400"])
def test_ids_of_another_engine_are_a_bad_supply(variation: str | None) -> None:
    """'Unknown job' to all supplied ids is a bad supply, undecided."""
    with standin.serve(variation=variation) as engine:
        seen = _seen(engine.url, [f"{number:024x}" for number in range(20)])
    assert seen.report.verdict == "undecided", seen.why()
    assert "jobs" in seen.report.undecided_because


@pytest.mark.parametrize("places", [[10], [13], [5, 12]], ids=str)
def test_jobs_that_ended_by_themselves_are_no_break(places: list[int]) -> None:
    """A supplied job that is no longer active when its turn comes: what was sent for it is sent for another one."""
    with standin.serve() as engine:
        job_ids = engine.make_jobs(24)
        for place in places:
            ended = httpx.post(
                engine.url + ROUTE, json={"job_id": job_ids[place]}, headers={"Authorization": "Bearer admin"}
            )
            assert ended.status_code == 200
        seen = _seen(engine.url, job_ids)
    assert seen.report.verdict == "undecided", seen.why()
    assert seen.report.undecided_because == ("jobs",)
    assert all(any(job_ids[place] in note for note in seen.report.notes) for place in places)


def test_tokens_that_nobody_was_given() -> None:
    """401 to every token: undecided, and --auth is named."""
    with standin.serve(tokens={"other": "admin"}) as engine:
        seen = _seen(engine.url, engine.make_jobs(20))
    assert seen.report.undecided_because == ("tokens",)
    assert any("--auth" in note for note in seen.report.notes)


def test_a_wrong_base_url() -> None:
    """404 for everything, a path that does not exist included: undecided, and the base URL is asked about."""
    with standin.serve() as engine:
        seen = _seen(f"{engine.url}/elsewhere", engine.make_jobs(20))
    assert seen.report.verdict == "undecided"
    assert any("base URL" in note for note in seen.report.notes)


@contextmanager
def _answering(reply: Callable[[http.server.BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """A server that answers every request by `reply`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            reply(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = do_PATCH = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _reply(
    status: int, body: bytes = b"", **headers: str
) -> Callable[[http.server.BaseHTTPRequestHandler, bytes], None]:
    def response(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(b"" if handler.command == "HEAD" else body)

    return response


IDS = [f"{number:012x}4abc8{number:07x}" for number in range(20)]


@pytest.mark.parametrize(
    ("reply", "verdict", "rule"),
    [
        (_reply(302, Location="/login"), "violates", "transport.status"),
        (_reply(500, b"oops"), "violates", "transport.status"),
        (_reply(200, b"<html>hello</html>", Content_Type="text/html"), "violates", "transport.json"),
        (_reply(200, b'{"ok": true}', Content_Type="application/json"), "violates", "response.document"),
        (_reply(204), "violates", "response.document"),
        (_reply(404), "undecided", None),
        (_reply(401), "undecided", None),
        (_reply(403, b"no"), "undecided", None),
        (_reply(503), "undecided", None),
        (_reply(429, Retry_After="0"), "undecided", None),
        (_reply(400, b"bad"), "undecided", None),
        (_reply(405), "undecided", None),
    ],
)
def test_engines_that_answer_everything_alike(
    reply: Callable[[http.server.BaseHTTPRequestHandler, bytes], None], verdict: str, rule: str | None
) -> None:
    """One answer to everything: broken where the page documents another, undecided where it may not be the engine."""
    with _answering(reply) as url:
        seen = _seen(url, IDS, deadline=6.0)
    assert seen.report.verdict == verdict, seen.why()
    assert rule is None or rule in seen.broken()


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("id-in-form-only", "request.json"),
        ("id-in-query-only", "request.json"),
        ("put-only", "route.path"),
        ("slash-only", "route.path"),
    ],
)
def test_an_engine_that_takes_the_id_elsewhere(version: str, rule: str) -> None:
    """A refusal while the same id succeeds in a form, the query or at another route breaks the contract."""
    with field_engine.serve(version=version) as engine:
        seen = _seen(engine.url, engine.make_jobs(24))
    assert rule in seen.broken(), seen.why()


def test_tls_that_is_not_there(tmp_path: Path) -> None:
    """Https before a server that speaks none: exit status 3 and a sentence."""
    with standin.serve() as engine:
        jobs = write_jobs(tmp_path, engine.make_jobs(4))
        url = engine.url.replace("http:", "https:")
        done = check_engine(url, *TOKENS, "--jobs", str(jobs), cwd=tmp_path)
    assert done.status == 3
    assert "no secure connection" in done.out


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    """A certificate that cannot be verified: exit status 3; --ca-bundle or --insecure lets the run go on."""
    import subprocess

    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"https://127.0.0.1:{server.server_address[1]}"
        jobs = write_jobs(tmp_path, IDS[:4])
        arguments = [url, *TOKENS, "--jobs", str(jobs)]
        refused = check_engine(*arguments, cwd=tmp_path)
        trusted = check_engine(*arguments, "--ca-bundle", str(certificate), cwd=tmp_path)
        careless = check_engine(*arguments, "--insecure", cwd=tmp_path)
        server.shutdown()
        thread.join()
    assert refused.status == 3
    assert "certificate" in refused.out
    # The server knows no POST: what it answers is 501, and that breaks the contract.
    assert "501" in trusted.out
    assert "501" in careless.out

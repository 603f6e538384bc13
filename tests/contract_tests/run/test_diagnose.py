"""When no valid request succeeds: why, told by the answers; undecided where the engine is not at fault."""

import ssl
from pathlib import Path

import httpx
import pytest

from contract_tests.check import check
from contract_tests.safety.supply import Supply
from tests import field_engine, standin
from tests.support.caller import ROUTE
from tests.support.certificates import self_signed
from tests.support.commands import TOKENS, check_engine, write_jobs
from tests.support.engines import ObservedExchange, settings_for
from tests.support.raw_server import RawRequest, answer_of, answering_server


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
    assert seen.report.verdict == "conforms", seen.why()
    assert all(any(job_ids[place] in note for note in seen.report.notes) for place in places)


def test_tokens_that_nobody_was_given() -> None:
    """401 to every token: undecided, and --auth is named."""
    with standin.serve(tokens={"other": "admin"}) as engine:
        seen = _seen(engine.url, engine.make_jobs(20))
    assert seen.report.undecided_because == ("tokens",)
    assert any("--auth" in note for note in seen.report.notes)


@pytest.mark.parametrize(
    ("body", "words", "hint"),
    [
        (b"CSRF: no origin", '"CSRF: no origin"', "--header Origin="),
        (b"<html><title>403</title><b>Go away</b></html>", '"403 Go away"', ""),
        (b'{"error": "no", "token": "abcdefgh12345678"}', '"token": "***"', ""),
    ],
)
def test_refusal_that_explains_itself_is_quoted(body: bytes, words: str, hint: str) -> None:
    """Where every request is refused, the note says what the engine says, without tags and secrets."""
    with answering_server(lambda _: answer_of("403 Forbidden", body)) as engine:
        seen = _seen(engine.url, [f"{number:024x}" for number in range(20)])
    (note,) = [note for note in seen.report.notes if "It says: " in note]
    assert words in note
    assert hint in note
    assert ("Origin" in note) is bool(hint)


def test_a_wrong_base_url() -> None:
    """404 for everything, a path that does not exist included: undecided, and the base URL is asked about."""
    with standin.serve() as engine:
        seen = _seen(f"{engine.url}/elsewhere", engine.make_jobs(20))
    assert seen.report.verdict == "undecided"
    assert any("base URL" in note for note in seen.report.notes)


IDS = [f"{number:012x}4abc8{number:07x}" for number in range(20)]


@pytest.mark.parametrize(
    ("response", "verdict", "rule"),
    [
        (answer_of("302 Found", b"", "Location: /login"), "undecided", None),
        (answer_of("302 Found", b""), "violates", "transport.status"),
        (answer_of("500 Internal Server Error", b"oops"), "violates", "transport.status"),
        (answer_of("200 OK", b"<html>hello</html>", "Content-Type: text/html"), "violates", "transport.json"),
        (answer_of("200 OK", b'{"ok": true}', "Content-Type: application/json"), "violates", "response.document"),
        (answer_of("204 No Content"), "violates", "response.document"),
        (answer_of("404 Not Found"), "undecided", None),
        (answer_of("401 Unauthorized"), "undecided", None),
        (answer_of("403 Forbidden", b"no"), "undecided", None),
        (answer_of("503 Service Unavailable"), "undecided", None),
        (answer_of("429 Too Many Requests", b"", "Retry-After: 0"), "undecided", None),
        (answer_of("400 Bad Request", b"bad"), "undecided", None),
        (answer_of("405 Method Not Allowed"), "undecided", None),
    ],
)
def test_engines_that_answer_everything_alike(response: bytes, verdict: str, rule: str | None) -> None:
    """One answer to everything: broken where the page documents another, undecided where it may not be the engine."""
    with answering_server(lambda _: response) as server:
        seen = _seen(server.url, IDS, deadline=6.0)
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


def test_ids_cut_from_json_are_told() -> None:
    """Lines of a JSON list are ids that no engine knows: the note says what is odd about them."""
    with standin.serve() as engine:
        seen = _seen(engine.url, [f'"{job_id}",' for job_id in engine.make_jobs(20)])
    assert seen.report.undecided_because == ("jobs",)
    assert any("quotes, brackets, commas or blanks" in note for note in seen.report.notes)


def test_redirect_to_the_path_with_a_slash_breaks_the_contract() -> None:
    """Not a login, whose credential was not taken: the page's own path does not cancel."""

    def answer(request: RawRequest) -> bytes:
        is_own = request.path == ROUTE
        return answer_of(
            "308 Permanent Redirect" if is_own else "404 Not Found", b"", *[f"Location: {ROUTE}/"] * is_own
        )

    with answering_server(answer) as engine:
        seen = _seen(engine.url, IDS)
    assert "transport.status" in seen.broken(), seen.why()
    assert f"a redirect to {ROUTE}/" in seen.why()


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
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with answering_server(lambda _: answer_of("501 Not Implemented"), tls=context) as server:
        jobs = write_jobs(tmp_path, IDS[:4])
        arguments = [server.url, *TOKENS, "--jobs", str(jobs)]
        refused = check_engine(*arguments, cwd=tmp_path)
        trusted = check_engine(*arguments, "--ca-bundle", str(certificate), cwd=tmp_path)
        careless = check_engine(*arguments, "--insecure", cwd=tmp_path)
    assert refused.status == 3
    assert "certificate" in refused.out
    # The server answers 501 to everything, and that breaks the contract.
    assert "501" in trusted.out
    assert "501" in careless.out
    assert "--insecure: the engine's certificate is not verified" in careless.err
    assert "certificate not verified" in careless.out

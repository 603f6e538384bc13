"""An application behind TLS, with a login and redirects, used by way of the watcher: the browser never leaves it."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract_tests.config.options import INSECURE, Connection, live_connection
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from engine_contract.options import WatchOptions
from tests.support.certificates import self_signed
from tests.support.raw_server import RawRequest, answer_of, answering_server
from tests.support.watching import watching


def answer(own: str, request: RawRequest) -> bytes:
    """Send strangers to a login, and let in who comes from the application's own pages, at its own address."""
    if request.method == "POST":
        if request.header("Origin") != own or request.header("Host") != own.removeprefix("https://"):
            return answer_of("403 Forbidden", b"From another site")
        cookie = "token=let-me-in-please; Path=/; Domain=localhost; Secure; HttpOnly; SameSite=None"
        return answer_of("303 See Other", b"", f"Location: {own}/home", f"Set-Cookie: {cookie}")
    if request.path == "/login":
        return answer_of("200 OK", b"Who are you?")
    if "token=let-me-in-please" in request.header("Cookie"):
        return answer_of("200 OK", b"Welcome")
    return answer_of("302 Found", b"", f"Location: {own}/login")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost with its key, in one file."""
    cert, key = self_signed(folder := tmp_path_factory.mktemp("tls"))
    both = folder / "both.pem"
    both.write_text(key.read_text() + cert.read_text())
    return both


@pytest.fixture
def application(certificate: Path) -> Iterator[str]:
    """The application's address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with answering_server(lambda request: answer(server.url, request), host="localhost", tls=context) as server:
        yield server.url


def test_login_and_redirects_stay_inside(application: str, certificate: Path, tmp_path: Path) -> None:
    """A login over plain HTTP at the watcher works at the engine over TLS: origin, redirects and cookie included."""
    record = tmp_path / "all.har"
    with (
        watching(application, record=record, ca_bundle=certificate) as watch,
        httpx.Client(base_url=watch.url, follow_redirects=True) as client,
    ):
        asked = client.get("/home")
        assert (asked.text, str(asked.url)) == ("Who are you?", f"{watch.url}/login")
        let_in = client.post(
            "/login", json={"user": {"username": "me", "password": "x"}}, headers={"Origin": watch.url}
        )
        assert (let_in.text, str(let_in.url)) == ("Welcome", f"{watch.url}/home")
        assert client.get("/home").text == "Welcome"
    assert "let-me-in-please" not in record.read_text()


def test_a_certificate_that_nobody_trusts_is_told(application: str, tmp_path: Path) -> None:
    """Without --ca-bundle or --insecure there is no secure connection, and the answer says so."""
    with watching(application) as watch:
        response = httpx.get(watch.url)
        assert response.status_code == 502
        assert "could not be reached over TLS" in response.json()["detail"]
    with watching(application, insecure=True, record=tmp_path / "all.har") as watch:
        assert httpx.get(f"{watch.url}/login").status_code == 200
        assert watch.api().get("/about").json()["tls_verified"] is False
    assert json.loads((tmp_path / "all.har").read_bytes())["log"]["_tls_verified"] is False
    _, warnings = live_connection(WatchOptions(url=application, insecure=True))
    assert warnings == [INSECURE]


def test_a_client_certificate_vouches_for_everybody(application: str, certificate: Path) -> None:
    """Where the watcher itself shows a certificate, a request without a credential is not called one without."""
    settings = WatchSettings(Connection(application, ca_bundle=certificate, client_cert=certificate))
    assert str(Watch(settings).observer.callers.of([], []).caller) == "a token"
    settings = WatchSettings(Connection(application, ca_bundle=certificate))
    assert str(Watch(settings).observer.callers.of([], []).caller) == "no credential"

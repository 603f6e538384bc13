"""An application behind TLS, with a login and redirects, used by way of the watcher: the browser never leaves it."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests.config.options import Connection
from contract_tests.watch.settings import WatchSettings
from contract_tests.watch.state import Watch
from tests.support.requirements import need_command
from tests.support.watching import watching


class Application(BaseHTTPRequestHandler):
    """Sends strangers to a login, and lets in who comes from its own pages."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    @property
    def own(self) -> str:
        """Its own address."""
        return f"https://localhost:{self.connection.getsockname()[1]}"

    def response(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """The pages."""
        if self.path == "/login":
            self.response(200, b"Who are you?")
        elif "token=let-me-in-please" in self.headers.get("Cookie", ""):
            self.response(200, b"Welcome")
        else:
            self.response(302, Location=f"{self.own}/login")

    def do_POST(self) -> None:
        """The login."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Origin") != self.own or self.headers.get("Host") != self.own.removeprefix("https://"):
            self.response(403, b"From another site")
            return
        cookie = "token=let-me-in-please; Path=/; Domain=localhost; Secure; HttpOnly; SameSite=None"
        self.response(303, Location=f"{self.own}/home", Set_Cookie=cookie)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost with its key, in one file."""
    openssl = need_command("openssl", "openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    both.write_text(key.read_text() + cert.read_text())
    return both


@pytest.fixture
def application(certificate: Path) -> Iterator[str]:
    """The application's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


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


def test_a_certificate_that_nobody_trusts_is_told(application: str) -> None:
    """Without --ca-bundle or --insecure there is no secure connection, and the answer says so."""
    with watching(application) as watch:
        response = httpx.get(watch.url)
        assert response.status_code == 502
        assert "could not be reached over TLS" in response.json()["detail"]
    with watching(application, insecure=True) as watch:
        assert httpx.get(f"{watch.url}/login").status_code == 200


def test_a_client_certificate_vouches_for_everybody(application: str, certificate: Path) -> None:
    """Where the watcher itself shows a certificate, a request without a credential is not called one without."""
    settings = WatchSettings(Connection(application, ca_bundle=certificate, client_cert=certificate))
    assert str(Watch(settings).observer.callers.of([], []).caller) == "a token"
    settings = WatchSettings(Connection(application, ca_bundle=certificate))
    assert str(Watch(settings).observer.callers.of([], []).caller) == "no credential"

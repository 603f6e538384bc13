"""Certificates and keys: an encrypted key ends the start at once, and a byte order mark does not."""

import os
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from contract_tests.config.options import Connection
from contract_tests.errors import SettingError
from contract_tests.transport.tls_and_proxy import tls_for
from engine_contract.mock_options import MockOptions
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings, SettingsError, read_settings
from mock_server.store.redis_address import read_address
from tests.support.commands import run

MARK = b"\xef\xbb\xbf"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a certificate, its key, the same key encrypted in both forms, and all with a mark."""
    folder = tmp_path_factory.mktemp("keys")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-subj", "/CN=localhost")
    openssl("pkey", "-in", "key", "-aes256", "-passout", "pass:secret", "-out", "pkcs8")
    openssl("rsa", "-in", "key", "-aes256", "-passout", "pass:secret", "-traditional", "-out", "traditional")
    for name in ("cert", "key"):
        (folder / f"marked-{name}").write_bytes(MARK + (folder / name).read_bytes())
    for name in ("key", "pkcs8", "traditional"):
        (folder / f"chain-{name}").write_bytes((folder / "cert").read_bytes() + (folder / name).read_bytes())
    return folder


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
def test_encrypted_key_is_refused_in_one_line(keys: Path, form: str) -> None:
    """`--client-cert`, `--tls-key` and the store's key say that the key is encrypted, and what to do."""

    def client() -> object:
        return tls_for(Connection("https://e.example", client_cert=keys / f"chain-{form}"))

    def server() -> object:
        return read_settings(MockOptions(tls_cert=keys / "cert", tls_key=keys / form))

    def store() -> object:
        return read_address(f"rediss://h/0?ssl_certfile={keys / 'cert'}&ssl_keyfile={keys / form}")

    calls: list[tuple[Callable[[], object], type[Exception]]] = [
        (client, SettingError),
        (server, SettingsError),
        (store, SettingsError),
    ]
    for call, kind in calls:
        with pytest.raises(kind, match=r"the key is encrypted, .* openssl pkey -in KEY -out PLAIN\.$"):
            call()


def test_encrypted_key_never_prompts(keys: Path) -> None:
    """The command ends with 2 at once, and one line."""
    done = run("watch-engine", "https://127.0.0.1:9", "--client-cert", str(keys / "chain-pkcs8"), timeout_s=20)
    assert done.status == 2
    assert "the key is encrypted" in done.err
    assert "PEM pass phrase" not in done.out + done.err


def test_byte_order_mark_before_certificates_is_fine(keys: Path) -> None:
    """Certificate, key and authorities may begin with a mark."""
    settings = Settings(tls_cert=keys / "marked-cert", tls_key=keys / "marked-key")
    with running_mock(settings) as mock:
        assert httpx.get(f"{mock.url}/_mock/health", verify=False).status_code == 200  # noqa: S501 - of a test
    assert isinstance(tls_for(Connection("https://e.example", ca_bundle=keys / "marked-cert")), ssl.SSLContext)


def test_certificates_from_a_pipe_are_fine(keys: Path) -> None:
    """A shell's `<(…)` gives a secret without a file, and can be read once."""
    ends = []
    for name in ("cert", "chain-key"):
        reader, writer = os.pipe()
        os.write(writer, (keys / name).read_bytes())
        os.close(writer)
        ends.append(reader)
    bundle, chain = (Path(f"/dev/fd/{end}") for end in ends)
    context = tls_for(Connection("https://e.example", ca_bundle=bundle, client_cert=chain))
    for end in ends:
        os.close(end)
    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) == 1

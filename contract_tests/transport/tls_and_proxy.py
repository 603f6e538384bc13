"""The way to an engine: the verification of its certificate, and the proxy."""

import ssl

import httpx

from contract_tests.config.options import Connection
from contract_tests.errors import SettingError
from engine_contract.http import proxies
from engine_contract.http.certificates import EncryptedKeyError, load_chain, trusting


def tls_for(connection: Connection) -> ssl.SSLContext | bool:
    """Return what verifies the engine's certificate; False without TLS or with --insecure. Raises SettingError."""
    if not connection.base.startswith("https:"):
        return False
    try:
        context = trusting(connection.ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise SettingError(
            f"--ca-bundle {connection.ca_bundle}: no certificates can be read there: {error}."
        ) from error
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.client_cert:
        try:
            load_chain(context, connection.client_cert)
        except EncryptedKeyError as error:
            raise SettingError(f"--client-cert {connection.client_cert}: {error}.") from None
        except (OSError, ssl.SSLError) as error:
            raise SettingError(
                f"--client-cert {connection.client_cert}: no certificate and key can be read there (PEM): {error}."
            ) from error
    return context


def proxy_for(connection: Connection) -> httpx.Proxy | None:
    """Return the proxy to use: the one named, the environment's, and none for loopback. Raises SettingError."""
    try:
        return proxies.proxy_for(connection.base, connection.proxy)
    except ValueError as error:
        raise SettingError(str(error)) from error

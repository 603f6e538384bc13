"""The way to an engine: the verification of its certificate, and the proxy."""

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from contract_tests.config.options import Connection
from contract_tests.errors import SettingError
from engine_contract.http.net import is_loopback


def tls_for(connection: Connection) -> ssl.SSLContext | bool:
    """Return what verifies the engine's certificate; False without TLS or with --insecure. Raises SettingError."""
    if not connection.base.startswith("https:"):
        return False
    try:
        context = ssl.create_default_context(cafile=str(connection.ca_bundle) if connection.ca_bundle else None)
    except (OSError, ssl.SSLError) as error:
        raise SettingError(
            f"--ca-bundle {connection.ca_bundle}: no certificates can be read there: {error}."
        ) from error
    if connection.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if connection.client_cert:
        try:
            context.load_cert_chain(connection.client_cert)
        except (OSError, ssl.SSLError) as error:
            raise SettingError(
                f"--client-cert {connection.client_cert}: no certificate and key can be read there (PEM): {error}."
            ) from error
    return context


def proxy_for(connection: Connection) -> httpx.Proxy | None:
    """Return the proxy to use: the one named, the environment's, and none for loopback. Raises SettingError."""
    if connection.proxy:
        return _proxy(connection.proxy, "--proxy")
    url = urlsplit(connection.base)
    host = url.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return _proxy(found, f"{url.scheme}_proxy or all_proxy in the environment") if found else None


def _proxy(address: str, option: str) -> httpx.Proxy:
    allowed = "Allowed are URLs such as http://proxy.example:3128, with http or https."
    try:
        proxy = httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL) as error:
        raise SettingError(f"{option}: is not the URL of a proxy: {error}. {allowed}") from error
    if proxy.url.scheme not in {"http", "https"}:
        raise SettingError(f"{option}: a proxy that speaks {proxy.url.scheme} cannot be used. {allowed}")
    return proxy

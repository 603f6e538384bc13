"""The proxy on the way to a server: the one that is named, or the environment's; none for loopback."""

import re
import string
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from engine_contract.http.net import DEFAULT_PORTS, is_loopback

_LAST_PORT = 65_535
_ALLOWED = "Allowed are URLs such as http://proxy.example:3128, with http or https."
_NAME = frozenset(string.ascii_letters + string.digits + "-_.")
_MAX_LABEL = 63
"""Characters between two dots of a name (RFC 1035)."""
_ENTRY = re.compile(r"\[([^]]*)\](?::(\d+))?|([^:]*)(?::(\d+))?").fullmatch


def proxy_for(base: str, named: str | None = None, option: str = "--proxy") -> httpx.Proxy | None:
    """Return the proxy to the server at `base`. Raise ValueError for one that cannot be used, with its place."""
    if named:
        return _proxy(named, option)
    url = urlsplit(base)
    host = url.hostname or ""
    proxies = getproxies()
    if is_loopback(host) or _is_exempt(url, proxies.get("no", "")) or proxy_bypass(host):
        return None
    found = proxies.get(url.scheme) or proxies.get("all")
    return _proxy(found, f"{url.scheme}_proxy or all_proxy in the environment") if found else None


def _is_exempt(url: SplitResult, exempt: str) -> bool:
    """Return whether `NO_PROXY` names a host: by name, end of a name, address or network, with a port or without."""
    host, port = (url.hostname or "").rstrip("."), url.port or DEFAULT_PORTS.get(url.scheme)
    for entry in re.split(r"[\s,]+", exempt.lower()):
        if entry == "*" or (entry and _is_in_network(host, entry)):
            return True
        match = _ENTRY(entry)
        if not entry or match is None:
            continue
        name, only = (match[1] or match[3] or "").removeprefix("*").strip("."), match[2] or match[4]
        is_named = _is_in_network(host, name) or host == name or host.endswith(f".{name}")
        if name and is_named and only in {None, str(port)}:
            return True
    return False


def _is_in_network(host: str, entry: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


def _proxy(address: str, place: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        host, port = proxy.url.raw_host.decode(), proxy.url.port
    except (ValueError, httpx.InvalidURL) as error:
        why = str(error)
        if "@" in address:  # what is quoted may be a part of the password
            why = "it cannot be parsed; in a user and a password, write / as %2F, : as %3A and @ as %40"
        raise ValueError(f"{place}: is not the URL of a proxy: {why}. {_ALLOWED}") from None
    if proxy.url.scheme not in {"http", "https"}:
        raise ValueError(f"{place}: a proxy that speaks {proxy.url.scheme} cannot be used. {_ALLOWED}")
    if host in {"", "http", "https"}:  # as in http:/proxy.example
        raise ValueError(f"{place}: is not the URL of a proxy: it names no host. {_ALLOWED}")
    if not _is_host(host):
        raise ValueError(f"{place}: is not the URL of a proxy: {host[:80]} is not the name of a host. {_ALLOWED}")
    if port is not None and not 0 < port <= _LAST_PORT:
        raise ValueError(f"{place}: the port {port} is not from 1 to {_LAST_PORT}. {_ALLOWED}")
    return proxy


def _is_host(host: str) -> bool:
    """Return whether a host may be the name or the address of one."""
    if ":" in host:
        return True  # an IPv6 address, which was parsed
    labels = host.removesuffix(".").split(".")
    return _NAME.issuperset(host) and all(0 < len(label) <= _MAX_LABEL for label in labels)

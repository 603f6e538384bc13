"""The proxy on the way to a server: the one that is named, or the environment's; none for loopback."""

import re
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from engine_contract.http.net import is_loopback

_PORTS = {"http": 80, "https": 443}
_ALLOWED = "Allowed are URLs such as http://proxy.example:3128, with http or https."
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
    host, port = (url.hostname or "").rstrip("."), url.port or _PORTS.get(url.scheme)
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
    except (ValueError, httpx.InvalidURL) as error:
        raise ValueError(f"{place}: is not the URL of a proxy: {error}. {_ALLOWED}") from error
    if proxy.url.scheme not in {"http", "https"}:
        raise ValueError(f"{place}: a proxy that speaks {proxy.url.scheme} cannot be used. {_ALLOWED}")
    if not proxy.url.host:
        raise ValueError(f"{place}: is not the URL of a proxy: it names no host. {_ALLOWED}")
    return proxy

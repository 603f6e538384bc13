"""Addresses to listen on: a bound socket, its URL, and whether a host means this machine."""

import socket
import sys
from ipaddress import IPv6Address, ip_address

BACKLOG = 2048


def bind(host: str, port: int, *, is_one_of_many: bool = False) -> socket.socket:
    """Return a socket bound to the address; port 0 takes a free one.

    It listens, unless it is one of many that share the port (where the system has that): the system distributes
    connections among those that listen. Raise ValueError for an unknown host, and OSError for an address that cannot be
    listened on; each message is the end of a sentence that begins with the option.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:
        raise ValueError(f"{host}: {getattr(error, 'strerror', None) or error}.") from None
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_one_of_many:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        if not is_one_of_many:
            bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        reason = (error.strerror or str(error)).lower()
        raise OSError(f"{port}: cannot listen on {host}:{port}: {reason}.") from None
    return bound


def url_of(host: str, bound: socket.socket, scheme: str = "http") -> str:
    """Return the address of a bound socket as a user types it."""
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{shown}:{bound.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine."""
    host = host.removeprefix("[").removesuffix("]").removesuffix(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback

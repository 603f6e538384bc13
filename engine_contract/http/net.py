"""Addresses to listen on: bound sockets, their URL, and whether a host means this machine."""

import errno
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any

BACKLOG = 2048
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
"""By the scheme of a URL that names none."""
_FREE_PORTS_TRIED = 20
_ABSENT = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
"""Errors for an address that this machine does not have, such as one of IPv6."""


def bind(host: str, port: int, *, is_one_of_many: bool = False) -> list[socket.socket]:
    """Return a socket for each address that the host's name has, bound to one port; port 0 takes a free one.

    A browser may take any of the addresses of a name, such as `localhost`. The sockets listen, unless they are of many
    that share the port (where the system has that): the system distributes connections among those that listen.
    Raise ValueError for an unknown host, and OSError for an address that cannot be listened on; each message is the
    end of a sentence that begins with the option.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:
        raise ValueError(f"{host}: {getattr(error, 'strerror', None) or error}.") from None
    # IPv4 first: it is what most callers try first.
    addresses = sorted(dict.fromkeys((info[0], info[4]) for info in found), key=lambda each: each[0] != socket.AF_INET)
    for left in reversed(range(_FREE_PORTS_TRIED)):
        try:
            return _bind_all(host, port, addresses, is_one_of_many=is_one_of_many)
        except OSError:
            if port != 0 or not left:
                raise
    raise AssertionError


def _bind_all(
    host: str, port: int, addresses: Sequence[tuple[int, tuple[Any, ...]]], *, is_one_of_many: bool
) -> list[socket.socket]:
    """Bind all addresses to one port, the free one that the first takes where it is 0."""
    bound: list[socket.socket] = []
    try:
        for family, address in addresses:
            with suppress(_AbsentError):
                bound.append(
                    _bind(host, port, family, address, is_one_of_many=is_one_of_many, is_alone=len(addresses) == 1)
                )
                port = bound[0].getsockname()[1]
    except OSError:
        for each in bound:
            each.close()
        raise
    if not bound:
        raise OSError(f"{port}: cannot listen on {host}:{port}: this machine does not have that address.")
    return bound


class _AbsentError(Exception):
    """This machine does not have the address."""


def _bind(  # noqa: PLR0913 - by name
    host: str, port: int, family: int, address: tuple[Any, ...], *, is_one_of_many: bool, is_alone: bool
) -> socket.socket:
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _AbsentError from error
    address = (address[0], port, *address[2:])
    try:
        if family == socket.AF_INET6 and not is_alone:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if sys.platform != "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_one_of_many:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        if not is_one_of_many:
            bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno in _ABSENT and not is_alone:
            raise _AbsentError from error
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

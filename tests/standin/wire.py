"""The bytes of a reply."""

from email.utils import formatdate
from http import HTTPStatus

from .reply import Reply

BODILESS = (204, 304)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _chunks(body: bytes, size: int, *, endless: bool) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return sent if endless else sent + b"0\r\n\r\n"


def wire(reply: Reply, *, head_only: bool, keep_alive: str | None) -> bytes:
    """The bytes to send for a reply.

    `head_only` leaves out the body; `keep_alive` is the value of the
    Connection header, if it needs one.
    """
    headers = [("Date", formatdate(usegmt=True)), *reply.headers]
    body = reply.body
    if reply.content_type is not None and reply.status not in BODILESS:
        headers.append(("Content-Type", reply.content_type))
    if reply.status in BODILESS:
        body = b""
    elif reply.chunk:
        headers.append(("Transfer-Encoding", "chunked"))
        body = _chunks(body, reply.chunk, endless=reply.endless)
    elif not reply.unsized:
        length = len(body) if reply.announce is None else reply.announce
        headers.append(("Content-Length", str(length)))
    if keep_alive is not None:
        headers.append(("Connection", keep_alive))
    if reply.lower_case:
        headers = [(name.lower(), value) for name, value in headers]
    lines = [f"HTTP/1.1 {reply.status} {_reason(reply.status)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if reply.raw is not None:
        head = reply.raw
    if reply.interim:
        head = b"HTTP/1.1 100 Continue\r\n\r\n" + head
    if reply.cut is not None:
        body = body[: reply.cut]
    return head if head_only else head + body

"""Content encodings are undone, within bounds, and what is not one is left."""

import gzip
import time
import zlib

import pytest

from engine_contract.http.content_encoding import decode_content, is_encoded

TEXT = b'{"_id": "x"}' * 1000
HALF = len(TEXT) // 2
MEMBERS = gzip.compress(TEXT[:HALF], mtime=0) + gzip.compress(TEXT[HALF:], mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (MEMBERS, "gzip"),
        (MEMBERS, " X-GZIP "),
        (gzip.compress(b"", mtime=0) + MEMBERS + gzip.compress(b"", mtime=0), "gzip"),
        (MEMBERS + b"\0" * 512, "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (zlib.compress(TEXT)[2:-4], "deflate"),
        (gzip.compress(zlib.compress(TEXT), mtime=0), "deflate, gzip"),
        (TEXT, ""),
        (TEXT, " , "),
        (TEXT, "identity"),
        (TEXT, "UTF-8"),
        (TEXT, "none"),
        (TEXT, "utf-8, identity"),
        (gzip.compress(TEXT, mtime=0), "utf-8, gzip"),
    ],
)
def test_decode_content_returns_the_text(body: bytes, encoding: str) -> None:
    """All members of gzip are read (RFC 1952, section 2.2), and a name that is not a coding changes nothing."""
    assert decode_content(body, encoding) == (TEXT, None)


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (MEMBERS[:-9], "gzip", "its gzip content ends before it is complete"),
        (gzip.compress(TEXT, mtime=0) + MEMBERS[:5], "gzip", "its gzip content ends before it is complete"),
        (TEXT, "gzip", "its content encoding gzip is broken"),
        (TEXT, "br", "its content encoding br was not asked for"),
        (gzip.compress(TEXT, mtime=0) + b"\x1f\x8bnonsense", "gzip", "its content encoding gzip is broken"),
    ],
)
def test_decode_content_says_what_cannot_be_read(body: bytes, encoding: str, says: str) -> None:
    """A body that is not what its encoding says has a flaw."""
    assert (decode_content(body, encoding)[1] or "").startswith(says)


def test_decode_content_of_many_members_is_linear() -> None:
    """Thousands of small members take time that grows with their number, not with its square."""
    member = gzip.compress(b"x", mtime=0)

    def seconds(count: int) -> float:
        body, started = member * count, time.process_time()
        assert decode_content(body, "gzip") == (b"x" * count, None)
        return time.process_time() - started

    assert seconds(20_000) < 6 * max(seconds(5_000), 0.02)


@pytest.mark.parametrize(("encoding", "expected"), [("gzip", True), ("br", True), ("none", False), ("", False)])
def test_is_encoded_knows_codings(encoding: str, *, expected: bool) -> None:
    """A coding is a registered one."""
    assert is_encoded(encoding) == expected

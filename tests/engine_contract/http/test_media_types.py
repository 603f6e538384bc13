"""What a content type says."""

import time

import pytest

from engine_contract.http.media_types import codec_of, read_content_type, with_charset


@pytest.mark.parametrize(
    ("header", "media", "charset"),
    [
        ("application/json", "application/json", None),
        ("Application/JSON;Charset=UTF-8", "application/json", "utf-8"),
        ('text/html ; charset = "ISO-8859-1" ; x=y', "text/html", "iso-8859-1"),
        ("text/html; charset='utf-8'", "text/html", "utf-8"),
        ('text/html; x="a;charset=utf-16"; charset=utf-8', "text/html", "utf-8"),
        ('text/html; x="a\\";charset=utf-16"; charset=utf-8', "text/html", "utf-8"),
        ('text/html; x="open; charset=utf-8', "text/html", "utf-8"),
        ("text/html; charset=utf-8; charset=utf-16", "text/html", "utf-8"),
        ("text/html; charset; xcharset=a", "text/html", None),
        ("text/html; charset=", "text/html", ""),
        ("text/html; charset=a\0b", "text/html", "unknown"),
        ("", "", None),
    ],
)
def test_read_content_type_media_and_charset(header: str, media: str, charset: str | None) -> None:
    """Both are in small letters, without quotation marks; the first charset counts; text and bytes read alike."""
    assert read_content_type(header) == read_content_type(header.encode()) == (media, charset)


@pytest.mark.parametrize(
    ("media", "is_json"),
    [
        *((media, True) for media in ("application/json", "text/json; a=b", "APPLICATION/problem+JSON")),
        *((media, False) for media in ("text/html", "application/jsonp", "text/x+json", "json", "")),
    ],
)
def test_is_json_by_media_type(media: str, is_json: bool) -> None:  # noqa: FBT001 - parametrized
    """JSON is known by the media type alone."""
    assert read_content_type(media).is_json is is_json


def test_with_charset_changes_nothing_else() -> None:
    """The charset is replaced where there is one."""
    assert with_charset('text/x; a="b;c"; Charset="ISO-8859-1"; d=e', "utf-8") == 'text/x; a="b;c"; charset=utf-8; d=e'
    assert with_charset("text/x; a=b", "utf-8") == "text/x; a=b"


@pytest.mark.parametrize("part", [";", ';a="', ';a="\\', "charset", "; charset", '="', "; \t", ';charset="x'])
def test_read_content_type_of_any_length_in_linear_time(part: str) -> None:
    """A header of a megabyte takes no longer than its beginning."""
    started = time.process_time()
    read_content_type(part * (1_000_000 // len(part)))
    with_charset(part * (1_000_000 // len(part)), "utf-8")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        *(("utf-8", "utf-8"), ("UTF8", "utf-8"), ("latin1", "iso8859-1"), ("iso-8859-1", "iso8859-1")),
        *(("us-ascii", "ascii"), ("windows-1252", "cp1252"), ("utf-16le", "utf-16-le"), ("shift_jis", "shift_jis")),
        *((name, None) for name in ("punycode", "idna", "unicode_escape", "utf-7", "rot13", "zlib", "hex", "cp037")),
        *((name, None) for name in ("", "bogus", "ü", "..", "x" * 5000)),
    ],
)
def test_codec_of_names_the_webs_encodings_alone(charset: str, codec: str | None) -> None:
    """An encoding that no client of the web reads is unknown, as is a name of none."""
    assert codec_of(charset) == codec

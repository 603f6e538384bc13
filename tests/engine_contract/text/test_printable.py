"""Text from an engine is fit to be shown."""

from engine_contract.text.printable import (
    clock,
    duration,
    moment,
    one_line,
    plural,
    shorten,
    timestamp,
    visible,
    without_user_info,
)


def test_all_that_cannot_be_seen_is_written_out() -> None:
    """Of the basic plane, surrogates included, only printable ones, line breaks and tabs pass."""
    everything = "".join(map(chr, range(0x10000)))
    assert all(c in "\n\t" or c.isprintable() for c in visible(everything))


def test_what_is_written_out_can_be_read() -> None:
    """A control character, half a surrogate pair and a mark of direction keep their names."""
    assert visible("a\x1b[1m\ud800\u202e\r\nb\rc\td") == "a\\x1b[1m\\ud800\\u202e\nb\\rc\td"
    assert visible("a\u202eb\x00\ud800\n\té") == "a\\u202eb\\x00\\ud800\n\té"


def test_long_text_says_how_long_it_was() -> None:
    """A cut text ends with its whole length, a short one stays as it is."""
    assert shorten("x" * 2000, 3) == "xxx… (cut, 2,000 characters)"
    assert shorten("xxx", 3) == "xxx"


def test_one_line_and_plural() -> None:
    """Line breaks become spaces; nouns agree with their numbers."""
    assert one_line(" a\n\n b\tc ") == "a b c"
    assert [plural(number, "job") for number in (0, 1, 1200)] == ["0 jobs", "1 job", "1,200 jobs"]


def test_times() -> None:
    """Times and durations for people; nothing for what is none."""
    assert moment(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    assert [moment(value) for value in (None, True, "x", -1, 1e300, float("nan"))] == [""] * 6
    assert [duration(value) for value in (0.12, 7, 1500, 65_000, 7_260_000, None, -1, float("inf"))] == [
        "0.12 ms",
        "7 ms",
        "1.5 s",
        "1 min 5 s",
        "2 h 1 min",
        "",
        "",
        "",
    ]


def test_a_timestamp_is_that_of_its_milliseconds() -> None:
    """Seconds since 1970, to the millisecond, in UTC."""
    assert timestamp(1_767_225_600.5) == "2026-01-01T00:00:00.500Z"
    assert clock(1_767_225_600_500) == "00:00:00.500"


def test_url_loses_its_user_and_its_password_whole() -> None:
    """All to the last @ goes: a password that is not escaped may have an @, a slash or a blank in it."""
    for mistyped in ("me", "me:s3cret", "me:p@ss", "me:p/ss", "me:p ss", ":@"):
        assert without_user_info(f"http://{mistyped}@host:1/a") == "http://…@host:1/a"
    assert [without_user_info(url) for url in ("http://host/a", "a@b", "")] == ["http://host/a", "a@b", ""]

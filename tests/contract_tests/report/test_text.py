"""Text from an engine is fit to be shown."""

from contract_tests.report.text import one_line, plural, shorten, visible


def test_all_that_cannot_be_seen_is_written_out() -> None:
    """Of the basic plane, surrogates included, only printable ones, line breaks and tabs pass."""
    everything = "".join(map(chr, range(0x10000)))
    assert all(c in "\n\t" or c.isprintable() for c in visible(everything))


def test_what_is_written_out_can_be_read() -> None:
    """A control character, half a surrogate pair and a mark of direction keep their names."""
    assert visible("a\x1b[1m\ud800\u202e\r\nb\rc\td") == "a\\x1b[1m\\ud800\\u202e\nb\\rc\td"


def test_long_text_says_how_long_it_was() -> None:
    """A cut text ends with its whole length, a short one stays as it is."""
    assert shorten("x" * 2000, 3) == "xxx… (cut, 2,000 characters)"
    assert shorten("xxx", 3) == "xxx"


def test_one_line_and_plural() -> None:
    """Line breaks become spaces; nouns agree with their numbers."""
    assert one_line(" a\n\n b\tc ") == "a b c"
    assert [plural(number, "job") for number in (0, 1, 1200)] == ["0 jobs", "1 job", "1,200 jobs"]

"""Text from an engine, made fit to be shown: nothing invisible, nothing that steers a terminal or breaks XML."""


def visible(text: str) -> str:
    r"""The text with what cannot be seen written out, such as `\x1b`; only line breaks and tabs stay.

    What is left is printable: no control characters, no lone surrogates, no marks that turn the
    direction of writing, nothing that XML forbids.
    """
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str, limit: int) -> str:
    """The first `limit` characters, and how many there were if that is not all."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… (cut, {len(text):,} characters)"


def one_line(text: str) -> str:
    """The text on one line, runs of white space as one space."""
    return " ".join(text.split())


def plural(count: int, noun: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

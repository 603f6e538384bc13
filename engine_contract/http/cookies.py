"""The cookies that a request carries."""

from urllib.parse import unquote


def read_cookies(*headers: str) -> dict[str, str]:
    """Return the cookies of all `Cookie` headers of a request, the first of a name.

    They are percent-decoded, as clients encode tokens in them.
    """
    cookies: dict[str, str] = {}
    for header in headers:
        for pair in header.split(";"):
            name, equals, value = pair.partition("=")
            if equals and name.strip():
                cookies.setdefault(name.strip(), unquote(value.strip().strip('"')))
    return cookies

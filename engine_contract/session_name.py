"""The names that sessions may have: the mock reads them from requests, the console from the address of a page."""

import re

PATTERN = r"[A-Za-z0-9_.:@\-]{1,100}"
"""As a regular expression of Python and of HTML forms."""

ALLOWED = "1 to 100 letters, digits and . _ : @ -"

is_session_name = re.compile(PATTERN).fullmatch

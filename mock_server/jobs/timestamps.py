"""Times as the documents write them."""

from datetime import date
from functools import lru_cache

_EPOCH = date(1970, 1, 1).toordinal()
_MINUTES = [b"T%02d:%02d:" % divmod(minute, 60) for minute in range(24 * 60)]
_SECONDS = [b"%02d." % second for second in range(60)]
_MILLISECONDS = [b"%03dZ" % millisecond for millisecond in range(1000)]


def rfc3339(milliseconds: int) -> bytes:
    """Write epoch milliseconds as the page does: `2018-08-02T15:56:12.912Z`. Years 1 to 9999."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    days, minutes = divmod(minutes, 1440)
    return _day(days) + _MINUTES[minutes] + _SECONDS[seconds] + _MILLISECONDS[milliseconds]


@lru_cache(maxsize=1024)
def _day(days: int) -> bytes:
    return date.fromordinal(_EPOCH + days).isoformat().encode()

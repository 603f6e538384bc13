"""Times as the documents write them."""

from datetime import UTC, date, datetime
from functools import lru_cache

YEARS = range(100, 9900)
"""Years in which a clock may stand: a job is up to ten years older, and Python knows the years 1 to 9999."""

_EPOCH = date(1970, 1, 1).toordinal()

END_MS = (date(YEARS.stop, 1, 1).toordinal() - _EPOCH) * 86_400_000
"""When those years end, in epoch milliseconds."""

_MINUTES = [b"T%02d:%02d:" % divmod(minute, 60) for minute in range(24 * 60)]
_SECONDS = [b"%02d." % second for second in range(60)]
_MILLISECONDS = [b"%03dZ" % millisecond for millisecond in range(1000)]


def rfc3339(milliseconds: int) -> bytes:
    """Write epoch milliseconds as the page does: `2018-08-02T15:56:12.912Z`. Years 1 to 9999."""
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    days, minutes = divmod(minutes, 1440)
    return _day(days) + _MINUTES[minutes] + _SECONDS[seconds] + _MILLISECONDS[milliseconds]


def read_rfc3339(text: str) -> int:
    """Return the epoch milliseconds of a time as RFC 3339 writes it. Raise ValueError for another text."""
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - it has no zone, as a time that cannot be used
    if moment.tzinfo is None or len(text) < len("2018-08-02T15:56:12Z"):
        raise ValueError(f"{text!r:.80}: must be a time with its zone, such as 2018-08-02T15:56:12Z.")
    if moment.year not in YEARS:
        raise ValueError(f"{text!r:.80}: must be in the years {YEARS.start} to {YEARS.stop - 1}.")
    return round(moment.astimezone(UTC).timestamp() * 1000)


@lru_cache(maxsize=1024)
def _day(days: int) -> bytes:
    return date.fromordinal(_EPOCH + days).isoformat().encode()

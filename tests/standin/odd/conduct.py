"""Variations of conduct: throttling, other ids, another base path."""

import secrets
import time
import uuid
from email.utils import formatdate
from itertools import count

from tests.standin.engine import ROUTE, Engine
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

variation = Listing()


def _busy(status: int, retry_after: str | None = None) -> Reply:
    headers = () if retry_after is None else (("Retry-After", retry_after),)
    return Reply(status, b'{"error": "busy"}', headers=headers)


class _NowAndThen(Engine):
    """Base of the engines that turn every so many-th request away."""

    every = 5

    def answer(self, request: Request) -> Reply:
        """Turn away, with no effect."""
        asked: count[int] = self.__dict__.setdefault("asked", count(1))
        if next(asked) % self.every == 0:
            return self.away()
        return super().answer(request)

    def away(self) -> Reply:
        """The reply to a request turned away."""
        return _busy(429, "1")


variation.put(
    "throttled",
    "Every fifth request gets 429 with Retry-After: 1 and has no effect.",
    _NowAndThen,
)


@variation("throttled-by-date", "Every fifth request gets 429 and a Retry-After date.")
class ByDate(_NowAndThen):
    """Gives the moment of the next try."""

    def away(self) -> Reply:
        """A date one second ahead."""
        return _busy(429, formatdate(time.time() + 1, usegmt=True))


@variation("unavailable", "Every seventh request gets 503 and has no effect.")
class Unavailable(_NowAndThen):
    """Gives no time for the next try."""

    every = 7

    def away(self) -> Reply:
        """503 without Retry-After."""
        return _busy(503)


@variation("rate-limited", "More than 30 requests in a second get 429, Retry-After: 1.")
class RateLimited(Engine):
    """Counts the requests of each second."""

    most = 30

    def answer(self, request: Request) -> Reply:
        """Turn away what is too much."""
        seconds: dict[int, count[int]] = self.__dict__.setdefault("seconds", {})
        asked = seconds.setdefault(int(time.monotonic()), count(1))
        if next(asked) > self.most:
            return _busy(429, "1")
        return super().answer(request)


@variation("lockout", "After an unknown token its caller gets 429 for 1 second.")
class Lockout(Engine):
    """Locks out addresses; requests without any credential do not count."""

    seconds = 1.0

    def answer(self, request: Request) -> Reply:
        """Turn away those locked out."""
        until: dict[str, float] = self.__dict__.setdefault("until", {})
        address = request.peer[0]
        if time.monotonic() < until.get(address, 0.0):
            return _busy(429, "1")
        given = request.header("Authorization") is not None
        if given and self.true_role(request) is None:
            until[address] = time.monotonic() + self.seconds
        return super().answer(request)


@variation("number-ids", "Job ids are strings of 10 decimal digits.")
class NumberIds(Engine):
    """Ids that look like numbers."""

    def new_id(self) -> str:
        """Digits; the first may be 0."""
        return f"{secrets.randbelow(10**10):010d}"


@variation("exponent-ids", "Job ids look like numbers with an exponent: 12345e678901.")
class ExponentIds(Engine):
    """Ids that some languages take for numbers."""

    def new_id(self) -> str:
        """Digits with an e."""
        return f"{secrets.randbelow(10**5):05d}e{secrets.randbelow(10**6):06d}"


@variation("uuid-ids", "Job ids are UUIDs with dashes.")
class UuidIds(Engine):
    """UUIDs."""

    def new_id(self) -> str:
        """A random UUID."""
        return str(uuid.uuid4())


@variation("short-ids", "Job ids have 6 characters.")
class ShortIds(Engine):
    """Six hex digits."""

    def new_id(self) -> str:
        """Six hex digits."""
        return secrets.token_hex(3)


@variation("long-ids", "Job ids have 200 characters of Base64.")
class LongIds(Engine):
    """Long ids with upper case letters, - and _."""

    def new_id(self) -> str:
        """150 random bytes."""
        return secrets.token_urlsafe(150)


@variation("any-case-ids", "Ids are taken in upper case as well.")
class AnyCaseIds(Engine):
    """Compares ids without regard to case."""

    def job_id(self, request: Request) -> str | None:
        """The id in lower case."""
        found = super().job_id(request)
        return found and found.lower()


@variation("trimmed-ids", "Blanks around an id do not count.")
class TrimmedIds(Engine):
    """Takes blanks off ids."""

    def job_id(self, request: Request) -> str | None:
        """The id without blanks."""
        found = super().job_id(request)
        return found and found.strip()


@variation("base-path", "The route is below /api/v1.")
class BasePath(Engine):
    """A base path."""

    prefix = "/api/v1"


@variation("slash-too", "The route works with a trailing slash as well.")
class SlashToo(Engine):
    """Two forms of the route."""

    routes = (ROUTE, ROUTE + "/")


@variation("json-type-needed", "A body without a JSON content type gets 415.")
class JsonNeeded(Engine):
    """Reads the request's content type."""

    def answer(self, request: Request) -> Reply:
        """Refuse other types."""
        kind = (request.header("Content-Type") or "").partition(";")[0].strip()
        ours = self.is_route(request) and request.method in self.methods
        if ours and kind.lower() != "application/json":
            return Reply(415, Refusal.PARAMETER.value.encode(), "text/plain")
        return super().answer(request)

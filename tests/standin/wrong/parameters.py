# ruff: noqa: ARG005 - a step has the same arguments in every engine
"""Faults of the parameters: what is taken for a job_id."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.standin.engine import Engine
from tests.standin.jobs import Outcome
from tests.standin.refusal import Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

fault = Listing("parameters")
MISSING = object()


def _value(request: Request) -> Any:
    return request.parameters().get("job_id", MISSING)


def _taken(test: Callable[[Any], bool]) -> type[Engine]:
    """An engine that takes a bad job_id, and cancels the oldest job for it."""

    class Taken(Engine):
        def job_id(self, request: Request) -> str | None:
            value = _value(request)
            return self.jobs.oldest() if test(value) else super().job_id(request)

    return Taken


for _name, _says, _test in (
    ("missing", "Without job_id", lambda v: v is MISSING),
    ("null", "With null as job_id", lambda v: v is None),
    ("empty", "With an empty job_id", lambda v: v == ""),
    ("blank", "With a job_id of blanks", lambda v: isinstance(v, str) and v.isspace()),
    (
        "number",
        "With a number as job_id",
        lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    ),
    ("boolean", "With true or false as job_id", lambda v: isinstance(v, bool)),
    (
        "query-object",
        'With an object such as {"$ne": null} as job_id',
        lambda v: isinstance(v, dict),
    ),
    (
        "wildcard",
        "With * or .* or % as job_id",
        lambda v: v in ("*", ".*", "%"),
    ),
):
    fault.put(f"{_name}-accepted", f"{_says} the oldest active job is canceled.", _taken(_test))


def _from(find: Callable[[Request], Any]) -> type[Engine]:
    """An engine that finds the id elsewhere when job_id is bad."""

    class From(Engine):
        def job_id(self, request: Request) -> str | None:
            value = super().job_id(request) or find(request)
            return value if isinstance(value, str) and value else None

    return From


def _one_of(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _aliased(request: Request) -> Any:
    given = request.parameters()
    names = ("id", "_id", "jobId", "jobID", "JOB_ID", "job")
    return next((given[name] for name in names if name in given), None)


def _nested(request: Request) -> Any:
    inside = (v for v in request.parameters().values() if isinstance(v, dict))
    return next((v["job_id"] for v in inside if "job_id" in v), None)


def _in_text(request: Request) -> str | None:
    found = re.search(rb"\b[0-9a-f]{24}\b", request.body)
    return found.group().decode() if found and request.json() is None else None


def _in_array(request: Request) -> Any:
    first = _one_of(request.json())
    return first.get("job_id") if isinstance(first, dict) else None


for _name, _says, _find in (
    ("array-accepted", "An array with the id in it is accepted as job_id.",
     lambda r: _one_of(_value(r))),
    ("alias-accepted", "The id is accepted as id, _id, jobId, jobID, JOB_ID or job.",
     _aliased),
    ("nested-accepted", "The id is accepted in an object inside the body.", _nested),
    ("bare-string-accepted", "A JSON string is accepted as the whole body.",
     lambda r: r.json()),
    ("body-array-accepted", "A body with the parameters in an array is accepted.",
     _in_array),
    ("invalid-json-accepted", "A body that is not JSON is accepted if an id is in it.",
     _in_text),
    ("query-accepted", "The id is accepted in the query, with no job_id in the body.",
     lambda r: r.in_query("job_id")),
):  # fmt: skip
    fault.put(_name, _says, _from(_find))


@fault("query-wins", "An id in the query is preferred to the job_id of the body.")
class QueryWins(Engine):
    """Merges the query over the body."""

    def job_id(self, request: Request) -> str | None:
        """The query first, if the body has an id too."""
        found = super().job_id(request)
        return found and (request.in_query("job_id") or found)


def _matched(match: Callable[[str, str], bool]) -> type[Engine]:
    """An engine that takes an unknown id for a job that it resembles."""

    class Matched(Engine):
        def job_id(self, request: Request) -> str | None:
            given = super().job_id(request)
            if given is None or self.jobs.state(given) is not None:
                return given
            return next((i for i in self.jobs.all() if match(given, i)), given)

    return Matched


for _name, _says, _match in (
    ("prefix-matches", "The first 4 or more characters of an id are enough.",
     lambda given, i: len(given) > 3 and i.startswith(given)),
    ("suffix-matches", "The last 4 or more characters of an id are enough.",
     lambda given, i: len(given) > 3 and i.endswith(given)),
    ("longer-matches", "An id with more characters after it is accepted.",
     lambda given, i: given.startswith(i)),
    ("last-character-ignored", "The last character of an id does not matter.",
     lambda given, i: len(given) == len(i) and given[:-1] == i[:-1]),
    ("first-character-ignored", "The first character of an id does not matter.",
     lambda given, i: len(given) == len(i) and given[1:] == i[1:]),
    ("reversed-matches", "An id is accepted in reverse.",
     lambda given, i: given[::-1] == i),
):  # fmt: skip
    fault.put(_name, _says, _matched(_match))


@fault("list-in-string", "A job_id of two ids with a comma cancels both jobs.")
class ListInString(Engine):
    """Splits the parameter."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Cancel each; the outcome of the last."""
        return [super(ListInString, self).cancel(i, role) for i in job_id.split(",")][-1]


@fault("bad-parameter-200", "A missing or bad job_id is answered with 200 and {}.")
class BadParameter200(Engine):
    """Is content with any parameters."""

    def refuse(self, why: Refusal, request: Request) -> Reply:
        """Success for bad parameters."""
        if why is Refusal.PARAMETER:
            return Reply(200, json.dumps({}).encode())
        return super().refuse(why, request)


@fault("example-id-accepted", "The job ID of the documentation's example always works.")
class ExampleId(Engine):
    """Has the example built in."""

    def cancel(self, job_id: str, role: str) -> Outcome:
        """Always success for the example."""
        if job_id == "4321abcdef694aa79dae47ad":
            return Outcome.CANCELED
        return super().cancel(job_id, role)


def _refused(test: Callable[[Request, str], bool]) -> type[Engine]:
    """An engine that refuses some good parameters."""

    class Refused(Engine):
        def job_id(self, request: Request) -> str | None:
            found = super().job_id(request)
            return None if found and test(request, found) else found

    return Refused


for _name, _says, _bad in (
    ("digit-first-refused", "A good id that begins with a digit is refused.",
     lambda r, i: i[0].isdigit()),
    ("letter-first-refused", "A good id that begins with a letter is refused.",
     lambda r, i: i[0].isalpha()),
    ("odd-id-refused", "A good id that ends with an odd hex digit is refused.",
     lambda r, i: i[-1] in "13579bdf"),
    ("pretty-body-refused", "A body with line breaks in it is refused.",
     lambda r, i: b"\n" in r.body),
):  # fmt: skip
    fault.put(_name, _says, _refused(_bad))

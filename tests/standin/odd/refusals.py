# ruff: noqa: ARG005 - a step has the same arguments in every engine
"""Variations of refusals: the page does not say what they look like."""

from collections.abc import Callable
from dataclasses import replace

from tests.standin.engine import Engine
from tests.standin.jobs import State
from tests.standin.refusal import STATUSES, Refusal
from tests.standin.reply import Reply
from tests.standin.request import Request

from .listing import Listing

variation = Listing()


def _statuses(new: dict[Refusal, int]) -> type[Engine]:
    return type("Statuses", (Engine,), {"statuses": {**STATUSES, **new}})


def _refused(new: Callable[[Reply, Refusal], Reply]) -> type[Engine]:
    """An engine that refuses in another form."""

    class Refused(Engine):
        def refuse(self, why: Refusal, request: Request) -> Reply:
            return new(super().refuse(why, request), why)

    return Refused


for _name, _says, _new in (
    ("refusals-all-400", "Every refusal has status 400.",
     dict.fromkeys(Refusal, 400)),
    ("refusals-all-404", "Every refusal has status 404.",
     dict.fromkeys(Refusal, 404)),
    ("refusals-all-500", "Every refusal has status 500.",
     dict.fromkeys(Refusal, 500)),
    ("bad-parameter-500", "A bad job_id gets 500.", {Refusal.PARAMETER: 500}),
    ("bad-parameter-422", "A bad job_id gets 422.", {Refusal.PARAMETER: 422}),
    ("bad-parameter-404", "A bad job_id gets 404.", {Refusal.PARAMETER: 404}),
    ("role-refused-401", "A refused role gets 401.", {Refusal.ROLE: 401}),
    ("role-refused-404", "A refused role gets 404.", {Refusal.ROLE: 404}),
    ("credential-403", "A missing or unknown credential gets 403.",
     {Refusal.CREDENTIAL: 403}),
    ("unknown-400-repeat-422", "An unknown job gets 400, one not active 422.",
     {Refusal.UNKNOWN: 400, Refusal.INACTIVE: 422}),
    ("unknown-500-repeat-500", "An unknown job gets 500, and so does one not active.",
     {Refusal.UNKNOWN: 500, Refusal.INACTIVE: 500}),
    ("repeat-404", "A job that is not active gets 404: it is no longer known.",
     {Refusal.INACTIVE: 404}),
    ("repeat-410", "A job that is not active gets 410.", {Refusal.INACTIVE: 410}),
    ("method-404", "Other methods get 404.", {Refusal.METHOD: 404}),
    ("method-501", "Other methods get 501.", {Refusal.METHOD: 501}),
):  # fmt: skip
    variation.put(_name, _says, _statuses(_new))


def _to_login(reply: Reply, why: Refusal) -> Reply:
    if why is not Refusal.CREDENTIAL:
        return reply
    return Reply(302, content_type=None, headers=(("Location", "/login"),))


def _page(reply: Reply, why: Refusal) -> Reply:
    page = f"<!DOCTYPE html><html><body><h1>{reply.status}</h1>{why.value}</body></html>"
    return replace(reply, body=page.encode(), content_type="text/html; charset=utf-8")


for _label, _text, _form in (
    ("login-redirect", "Without a known credential: 302 to a login page.", _to_login),
    ("refusal-text", "Refusals are plain text.",
     lambda r, w: replace(r, body=w.value.encode(), content_type="text/plain")),
    ("refusal-html", "Refusals are HTML pages.", _page),
    ("refusal-empty", "Refusals have no body and no content type.",
     lambda r, w: replace(r, body=b"", content_type=None)),
    ("refusal-empty-json", "Refusals have no body, but the content type of JSON.",
     lambda r, w: replace(r, body=b"")),
    ("refusal-null", "Refusals have the body null.",
     lambda r, w: replace(r, body=b"null")),
    ("refusal-string", "Refusals are a JSON string.",
     lambda r, w: replace(r, body=b'"refused"')),
    ("refusal-long", "Refusals are text of 300 kB.",
     lambda r, w: replace(r, body=b"at engine\n" * 30_000,
                          content_type="text/plain")),
    ("refusal-latin-1", "Refusals are text in Latin-1.",
     lambda r, w: replace(r, body=b"Zugriff verweigert f\xfcr diese Rolle",
                          content_type="text/plain; charset=iso-8859-1")),
    ("refusal-closes", "Refusals close the connection.",
     lambda r, w: replace(r, close=True)),
):  # fmt: skip
    variation.put(_label, _text, _refused(_form))


@variation("parameters-first", "A bad job_id gets 400 before credentials are checked.")
class ParametersFirst(Engine):
    """Checks in another order."""

    def answer(self, request: Request) -> Reply:
        """Parameters first."""
        ours = self.is_route(request) and request.method in self.methods
        if ours and self.job_id(request) is None:
            return self.refuse(Refusal.PARAMETER, request)
        return super().answer(request)


@variation("jobs-first", "Unknown jobs and those not active are told before the role.")
class JobsFirst(Engine):
    """Checks in another order."""

    def answer(self, request: Request) -> Reply:
        """Jobs first, for known callers."""
        job_id = self.job_id(request)
        ours = self.is_route(request) and request.method in self.methods
        if ours and job_id and self.role(request) is not None:
            state = self.jobs.state(job_id)
            if state is None:
                return self.refuse(Refusal.UNKNOWN, request)
            if state is not State.ACTIVE:
                return self.refuse(Refusal.INACTIVE, request)
        return super().answer(request)


@variation("credentials-first", "Callers without a credential get 401 on any route.")
class CredentialsFirst(Engine):
    """Checks in another order."""

    def answer(self, request: Request) -> Reply:
        """Credentials first."""
        if self.role(request) is None:
            return self.refuse(Refusal.CREDENTIAL, request)
        return super().answer(request)


@variation("extra-parameters-refused", "A body with other parameters than job_id gets 400.")
class Strict(Engine):
    """Takes job_id alone."""

    def job_id(self, request: Request) -> str | None:
        """None if there is more."""
        alone = set(request.parameters()) == {"job_id"}
        return super().job_id(request) if alone else None


@variation("odd-ids-400", "A job_id that is not 24 lowercase hex digits gets 400.")
class OddIds(Engine):
    """Checks the form of ids."""

    def job_id(self, request: Request) -> str | None:
        """None unless it has the form of an id."""
        found = super().job_id(request)
        good = found and len(found) == 24 and set(found) <= set("0123456789abcdef")
        return found if good else None

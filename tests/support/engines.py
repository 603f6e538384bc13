"""Checking the stand-in engines inside this process, as check-engine does, and what may be said of the runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from contract_tests.check import Checked, check
from contract_tests.config.auth import Auth
from contract_tests.config.options import EMBEDDED_READ_BACK, Connection, Settings
from contract_tests.config.sources import Source
from contract_tests.model import Report
from contract_tests.safety.supply import Supply
from engine_contract.contract import load_contract
from mock_server.serving.in_process import running_mock
from mock_server.settings import Settings as MockSettings
from tests import field_engine, standin
from tests.support import ROOT
from tests.support.at_hand import field_engine_at_hand, mock_at_hand, standin_at_hand

JOBS = 24  # a whole run needs no more
SETTLE_S = 0.2  # an engine in this process or on this machine knows at once what it did
EXPECTED = ROOT / "tests" / "contract_tests" / "expected"

# Variations of the field engine that take a token in one way only, or lie below a base path.
AUTH = {"token-cookie-only": "cookie:token", "token-query-only": "query:token", "token-basic-only": "basic"}
AUTH |= {"token-header": "header:X-Auth-Token"}
BASE = {"base-path": "/iap"}


@dataclass(frozen=True)
class ObservedExchange:
    """A run on an engine, and the engine's log: the ids and bodies it was sent, whoever owns the jobs."""

    checked: Checked
    bystanders: frozenset[str]
    """Jobs of somebody else, made before and after the supplied ones."""
    bodies: tuple[str, ...]
    """Query and body of each request that the engine read."""

    @property
    def report(self) -> Report:
        """Return the run's report."""
        return self.checked.report

    def outcome(self, rule_id: str) -> str:
        """Return a rule's outcome."""
        return next(result.outcome for result in self.report.rules if result.rule.id == rule_id)

    def broken(self) -> set[str]:
        """Return the rules that are broken."""
        return {result.rule.id for result in self.report.rules if result.outcome == "broken"}

    def warned(self) -> set[str]:
        """Return the assumed rules that are broken."""
        return {result.rule.id for result in self.report.rules if result.outcome == "warned"}

    def why(self) -> str:
        """Return the text for a failing assertion."""
        lines = [self.report.verdict, *self.report.notes]
        for result in self.report.rules:
            lines += [f"{result.outcome} {result.rule.id}: {finding.received}" for finding in result.findings[:2]]
            if result.outcome == "unchecked" and result.counts:
                lines.append(f"unchecked {result.rule.id}: {result.reason}")
        return "\n".join(lines)


def settings_for(url: str, *, auth: str = "bearer", roles: tuple[str, ...] | None = None, **changes: Any) -> Settings:
    """Return settings for an engine whose tokens are the names of the roles, and which does not lag."""
    names = roles if roles is not None else (*load_contract().roles, "apiread", "operator")
    tokens = {role: Source(f"{role}:secret" if auth == "basic" else role, f"--token {role}") for role in names}
    timeout = changes.pop("timeout", 3.0)
    defaults: dict[str, Any] = {"deadline": 110.0, "settle_s": SETTLE_S}
    return Settings(Connection(url, Auth.parse(auth), tokens, timeout=timeout), **(defaults | changes))


def check_standin(name: str | None, *, jobs: int = JOBS, at_hand: bool = False, **changes: Any) -> ObservedExchange:
    """Run the checks on the stand-in engine that was written from the page alone; `name` is a fault or a variation.

    `at_hand`, here and below: without a socket.
    """
    is_fault = name in standin.FAULTS
    serve = standin_at_hand if at_hand else standin.serve
    with serve(fault=name if is_fault else None, variation=None if is_fault else name) as engine:
        before = engine.make_jobs(1)
        job_ids = engine.make_jobs(jobs)
        after = engine.make_jobs(1)
        checked = check(settings_for(engine.url, **changes), lambda _: Supply(job_ids))
        bodies = tuple(f"{entry['query']} {entry['body']}" for entry in _entries(engine.requests))
    return ObservedExchange(checked, frozenset(before + after), bodies)


def check_field_engine(name: str, *, jobs: int = JOBS, at_hand: bool = False, **changes: Any) -> ObservedExchange:
    """Run the checks on the field engine, which imitates what public captures show; `name` is one of its versions."""
    serve = field_engine_at_hand if at_hand else field_engine.serve
    with serve(version=name) as engine:
        before = engine.make_jobs(1, owner="other")
        job_ids = engine.make_jobs(jobs)
        after = engine.make_jobs(1, owner="other")
        settings = settings_for(engine.url + BASE.get(name, ""), auth=AUTH.get(name, "bearer"), **changes)
        checked = check(settings, lambda _: Supply(job_ids))
        bodies = tuple(f"{entry['query']} {entry['body']}" for entry in _entries(engine.requests))
    return ObservedExchange(checked, frozenset(before + after), bodies)


def check_mock(name: str | None, *, at_hand: bool = False, **changes: Any) -> ObservedExchange:
    """Run the checks on the mock with a fault or a variation armed, as check-engine does without a URL."""
    armed = MockSettings(jobs=1, fault=name)
    with mock_at_hand(armed, JOBS) if at_hand else _served_mock(armed) as (url, job_ids):
        settings = settings_for(
            url, unsafe_probes=True, read_back=EMBEDDED_READ_BACK, settle_s=0.0, trust_tokens=True, **changes
        )
        return ObservedExchange(check(settings, lambda _: Supply(job_ids)), frozenset(), ())


@contextmanager
def _served_mock(settings: MockSettings) -> Iterator[tuple[str, list[str]]]:
    with running_mock(settings) as mock:
        yield mock.url, mock.add_jobs(JOBS)


@contextmanager
def standin_engine(name: str | None = None) -> Iterator[Any]:
    """Serve the stand-in engine while the context lasts."""
    is_fault = name in standin.FAULTS
    with standin.serve(fault=name if is_fault else None, variation=None if is_fault else name) as engine:
        yield engine


def _entries(requests: Any) -> list[dict[str, Any]]:
    return [entry if isinstance(entry, dict) else _as_dict(entry) for entry in requests]


def _as_dict(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ("method", "path", "query", "body", "role", "status")}


def expected(name: str) -> dict[str, str]:
    """Read the expected findings from `expected/NAME.txt`: fault → the rule it must be found under."""
    lines = (line.partition("#")[0].strip() for line in (EXPECTED / f"{name}.txt").read_text().splitlines())
    return {fault.strip(): rule.strip() for fault, _, rule in (line.partition(": ") for line in lines if line)}


def is_found(seen: ObservedExchange, wanted: str) -> bool:
    """Return whether a run found a fault as wanted: `rule`, `rule or rule`, or `rule (warned)` for an assumed one."""
    if wanted.endswith("(warned)"):
        return wanted.removesuffix(" (warned)") in seen.warned()
    names = set(wanted.split(" or "))
    if seen.report.verdict == "undecided":
        return "undecided" in names  # where it depends on the ids whether any job can be canceled at all
    return bool(seen.broken() & names) and seen.report.verdict == "violates"

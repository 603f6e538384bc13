"""A report as every writer shows it: without secrets, cut to size, with the page's lines at hand.

This is the one place where text from an engine becomes text for people. A writer escapes what its
own format needs and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from contract_tests.model import (
    Because,
    Earlier,
    EarlierRule,
    Exchange,
    Finding,
    JobsUse,
    Observation,
    Outcome,
    Report,
    RuleResult,
    Verdict,
)
from contract_tests.report.compare import Change, Changes, changes_since
from contract_tests.report.presenter import Presenter
from engine_contract.contract import load_contract
from engine_contract.contract.ledger import Level
from engine_contract.text.printable import one_line, plural, shorten, timestamp, visible

FAILURES_LIMIT = 50  # of one rule; an engine can break a rule in each of 2,000 tasks
OBSERVED_LIMIT = 200
TEXT_LIMIT = 600  # characters
CURL_LIMIT = 4000  # characters
CHANGE_LIMIT = 120  # characters of what was received before

OWN_MOCK = "the kit's own mock"

OUTCOMES: tuple[Outcome, ...] = ("held", "broken", "warned", "known", "unchecked", "skipped")

_LEADING: dict[Verdict, Outcome] = {"conforms": "held", "violates": "broken", "undecided": "unchecked"}

BECAUSE: dict[Because, str] = {
    "unreachable": "the engine was not reached",
    "jobs": "jobs were missing or could not be used",
    "tokens": "tokens were missing or not accepted",
    "deadline": "the time was up before all was checked",
    "network": "the network lost connections",
    "evidence": "nothing showed that canceled jobs are canceled",
    "values": "no call with the values given for another page succeeded",
    "recording": "the recording shows no answered call that could be judged",
}

REMEDY: dict[Because, str] = {
    "unreachable": "Check the URL, --proxy, --ca-bundle, --client-cert and --timeout.",
    "jobs": "Give more active jobs: --jobs FILE, --jobs-command COMMAND or --workflow NAME, and a --max-jobs that allows them.",
    "tokens": "Give a token for each role: --token ROLE=SOURCE, and the way it travels: --auth.",
    "deadline": "Give more time: --deadline SECONDS.",
    "network": "Check from a place with a better connection to the engine, or give more active jobs.",
    "evidence": "Say where jobs can be seen: --read-back PATH, with {job_id} in it.",
    "values": "Give values that the engine knows: [operations.NAME] in the settings file, with path and query.",
    "recording": "Record a call that succeeds, with the bodies of its request and answer.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A finding in words.

    `reproduce` is a command line, None where no request was involved; `paste` is the same for `$JOB`, a job that the
    reader starts first, as the request's own is canceled.
    """

    received: str
    documented: str
    pointer: str | None
    role: str | None
    situation: str | None
    reproduce: str | None
    paste: str | None

    @property
    def needs_job(self) -> bool:
        """Whether a job must be started before the line is pasted."""
        return self.paste != self.reproduce


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule with its outcome. `why` is the ledger's reason for its level, `note` the run's for the outcome."""

    id: str
    aspect: str
    level: Level
    title: str
    quotes: tuple[str, ...]
    why: str | None
    outcome: Outcome
    note: str | None
    counts: bool
    remedy: str | None
    failures: tuple[Failure, ...]
    failures_total: int
    seen: int
    failed: int
    told_apart: str | None
    roles: tuple[str, ...]
    """The roles whose requests show the break."""
    of_all_roles: bool

    @property
    def extent(self) -> str | None:
        """In how many responses the rule is broken, and what these responses have in common, as a sentence."""
        if (share := self.share) is None:
            return None
        told = f" {self.told_apart}" if self.told_apart else ""
        return f"{share[0].upper()}{share[1:]}.{told}"

    @property
    def share(self) -> str | None:
        """In how many responses the rule is broken, and to whom, as in `in 19 of 19 answers, all roles`."""
        if not self.failed or self.seen < 2:
            return None
        roles = "all roles" if self.of_all_roles else ", ".join(self.roles)
        return f"in {self.failed} of {plural(self.seen, 'answer')}{', ' if roles else ''}{roles}"

    @property
    def undecides(self) -> bool:
        """Whether the run is undecided because of this rule."""
        return self.outcome == "unchecked" and self.counts


@dataclass(frozen=True, slots=True)
class View:
    """A whole report, ready to be written down; `sentence` is the verdict in one line."""

    verdict: Verdict
    sentence: str
    because: tuple[str, ...]
    engine: str
    checked: str
    """The engine that was checked, in words: the kit's own mock, or the engine at its URL."""
    label: str | None
    started_at: str
    duration_s: float
    seed: int
    tls_verified: bool
    interrupted: bool
    notes: tuple[str, ...]
    jobs: JobsUse
    complaints: tuple[str, ...]
    expiring: tuple[str, ...]
    requests: int
    connections_lost: int
    rules: tuple[ShownRule, ...]
    observed: tuple[Observation, ...]
    changes: Changes | None
    """The changes since the run that this one is compared with."""

    def having(self, *outcomes: Outcome) -> tuple[ShownRule, ...]:
        """Return the rules of these outcomes."""
        return tuple(rule for rule in self.rules if rule.outcome in outcomes)

    @property
    def counts(self) -> Counter[Outcome]:
        """How many rules have which outcome."""
        return Counter(rule.outcome for rule in self.rules)

    @property
    def aspects(self) -> tuple[tuple[str, tuple[ShownRule, ...]], ...]:
        """The rules by aspect, aspects as the ledger orders them."""
        order = list(dict.fromkeys(rule.aspect for rule in self.rules))
        rules = sorted(self.rules, key=lambda rule: order.index(rule.aspect))
        return tuple((aspect, tuple(group)) for aspect, group in groupby(rules, key=lambda rule: rule.aspect))

    @property
    def remedies(self) -> tuple[str, ...]:
        """The remedies for rules that count and are unchecked, each once."""
        return tuple(dict.fromkeys(rule.remedy for rule in self.rules if rule.undecides and rule.remedy))


def by_note(rules: Iterable[ShownRule]) -> tuple[tuple[ShownRule, ...], ...]:
    """Group the rules with the same note: an engine out of reach leaves all unchecked."""
    groups: dict[tuple[str | None, bool], list[ShownRule]] = {}
    for rule in rules:
        groups.setdefault((rule.note or rule.title, rule.counts), []).append(rule)
    return tuple(map(tuple, groups.values()))


def view(report: Report, presenter: Presenter) -> View:
    """Return the report without secrets, ready to be shown."""
    shown = _Words(presenter)
    rules = tuple(shown.rule(result) for result in report.rules)
    return View(
        verdict=report.verdict,
        sentence=verdict_sentence(report),
        because=tuple(BECAUSE[reason] for reason in report.undecided_because),
        engine=shown.text(report.engine),
        checked=shown.text(checked(report)),
        label=shown.optional(report.label),
        started_at=timestamp(report.started_at),
        duration_s=round(report.duration_s, 3),
        seed=report.seed,
        tls_verified=report.tls_verified,
        interrupted=report.interrupted,
        notes=tuple(shown.text(note) for note in report.notes),
        jobs=JobsUse(
            report.jobs.supplied,
            report.jobs.used,
            report.jobs.leftover_canceled,
            tuple(shown.text(job) for job in report.jobs.ids_used),
            tuple(shown.text(job) for job in report.jobs.ids_left),
            tuple(shown.text(job) for job in report.jobs.still_active),
        ),
        complaints=tuple(report.complaints),
        expiring=tuple(report.expiring),
        requests=len(report.exchanges),
        connections_lost=report.connections_lost,
        rules=rules,
        observed=tuple(shown.observation(seen) for seen in report.observed[:OBSERVED_LIMIT]),
        changes=None if report.earlier is None else shown.changes(report.earlier, rules),
    )


def checked(report: Report) -> str:
    """Return what was checked, in words."""
    return f"{OWN_MOCK} at {report.engine}" if report.is_mock else f"the engine {report.engine}"


def verdict_sentence(report: Report) -> str:
    """Return the verdict in one line: how many rules had which outcome, and what it took."""
    counts = Counter(result.outcome for result in report.rules)
    leading = _LEADING[report.verdict]
    order = (leading, *(outcome for outcome in OUTCOMES if outcome != leading))
    figures = [
        f"{plural(counts[outcome], 'rule')} {outcome}" if outcome == leading else f"{counts[outcome]} {outcome}"
        for outcome in order
        if counts[outcome] or outcome == leading
    ]
    reasons = [BECAUSE[reason] for reason in report.undecided_because] if report.verdict == "undecided" else []
    if report.interrupted:
        reasons.insert(0, "the run was interrupted")
    if report.complaints and report.verdict == "violates":
        reasons.append(plural(len(report.complaints), "known deviation") + " to be looked at again")
    why = " and ".join(reasons) + "; " if reasons else ""
    spent = f"{plural(report.jobs.used, 'job')} used, {plural(len(report.exchanges), 'request')}"
    of_mock = f", of {OWN_MOCK}" if report.is_mock else ""
    return f"{report.verdict}: {why}{', '.join(figures)}; {spent} in {report.duration_s:.1f} s{of_mock}"


def _varied(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return new findings before those that repeat them, as only the first are shown."""
    seen: set[tuple[str, str, str | None]] = set()

    def repeats(finding: Finding) -> bool:
        key = finding.received, finding.documented, finding.pointer
        known = key in seen
        seen.add(key)
        return known

    return sorted(findings, key=repeats)


class _Words:
    """Texts without secrets, shortened and visible. Secrets go first: a cut one would not be found."""

    def __init__(self, presenter: Presenter) -> None:
        self.presenter = presenter
        # Most failures of a rule say the same.
        self._shown: Callable[[Callable[[str], str], str, int], str] = cache(
            lambda without_secrets, text, limit: visible(shorten(without_secrets(text), limit))
        )

    def text(self, text: str, limit: int = TEXT_LIMIT) -> str:
        return self._shown(self.presenter.redact, text, limit)

    def quoted(self, text: str) -> str:
        """Return what an engine wrote; values of secret names are masked."""
        return self._shown(self.presenter.mask, text, TEXT_LIMIT)

    def optional(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def rule(self, result: RuleResult) -> ShownRule:
        rule = result.rule
        callers = [finding.exchange.request.caller for finding in result.findings if finding.exchange]
        roles = tuple(dict.fromkeys(caller.role for caller in callers if caller.role and caller.kind == "token"))
        known = [role for role in load_contract().roles if role in self.presenter.variables]
        return ShownRule(
            id=rule.id,
            aspect=rule.aspect,
            level=rule.level,
            title=rule.title,
            quotes=rule.quotes,
            why=rule.reason,
            outcome=result.outcome,
            note=self.optional(result.reason),
            counts=result.counts,
            remedy=REMEDY[result.cause] if result.cause and result.outcome == "unchecked" else None,
            failures=tuple(self.failure(finding) for finding in _varied(result.findings)[:FAILURES_LIMIT]),
            failures_total=len(result.findings),
            seen=result.seen,
            failed=result.failed,
            told_apart=self.optional(result.told_apart),
            roles=tuple(map(visible, roles)),
            of_all_roles=len(known) > 1 and set(known) <= set(roles),
        )

    def changes(self, earlier: Earlier, rules: Iterable[ShownRule]) -> Changes:
        """Compare what is shown now with what an earlier report shows, a file that somebody may have changed."""
        now = {
            rule.id: EarlierRule(
                rule.outcome,
                tuple((failure.pointer, failure.received) for failure in rule.failures),
                rule.seen,
                rule.failed,
            )
            for rule in rules
        }
        found = changes_since(earlier, now)
        changed = tuple(Change(each.rule, self.brief(each.before), self.brief(each.now)) for each in found.changed)
        return replace(found, since=self.brief(found.since), changed=changed)

    def brief(self, text: str) -> str:
        return visible(one_line(shorten(self.presenter.mask(text), CHANGE_LIMIT)))

    def failure(self, finding: Finding) -> Failure:
        exchange = finding.exchange
        return Failure(
            received=self.quoted(finding.received),
            documented=self.text(finding.documented),
            pointer=self.optional(finding.pointer),
            role=visible(finding.role) if finding.role else None,
            situation=self.text(exchange.situation) if exchange else None,
            reproduce=self._curl(exchange) if exchange else None,
            paste=self._curl(exchange, job_id=exchange.job_id) if exchange else None,
        )

    def observation(self, seen: Observation) -> Observation:
        return Observation(
            self.text(seen.situation), seen.status, self.optional(seen.content_type), self.quoted(seen.body)
        )

    def _curl(self, exchange: Exchange, job_id: str | None = None) -> str:
        return visible(shorten(self.presenter.curl(exchange, job_id=job_id), CURL_LIMIT))

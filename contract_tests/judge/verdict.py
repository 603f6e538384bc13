"""From judgements to outcomes and the verdict: what held, what is broken, and what was left unchecked."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from contract_tests.judge.known import Known
from contract_tests.model import Because, Judgement, Outcome, RuleResult, Unchecked, Verdict
from engine_contract.contract import Rule

MAX_INSTANCES = 4  # values of a header that are shown
NOT_SEEN = "no document had anything there"
NOT_REACHED = Unchecked("no exchange of the run shows it")


@dataclass(frozen=True, slots=True)
class Criteria:
    """How judgements become outcomes, as the options say. `only` and `skip` are ids of rules."""

    only: Collection[str] = ()
    """Empty for all rules."""
    skip: Collection[str] = ()
    strict: bool = False
    """Whether a broken assumed rule fails the run."""
    known: Sequence[Known] = ()

    def leave_out(self, rule: Rule) -> bool:
        """Return whether a rule is not to be checked."""
        return rule.id in self.skip or bool(self.only and rule.id not in self.only)


USUAL = Criteria()
"""All rules, no break of which is known."""


def rule_results(
    rules: Iterable[Rule],
    judgements: Iterable[Judgement],
    unchecked: dict[str, Unchecked],
    criteria: Criteria,
    fallback: Unchecked = NOT_REACHED,
) -> tuple[RuleResult, ...]:
    """Return the outcome of each rule, in their order. A field that no judged document had holds.

    `fallback` is the reason, and what was missing, for rules that nothing was learned of.
    """
    by_rule: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_rule.setdefault(judgement.rule, []).append(judgement)
    documents = {rule_id for rule_id, found in by_rule.items() if any(item.finding is None for item in found)}
    results = []
    for rule in rules:
        if criteria.leave_out(rule):
            results.append(RuleResult(rule, "skipped"))
            continue
        judged = by_rule.get(rule.id, [])
        findings = tuple(item.finding for item in judged if item.finding)
        if findings:
            outcome: Outcome = "warned" if rule.is_assumed and not criteria.strict else "broken"
            result = RuleResult(rule, outcome, findings=findings, seen=len(judged), failed=len(findings))
            results.append(replace(result, told_apart=_told_apart(judged)))
        elif judged and rule.id not in unchecked:
            results.append(RuleResult(rule, "held", seen=len(judged)))
        elif rule.field is not None and document_rule(rule) in documents and rule.id not in unchecked:
            results.append(RuleResult(rule, "held", NOT_SEEN))
        else:
            why = unchecked.get(rule.id, fallback)
            inherent = rule.id in unchecked and why.because is None
            counts = not inherent and (criteria.strict or not rule.is_assumed)
            results.append(RuleResult(rule, "unchecked", why.reason, counts=counts, cause=why.because))
    return tuple(results)


def document_rule(rule: Rule) -> str:
    """Return the id of the rule on the whole document that holds a rule's field."""
    prefix, slash, _ = rule.id.rpartition("/")
    return f"{prefix}{slash}response.document"


def _told_apart(judged: Sequence[Judgement]) -> str | None:
    """Return a sentence on the header that distinguishes the responses that break a rule from most others; None without one."""
    judged = [item for item in judged if item.origin is not None]
    broken, held = ([item for item in judged if bool(item.finding) is failed] for failed in (True, False))
    if not broken or not held:
        return None
    names = dict.fromkeys(name for item in judged for name, _ in item.origin or ())
    for name in sorted(names, key=lambda name: ("instance" not in name.lower(), name)):
        wrong = sorted({_header(item, name) for item in broken})
        rest = [value for item in held if (value := _header(item, name)) not in wrong]
        alike = len(held) - len(rest)
        if alike * 2 <= len(held):
            too = f", and so {'has' if alike == 1 else 'have'} {alike} of the others" if alike else ""
            return f"These answers have {_named(name, wrong)}{too}; the rest has {_named(name, sorted(set(rest)))}."
    return None


def _header(item: Judgement, name: str) -> str:
    return ", ".join(value for key, value in item.origin or () if key == name)


def _named(name: str, values: Sequence[str]) -> str:
    shown = " or ".join(value[:100] for value in values[:MAX_INSTANCES] if value)
    more = f" or one of {len(values) - MAX_INSTANCES} others" if len(values) > MAX_INSTANCES else ""
    return f"{name}: {shown}{more}" if shown else f"no {name}"


def verdict_of(
    results: Iterable[RuleResult], because: Iterable[Because], *, interrupted: bool = False
) -> tuple[Verdict, tuple[Because, ...]]:
    """Return the verdict, and the causes of an undecided one. A broken rule outranks an undecided one."""
    results = tuple(results)
    causes = dict.fromkeys(because)
    open_rules = [result for result in results if result.outcome == "unchecked" and result.counts]
    causes.update(dict.fromkeys(result.cause for result in open_rules if result.cause))
    if any(result.outcome == "broken" for result in results):
        return "violates", tuple(causes)
    if causes or open_rules or interrupted:
        return "undecided", tuple(causes)
    return "conforms", ()

"""report.json: the report for programs, in the form that report.schema.json describes."""

import json
from pathlib import Path
from typing import Any, TextIO

from contract_tests.model import Because, Report
from contract_tests.report.presenter import Presenter
from contract_tests.report.view import Failure, ShownRule, View, view
from engine_contract.contract.page import page_sha256
from engine_contract.version import kit_version

SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).with_name("report.schema.json")

_COARSER: dict[Because, Because] = {"values": "evidence", "recording": "jobs"}
"""Causes that scripts do not know; in words they are told as they are."""


def report_document(report: Report, presenter: Presenter) -> dict[str, Any]:
    """Return the report as JSON values."""
    shown = view(report, presenter)
    return {
        "schema_version": SCHEMA_VERSION,
        "kit": kit_version(),
        "page_sha256": page_sha256(),
        "label": shown.label,
        "started_at": shown.started_at,
        "verdict": shown.verdict,
        "undecided_because": list(dict.fromkeys(_COARSER.get(cause, cause) for cause in report.undecided_because)),
        "summary": shown.sentence,
        "notes": list(shown.notes),
        "interrupted": shown.interrupted,
        "engine": shown.engine,
        "checked": shown.checked,
        "tls_verified": shown.tls_verified,
        "seed": shown.seed,
        "duration_s": shown.duration_s,
        "jobs": {
            "supplied": shown.jobs.supplied,
            "used": shown.jobs.used,
            "leftover_canceled": shown.jobs.leftover_canceled,
            "ids_used": list(shown.jobs.ids_used),
            "ids_left": list(shown.jobs.ids_left),
            "still_active": list(shown.jobs.still_active),
        },
        "requests": shown.requests,
        "connections_lost": shown.connections_lost,
        "compared": _changes(shown),
        "rules": [_rule(rule) for rule in shown.rules],
        "observed": [
            {
                "situation": seen.situation,
                "status": seen.status,
                "content_type": seen.content_type,
                "body": seen.body,
            }
            for seen in shown.observed
        ],
    }


def _changes(shown: View) -> dict[str, Any] | None:
    if (changes := shown.changes) is None:
        return None
    return {
        "since": changes.since,
        "newly_broken": list(changes.newly_broken),
        "mended": list(changes.mended),
        "changed": [{"rule": each.rule, "before": each.before, "now": each.now} for each in changes.changed],
    }


def _rule(rule: ShownRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "level": rule.level,
        "outcome": rule.outcome,
        "title": rule.title,
        "quote": rule.quotes[0] if rule.quotes else None,
        "reason": rule.note or rule.why,
        "counts": rule.counts,
        "seen": rule.seen,
        "failed": rule.failed,
        "told_apart": rule.told_apart,
        "roles": list(rule.roles),
        "failures": [_failure(failure) for failure in rule.failures],
        "failures_total": rule.failures_total,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "received": failure.received,
        "documented": failure.documented,
        "pointer": failure.pointer,
        "role": failure.role,
        "situation": failure.situation,
        "reproduce": failure.reproduce,
    }


def write_json(report: Report, presenter: Presenter, file: TextIO) -> None:
    """Write report.json."""
    json.dump(report_document(report, presenter), file, indent=2, ensure_ascii=False)
    file.write("\n")

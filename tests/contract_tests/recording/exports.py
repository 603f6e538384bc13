"""Recordings as browsers and other tools export them."""

import json
from pathlib import Path
from typing import Any

from engine_contract import contract
from tests.support.watching import ROUTE

JOB = "4321abcdef694aa79dae47ad"


def browser_har(path: Path, *entries: dict[str, Any]) -> Path:
    """An export as a browser writes it."""
    log = {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [],
        "entries": list(entries),
    }
    path.write_text(json.dumps({"log": log}), encoding="utf-8")
    return path


def browser_entry(document: Any, **changes: Any) -> dict[str, Any]:
    """A cancel as Chrome exports it: the credential left out, the body decoded."""
    entry: dict[str, Any] = {
        "_initiator": {"type": "script"},
        "startedDateTime": "2026-11-24T09:00:00.123Z",
        "time": 12.5,
        "request": {
            "method": "POST",
            "url": f"https://engine.example/base{ROUTE}",
            "httpVersion": "http/2.0",
            "headers": [{"name": ":method", "value": "POST"}, {"name": "content-type", "value": "application/json"}],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 40,
            "postData": {"mimeType": "application/json", "text": json.dumps({"job_id": JOB})},
        },
        "response": {
            "status": 200,
            "statusText": "",
            "httpVersion": "http/2.0",
            "headers": [
                {"name": "content-type", "value": "application/json"},
                {"name": "content-encoding", "value": "br"},
            ],
            "cookies": [],
            "content": {"size": 100, "mimeType": "application/json", "text": json.dumps(document)},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12, "receive": 0},
    }
    entry["request"] |= changes.pop("request", {})
    entry["response"] |= changes.pop("response", {})
    return entry | changes


def right_document() -> dict[str, Any]:
    """Return a right document of the page's job."""
    return dict(contract.load_contract().response_examples["page"]) | {"_id": JOB}

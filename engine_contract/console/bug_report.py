"""An exchange as text to take elsewhere: a command line that sends it again, and a bug report."""

import json
import re
from typing import Any

from engine_contract.console.interface import About, Entry, Finding
from engine_contract.console.json_view import pretty_body
from engine_contract.contract import load_contract
from engine_contract.http.paths import encoded_path
from engine_contract.text.curl import CREDENTIAL, curl
from engine_contract.text.json_pointer import path_of, pointer_of
from engine_contract.text.markdown import block, code, escape
from engine_contract.text.masking import MASK
from engine_contract.text.printable import clip, moment, visible

_BASIC = f"Basic {CREDENTIAL}"
# Headers that curl sets itself, or that a browser adds and nobody means.
_is_transport = re.compile(
    "accept(-encoding|-language)?|cache-control|connection|content-length|dnt|expect|host|keep-alive|origin|pragma"
    "|priority|referer|sec-.*|te|transfer-encoding|user-agent",
    re.IGNORECASE,
).fullmatch
_PLACES = 3  # places of a document that are shown by themselves
_MAX_BODY_CHARS = 1200  # characters of a body in a report
MAX_CURL_BODY_BYTES = 64 << 10
"""Bytes of a body in a command line; a longer one is read from a file."""


def curl_line(entry: Entry, about: About, base: str, credential: str) -> str:
    """Return a command line that sends the request again; `credential` takes the place of what was masked."""
    url = base + encoded_path(entry.path) + (f"?{entry.query}" if entry.query else "")
    headers = [
        (name.title(), visible(value).replace(MASK, CREDENTIAL))
        for name, value in entry.request.headers
        if not _is_transport(name)
    ]
    if entry.role and not about.is_live:
        # The mock's user is the role and the password its token; a live engine's variable holds both.
        headers = [(name, value.replace(_BASIC, f"Basic {entry.role}:{CREDENTIAL}")) for name, value in headers]
    body = entry.request.body.encode("utf-8", "replace") or None
    url = url.replace(MASK, CREDENTIAL)
    separator = " \\\n  "
    if body is None or len(body) <= MAX_CURL_BODY_BYTES:
        return curl(entry.method, url, headers, body, credential=credential, separator=separator, added=about.added)
    line = curl(entry.method, url, headers, b"", credential=credential, separator=separator, added=about.added)
    return line.rpartition(separator)[0] + f"{separator}--data-binary @body  # a file with the request's body"


def bug_report(entry: Entry, about: About, base: str, credential: str) -> str:
    """Return the exchange as a ticket in Markdown: steps, received, documented, time, job, engine."""
    engine = about.engine or base
    lines = [f"## {_title(entry)}", "", "**Steps**", ""]
    lines += [
        f"1. {_job(entry)}",
        f"2. Send this request {_caller(entry)}:",
        "",
        block(curl_line(entry, about, base, credential), "sh"),
        "",
    ]
    lines += ["**Received**", ""]
    if entry.status is None:
        lines += [f"No answer. {visible(entry.reason or '')}".rstrip(), ""]
    else:
        lines += [f"Status {entry.status}{_kind(entry)}, {entry.response.size:,} bytes.", ""]
    lines += [f"- {escape(_received(finding))}" for finding in entry.findings]
    if entry.findings:
        lines.append("")
    lines += _places(entry)
    if entry.response.body:
        lines += [block(clip(pretty_body(entry.response.body), _MAX_BODY_CHARS), ""), ""]
    if entry.reason and entry.status is not None:
        lines += [f"The reason: {escape(entry.reason)}", ""]
    if entry.findings:
        lines += ["**Documented**", ""]
        for finding in entry.findings:
            lines += _documented(finding)
        lines.append("")
    lines += ["**Time**", "", f"{moment(entry.at_ms)}, took {entry.duration_ms:.0f} ms", ""]
    lines += ["**Job**", "", code(entry.job_id) if entry.job_id else "The request names none.", ""]
    lines += ["**Engine**", "", f"{engine}{'' if about.is_live else ' (mock)'}"]
    if entry.fault:
        lines += ["", f"The mock was asked for this: {code(entry.fault)} was armed."]
    return "\n".join(lines).rstrip() + "\n"


def _places(entry: Entry) -> list[str]:
    """Show the surroundings of the first places that break a rule: a long document is cut before most of them."""
    try:
        document = json.loads(entry.response.body)
    except (ValueError, RecursionError):
        return []
    lines: list[str] = []
    for pointer in [finding.pointer for finding in entry.findings if finding.pointer][:_PLACES]:
        parents = path_of(pointer)[:-1]
        node = document
        for key in parents:
            node = _child(node, key)
        if parents and node is not None:
            text = json.dumps(node, ensure_ascii=False, indent=2)
            lines += [f"At {code(pointer_of(parents))}:", "", block(clip(text, _MAX_BODY_CHARS), "json"), ""]
    return lines


def _child(node: Any, key: str) -> Any:
    if isinstance(node, dict):
        return node.get(key)
    if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
        return node[int(key)]
    return None


def _title(entry: Entry) -> str:
    if entry.findings:
        finding = entry.findings[0]
        more = len(entry.findings) - 1
        return f"{load_contract().name}: expected {finding.rule.title}; received {escape(finding.received)}" + (
            f" (and {more} more)" if more else ""
        )
    if entry.status is None:
        return f"{entry.method} {escape(entry.path[:80])}: no answer"
    return f"{entry.method} {escape(entry.path[:80])} answers {entry.status}"


def _job(entry: Entry) -> str:
    if not entry.job_id:
        return "Take any state: the request names no job."
    return f"Take an active job, as {code(entry.job_id)} was, and put its ID in the request."


def _caller(entry: Entry) -> str:
    if entry.role:
        return f"as the role {escape(entry.role)}"
    if entry.credential in {"none", "", "no credential"}:
        return "without a credential"
    return f"with {escape(entry.credential)}" if " " in entry.credential else "with a credential of no role"


def _kind(entry: Entry) -> str:
    kind = next((value for name, value in entry.response.headers if name.lower() == "content-type"), "")
    return f", {escape(kind)}" if kind else ""


def _received(finding: Finding) -> str:
    where = f" at {finding.pointer}" if finding.pointer else ""
    return f"{finding.received}{where}"


def _documented(finding: Finding) -> list[str]:
    rule = finding.rule
    line = f"- {escape(finding.documented)} (rule {code(rule.id)}, {rule.level})"
    because = f"The page: {code(rule.quote)}" if rule.quote else rule.reason
    return [line, f"  {because}"] if because else [line]

"""An exchange as text to take elsewhere: a command line that sends it again, and a bug report."""

import json
import re
import shlex
from collections.abc import Sequence
from typing import Any

from engine_contract.console.interface import About, Entry, Finding
from engine_contract.console.json_view import pretty_body
from engine_contract.contract import rule
from engine_contract.text.masking import MASK
from engine_contract.text.printable import moment, visible

_PLAIN = re.compile(r'[^"\\`!$]*').fullmatch
_TRANSPORT = frozenset(
    [
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "user-agent",
        "accept",
        "transfer-encoding",
        "keep-alive",
        "expect",
        "te",
        "referer",
        "origin",
        "accept-language",
        "pragma",
        "cache-control",
        "dnt",
        "priority",
    ]
)
_PLACES = 3  # places of a document that are shown by themselves
_LONGEST = 1200  # characters of a body in a report


def curl(entry: Entry, base: str, credential: str) -> str:
    """A command line that sends the request again; `credential` stands where a secret was."""
    url = base + entry.path + (f"?{entry.query}" if entry.query else "")
    words = ["curl -i"]
    if entry.method == "HEAD":
        words = ["curl -I"]
    elif entry.method != ("POST" if entry.request.body else "GET"):
        words.append(f"-X {shlex.quote(entry.method)}")
    lines = [" ".join([*words, _word(url, credential)])]
    for name, value in entry.request.headers:
        if name.lower() not in _TRANSPORT and not name.lower().startswith("sec-"):
            lines.append("-H " + _word(f"{name.title()}: {value}" if value else f"{name.title()};", credential))
    if entry.request.body:
        lines.append("--data-binary " + shlex.quote(visible(entry.request.body)))
    return " \\\n  ".join(lines)


def _word(text: str, credential: str) -> str:
    """Quoted for a shell, with the credential in the place of what was masked."""
    text = visible(text)
    if MASK not in text or not credential:
        return shlex.quote(text)
    if not credential.startswith("$"):
        return shlex.quote(text.replace(MASK, credential))
    if _PLAIN(text):
        return f'"{text.replace(MASK, credential)}"'
    return f'"{credential}"'.join(shlex.quote(part) if part else "" for part in text.split(MASK))


def bug_report(entry: Entry, about: About, base: str, credential: str) -> str:
    """The exchange as a ticket in Markdown: steps, what was received, what is documented, when, which job."""
    engine = about.engine or base
    lines = [f"## {_title(entry)}", "", "**Steps**", ""]
    lines += [
        f"1. {_job(entry)}",
        f"2. Send this request {_caller(entry)}:",
        "",
        *_fenced(curl(entry, base, credential), "sh"),
        "",
    ]
    lines += ["**Received**", ""]
    if entry.status is None:
        lines += [f"No answer. {visible(entry.reason or '')}".rstrip(), ""]
    else:
        lines += [f"Status {entry.status}{_kind(entry)}, {entry.response.size:,} bytes.", ""]
    lines += [f"- {_inline(_received(finding))}" for finding in entry.findings]
    if entry.findings:
        lines.append("")
    lines += _places(entry)
    if entry.response.body:
        lines += [*_fenced(_cut(pretty_body(entry.response.body)), ""), ""]
    if entry.reason and entry.status is not None:
        lines += [f"The reason: {_inline(entry.reason)}", ""]
    if entry.findings:
        lines += ["**Documented**", ""]
        for finding in entry.findings:
            lines += _documented(finding)
        lines.append("")
    lines += ["**Time**", "", f"{moment(entry.at_ms)}, took {entry.duration_ms:.0f} ms", ""]
    lines += ["**Job**", "", f"`{_code(entry.job_id)}`" if entry.job_id else "The request names none.", ""]
    lines += ["**Engine**", "", f"{engine}{'' if about.is_live else ' (mock)'}"]
    if entry.fault:
        lines += ["", f"The mock was asked for this: `{entry.fault}` was armed."]
    return "\n".join(lines).rstrip() + "\n"


def _places(entry: Entry) -> list[str]:
    """What stands around the first places that break a rule: a long document is cut before most of them."""
    try:
        document = json.loads(entry.response.body)
    except (ValueError, RecursionError):
        return []
    lines: list[str] = []
    for pointer in [finding.pointer for finding in entry.findings if finding.pointer][:_PLACES]:
        *parents, _ = pointer.strip("/").split("/")
        node = document
        for key in (part.replace("~1", "/").replace("~0", "~") for part in parents):
            node = _child(node, key)
        if parents and node is not None:
            text = json.dumps(node, ensure_ascii=False, indent=2)
            lines += [f"At `/{_code('/'.join(parents))}`:", "", *_fenced(_cut(text), "json"), ""]
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
        return f"cancelJob: expected {_rule_title(finding.rule)}; received {_inline(finding.received)}" + (
            f" (and {more} more)" if more else ""
        )
    if entry.status is None:
        return f"{entry.method} {_inline(entry.path)[:80]}: no answer"
    return f"{entry.method} {_inline(entry.path)[:80]} answers {entry.status}"


def _job(entry: Entry) -> str:
    if not entry.job_id:
        return "Take any state: the request names no job."
    return f"Take an active job, as `{_code(entry.job_id)}` was, and put its ID in the request."


def _caller(entry: Entry) -> str:
    if entry.role:
        return f"as the role {_inline(entry.role)}"
    if entry.credential in {"none", "", "no credential"}:
        return "without a credential"
    return f"with {_inline(entry.credential)}" if " " in entry.credential else "with a credential of no role"


def _kind(entry: Entry) -> str:
    kind = next((value for name, value in entry.response.headers if name.lower() == "content-type"), "")
    return f", {_inline(kind)}" if kind else ""


def _received(finding: Finding) -> str:
    where = f" at {finding.pointer}" if finding.pointer else ""
    return f"{finding.received}{where}"


def _documented(finding: Finding) -> list[str]:
    try:
        known = rule(finding.rule)
    except KeyError:
        return [f"- {_inline(finding.documented)}"]
    line = f"- {_inline(finding.documented)} (rule `{known.id}`, {known.level})"
    return [line, *([f"  The page: `{known.quote}`"] if known.quote else [f"  {known.reason}"] if known.reason else [])]


def _rule_title(rule_id: str) -> str:
    try:
        return rule(rule_id).title
    except KeyError:
        return rule_id


def _fenced(text: str, language: str) -> Sequence[str]:
    """A code block whose fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", visible(text), fence]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _inline(text: str) -> str:
    """On one line, and without what Markdown would read as markup."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", " ".join(visible(text).split()))


def _code(text: str | None) -> str:
    return " ".join(visible(text or "").replace("`", "'").split())

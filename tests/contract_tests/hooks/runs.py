"""Runs of Schemathesis as a user starts it, and what an engine saw of them."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from contract_tests.safety.neutralize import UNREADABLE
from tests.support import ROOT
from tests.support.commands import run

SPEC = ROOT / "spec" / "openapi.yaml"
CONFIG = ROOT / "spec" / "schemathesis.toml"


ADMIN = {"CHECK_ENGINE_TOKEN": "admin=admin"}
PAGE_ID = "4321abcdef694aa79dae47ad"  # stands in the spec's example

_INERT = re.compile(
    r"|[0-9a-f]{24}|-[0-9.e+-]+|-?0(\.0+)?|job_id|token|other_[0-9]+|SCHEMATHESIS-INVALID-VALUE|"
    + re.escape(UNREADABLE.decode())
)


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    status: int
    text: str


def schemathesis(folder: Path, environment: Mapping[str, str], *arguments: str, config: Path | None = CONFIG) -> Run:
    """Run Schemathesis with the hooks in a folder; `environment` is set beside the clean environment."""
    configured = [] if config is None else ["--config-file", str(config)]
    hooks = {"SCHEMATHESIS_HOOKS": "contract_tests.hooks", "COLUMNS": "240"}
    words = (sys.executable, "-m", "schemathesis.cli", *configured, *arguments)
    done = run(*words, cwd=folder, env=hooks | dict(environment), timeout_s=120)
    return Run(done.status, done.out + done.err)


def with_jobs(folder: Path, job_ids: Iterable[str]) -> dict[str, str]:
    """The environment of a run as admin that may cancel these jobs."""
    path = folder / "jobs.txt"
    path.write_text("\n".join(job_ids), encoding="utf-8")
    return {"CHECK_ENGINE_JOBS": str(path), **ADMIN}


def improper(requests: Iterable[Mapping[str, Any]], supplied: Iterable[str], others: Iterable[str]) -> list[str]:
    """What stood in a query or a body and could name a job that was not supplied; `others` are ids of such jobs.

    What may stand there beside a supplied id: 24 random hex characters that are no job's id, numbers that no
    id can be, and the one body that is not JSON.
    """
    allowed, forbidden = set(supplied), {*others, PAGE_ID} - set(supplied)
    found: list[str] = []
    for request in requests:
        texts = [text for pair in parse_qsl(request["query"]) for text in pair]
        try:
            texts += _texts(json.loads(request["body"] or "null"))
        except ValueError:
            texts.append(request["body"])
        found += [text for text in texts if text in forbidden or not (text in allowed or _INERT.fullmatch(text))]
    return found


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = [*node, *node.values()]
    if isinstance(node, list):
        for below in node:
            yield from _texts(below)
    elif node is not None and not isinstance(node, bool):
        yield str(node)

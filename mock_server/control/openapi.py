"""The OpenAPI document of what the mock has beside the contract, for generated types: `/_mock/openapi.json`.

`openapi.yaml` beside this file has the control API as people read it. The operation, with the statuses and the form in
which this mock refuses, and the documents of jobs are added here from the contract and from the table of situations.
"""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from engine_contract.contract import load_contract, load_openapi
from engine_contract.contract.files import load_yaml
from engine_contract.contract.job_status import STATUSES
from mock_server.operations.companions import companions
from mock_server.operations.refusals import OWN, SITUATIONS

_PATH = Path(__file__).with_name("openapi.yaml")
_REFUSAL = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}


@cache
def control_document(*, contract_only: bool = False) -> dict[str, Any]:
    """Return the document, without `servers`. Shared: copy it before you change it.

    `contract_only` leaves out the calls around a cancel.
    """
    described: dict[str, Any] = load_yaml(_PATH)
    contract = deepcopy(load_openapi())
    components = {**described["components"], "examples": contract["components"]["examples"]}
    components["securitySchemes"] |= contract["components"]["securitySchemes"]
    components["schemas"] = {
        "Job": _any_job(contract["components"]["schemas"]),
        **contract["components"]["schemas"],
        **described["components"]["schemas"],
        "JobStatus": {"type": "string", "enum": list(STATUSES)},
        "Situation": {"type": "string", "enum": [*SITUATIONS, *sorted(OWN)]},
    }
    return {
        "openapi": contract["openapi"],
        "info": {
            "title": "Mock engine: control API and refusals",
            "version": contract["info"]["version"],
            "description": "What this mock has beside the contract. `/openapi.yaml` is the contract itself.",
        },
        "security": described["security"],
        "paths": {
            **_with_refusals(contract),
            **({} if contract_only else dict(_companions(contract["security"]))),
            **described["paths"],
        },
        "components": components,
    }


def _any_job(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a job in any status: that of the canceled one, with an end only where it has ended."""
    job: dict[str, Any] = deepcopy(schemas["CanceledJob"])
    metrics: dict[str, Any] = deepcopy(schemas["JobMetrics"])
    metrics["required"].remove("end_time")
    job["description"] = "The document of a job in any status."
    job["properties"]["metrics"] = metrics
    job["properties"]["status"] = {"$ref": "#/components/schemas/JobStatus"}
    return job


_SUMMARIES = {
    "startJobWithOptions": "Start a job of a workflow: it gets the workflow's name",
    "startJob": "Start a job of a workflow: it gets the workflow's name",
    "getJobDetails": "Read a job",
    "getJobShallow": "Read a job",
    "getJobDeep": "Read a job",
    "searchJobs": "Search jobs",
    "whoami": "Read who the caller is",
    "healthServer": "Read the server's release",
    "healthApplications": "Read the applications' states",
    "healthStatus": "Read the server's state",
    "login": "Log in: the answer is the bare token, which the cookie `token` holds too",
    "logout": "End the token that the request carries",
    "oauthToken": "Get a token for a client's id and secret, which are a user's name and password",
}


def _companions(security: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and description of each call around a cancel."""
    for one in companions(load_contract().roles):
        job = one.parameters or None
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{'Job' if job else 'Companion'}"}}}
        if one.name == "searchJobs":
            content = {"application/json": {"schema": {"$ref": "#/components/schemas/FoundJobs"}}}
        elif one.name in {"login", "logout"}:
            content = {"text/plain": {"schema": {"type": "string"}}}
        described: dict[str, Any] = {
            "operationId": one.name,
            "summary": _SUMMARIES[one.name],
            "description": "The contract has no such call, as the header `Mock-Companion` says.",
            "x-companion": True,
            "security": [] if one.name in {"login", "oauthToken"} else security,
            "parameters": [
                {"$ref": "#/components/parameters/Session"},
                *({"name": p.name, "in": "path", "required": True, "schema": p.schema} for p in one.parameters),
            ],
            "responses": {
                "200": {"description": "Done.", "content": content},
                "default": {"description": "It was refused.", **_REFUSAL},
            },
        }
        if one.name in _BODIES:
            media = "application/x-www-form-urlencoded" if one.name == "oauthToken" else "application/json"
            schema = {"$ref": f"#/components/schemas/{_BODIES[one.name]}"}
            described["requestBody"] = {"content": {media: {"schema": schema}}}
        yield one.path, {one.method.lower(): described}


_BODIES = {
    "startJobWithOptions": "Companion",
    "startJob": "Companion",
    "searchJobs": "JobSearch",
    "login": "Login",
    "oauthToken": "ClientCredentials",
}


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Return the contract's paths with the mock's own refusals in the place of what the contract leaves open."""
    contract = load_contract()
    paths: dict[str, Any] = document["paths"]
    operation = paths[contract.path][contract.method.lower()]
    operation["security"] = document["security"]
    answers = operation["responses"]
    refused: dict[str, Any] = {}
    for situation, status in sorted(SITUATIONS.items(), key=lambda item: item[1]):
        entry = refused.setdefault(str(status), {"description": "", **_REFUSAL})
        entry["description"] = f"{entry['description']}, {situation}".removeprefix(", ")
    operation["responses"] = {"200": answers["200"], **refused, "default": {"description": "Another.", **_REFUSAL}}
    return paths

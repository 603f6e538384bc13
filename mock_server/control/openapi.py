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


def _refusal(schema: str) -> dict[str, Any]:
    return {"content": {"application/problem+json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


_REFUSAL = _refusal("Refusal")


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
        "FoundJob": _found_job(contract["components"]["schemas"]),
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
            **(
                {}
                if contract_only
                else dict(_companions(contract["security"], components["parameters"]["JobId"]["example"]))
            ),
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


def _found_job(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a job in the results of a search: the part of its document that was asked for."""
    job = _any_job(schemas)
    job["description"] = "The part of a job's document that a search asked for."
    job["required"] = ["_id"]
    del job["properties"]["metrics"]["required"]
    return job


# Tools that import the document name files and requests after them: each is short, and another one.
_SUMMARIES = {
    "startJobWithOptions": ("Start a job with options", "The job gets the workflow's name."),
    "startJob": ("Start a job", "The job gets the workflow's name."),
    "getJobDetails": ("Read a job's details", ""),
    "getJobShallow": ("Read a job, shallow", ""),
    "getJobDeep": ("Read a job, deep", ""),
    "searchJobs": ("Search jobs", "Each result has the `fields` that were asked for, and `_id`."),
    "whoami": ("Read who the caller is", ""),
    "healthServer": ("Read the server's release", ""),
    "healthApplications": ("Read the applications' states", ""),
    "healthStatus": ("Read the server's state", ""),
    "login": ("Log in", "The answer is the bare token, which the cookie `token` holds too."),
    "logout": ("Log out", "It ends the token that the request carries."),
    "oauthToken": ("Get a token", "The client's id and secret are a user's name and password."),
}


def _companions(security: Any, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and description of each call around a cancel, with `job_id` for an example."""
    for one in companions(load_contract().roles):
        job = one.parameters or None
        is_login = one.name in {"login", "oauthToken"}
        answered = _ANSWERS.get(one.name, "Job" if job else "Companion")
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{answered}"}}}
        if one.name in {"login", "logout"}:
            content = {"text/plain": {"schema": {"type": "string"}}}
        summary, said = _SUMMARIES[one.name]
        described: dict[str, Any] = {
            "tags": ["companions"],
            "operationId": one.name,
            "summary": summary,
            "description": f"{said} The contract has no such call, as the header `Mock-Companion` says.".lstrip(),
            "x-companion": True,
            "security": [] if is_login else security,
            "parameters": [
                {"$ref": "#/components/parameters/Session"},
                *(
                    {"name": p.name, "in": "path", "required": True, "schema": p.schema}
                    | {"example": job_id if p.name == "id" else _WORKFLOW}
                    for p in one.parameters
                ),
            ],
            "responses": {
                "200": {"description": "Done.", "content": content},
                "default": {"description": "It was refused.", **(_refusal("LoginRefusal") if is_login else _REFUSAL)},
            },
        }
        if one.name in _BODIES:
            media = "application/x-www-form-urlencoded" if one.name == "oauthToken" else "application/json"
            named, example = _BODIES[one.name]
            schema = {"$ref": f"#/components/schemas/{named}"}
            described["requestBody"] = {"content": {media: {"schema": schema, "example": example}}}
        yield one.path, {one.method.lower(): described}


_ANSWERS = {"searchJobs": "FoundJobs", "whoami": "Caller", "oauthToken": "Grant"}
_WORKFLOW = "Nightly backup"

_USER = {"username": "admin", "password": "any"}
_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "startJobWithOptions": ("Companion", {"variables": {}}),
    "startJob": ("Companion", {"variables": {}}),
    "searchJobs": (
        "JobSearch",
        {"options": {"query": {"status": "running"}, "fields": {"name": 1, "status": 1}, "limit": 5, "skip": 0}},
    ),
    "login": ("Login", {"user": _USER}),
    "oauthToken": (
        "ClientCredentials",
        {"grant_type": "client_credentials", "client_id": "admin", "client_secret": "any"},
    ),
}
"""The schema of a body, and one that works on a mock that has just started."""


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Return the contract's paths with the mock's own refusals in the place of what the contract leaves open."""
    contract = load_contract()
    paths: dict[str, Any] = document["paths"]
    operation = paths[contract.path][contract.method.lower()]
    operation["security"] = document["security"]
    operation["parameters"] = [{"$ref": "#/components/parameters/Session"}, *operation.get("parameters", ())]
    answers = operation["responses"]
    refused: dict[str, Any] = {}
    for situation, status in sorted(SITUATIONS.items(), key=lambda item: item[1]):
        entry = refused.setdefault(str(status), {"description": "", **_REFUSAL})
        entry["description"] = f"{entry['description']}, {situation}".removeprefix(", ")
    operation["responses"] = {"200": answers["200"], **refused, "default": {"description": "Another.", **_REFUSAL}}
    return paths

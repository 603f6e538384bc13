"""The OpenAPI document of what the mock has beside the contract, for generated types: `/_mock/openapi.json`.

`openapi.yaml` beside this file has the control API as people read it. The operation, with the statuses and the form in
which this mock refuses, and the documents of jobs are added here from the contract and from the table of situations.
"""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from engine_contract.contract import load_contract, load_openapi
from engine_contract.contract.files import load_yaml
from engine_contract.contract.job_status import STATUSES
from mock_server.operations.refusals import OWN, SITUATIONS

_PATH = Path(__file__).with_name("openapi.yaml")
_REFUSAL = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}}


@cache
def control_document() -> dict[str, Any]:
    """Return the document, without `servers`. Shared: copy it before you change it."""
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
        "paths": {**_with_refusals(contract), **described["paths"]},
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

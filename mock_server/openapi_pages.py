"""Pages other than the operation: the specification, Swagger UI, the console. They are read by people, not fast."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from mimetypes import guess_type
from pathlib import Path

import orjson

from engine_contract.contract import Operation, load_openapi
from engine_contract.http.types import Scope
from mock_server.operations.response import JSON, Response

HTML = b"text/html; charset=utf-8"

Page = Callable[[Scope, str, str], Response | None]
"""Gets the scope, the path at which the mock is mounted, and that behind the page's name; returns None where there is no page."""

_SWAGGER = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Workflow engine, cancelJob</title>
<link rel="stylesheet" href="{here}swagger-ui.css">
<link rel="icon" href="data:,">
<style>body {{ margin: 0 }}</style>
<div id="swagger-ui"></div>
<script src="{here}swagger-ui-bundle.js"></script>
<script src="{here}swagger-ui-standalone-preset.js"></script>
<script>
  window.ui = SwaggerUIBundle({{
    urls: [{specs}], dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: true,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "StandaloneLayout", validatorUrl: null
  }});
</script>
</html>
"""


def specification(server: str, kind: str, further: Iterable[Operation] = ()) -> Response:
    """Return the OpenAPI document as it is served here: with the URL of its server, and further pages' operations."""
    document = load_openapi() | {"servers": [{"url": server, "description": "This mock engine."}]}
    for operation in further:
        item = document["paths"].get(operation.path, {}) | {operation.method.lower(): _described(operation)}
        document["paths"] = document["paths"] | {operation.path: item}
    if kind == "json":
        return Response(200, JSON, orjson.dumps(document))
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return Response(200, b"text/yaml; charset=utf-8", text.encode())


def _described(operation: Operation) -> dict[str, object]:
    """Return an operation of a further page as OpenAPI describes it."""
    answer = {"schema": operation.response_schema, "examples": _examples(operation.response_examples)}
    described: dict[str, object] = {
        "tags": ["further pages"],
        "operationId": operation.name,
        "x-roles": list(operation.roles),
        "parameters": [
            {"name": one.name, "in": one.place, "required": one.required, "schema": one.schema}
            | ({} if one.example is None else {"example": one.example})
            for one in operation.parameters
        ],
        "responses": {
            str(operation.response_status): {
                "description": "The documented answer.",
                "content": {"application/json": answer},
            },
            "default": {"description": "**Not documented.** Any other answer."},
        },
    }
    if operation.takes_body:
        asked = {"schema": operation.request_schema, "examples": _examples(operation.request_examples)}
        described["requestBody"] = {"required": operation.requires_body, "content": {"application/json": asked}}
    return described


def _examples(examples: Mapping[str, object]) -> dict[str, object]:
    return {name: {"value": value} for name, value in examples.items()}


def swagger_ui(*, has_control: bool) -> Callable[[str, str, str], Response | None]:
    """Return Swagger UI from the installed bundle: works offline.

    `has_control` says that the control API is open to this page: its document can then be chosen beside the contract's.
    """
    names = {"openapi.json": "the contract"}
    if has_control:
        names["_mock/openapi.json"] = "the mock: companions, control"

    @cache
    def files() -> dict[str, Path]:
        import swagger_ui_bundle  # type: ignore[import-untyped]  # only for those who look

        folder = Path(swagger_ui_bundle.swagger_ui_path)
        return {path.name: path for path in folder.iterdir() if path.suffix in {".js", ".css", ".html", ".png"}}

    def page(root: str, prefix: str, rest: str) -> Response | None:
        if rest in {"", "/", "/index.html"}:
            base = f"{root.removesuffix(prefix)}{prefix}"
            specs = ", ".join(f'{{url: "{base}/{path}", name: "{name}"}}' for path, name in names.items())
            return Response(200, HTML, _SWAGGER.format(here=f"{root}/ui/", specs=specs).encode())
        path = files().get(rest.removeprefix("/"))
        if path is None:
            return None
        return Response(200, (guess_type(path.name)[0] or "application/octet-stream").encode(), path.read_bytes())

    return page

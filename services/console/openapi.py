"""The OpenAPI 3.1 document of the console's own interface, made from its routes and the structures they take and give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, get_origin

import msgspec

from services.access.signing_in import COOKIE
from services.console.asking import OpenRoute, Route
from services.openapi import ERROR, ecma

_OF_EVERY_ROUTE = {401: ("notSignedIn",), 403: ("notAllowed", "crossSite")}
_PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")

_ABOUT = (
    "What the pages of the console ask of its server. It is made for them and changes with them: programs use the HTTP edge "
    "(openapi.json) or Kafka (asyncapi.json). `x-right` names the right that a route takes; `x-drill`: it is there in an exercise "
    "only."
)


def document(routes: Iterable[Route], open_routes: Iterable[OpenRoute], version: str) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    every: list[Route | OpenRoute] = [*open_routes, *routes]
    kinds = [kind for route in every for kind in (route.takes, route.gives) if _described(kind)]
    described, components = msgspec.json.schema_components(
        kinds, schema_hook=_any, ref_template="#/components/schemas/{name}"
    )
    schemas = dict(zip(map(id, kinds), described, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in every:
        path = _PLACE.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, path, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lamplighter's console", "version": version, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": ecma({**dict(sorted(components.items())), "Error": ERROR}),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def _any(kind: type) -> dict[str, Any]:
    """Return the schema of what may be anything. Raises `NotImplementedError` for a type that has none."""
    if kind is object:
        return {"description": "Any value."}
    raise NotImplementedError(kind)


def _described(kind: Any) -> bool:
    """Answer whether something is a kind of value, and not a note that there is none."""
    return kind is not None and (isinstance(kind, type) or get_origin(kind) is not None)


def _operation(route: Route | OpenRoute, path: str, schemas: dict[int, dict[str, Any]]) -> dict[str, Any]:
    signed_in = isinstance(route, Route)
    refuses: dict[int, tuple[str, ...]] = dict(_OF_EVERY_ROUTE) if signed_in else {}
    for status, codes in route.refuses.items():
        refuses[status] = (*refuses.get(status, ()), *codes)
    answer: dict[str, Any] = {"description": "OK"}
    if _described(route.gives):
        answer["content"] = {"application/json": {"schema": schemas[id(route.gives)]}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}_{path.strip('/').translate(str.maketrans('/-', '__', '{}'))}",
        "responses": {
            "200": answer,
            **{
                str(status): {
                    "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
                for status, codes in sorted(refuses.items())
            },
        },
    }
    if isinstance(route, Route):
        operation |= {"security": [{"session": []}], "x-right": str(route.right)}
        if route.drill:
            operation["x-drill"] = True
    if route.takes is not None:
        content = {"application/json": {"schema": schemas[id(route.takes)]}}
        operation["requestBody"] = {"required": True, "content": content}
    if names := _PLACE.findall(path):
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    return operation

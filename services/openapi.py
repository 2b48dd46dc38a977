"""The OpenAPI 3.1 document of the HTTP edge, made from its routes and from the events they take."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from services.access.accepting import MOST_EVENTS
from services.access.edge import MAX_BODY, Route

ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "Stable: programs go by it."},
                "detail": {"type": "string", "description": "For people; it may change."},
                "position": {"type": "integer", "description": "Byte of the body that is no JSON, from 0."},
                "index": {"type": "integer", "description": "Place in the list of the event that is wrong, from 0."},
                "event": {"type": "string", "description": "Id of the event that is wrong."},
            },
            "required": ["code", "detail"],
        }
    },
    "required": ["error"],
}

_ABOUT = (
    "For those who have no Kafka: events are checked, stored, and published by us. Every event is answered for: it is accepted "
    "with all others of its request, or the request is refused with a code and nothing of it is kept. Repeat a request "
    "whose answer was lost: the same under the same Idempotency-Key, or with the same event ids, is accepted once. "
    f"A body has at most {MAX_BODY} bytes, a list at most {MOST_EVENTS} events."
)


def document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    routes = list(routes)
    events = sorted({event for route in routes for event in route.takes}, key=lambda event: event.__name__)
    _, components = msgspec.json.schema_components(events, ref_template="#/components/schemas/{name}")
    taken = {event.__name__ for event in events}
    schemas = {name: _as_sent(schema) if name in taken else schema for name, schema in components.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lamplighter", "version": version, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": ecma({**schemas, "Error": ERROR}),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "Made by `lamplighter keys create`."}
            },
        },
    }


def _as_sent(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an event's schema as a sender sees it: `id` may be derived for him, and `exercise` is not his to say."""
    properties = {name: value for name, value in schema["properties"].items() if name != "exercise"}
    return {**schema, "properties": properties, "required": [name for name in schema["required"] if name != "id"]}


def ecma(schema: Any) -> Any:
    r"""Return a schema with its patterns in the dialect of JSON Schema, which knows `^` and `$` only, not `\A` and `\Z`."""
    if isinstance(schema, list):
        return [ecma(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.replace(r"\A", "^").replace(r"\Z", "$")
        if key == "pattern" and isinstance(value, str)
        else ecma(value)
        for key, value in schema.items()
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}_{route.path.strip('/').translate(str.maketrans('/-', '__', '{}'))}",
        "responses": {
            str(route.status): {"description": HTTPStatus(route.status).phrase, "content": _json(dict(route.gives))},
            **{
                str(status): {
                    "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}",
                    "content": _json({"$ref": "#/components/schemas/Error"}),
                }
                for status, codes in sorted(route.refuses.items())
            },
        },
    }
    if route.scope is not None:
        operation["security"] = [{"key": [route.scope]}]
    parameters = [
        {"name": name.rstrip("}"), "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.path.split("{")[1:]
    ]
    if route.takes:
        one = _one_of(route)
        body = {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_EVENTS}]}
        operation["requestBody"] = {
            "required": True,
            "content": _json(body, {name: {"value": value} for name, value in route.examples.items()}),
        }
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Required where an event comes without an id.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
            }
        )
    if parameters:
        operation["parameters"] = parameters
    return operation


def _one_of(route: Route) -> dict[str, Any]:
    references = [{"$ref": f"#/components/schemas/{event.__name__}"} for event in route.takes]
    return references[0] if len(references) == 1 else {"oneOf": references}


def _json(schema: dict[str, Any], examples: dict[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if examples:
        content["examples"] = examples
    return {"application/json": content}

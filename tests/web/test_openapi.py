"""The description of the edge is true: its routes are the routes, its examples are accepted, its schemas are the events'."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from aiohttp import ClientSession

from services.engine.taking import Connection
from services.web import ROUTES, build_app, document
from tests.hostile.payloads import HARMLESS
from tests.web.speaking import get, post

DOCUMENT = document()
EXAMPLES = [(route.path, name, example) for route in ROUTES for name, example in route.examples.items()]


def request_schema(path: str) -> dict[str, Any]:
    """Return the schema of a route's requests, whole."""
    schema = DOCUMENT["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**schema, "components": DOCUMENT["components"]}


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


async def test_every_route_is_described_and_every_description_is_a_route() -> None:
    app = build_app(None, exercise=False, events_per_s=1)  # type: ignore[arg-type]  # no request is made
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert served == described


async def test_the_document_is_served_to_everybody(edge: ClientSession) -> None:
    assert await get(edge, None, "/api/v1/openapi.json") == (200, json.loads(json.dumps(DOCUMENT)))


def test_every_reference_leads_somewhere_and_every_schema_is_one() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    words = json.dumps(DOCUMENT)
    named = {part.split('"')[0] for part in words.split("#/components/schemas/")[1:]}
    assert named == set(schemas)
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert "\\\\A" not in words
    assert "\\\\Z" not in words


async def test_every_example_fits_its_schema_and_is_accepted(edge: ClientSession, key: str, house: Connection) -> None:
    await house.execute("UPDATE clock SET now_ms = now_ms + 7 * 86400000")
    for path, name, example in EXAMPLES:
        validator(request_schema(path)).validate(example)
        status, answer = await post(edge, key, example, path=path, idempotency_key=name)
        assert (status, len(answer["accepted"])) == (202, len(example) if isinstance(example, list) else 1), name
        described = DOCUMENT["paths"][path]["post"]["responses"]["202"]["content"]["application/json"]["schema"]
        validator(described).validate(answer)


async def test_a_refusal_looks_as_described(edge: ClientSession, key: str) -> None:
    schema = DOCUMENT["components"]["schemas"]["Error"]
    bodies: list[Any] = [b"{", [{}], []]
    for body in bodies:
        status, answer = await post(edge, key, body, idempotency_key="x")
        validator(schema).validate(answer)
        described = DOCUMENT["paths"]["/api/v1/reports"]["post"]["responses"][str(status)]["description"]
        assert answer["error"]["code"] in described


def test_the_schema_refuses_what_the_codec_refuses_and_not_more() -> None:
    schema = validator(request_schema("/api/v1/reports"))
    good = {"type": "outage.reported.v1", "at": "2026-03-01T18:00:00Z", "kind": "call", "customer": "C-1"}
    assert schema.is_valid(good)
    for bad in (
        {"kind": "rumour"},
        {"customer": "a b"},
        {"phone": "0815"},
        {"exercise": False},
        {"unknown": 1},
        {"place": {"lon": 181, "lat": 0}},
        {"customer": "C-1\n\n"},
    ):
        assert not schema.is_valid({**good, **bad}), bad
    for payload in HARMLESS:
        if payload.topic.name == "outage.reports":
            sent = {name: value for name, value in json.loads(payload.body).items() if name != "exercise"}
            assert schema.is_valid(sent), payload.name

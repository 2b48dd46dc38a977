"""The table of the API's operations, and the OpenAPI 3.1 document made from it."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from services.hotline import wire

BASE = "/hotline/v1"
IDEMPOTENCY = "Idempotency-Key"

EVERYWHERE: dict[str, str] = {
    "noKey": "401: the header Authorization: Bearer is missing.",
    "unknownKey": "401: there is no such key, or it was revoked.",
    "scopeMissing": "403: the key does not allow the hotline.",
    "noAccount": "403: the key belongs to no account, or to one that the utility does not have.",
    "tooMuch": "429: ask again after the seconds that Retry-After names.",
    "databaseAway": "503: the database is away.",
}
"""Codes of errors that any operation may answer."""

WITH_BODY: dict[str, str] = {
    "notJson": "415: the body is not application/json.",
    "tooLarge": "413: the body is larger than 16 KiB.",
    "empty": "400: there is no body.",
    "malformed": "400: the body is not JSON.",
    "doubledField": "400: a field stands twice in an object.",
    "invalid": "422: a value is wrong; the detail says which.",
}
"""Codes of errors of an operation that reads a body."""

_ONCE = {
    "noIdempotencyKey": f"400: the header {IDEMPOTENCY} is missing, or longer than 64 characters.",
    "idempotencyMismatch": "409: the idempotency key was used for another request.",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: what it reads and answers, and the codes of its own errors. `once`: it takes an idempotency key."""

    id: str
    method: str
    path: str
    summary: str
    status: int
    answers: type[msgspec.Struct]
    reads: type[msgspec.Struct] | None = None
    once: bool = False
    errors: dict[str, str] = dataclasses.field(default_factory=dict)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="report",
        method="POST",
        path="/reports",
        summary="Tell that power is out or back, or that there is danger. The calls begin at once.",
        status=202,
        reads=wire.Report,
        answers=wire.Taken,
        once=True,
        errors={
            "unknownPremise": "422: the account has no such customer or meter.",
            "premiseNotNamed": "422: the account has several premises, or none: name one.",
            "unknownContact": "422: the account has no such contact.",
            "future": "422: `at` lies in the future.",
            "noDanger": "422: `hazard` and `place` belong to a danger alone.",
        },
    ),
    Operation(
        id="outages",
        method="GET",
        path="/outages",
        summary="The account's outages that last, and those that ended within seven days.",
        status=200,
        answers=wire.Outages,
    ),
    Operation(
        id="outage",
        method="GET",
        path="/outages/{outage}",
        summary="One outage with its calls.",
        status=200,
        answers=wire.Outage,
        errors={"unknownOutage": "404: the account has no such outage."},
    ),
    Operation(
        id="acknowledge",
        method="POST",
        path="/outages/{outage}/acknowledge",
        summary="Acknowledge an outage: nobody is called about it any more.",
        status=202,
        reads=wire.Acknowledgement,
        answers=wire.Taken,
        once=True,
        errors={
            "unknownOutage": "404: the account has no such outage.",
            "unknownContact": "422: the account has no such contact.",
            "outageOver": "409: the outage is over.",
        },
    ),
    Operation(
        id="contacts",
        method="GET",
        path="/contacts",
        summary="The account's contacts, in the order in which they are called.",
        status=200,
        answers=wire.Contacts,
    ),
    Operation(
        id="changeContacts",
        method="PUT",
        path="/contacts",
        summary="Put the contacts into another order, or give them other phones. It outlives what the utility imports.",
        status=200,
        reads=wire.ContactChanges,
        answers=wire.Contacts,
        errors={"notTheContacts": "422: the list does not name every contact of the account exactly once."},
    ),
)
"""Every operation of the API."""


def document(version: str) -> dict[str, Any]:
    """Return the OpenAPI document of this version of the product."""
    shapes = [wire.Error] + [shape for each in OPERATIONS for shape in (each.reads, each.answers) if shape is not None]
    _, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lamplighter hotline",
            "version": version,
            "description": "Outages of customers with a hotline account: reported, followed, acknowledged.",
        },
        "servers": [{"url": BASE}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": {str(operation.status): _content(operation.answers, operation.summary), **_errors(operation)},
    }
    parameters = []
    if "{outage}" in operation.path:
        parameters.append({"name": "outage", "in": "path", "required": True, "schema": {"type": "string"}})
    if operation.once:
        parameters.append(
            {
                "name": IDEMPOTENCY,
                "in": "header",
                "required": True,
                "description": "The same key with the same body is the same request: it is done once.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 64},
            }
        )
    if parameters:
        described["parameters"] = parameters
    if operation.reads is not None:
        described["requestBody"] = {"required": True, "content": _json(operation.reads)}
    return described


def _errors(operation: Operation) -> dict[str, Any]:
    codes = EVERYWHERE | (WITH_BODY if operation.reads else {}) | (_ONCE if operation.once else {}) | operation.errors
    by_status: dict[str, list[str]] = {}
    for code, text in codes.items():
        status, _, words = text.partition(": ")
        by_status.setdefault(status, []).append(f"`{code}`: {words}")
    return {status: _content(wire.Error, " ".join(texts)) for status, texts in sorted(by_status.items())}


def _content(shape: type[msgspec.Struct], description: str) -> dict[str, Any]:
    return {"description": description, "content": _json(shape)}


def _json(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}}

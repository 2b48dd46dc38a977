"""The description of the console's interface: every route is in it, and every reference in it leads somewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from services.console.app import OPEN, ROUTES
from services.console.openapi import document

DOCUMENT = document(ROUTES, OPEN, "0")


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _operations() -> Iterator[dict[str, Any]]:
    for path in DOCUMENT["paths"].values():
        yield from path.values()


def test_every_route_is_described_with_its_right() -> None:
    assert sum(1 for _ in _operations()) == len(ROUTES) + len(OPEN)
    rights = Counter(str(route.right) for route in ROUTES)
    assert Counter(operation["x-right"] for operation in _operations() if "x-right" in operation) == rights
    assert all("401" in operation["responses"] for operation in _operations() if "security" in operation)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = Counter(operation["operationId"] for operation in _operations())
    assert [name for name, number in names.items() if number > 1] == []


def test_every_reference_leads_to_a_schema() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {reference.removeprefix("#/components/schemas/") for reference in _references(DOCUMENT)} <= schemas.keys()


def test_every_place_in_a_path_is_a_parameter() -> None:
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            named = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert path.count("{") == len(named)
            assert all(f"{{{name}}}" in path for name in named)

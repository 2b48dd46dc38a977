"""The AsyncAPI document: its form, that every reference leads somewhere, and that golden samples fit its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas.topics import TOPICS

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = json.loads((CHECKOUT / "docs/reference/asyncapi.json").read_text(encoding="utf-8"))
REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "additionalProperties": False,
    "properties": {"$ref": {"type": "string"}},
}
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "defaultContentType": {"const": "application/json"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {
                "title": {"type": "string"},
                "version": {"type": "string"},
                "description": {"type": "string"},
                "license": {"type": "object", "required": ["name"]},
            },
        },
        "channels": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["address", "messages"],
                "additionalProperties": False,
                "properties": {
                    "address": {"type": "string"},
                    "description": {"type": "string"},
                    "messages": {"type": "object", "additionalProperties": REFERENCE},
                    "bindings": {
                        "type": "object",
                        "required": ["kafka"],
                        "properties": {
                            "kafka": {
                                "type": "object",
                                "required": ["bindingVersion"],
                                "additionalProperties": False,
                                "properties": {
                                    "partitions": {"type": "integer", "minimum": 1},
                                    "topicConfiguration": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {"retention.ms": {"type": "integer", "minimum": -1}},
                                    },
                                    "bindingVersion": {"const": "0.5.0"},
                                },
                            }
                        },
                    },
                },
            },
        },
        "operations": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["action", "channel"],
                "additionalProperties": False,
                "properties": {
                    "action": {"enum": ["send", "receive"]},
                    "channel": REFERENCE,
                    "summary": {"type": "string"},
                },
            },
        },
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[\w.\-]+$"}},
                "messageTraits": {"type": "object"},
                "messages": {
                    "type": "object",
                    "propertyNames": {"pattern": r"^[\w.\-]+$"},
                    "additionalProperties": {
                        "type": "object",
                        "required": ["name", "payload"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string"},
                            "title": {"type": "string"},
                            "summary": {"type": "string", "minLength": 1},
                            "contentType": {"type": "string"},
                            "traits": {"type": "array", "items": REFERENCE},
                            "payload": REFERENCE,
                        },
                    },
                },
            },
        },
    },
}
"""AsyncAPI 3.0.0, of the parts that we use, as its specification names them."""


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _at(pointer: str) -> Any:
    found: Any = DOCUMENT
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_the_document_has_the_form_of_asyncapi_3() -> None:
    jsonschema.validate(DOCUMENT, FORM)


def test_every_reference_leads_somewhere() -> None:
    assert all(_at(reference) for reference in _references(DOCUMENT))


def test_every_topic_is_a_channel_with_its_events_and_those_who_read_it() -> None:
    assert list(DOCUMENT["channels"]) == list(TOPICS)
    for topic in TOPICS.values():
        channel = DOCUMENT["channels"][topic.name]
        assert channel["address"] == topic.name
        assert list(channel["messages"]) == [event.__struct_config__.tag for event in topic.events]
        reading = {name for name, each in DOCUMENT["operations"].items() if each["action"] == "receive"}
        assert {f"receive.{topic.name}.{stage}" for stage in topic.consumers} <= reading


@pytest.mark.parametrize("tag", sorted(DOCUMENT["components"]["messages"]))
def test_a_golden_sample_fits_its_schema_and_a_spoilt_one_does_not(tag: str) -> None:
    sample = json.loads((CHECKOUT / "schemas/golden" / f"{tag}.json").read_text(encoding="utf-8"))
    schema = {**DOCUMENT["components"]["messages"][tag]["payload"], "components": DOCUMENT["components"]}
    jsonschema.validate(sample, schema, cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**sample, "id": 7}, schema, cls=jsonschema.Draft202012Validator)

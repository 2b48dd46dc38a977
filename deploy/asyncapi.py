"""The AsyncAPI 3 document of our topics: channels, who sends and who receives, and every event's JSON Schema."""

from __future__ import annotations

import importlib.metadata
import inspect
from typing import Any

import msgspec

from schemas.events import Event
from schemas.topics import TOPICS, Topic
from services.openapi import ecma

HEADERS: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode: a copy of parts of the body, for those who only route.",
    "properties": {
        name: {"type": "string"}
        for name in ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_exercise", "content-type")
    },
}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document of all topics."""
    events = sorted({event for topic in TOPICS.values() for event in topic.events}, key=_tag)
    _, schemas = msgspec.json.schema_components(events, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lamplighter",
            "version": importlib.metadata.version("lamplighter"),
            "description": (
                "Events on Apache Kafka. Messages of one key stay in order. An installation may put a prefix before each address "
                "(setting topic_prefix); a drill always does."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {name: operation for topic in TOPICS.values() for name, operation in _operations(topic).items()},
        "components": {
            "messages": {_tag(event): _message(event) for event in events},
            "schemas": ecma(schemas),
            "messageTraits": {"cloudEvents": {"headers": HEADERS}},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Written by {topic.producer}; its key is `{topic.key}`.",
        "messages": {_tag(event): {"$ref": f"#/components/messages/{_tag(event)}"} for event in topic.events},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": topic.retention_ms},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(topic: Topic) -> dict[str, Any]:
    """Return what is done with a topic, as seen from us: it is sent to, or received by each of our stages that reads it."""
    channel = {"$ref": f"#/channels/{_pointer(topic.name)}"}
    sent = {f"send.{topic.name}": {"action": "send", "channel": channel, "summary": f"Written by {topic.producer}."}}
    read = {
        f"receive.{topic.name}.{stage}": {"action": "receive", "channel": channel, "summary": f"Read by `{stage}`."}
        for stage in topic.consumers
    }
    return {**sent, **read}


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": _tag(event),
        "title": event.__name__,
        "summary": (inspect.getdoc(event) or "").split("\n\n", 1)[0].replace("\n", " "),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvents"}],
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
    }


def _tag(event: type[Event]) -> str:
    return str(event.__struct_config__.tag)


def _pointer(name: str) -> str:
    """Return a name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")

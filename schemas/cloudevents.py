"""CloudEvents 1.0, Kafka binding, binary mode: the headers that repeat what the body says, for those who only route."""

from __future__ import annotations

from schemas.codec import type_of
from schemas.events import Event


def headers(event: Event, source: str) -> list[tuple[str, bytes]]:
    """Return the headers of a message that carries this event; `source` names the stage or system that speaks."""
    pairs = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": f"/lamplighter/{source}",
        "ce_type": type_of(event),
        "ce_time": event.at.isoformat().replace("+00:00", "Z"),
        "ce_exercise": "true" if event.exercise else "false",
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in pairs.items()]

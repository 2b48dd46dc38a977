"""Parked messages: looked at, and sent to their topic once more."""

from __future__ import annotations

import dataclasses
import json

import asyncpg

from schemas.ids import derived
from services.engine import outbox
from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Parked:
    """A message that could not become a fact: where it came from, why, and its bytes."""

    id: str
    stage: str
    topic: str
    part: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    reason: str
    detail: str
    event_id: str | None
    at_ms: int
    state: str


async def listed(connection: Connection, limit: int = 200) -> list[Parked]:
    """Return what is parked, newest first."""
    rows = await connection.fetch(
        'SELECT * FROM parked ORDER BY at_ms DESC, topic, part, "offset" DESC LIMIT $1', limit
    )
    return [_parked(row) for row in rows]


async def count(connection: Connection) -> int:
    """Return how many messages are parked and were not requeued."""
    return int(await connection.fetchval("SELECT count(*) FROM parked WHERE state = 'parked'"))


async def shown(connection: Connection, parked_id: str) -> Parked | None:
    """Return one parked message; None when there is none of this id."""
    row = await connection.fetchrow("SELECT * FROM parked WHERE id = $1", parked_id)
    return None if row is None else _parked(row)


async def requeue(connection: Connection, parked_id: str) -> bool:
    """Send a parked message, as it came, to its topic once more; False when there is none, or it was requeued or erased."""
    async with connection.transaction():
        row = await connection.fetchrow(
            "UPDATE parked SET state = 'requeued' WHERE id = $1 AND state = 'parked' AND NOT erased RETURNING *",
            parked_id,
        )
        if row is None:
            return False
        one = _parked(row)
        await outbox.write(
            connection,
            event_id=derived("requeued", one.id),
            stage=one.stage,
            shard="",
            topic=one.topic,
            key=(one.key or b"").decode("utf-8", "replace"),
            headers=[(name, value.encode("latin-1")) for name, value in one.headers],
            body=one.body or b"",
        )
    return True


def _parked(row: asyncpg.Record) -> Parked:
    return Parked(
        id=row["id"],
        stage=row["stage"],
        topic=row["topic"],
        part=row["part"],
        offset=row["offset"],
        key=row["key"],
        headers=tuple((name, value) for name, value in json.loads(row["headers"])),
        body=row["body"],
        reason=row["reason"],
        detail=row["detail"],
        event_id=row["event_id"],
        at_ms=row["at_ms"],
        state=row["state"],
    )

"""The database side of the relay: what is to be published, and what was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from schemas.topics import TOPICS
from services.engine.taking import Connection
from services.engine.waking import wake


@dataclasses.dataclass(frozen=True, slots=True)
class Unsent:
    """A row of the outbox: topic without prefix, key, headers, body."""

    id: str
    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    body: bytes


async def unsent(connection: Connection, limit: int) -> list[Unsent]:
    """Return the oldest rows that were not published, in the order in which they were written."""
    rows = await connection.fetch(
        "SELECT id, topic, key, headers, body FROM outbox WHERE NOT sent ORDER BY seq LIMIT $1", limit
    )
    return [
        Unsent(
            row["id"],
            row["topic"],
            row["key"].encode(),
            [(name, value.encode("latin-1")) for name, value in json.loads(row["headers"])],
            row["body"],
        )
        for row in rows
    ]


async def mark_sent(connection: Connection, ids: Sequence[str], heads: Mapping[tuple[str, int], int]) -> None:
    """Mark rows as published, together with how far their partitions now reach (end offsets)."""
    await connection.execute(
        """WITH marked AS (UPDATE outbox SET sent = true WHERE id = ANY ($1::text[]))
           INSERT INTO heads AS h (topic, part, end_offset)
           SELECT * FROM unnest($2::text[], $3::integer[], $4::bigint[])
           ON CONFLICT (topic, part) DO UPDATE SET end_offset = greatest(h.end_offset, excluded.end_offset)""",
        list(ids),
        [topic for topic, _ in heads],
        [part for _, part in heads],
        list(heads.values()),
    )
    await wake(connection, "moved")


async def send_again(connection: Connection) -> int:
    """Let the relay publish once more what was published and not every consumer has; return how many events that are.

    For a broker that lost them. A consumer that has an event drops the copy by its id.
    """
    consumers = [(stage, topic.name) for topic in TOPICS.values() for stage in topic.consumers if stage != "world"]
    done: str = await connection.execute(
        """WITH consumer (stage, topic) AS (SELECT * FROM unnest($1::text[], $2::text[]))
           UPDATE outbox o SET sent = false WHERE o.sent AND EXISTS (
               SELECT FROM consumer c WHERE c.topic = o.topic
                 AND NOT EXISTS (SELECT FROM inbox i WHERE i.stage = c.stage AND i.id = o.id)
                 AND NOT (c.stage = 'intake' AND EXISTS (SELECT FROM report r WHERE r.id = o.id))
                 AND NOT EXISTS (SELECT FROM parked p WHERE p.stage = c.stage AND p.event_id = o.id))""",
        [stage for stage, _ in consumers],
        [topic for _, topic in consumers],
    )
    return int(done.rsplit(" ", 1)[1])


async def write(
    connection: Connection,
    *,
    event_id: str,
    stage: str,
    shard: str,
    topic: str,
    key: str,
    headers: Sequence[tuple[str, bytes]],
    body: bytes,
) -> bool:
    """Put a fact that came in by another door than Kafka into the outbox; False when it is there already."""
    written = await connection.fetchval(
        """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
           SELECT $1, $2, $3, t.n, $4, $5, $6, $7 FROM tick() t ON CONFLICT DO NOTHING RETURNING true""",
        event_id,
        stage,
        shard,
        topic,
        key,
        headers_column(headers),
        body,
    )
    await connection.execute("SELECT pg_notify('outbox', '')")
    return bool(written)


def headers_column(headers: Sequence[tuple[str, bytes]]) -> str:
    """Return headers as they stand in the outbox."""
    return json.dumps([[name, value.decode("latin-1")] for name, value in headers])

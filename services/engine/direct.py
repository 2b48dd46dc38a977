"""Facts that come in by another door than Kafka: stored for their stage at once, and published like what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import cloudevents
from schemas.codec import encode
from schemas.events import Event
from schemas.topics import Topic
from services.clock import to_ms
from services.engine import outbox
from services.engine.taking import Connection
from services.engine.waking import wake


async def take_directly(connection: Connection, stage: str, shard: str, topic: Topic, event: Event) -> bool:
    """Store an event as a fact of a stage, stamped with the clock's tick as in `Taking`; False when it is there already.

    The copy that later comes by Kafka is dropped by the primary key, so the event must have the same id there.
    """
    taken = await connection.fetchval(
        """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
           SELECT $1, $2, $3, $4, t.n, $5, $6 FROM tick() t ON CONFLICT DO NOTHING RETURNING true""",
        stage,
        event.id,
        shard,
        to_ms(event.at),
        topic.name,
        encode(event),
    )
    await connection.execute("SELECT pg_notify('moved', '')")
    return bool(taken)


async def publish(connection: Connection, source: str, topic: Topic, key: str, event: Event) -> bool:
    """Put an event into the outbox under its key; `source` names who speaks. False when it is there already.

    The source is no stage, and no shard decided it: what stands in the outbox under a stage's name is what that stage decided.
    """
    return await outbox.write(
        connection,
        event_id=event.id,
        stage=source,
        shard="",
        topic=topic.name,
        key=key,
        headers=cloudevents.headers(event, source),
        body=encode(event),
    )


async def publish_all(connection: Connection, source: str, topic: Topic, events: Sequence[tuple[str, Event]]) -> None:
    """Put many events of a topic into the outbox, each under its key, as `publish` does; those that are there already stay."""
    rows = {
        event.id: (event.id, key, outbox.headers_column(cloudevents.headers(event, source)), encode(event))
        for key, event in events
    }
    await connection.execute(
        """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
           SELECT e.id, $1, '', t.n, $2, e.key, e.headers::json, e.body
           FROM tick() t, unnest($3::text[], $4::text[], $5::text[], $6::bytea[])
                WITH ORDINALITY AS e (id, key, headers, body, place)
           ORDER BY e.place ON CONFLICT DO NOTHING""",
        source,
        topic.name,
        *map(list, zip(*rows.values(), strict=True)),
    )
    await wake(connection, "outbox")

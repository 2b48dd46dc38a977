"""All SQL of access keys, of which only the hashes are kept, and of what was accepted from those who hold one."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Literal

import asyncpg

from schemas.cloudevents import headers
from schemas.codec import encode
from schemas.events import Event
from schemas.ids import derived
from schemas.topics import Topic
from services.access.keys import Key, checked, drawn_key, hashed, id_of
from services.clock import to_ms
from services.engine.taking import FUTURE_MS, Connection


async def create(connection: Connection, name: str, scopes: Collection[str], account: str | None = None) -> str:
    """Make a key and return it: the only time that it can be seen. Raises `UnknownScope`."""
    wanted = sorted(checked(frozenset(scopes)))
    key_id, key = drawn_key()
    await connection.execute(
        "INSERT INTO access_key (key_id, secret_sha256, name, scopes, account) VALUES ($1, $2, $3, $4, $5)",
        key_id,
        hashed(key),
        name,
        wanted,
        account,
    )
    return key


async def find(connection: Connection, presented: str) -> Key | None:
    """Return whose key was presented; None for an unknown, forged or revoked one."""
    key_id = id_of(presented)
    if key_id is None:
        return None
    row = await connection.fetchrow("SELECT * FROM access_key WHERE key_id = $1 AND NOT revoked", key_id)
    if row is None or not hmac.compare_digest(row["secret_sha256"], hashed(presented)):
        return None
    return _key(row)


async def listed(connection: Connection) -> list[tuple[Key, bool]]:
    """Return every key and whether it was revoked, by name and id."""
    rows = await connection.fetch("SELECT * FROM access_key ORDER BY name, key_id")
    return [(_key(row), row["revoked"]) for row in rows]


async def revoke(connection: Connection, key_id: str) -> bool:
    """Let a key be refused from now on; False when there is none of this id, or it was revoked already."""
    done = await connection.fetchval(
        "UPDATE access_key SET revoked = true WHERE key_id = $1 AND NOT revoked RETURNING true", key_id
    )
    return bool(done)


def _key(row: asyncpg.Record) -> Key:
    return Key(id=row["key_id"], name=row["name"], scopes=frozenset(row["scopes"]), account=row["account"])


class Refusal(Exception):
    """Why none of the events of a request was accepted: a stable code, a detail for people, the event it is about."""

    def __init__(
        self, code: Literal["future", "idempotencyMismatch"], detail: str, event_id: str | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.event_id = event_id


async def accept(
    connection: Connection, key_id: str, idempotency_key: str | None, topic: Topic, events: Sequence[Event]
) -> None:
    """Store the events of a request for the relay to publish: all in one transaction, or none.

    What this key sent before, in the same words, is not stored again. Raises `Refusal`: for another request under the same
    idempotency key or event id, and for an event that speaks of a time further ahead than intake would take.
    """
    bodies = [encode(event) for event in events]
    ids = [event.id for event in events]
    async with connection.transaction():
        stamp = await connection.fetchrow("SELECT t.n, greatest(t.now_ms, c.target_ms) AS ahead FROM tick() t, clock c")
        if stamp is None:
            raise ConnectionError("the clock of this database was not set yet")
        if idempotency_key is not None:
            digest = sha256(b"\n".join((topic.name.encode(), *bodies))).digest()
            if not await _is_new(connection, key_id, idempotency_key, digest, ids, stamp["n"]):
                return
        for event in events:
            if to_ms(event.at) > stamp["ahead"] + FUTURE_MS:
                raise Refusal("future", f"speaks of {event.at.isoformat()}", event.id)
        new = await _keep_new(connection, key_id, topic, list(zip(ids, bodies, strict=True)), stamp["n"])
        await _publish(
            connection, key_id, topic, [pair for pair in zip(events, bodies, strict=True) if pair[0].id in new]
        )


async def _is_new(
    connection: Connection, key_id: str, idempotency_key: str, digest: bytes, ids: list[str], tick: int
) -> bool:
    if await connection.fetchval(
        """INSERT INTO edge_request (key_id, idempotency_key, sha256, event_ids, tick) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT DO NOTHING RETURNING true""",
        key_id,
        idempotency_key,
        digest,
        ids,
        tick,
    ):
        return True
    known = await connection.fetchval(
        "SELECT sha256 FROM edge_request WHERE key_id = $1 AND idempotency_key = $2", key_id, idempotency_key
    )
    if known != digest:
        raise Refusal("idempotencyMismatch", "another request was accepted under this Idempotency-Key")
    return False


async def _keep_new(
    connection: Connection, key_id: str, topic: Topic, pairs: list[tuple[str, bytes]], tick: int
) -> set[str]:
    """Keep what is new and return its ids. Raises `Refusal` for an id under which this key sent something else."""
    columns = (
        [event_id for event_id, _ in pairs],
        [sha256(body).digest() for _, body in pairs],
        [_outbox_id(key_id, event_id) for event_id, _ in pairs],
    )
    # In the order of the ids, so that two requests with the same events wait for each other and never both.
    rows = await connection.fetch(
        """INSERT INTO edge_event (key_id, event_id, topic, sha256, outbox_id, tick)
           SELECT $1, f.event_id, $2, f.sha256, f.outbox_id, $3
           FROM unnest($4::text[], $5::bytea[], $6::text[]) AS f (event_id, sha256, outbox_id) ORDER BY f.event_id
           ON CONFLICT DO NOTHING RETURNING event_id""",
        key_id,
        topic.name,
        tick,
        *columns,
    )
    new = {row["event_id"] for row in rows}
    if len(new) < len(pairs):
        other = await connection.fetchval(
            """SELECT min(e.event_id) FROM edge_event e JOIN unnest($2::text[], $3::bytea[]) AS f (event_id, sha256)
                   USING (event_id)
               WHERE e.key_id = $1 AND (e.sha256, e.topic) <> (f.sha256, $4)""",
            key_id,
            *columns[:2],
            topic.name,
        )
        if other is not None:
            raise Refusal("idempotencyMismatch", "another event was accepted under this id", other)
    return new


async def _publish(connection: Connection, key_id: str, topic: Topic, pairs: list[tuple[Event, bytes]]) -> None:
    await connection.execute(
        """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
           SELECT f.id, 'edge', '', t.n, $1, f.key, f.headers, f.body
           FROM tick() t, unnest($2::text[], $3::text[], $4::json[], $5::bytea[]) AS f (id, key, headers, body)""",
        topic.name,
        [_outbox_id(key_id, event.id) for event, _ in pairs],
        [str(getattr(event, topic.key, None) or event.id) for event, _ in pairs],
        [json.dumps([[name, value.decode()] for name, value in headers(event, "edge")]) for event, _ in pairs],
        [body for _, body in pairs],
    )
    await connection.execute("SELECT pg_notify('outbox', '')")


def _outbox_id(key_id: str, event_id: str) -> str:
    """Return the id of an outbox row of this key alone: what others publish under the same event id cannot hide it."""
    return derived("edge", key_id, event_id)

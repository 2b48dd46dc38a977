"""Erases what is personal and older than the retention, table by table as `personal` has it, in transactions of bounded size.

A run that is interrupted is taken up by the next one: what is left is found by looking, not by remembering.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from schemas.codec import Unreadable, decode, encode
from schemas.topics import DEAD_LETTERS, NOTICE_INBOUND, TOPICS
from services.access.personal import GONE, NO_BODY, NO_PHONE, without_person
from services.engine.taking import Connection

DAY_MS = 86_400_000
BATCH = 2_000
PATIENCE_S = 600.0
"""A statement of this room may take so long: the first run has years before it."""
LOCK = 7_240_071

# As the indexes inbox_personal and outbox_personal have it.
_IN_FACTS = "NOT erased AND topic IN ('hotline.reports', 'notice.inbound', 'notice.consents', 'notice.actions') AND decided < $1"
_IN_PUBLISHED = (
    "NOT erased AND topic IN "
    "('outage.reports', 'hotline.reports', 'notice.inbound', 'notice.consents', 'notice.actions', 'dead.letters') "
    "AND sent AND tick < $1"
)
_CLOSED = "state NOT IN ('due', 'attempting') AND tick < $1"
_OLD_VERSION = """
    SELECT v.version FROM utility_version v
    WHERE NOT v.current AND v.imported_at < clock_timestamp() - make_interval(days => $1)
      AND NOT EXISTS (SELECT FROM ticks t WHERE t.version = v.version AND t.now_ms >= $2)"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is older goes: the retention, the clock's time before which, and the tick that it had then (not reached)."""

    days: int
    now_ms: int
    until_ms: int
    until_tick: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a table that go, and how. `$1` is the limit named by `by`."""

    table: str
    which: str
    how: str
    by: str


_SIMPLE: tuple[_Rows, ...] = (
    _Rows(
        "parked",
        "NOT erased AND tick < $1",
        f"UPDATE parked SET key = NULL, headers = '[]', body = '{NO_BODY.decode()}', detail = '{GONE}', erased = true",  # noqa: S608 (this module's own text)
        "tick",
    ),
    _Rows(
        "effects (texts)",
        f"kind IN ('text', 'email', 'webhook', 'voiceNotice') AND body ->> 'words' <> '' AND {_CLOSED}",
        'UPDATE effects SET body = (body::jsonb || \'{"words": ""}\')::json',
        "tick",
    ),
    _Rows(
        "effects (calls)",
        f"kind = 'call' AND body ->> 'say' <> '' AND {_CLOSED}",
        'UPDATE effects SET body = (body::jsonb || \'{"say": ""}\')::json',
        "tick",
    ),
    _Rows(
        "report",
        "(phone_named IS NOT NULL OR words IS NOT NULL) AND tick < $1",
        "UPDATE report SET phone_named = NULL, words = NULL",
        "tick",
    ),
    _Rows(
        "inbound_text",
        f"phone <> '{NO_PHONE}' AND tick < $1",
        f"UPDATE inbound_text SET phone = '{NO_PHONE}', words = ''",  # noqa: S608 (this module's own text)
        "tick",
    ),
    _Rows(
        "consent_log",
        f"phone <> '{NO_PHONE}' AND tick < $1",
        f"UPDATE consent_log SET phone = '{NO_PHONE}'",  # noqa: S608 (as above)
        "tick",
    ),
    _Rows(
        "linked_phone",
        f"phone <> '{NO_PHONE}' AND ended_at_ms < $1",
        f"UPDATE linked_phone SET phone = '{NO_PHONE}'",  # noqa: S608 (as above)
        "ms",
    ),
    _Rows("inbound_part", "at_ms < $1", "DELETE FROM inbound_part", "ms"),
    _Rows(
        "hotline_contact_change (was)",
        f"field = 'phone' AND was <> '{GONE}' AND at_ms < $1",
        f"UPDATE hotline_contact_change SET was = '{GONE}'",  # noqa: S608 (this module's own text)
        "ms",
    ),
    _Rows(
        "hotline_contact_change (became)",
        f"""field = 'phone' AND became <> '{GONE}' AND at_ms < $1 AND EXISTS (
                SELECT FROM hotline_contact_change l
                WHERE (l.account, l.contact, l.field) = (c.account, c.contact, c.field) AND l.number > c.number)""",
        f"UPDATE hotline_contact_change AS c SET became = '{GONE}'",  # noqa: S608 (this module's own text)
        "ms",
    ),
    _Rows(
        "restoration_orphan",
        f"""topic = '{NOTICE_INBOUND.name}' AND key <> '{NO_PHONE}' AND EXISTS (
                SELECT FROM restoration r WHERE r.id = restoration AND r.held_at_ms < $1)""",
        f"UPDATE restoration_orphan SET key = '{NO_PHONE}'",  # noqa: S608 (this module's own text)
        "ms",
    ),
)


async def limit_of(connection: Connection, days: int) -> Limit | None:
    """Return what is older than so many days by the clock of the installation; None: for ever is kept, or no clock runs yet."""
    now_ms = await connection.fetchval("SELECT now_ms FROM tick()")
    if days == 0 or now_ms is None:
        return None
    until_ms = now_ms - days * DAY_MS
    until_tick = await connection.fetchval(
        "SELECT coalesce(max(n) + 1, 0) FROM ticks WHERE now_ms < $1", until_ms, timeout=PATIENCE_S
    )
    return Limit(days=days, now_ms=now_ms, until_ms=until_ms, until_tick=until_tick)


async def counted(connection: Connection, limit: Limit) -> dict[str, int]:
    """Return how many rows of which table hold what would be erased; tables without any are left out."""
    found = {
        "inbox": await _count(connection, f"inbox WHERE {_IN_FACTS}", limit.until_tick),
        "outbox": await _count(connection, f"outbox WHERE {_IN_PUBLISHED}", limit.until_tick),
    }
    for rows in _SIMPLE:
        table = rows.table.partition(" ")[0]
        alias = " c" if table == "hotline_contact_change" else ""
        found[rows.table] = await _count(connection, f"{table}{alias} WHERE {rows.which}", _bound(rows, limit))
    versions = await _old_versions(connection, limit)
    found["customer_phone"] = await _count(connection, "customer_phone WHERE version = ANY ($1)", versions)
    found["notice_contact"] = await _count(connection, "notice_contact WHERE version = ANY ($1)", versions)
    found["hotline_contact"] = await _count(
        connection, "hotline_contact WHERE version = ANY ($1) AND (name, phone) <> ('', '')", versions
    )
    return {table: rows for table, rows in found.items() if rows}


async def erase(connection: Connection, limit: Limit, rows: Mapping[str, int]) -> None:
    """Erase, and write down that it was done: `rows` is what `counted` found. Everything else stays.

    The state of those shards of which a decision rested on what goes must have been kept before (`engine.erasure`).
    """
    await connection.execute(
        "INSERT INTO erasure (at_ms, until_ms, until_tick, rows) VALUES ($1, $2, $3, $4)",
        limit.now_ms,
        limit.until_ms,
        limit.until_tick,
        json.dumps(dict(rows)),
    )
    while await _rewrite_facts(connection, limit.until_tick):
        pass
    while await _rewrite_published(connection, limit.until_tick):
        pass
    for one in _SIMPLE:
        await connection.execute(f"{one.how} WHERE {one.which}", _bound(one, limit), timeout=PATIENCE_S)
    versions = await _old_versions(connection, limit)
    async with connection.transaction():
        # The same content imported again is then a new version, with its phones.
        await connection.execute(
            "UPDATE utility_version SET digest = 'erased:' || version || ':' || digest "
            "WHERE version = ANY ($1) AND NOT starts_with(digest, 'erased:')",
            versions,
        )
        await connection.execute("DELETE FROM customer_phone WHERE version = ANY ($1)", versions, timeout=PATIENCE_S)
        await connection.execute("DELETE FROM notice_contact WHERE version = ANY ($1)", versions, timeout=PATIENCE_S)
        await connection.execute(
            "UPDATE hotline_contact SET name = '', phone = '' WHERE version = ANY ($1) AND (name, phone) <> ('', '')",
            versions,
            timeout=PATIENCE_S,
        )


def _bound(rows: _Rows, limit: Limit) -> int:
    return limit.until_tick if rows.by == "tick" else limit.until_ms


async def _count(connection: Connection, what: str, bound: object) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {what}", bound, timeout=PATIENCE_S))  # noqa: S608 (as above)


async def _old_versions(connection: Connection, limit: Limit) -> list[int]:
    rows = await connection.fetch(_OLD_VERSION, limit.days, limit.until_ms, timeout=PATIENCE_S)
    return [row["version"] for row in rows]


async def _rewrite_facts(connection: Connection, until_tick: int) -> int:
    rows = await connection.fetch(
        f"SELECT stage, id, topic, body FROM inbox WHERE {_IN_FACTS} ORDER BY decided LIMIT {BATCH}",  # noqa: S608 (as above)
        until_tick,
    )
    await connection.executemany(
        "UPDATE inbox SET body = $3, erased = true WHERE stage = $1 AND id = $2",
        [(row["stage"], row["id"], rewritten(row["topic"], row["body"])) for row in rows],
    )
    return len(rows)


async def _rewrite_published(connection: Connection, until_tick: int) -> int:
    rows = await connection.fetch(
        f"SELECT id, topic, key, headers, body FROM outbox WHERE {_IN_PUBLISHED} ORDER BY tick LIMIT {BATCH}",  # noqa: S608 (as above)
        until_tick,
    )
    await connection.executemany(
        "UPDATE outbox SET key = $2, headers = $3, body = $4, erased = true WHERE id = $1",
        [
            (
                row["id"],
                NO_PHONE if row["topic"] == NOTICE_INBOUND.name else row["key"],
                "[]" if row["topic"] == DEAD_LETTERS.name else row["headers"],
                rewritten(row["topic"], row["body"]),
            )
            for row in rows
        ],
    )
    return len(rows)


def rewritten(topic: str, body: bytes) -> bytes:
    """Return a body of this topic without what is personal in it; of what cannot be read, nothing is left."""
    if topic == DEAD_LETTERS.name:
        return NO_BODY
    try:
        return encode(without_person(decode(body, TOPICS[topic])))
    except Unreadable:
        return NO_BODY

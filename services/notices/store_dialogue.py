"""The SQL of what is decided in talking with customers: phones that follow them, and what dispatchers answered."""

from __future__ import annotations

from collections.abc import Sequence

from services.engine.taking import Connection
from services.engine.turn import Record
from services.notices.answering import PersonAnswered
from services.notices.linking import PhoneLinkEnded, PhoneLinkTaken


async def save_dialogue(connection: Connection, shard: str, tick: int, now: int, records: Sequence[Record]) -> None:
    """Write the links that begin and end in a turn, and the answers of dispatchers; `now` in milliseconds."""
    taken = [record for record in records if isinstance(record, PhoneLinkTaken)]
    ended = [record for record in records if isinstance(record, PhoneLinkEnded)]
    answers = [record for record in records if isinstance(record, PersonAnswered)]
    if taken:
        await connection.executemany(
            """INSERT INTO linked_phone (id, phone, handle, customer, area, tick, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [(t.id, t.phone, t.handle, t.customer, shard, tick, t.at) for t in taken],
        )
    if ended:
        await connection.executemany(
            "UPDATE linked_phone SET ended_at_ms = greatest($2::bigint, at_ms) WHERE id = $1 AND ended_at_ms IS NULL",
            [(e.id, e.at) for e in ended],
        )
    if answers:
        await connection.executemany(
            """INSERT INTO inbound_answer (key, text, area, tick, decided_at_ms, by_user, canned)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [(a.key, a.text, shard, tick, now, a.by, a.canned or None) for a in answers],
        )

"""The journal as people read it: what became of what, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Noted:
    """One transition: at a time (milliseconds) a subject of a kind went to a state because of a reason code."""

    now_ms: int
    subject_kind: str
    subject: str
    became: str
    reason: str


async def latest(connection: Connection, kinds: Sequence[str], limit: int) -> list[Noted]:
    """Return the last transitions of subjects of these kinds, newest first; what stayed as it was is left out.

    So is the world of a drill: what it did is not known to the product, and has no place among what the product did.
    """
    rows = await connection.fetch(
        """SELECT now_ms, subject_kind, subject, became, reason FROM journal
           WHERE subject_kind = ANY ($1::text[]) AND stage <> 'world' AND became <> 'stays'
           ORDER BY now_ms DESC, tick DESC, id LIMIT $2""",
        list(kinds),
        limit,
    )
    return [Noted(*row.values()) for row in rows]

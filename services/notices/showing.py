"""What the console shows of texts: those that an incident caused, and those from people that no rule understood."""

from __future__ import annotations

import dataclasses

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Texts of one moment that were decided in one tick."""

    at_ms: int
    tick: int
    moment: str
    texts: int
    customers: int


async def told_of(connection: Connection, incident: str) -> list[Told]:
    """Return the texts about an incident, counted by moment and tick, in the order of time."""
    rows = await connection.fetch(
        """SELECT decided_at_ms AS at_ms, tick, moment, count(*)::integer AS texts,
                  sum(cardinality(customers))::integer AS customers
           FROM notice_decided WHERE incident = $1 GROUP BY decided_at_ms, tick, moment ORDER BY 1, 2, 3""",
        incident,
    )
    return [Told(**row) for row in rows]


async def texts_by_state(connection: Connection, incident: str) -> dict[str, int]:
    """Return how many texts about an incident are in each state."""
    rows = await connection.fetch(
        """SELECT coalesce(state, 'due') AS state, count(*)::integer AS texts FROM notice WHERE incident = $1
           GROUP BY 1 ORDER BY 1""",
        incident,
    )
    return {row["state"]: row["texts"] for row in rows}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UnreadText:
    """A text that a person has to read: no rule understood it, or it speaks of danger. Phone and words are in full.

    `area` is the supply area that decided on it, `premises` how many the phone stands for, `customer` the only one of them.
    """

    id: str
    area: str
    state: str
    at_ms: int
    phone: str
    words: str
    reason: str
    premises: int
    customer: str | None


_UNREAD = """SELECT t.id, t.area, t.state, t.at_ms, t.phone, t.words, t.reason, p.premises, p.customer
FROM inbound_text t CROSS JOIN LATERAL (
    SELECT count(*)::integer AS premises, CASE WHEN count(*) = 1 THEN min(customer) END AS customer
    FROM (SELECT f.customer FROM current_phone f WHERE f.phone = t.phone
          UNION SELECT l.customer FROM linked_phone l WHERE l.handle = t.handle AND l.ended_at_ms IS NULL) of_phone) p
WHERE t.state IN ('unread', 'warned')"""


async def unread(connection: Connection, limit: int) -> list[UnreadText]:
    """Return the newest texts that nobody has read yet."""
    rows = await connection.fetch(
        f"""{_UNREAD} AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'text:' || t.id)
            ORDER BY t.at_ms DESC, t.id LIMIT $1""",
        limit,
    )
    return [UnreadText(**row) for row in rows]


async def unread_one(connection: Connection, text: str) -> UnreadText | None:
    """Return one text that a person has to read; None when there is none of this id."""
    row = await connection.fetchrow(f"{_UNREAD} AND t.id = $1", text)
    return None if row is None else UnreadText(**row)

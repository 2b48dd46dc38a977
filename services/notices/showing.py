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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text about an incident. The phone is in full; times are milliseconds."""

    key: str
    moment: str
    customer: str
    customers: int
    phone: str
    state: str
    reason: str
    at_ms: int
    estimate_ms: int | None


async def texts_of(connection: Connection, incident: str, limit: int) -> list[Text]:
    """Return the last texts about an incident, newest first."""
    rows = await connection.fetch(
        """SELECT n.key, n.moment, n.customer, cardinality(n.customers) AS customers,
                  coalesce((SELECT phone FROM current_phone f WHERE f.customer = n.customer ORDER BY rank LIMIT 1), '') AS phone,
                  coalesce(n.state, 'due') AS state, coalesce(n.operator_code, n.effect_reason, '') AS reason,
                  n.decided_at_ms AS at_ms, n.estimate_ms
           FROM notice n WHERE n.incident = $1 ORDER BY n.decided_at_ms DESC, n.key LIMIT $2""",
        incident,
        limit,
    )
    return [Text(**row) for row in rows]


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
    """A text from somebody that no rule understood. Phone and words are in full; `premises` is how many the phone stands for."""

    id: str
    at_ms: int
    phone: str
    words: str
    reason: str
    premises: int
    customer: str | None


_UNREAD = """SELECT t.id, t.at_ms, t.phone, t.words, t.reason,
       (SELECT count(*) FROM current_phone p WHERE p.phone = t.phone)::integer AS premises,
       (SELECT min(p.customer) FROM current_phone p WHERE p.phone = t.phone HAVING count(*) = 1) AS customer
FROM inbound_text t WHERE t.state = 'unread'"""


async def unread(connection: Connection, limit: int) -> list[UnreadText]:
    """Return the newest texts that nobody has read yet."""
    rows = await connection.fetch(
        f"""{_UNREAD} AND NOT EXISTS (SELECT FROM attention_handled h WHERE h.id = 'text:' || t.id)
            ORDER BY t.at_ms DESC, t.id LIMIT $1""",
        limit,
    )
    return [UnreadText(**row) for row in rows]


async def unread_one(connection: Connection, text: str) -> UnreadText | None:
    """Return one text that no rule understood; None when there is none of this id."""
    row = await connection.fetchrow(f"{_UNREAD} AND t.id = $1", text)
    return None if row is None else UnreadText(**row)

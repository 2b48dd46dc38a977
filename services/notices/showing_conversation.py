"""The conversation with a phone: what it wrote to us and what it was told, as whoever answers it has to know."""

from __future__ import annotations

import dataclasses
import json
from typing import Final

from services.engine.taking import Connection

SHOWN: Final = 60
"""So many texts of a conversation are shown, the newest."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Whose phone it is: in full, with the customers that it stands for.

    `language` is what it chose, or its customer's; empty: neither.
    """

    phone: str
    handle: str
    customers: list[str]
    language: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A text of a conversation. `inbound`: the phone wrote it, and `state` says what became of that; `moment`: of what it was told.

    `by`: a person answered. Times are milliseconds.
    """

    id: str
    at_ms: int
    inbound: bool
    words: str
    moment: str
    state: str
    reason: str
    by: str


async def partner(connection: Connection, *, text: str | None, key: str | None) -> Partner | None:
    """Return whose phone wrote a text (its id), or was told one (the key of its effect); None: there is no such text."""
    row = await connection.fetchrow(
        """SELECT handle, phone FROM (
               SELECT t.handle, t.phone FROM inbound_text t WHERE t.id = $1 OR t.answer = $2
               UNION ALL
               SELECT t.handle, t.phone FROM inbound_answer a JOIN inbound_text t ON t.id = a.text WHERE a.key = $2
               UNION ALL
               SELECT n.handle, coalesce(
                   (SELECT l.phone FROM effects e JOIN linked_phone l ON l.id = e.body ->> 'linked' WHERE e.key = n.key),
                   (SELECT t.phone FROM inbound_text t WHERE t.handle = n.handle LIMIT 1),
                   (SELECT f.phone FROM current_phone f WHERE f.customer = n.customer ORDER BY f.rank LIMIT 1), '')
               FROM notice_decided n WHERE n.key = $2) found
           WHERE handle <> '' LIMIT 1""",
        text,
        key,
    )
    if row is None:
        return None
    customers = await connection.fetch(
        """SELECT customer FROM current_phone WHERE phone = $1
           UNION SELECT customer FROM linked_phone WHERE handle = $2 AND ended_at_ms IS NULL ORDER BY 1""",
        row["phone"],
        row["handle"],
    )
    names = [each["customer"] for each in customers]
    chose = await connection.fetchval(
        "SELECT body FROM entity WHERE stage = 'notify' AND kind = 'spoken' AND id = $1 ORDER BY shard LIMIT 1",
        row["handle"],
    )
    language = "" if chose is None else str(json.loads(chose)["language"])
    if not language and names:
        language = await connection.fetchval(
            "SELECT language FROM current_customer WHERE customer = $1 LIMIT 1", names[0]
        )
    return Partner(phone=row["phone"], handle=row["handle"], customers=names, language=language or "")


async def lines(connection: Connection, handle: str) -> list[Line]:
    """Return the last texts from and to a phone, the oldest first."""
    rows = await connection.fetch(
        """WITH told AS (
               SELECT n.key, n.decided_at_ms AS at_ms, n.moment, n.receipt, coalesce(n.operator_code, '') AS code, '' AS by
               FROM notice_decided n WHERE n.handle = $1
               UNION ALL
               SELECT t.answer, t.decided_at_ms, 'answer', t.receipt, '', ''
               FROM inbound_text t WHERE t.handle = $1 AND t.answer IS NOT NULL
               UNION ALL
               SELECT a.key, a.decided_at_ms, 'answer', a.receipt, '', coalesce(u.name, a.by_user)
               FROM inbound_answer a JOIN inbound_text t ON t.id = a.text LEFT JOIN app_user u ON u.user_id = a.by_user
               WHERE t.handle = $1)
           SELECT * FROM (
               SELECT t.id, t.at_ms, true AS inbound, t.words, '' AS moment, t.state, t.reason, '' AS by
               FROM inbound_text t WHERE t.handle = $1
               UNION ALL
               SELECT n.key, n.at_ms, false, coalesce(e.body ->> 'words', ''), n.moment, coalesce(n.receipt, e.state, 'due'),
                      coalesce(nullif(n.code, ''), e.reason, ''), n.by
               FROM told n LEFT JOIN effects e ON e.key = n.key) said
           ORDER BY at_ms DESC, inbound, id DESC LIMIT $2""",
        handle,
        SHOWN,
    )
    return [Line(**row) for row in reversed(rows)]

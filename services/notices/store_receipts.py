"""The SQL by which an operator's receipts find their texts: those that were settled, and those whose outcome nobody knew."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.engine.effects import REPEATED
from services.engine.taking import Connection
from services.engine.waking import wake
from services.notices.moments import EFFECT_KIND, TextBody
from services.notices.store import SentText

FOUND: Final = "foundByReceipt"
"""Why an attempt whose outcome was not known has succeeded: its receipt came."""

NAMELESS_MS: Final = 48 * 3_600_000
"""So long after an attempt of unknown outcome a receipt of an unknown name may be its own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a receipt says of which text it is: the operator's name for it, our key where it came back, the number it went to."""

    gateway: str
    reference: str
    key: str = ""
    phone: str = ""


async def matched(connection: Connection, receipts: Sequence[Named]) -> list[SentText | None]:
    """Return the text of each receipt, by our key or the operator's name; None: no attempt of that name was settled."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (r.place) r.place, e.key, e.shard
           FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS r (gateway, reference, key, place)
           LEFT JOIN LATERAL (
               SELECT k.key, k.shard FROM effects k WHERE r.key <> '' AND k.key = r.key AND k.attempts > 0
               UNION ALL
               SELECT f.key, f.shard FROM effects f
               WHERE r.key = '' AND f.gateway_reference = r.reference AND f.gateway = r.gateway) e ON true
           ORDER BY r.place, e.key""",
        [each.gateway for each in receipts],
        [each.reference for each in receipts],
        [each.key for each in receipts],
    )
    return [None if row["key"] is None else SentText(row["key"], row["shard"]) for row in rows]


async def found(connection: Connection, now: int, texts: Sequence[tuple[str, str]]) -> None:
    """Write that the operator has these texts, by key and its name for them, where that was not known; `now` in milliseconds.

    A text of which a look-up said that it never got there, and which was not attempted again since, is not sent once more.
    """
    await connection.execute(
        f"""WITH mine AS MATERIALIZED (
               SELECT m.key FROM effects m
               WHERE m.key = ANY ($2::text[]) AND m.attempts > 0 AND m.state IN ('attempting', 'unknown', 'due', 'expired')
               ORDER BY m.key FOR UPDATE)
           UPDATE effects e SET state = 'done', done_at_ms = $1,
               reason = CASE WHEN e.reason = '{REPEATED}' THEN e.reason WHEN e.state = 'attempting' THEN 'accepted' ELSE $4 END,
               gateway_reference = coalesce(nullif(t.reference, ''), e.gateway_reference)
           FROM unnest($2::text[], $3::text[]) AS t (key, reference) JOIN mine USING (key)
           WHERE e.key = t.key AND e.state IN ('attempting', 'unknown', 'due', 'expired')""",  # noqa: S608 (a constant of the engine)
        now,
        [key for key, _ in texts],
        [reference for _, reference in texts],
        FOUND,
    )
    await wake(connection, "moved")


async def nameless(connection: Connection, gateway: str) -> list[tuple[SentText, TextBody]]:
    """Return the texts that may have reached an operator whose name for them we never learnt."""
    rows = await connection.fetch(
        """SELECT e.key, e.shard, e.body FROM effects e, tick() t
           WHERE e.kind = $1 AND e.state = 'unknown' AND e.gateway = $2 AND e.gateway_reference IS NULL
             AND e.done_at_ms > t.now_ms - $3 ORDER BY e.key""",
        EFFECT_KIND,
        gateway,
        NAMELESS_MS,
    )
    return [(SentText(row["key"], row["shard"]), msgspec.json.decode(row["body"], type=TextBody)) for row in rows]


async def is_awaited(connection: Connection, gateway: str, since: datetime) -> bool:
    """Say whether an attempt has no outcome yet that was begun by this real time: its outcome may be the name that is missing."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM effects WHERE kind = $1 AND state = 'attempting' AND gateway = $2
                              AND wall_attempted <= $3)""",
            EFFECT_KIND,
            gateway,
            since,
        )
    )

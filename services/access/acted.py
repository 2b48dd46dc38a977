"""What people did, as it is shown: each action with who it was, and what the stage that decides made of its event."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """An action of a person. `decided`: the stage took its event into a turn, or intake kept it; `parked` is why it could not.

    `undone_by` names the actions that undo it. Times are milliseconds.
    """

    id: str
    at_ms: int
    by: str
    by_name: str
    kind: str
    subject_kind: str
    subject: str
    why: str
    said: Mapping[str, Any]
    seen: int | None
    event_id: str | None
    undoes: str | None
    undone_by: tuple[str, ...]
    decided: bool
    kept_as: str | None
    parked: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry that rests on the event of an action."""

    event_id: str
    subject_kind: str
    subject: str
    became: str
    reason: str


_ACTED = """
SELECT a.id, a.at_ms, a.by_user AS by, coalesce(u.name, a.by_user) AS by_name, a.kind, a.subject_kind, a.subject, a.why, a.said,
       a.seen, a.event_id, a.undoes,
       ARRAY(SELECT b.id FROM person_action b WHERE b.undoes = a.id ORDER BY b.at_ms, b.id) AS undone_by,
       EXISTS (SELECT FROM inbox i WHERE i.stage IN ('correlate', 'dispatch', 'escalate', 'notify') AND i.id = a.event_id
                                     AND i.decided IS NOT NULL) AS decided,
       (SELECT r.reason FROM report r WHERE r.id = a.event_id) AS kept_as,
       (SELECT p.reason FROM parked p WHERE p.event_id = a.event_id AND p.state = 'parked' ORDER BY p.id LIMIT 1) AS parked
FROM person_action a LEFT JOIN app_user u ON u.user_id = a.by_user
"""


async def action(connection: Connection, action_id: str) -> Acted | None:
    """Return one action; None when there is none of this id."""
    row = await connection.fetchrow(f"{_ACTED} WHERE a.id = $1", action_id)
    return None if row is None else _acted(row)


async def actions_on(connection: Connection, subjects: Sequence[tuple[str, str]], limit: int = 500) -> list[Acted]:
    """Return the last actions on these subjects (kind and id), oldest first."""
    rows = await connection.fetch(
        f"""{_ACTED} JOIN unnest($1::text[], $2::text[]) AS s (kind, id) ON (a.subject_kind, a.subject) = (s.kind, s.id)
            ORDER BY a.at_ms DESC, a.wall_at DESC, a.id LIMIT $3""",
        [kind for kind, _ in subjects],
        [subject for _, subject in subjects],
        limit,
    )
    return [_acted(row) for row in reversed(rows)]


async def actions_named(connection: Connection, ids: Sequence[str]) -> list[Acted]:
    """Return the actions of these ids, oldest first."""
    rows = await connection.fetch(
        f"{_ACTED} WHERE a.id = ANY ($1::text[]) ORDER BY a.at_ms, a.wall_at, a.id",
        list(ids),
    )
    return [_acted(row) for row in rows]


async def entries_of(connection: Connection, found: Sequence[Acted]) -> list[Entry]:
    """Return what the journal says that rests on the events of these actions, in the order of time.

    It is looked for at the subjects that such an event can touch: itself, what it names, the jobs and orders about it.
    """
    events = [each.event_id for each in found if each.event_id is not None]
    if not events:
        return []
    subjects = {pair for each in found for pair in _touched(each)}
    rows = await connection.fetch(
        """WITH named AS (SELECT * FROM unnest($1::text[], $2::text[]) AS s (kind, id)),
                touched AS (
                    SELECT kind, id FROM named
                    UNION SELECT 'order', o."order" FROM dispatch_order o JOIN named n ON n.kind = 'job' AND o.incident = n.id
                    UNION SELECT 'order', o."order" FROM dispatch_order o JOIN named n ON n.kind = 'hazard' AND o.hazard = n.id)
           SELECT e.event AS event_id, j.subject_kind, j.subject, j.became, j.reason
           FROM touched t JOIN journal j ON j.subject_kind = t.kind AND j.subject = t.id,
                unnest($3::text[]) AS e (event)
           WHERE j.facts @> ARRAY[e.event] AND j.stage <> 'world'
           ORDER BY j.now_ms, j.tick, j.id""",
        [kind for kind, _ in sorted(subjects)],
        [subject for _, subject in sorted(subjects)],
        events,
    )
    return [Entry(*row.values()) for row in rows]


def _touched(acted: Acted) -> list[tuple[str, str]]:
    said, subject = acted.said, acted.subject
    touched = [(acted.subject_kind, subject)]
    if acted.subject_kind == "incident":
        touched.append(("job", subject))
    elif acted.subject_kind == "hazard":
        touched.append(("job", f"hazard:{subject}"))
    elif acted.subject_kind == "device":
        touched.append(("position", subject))
    elif acted.subject_kind == "call":
        touched.append(("escalation", subject))
    for name, kind in (
        ("incident", "job"),
        ("into", "incident"),
        ("order", "order"),
        ("crew", "crew"),
        ("hazard", "hazard"),
    ):
        value = said.get(name)
        if isinstance(value, str) and value:
            touched.append((kind, value))
            if name == "hazard":
                touched.append(("job", f"hazard:{value}"))
    return touched


def _acted(row: Mapping[str, Any]) -> Acted:
    return Acted(**{**row, "said": json.loads(row["said"]), "undone_by": tuple(row["undone_by"])})


async def under_way(connection: Connection, orders: Sequence[str]) -> set[str]:
    """Return those of these orders whose crew has not arrived: they can be revoked."""
    if not orders:
        return set()
    rows = await connection.fetch(
        """SELECT "order" FROM dispatch_order WHERE "order" = ANY ($1::text[]) AND state IN ('sent', 'accepted', 'enroute')""",
        list(orders),
    )
    return {row["order"] for row in rows}

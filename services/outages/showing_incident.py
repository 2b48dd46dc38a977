"""What the console shows of one incident or danger, beside its row: how it stands, whom it holds, what was heard for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from services.engine.taking import Connection
from services.outages.showing import Remarked, ShownHazard, ShownIncident

_INCIDENT = ", ".join(field.name for field in dataclasses.fields(ShownIncident))
_HAZARD = ", ".join(field.name for field in dataclasses.fields(ShownHazard))
Of: TypeAlias = Literal["incident", "hazard"]
"""What a remark is on: the column of its id."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an incident stands, as an action looks at it. Times are milliseconds."""

    id: str
    area: str
    region: str
    device: str
    state: str
    reason: str
    basis: str
    revision: int
    opened_at_ms: int
    started_at_ms: int
    changed_at_ms: int
    estimate_ms: int
    restored_at_ms: int | None
    customers_out: int

    @property
    def is_open(self) -> bool:
        """Answers whether somebody may still be out under it."""
        return self.state in {"predicted", "confirmed", "partiallyRestored"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HazardStanding:
    """How a danger stands, as an action looks at it. Times are milliseconds."""

    id: str
    area: str
    region: str
    device: str | None
    state: str
    reason: str
    revision: int
    changed_at_ms: int


async def standing(connection: Connection, incident: str) -> Standing | None:
    """Return how an incident stands; None when there is none of this id."""
    row = await connection.fetchrow(
        """SELECT id, area, region, device, state, reason, basis, revision, opened_at_ms, started_at_ms, changed_at_ms,
                  estimate_ms, restored_at_ms, customers_out
           FROM incident WHERE id = $1""",
        incident,
    )
    return None if row is None else Standing(**row)


async def hazard_standing(connection: Connection, hazard: str) -> HazardStanding | None:
    """Return how a danger stands; None when there is none of this id."""
    row = await connection.fetchrow(
        "SELECT id, area, region, device, state, reason, revision, changed_at_ms FROM hazard WHERE id = $1", hazard
    )
    return None if row is None else HazardStanding(**row)


async def nested_in(connection: Connection, incident: str) -> list[str]:
    """Return the incidents that were found in the shadow of this one, or went up in it, the oldest first."""
    rows = await connection.fetch(
        "SELECT id FROM incident WHERE upstream = $1 OR merged_into = $1 ORDER BY opened_at_ms, id", incident
    )
    return [row["id"] for row in rows]


async def position(connection: Connection, device: str) -> bool | None:
    """Return whether a device is known to stand closed; None when nothing was heard of it."""
    found: bool | None = await connection.fetchval("SELECT closed FROM device_position WHERE device = $1", device)
    return found


async def windows_at(connection: Connection, devices: Sequence[str]) -> list[str]:
    """Return the planned work that is known and isolated at one of these devices."""
    rows = await connection.fetch(
        'SELECT "window" FROM work_window WHERE isolates && $1::text[] ORDER BY starts_at_ms, "window"', list(devices)
    )
    return [row["window"] for row in rows]


async def held_now(connection: Connection, incident: str) -> list[str]:
    """Return who is out under an incident now."""
    rows = await connection.fetch(
        "SELECT customer FROM interruption WHERE holder = $1 AND end_ms IS NULL AND NOT voided ORDER BY customer",
        incident,
    )
    return [row["customer"] for row in rows]


_HELD = """
    WITH held AS (
        SELECT DISTINCT ON (i.customer) i.customer, i.id, i.start_ms, i.end_ms, i.life_support, i.tier, i.holder
        FROM interruption i
        WHERE NOT i.voided
          AND i.id IN (SELECT interruption FROM interruption_part WHERE holder = $1
                       UNION SELECT id FROM interruption WHERE holder = $1 AND end_ms IS NULL AND NOT voided)
        ORDER BY i.customer, i.start_ms DESC)"""
"""Everybody whom an incident holds or held, each once: with the last interruption that it had a part in."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Customers of an incident: all there were, who is out now, who has power again, who depends on it to live, by tier."""

    total: int
    out: int
    restored: int
    life_support: int
    by_tier: dict[str, int]


async def customers_counted(connection: Connection, incident: str) -> Counted:
    """Return how many customers an incident holds or held."""
    rows = await connection.fetch(
        f"""{_HELD} SELECT tier, count(*) AS total, count(*) FILTER (WHERE end_ms IS NULL) AS out,
                           count(*) FILTER (WHERE life_support) AS life_support
            FROM held GROUP BY tier ORDER BY tier""",  # noqa: S608 (the text above)
        incident,
    )
    total, out = sum(row["total"] for row in rows), sum(row["out"] for row in rows)
    return Counted(
        total=total,
        out=out,
        restored=total - out,
        life_support=sum(row["life_support"] for row in rows),
        by_tier={row["tier"]: row["total"] for row in rows},
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class HeldCustomer:
    """A customer of an incident. `heard`: he or his meter reported. `texted` is the last text about it: moment and state."""

    customer: str
    tier: str
    life_support: bool
    account: str | None
    out_since_ms: int
    restored_at_ms: int | None
    heard: bool
    phone: str
    texted: str | None


async def customers_of(connection: Connection, incident: str, offset: int, limit: int) -> list[HeldCustomer]:
    """Return a page of an incident's customers: life support first, then by tier, then by id. The phone is in full."""
    rows = await connection.fetch(
        f"""{_HELD},
            page AS (SELECT * FROM held
                     ORDER BY life_support DESC, array_position(ARRAY['large', 'important', 'commercial'], tier), customer
                     OFFSET $2 LIMIT $3)
            SELECT h.customer, h.tier, h.life_support, p.account, h.start_ms AS out_since_ms, h.end_ms AS restored_at_ms,
                   EXISTS (SELECT FROM report r WHERE r.customer = h.customer AND r.holder = $1
                                                  AND r.kind IN ('call', 'text', 'lastGasp')) AS heard,
                   coalesce((SELECT phone FROM current_phone f WHERE f.customer = h.customer ORDER BY rank LIMIT 1), '') AS phone,
                   (SELECT n.moment || ' ' || n.state FROM notice n WHERE n.incident = $1 AND n.customers @> ARRAY[h.customer]
                    ORDER BY n.decided_at_ms DESC, n.key LIMIT 1) AS texted
            FROM page h LEFT JOIN current_premise p ON p.customer = h.customer
            ORDER BY h.life_support DESC, array_position(ARRAY['large', 'important', 'commercial'], h.tier), h.customer""",  # noqa: S608 (the text above)
        incident,
        offset,
        limit,
    )
    return [HeldCustomer(**row) for row in rows]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a person remarked on an incident or a danger."""

    id: str
    kind: str
    words: str
    cause: str | None
    by: str
    at_ms: int
    retracted: bool


async def remarks_on(connection: Connection, of: Of, subject: str) -> list[Remark]:
    """Return the remarks on an incident or a danger as they were written, with the names of who wrote them."""
    rows = await connection.fetch(
        f"""SELECT r.id, r.kind, r.words, r.cause, coalesce(u.name, r.by_user) AS by, r.at_ms, r.retracted
            FROM remark r LEFT JOIN app_user u ON u.user_id = r.by_user WHERE r.{of} = $1 ORDER BY r.seq""",  # noqa: S608 (`Of`)
        subject,
    )
    return [Remark(**row) for row in rows]


async def remark(
    connection: Connection,
    action: str,
    of: Of,
    subject: str,
    kind: str,
    *,
    words: str,
    cause: str | None,
    by: str,
    at_ms: int,
) -> None:
    """Write a remark on an incident or a danger, under the id of the action that it is."""
    await connection.execute(
        f"INSERT INTO remark (id, {of}, kind, words, cause, by_user, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",  # noqa: S608 (`Of`)
        action,
        subject,
        kind,
        words,
        cause,
        by,
        at_ms,
    )


async def retract(connection: Connection, remark_id: str) -> None:
    """Let a remark count no more; it stays to be read."""
    await connection.execute("UPDATE remark SET retracted = true WHERE id = $1", remark_id)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A journal entry: what became of a subject at a time (milliseconds), why, and the facts that it rests on."""

    now_ms: int
    tick: int
    stage: str
    subject_kind: str
    subject: str
    became: str
    reason: str
    facts: tuple[str, ...]
    facts_total: int


MOST_FACTS = 20
"""So many ids of facts are shown of an entry."""


async def noted(connection: Connection, subjects: Sequence[tuple[str, str]]) -> list[Noted]:
    """Return what the product's journal says of these subjects (kind and id), in the order of time."""
    rows = await connection.fetch(
        """SELECT j.now_ms, j.tick, j.stage, j.subject_kind, j.subject, j.became, j.reason, j.facts[1:$3] AS facts,
                  cardinality(j.facts) AS facts_total
           FROM unnest($1::text[], $2::text[]) AS s (kind, id)
           JOIN journal j ON j.subject_kind = s.kind AND j.subject = s.id
           WHERE j.stage <> 'world' ORDER BY j.now_ms, j.tick, j.ctid  -- as one turn noted them: nothing of it is ever changed
        """,
        [kind for kind, _ in subjects],
        [subject for _, subject in subjects],
        MOST_FACTS,
    )
    return [Noted(**{**row, "facts": tuple(row["facts"])}) for row in rows]


async def facts_named(connection: Connection, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return the facts of these ids that came from outside, as topic and body: of crews, devices and planned work."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (id) topic, body FROM inbox
           WHERE stage IN ('correlate', 'dispatch', 'escalate') AND id = ANY ($1::text[])
             AND topic IN ('crew.status', 'device.states', 'maintenance.notices', 'hotline.answers')
           ORDER BY id, stage""",
        list(ids),
    )
    return [(row["topic"], row["body"]) for row in rows]


async def now_ms(connection: Connection) -> int:
    """Return the time of the installation's clock, milliseconds."""
    found: Any = await connection.fetchval("SELECT now_ms FROM tick()")
    return int(found or 0)


async def begun_ms(connection: Connection, at_ms: int) -> int:
    """Return when the step of the clock began in which a time lies (milliseconds).

    What is recorded within a step has the time at which it began, pages reckon on within it. A time before the clock was last
    set stays as it is.
    """
    found: int = await connection.fetchval(
        """SELECT CASE WHEN mode = 'lockstep' OR $1::bigint < now_ms THEN $1
                       ELSE now_ms + floor(floor(($1 - now_ms) / width) * width)::bigint END
           FROM clock, LATERAL (SELECT step_s * speed * 1000 AS width) step""",
        at_ms,
    )
    return found


async def shown_incidents(connection: Connection, incident: str) -> list[ShownIncident]:
    """Return an incident and the one in whose shadow it was found; none for an unknown id."""
    rows = await connection.fetch(
        f"""SELECT {_INCIDENT} FROM incident
            WHERE id = $1 OR id = (SELECT upstream FROM incident WHERE id = $1)""",  # noqa: S608 (the fields of the class)
        incident,
    )
    return [ShownIncident(**row) for row in rows]


async def shown_hazards(connection: Connection, incident: str) -> list[ShownHazard]:
    """Return the dangers that belong to an incident, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_HAZARD} FROM hazard WHERE incident = $1 ORDER BY reported_at_ms, id",  # noqa: S608 (the fields of the class)
        incident,
    )
    return [ShownHazard(**row) for row in rows]


async def shown_hazard(connection: Connection, hazard: str) -> ShownHazard | None:
    """Return a danger; None for an unknown id."""
    row = await connection.fetchrow(f"SELECT {_HAZARD} FROM hazard WHERE id = $1", hazard)  # noqa: S608 (the fields of the class)
    return None if row is None else ShownHazard(**row)


async def accounts_under(connection: Connection, incident: str) -> int:
    """Return how many hotline accounts have a customer out under an incident."""
    found: int = await connection.fetchval(
        """SELECT count(DISTINCT p.account) FROM interruption i JOIN current_premise p ON p.customer = i.customer
           WHERE i.holder = $1 AND i.end_ms IS NULL AND NOT i.voided""",
        incident,
    )
    return found


async def remarked(connection: Connection, incident: str) -> Remarked:
    """Return how many remarks hold of an incident, and the cause that people gave it last."""
    row = await connection.fetchrow("SELECT remarks, cause FROM incident_remarks WHERE incident = $1", incident)
    return Remarked(0, None) if row is None else Remarked(row["remarks"], row["cause"])

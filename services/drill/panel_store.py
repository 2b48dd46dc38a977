"""The SQL of the panel of an exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import HotlineReported, OutageAcknowledged, OutageReported, ReportKind
from schemas.ids import derived
from schemas.topics import HOTLINE_ANSWERS, HOTLINE_REPORTS, OUTAGE_REPORTS
from services.clock import from_ms
from services.drill.messages import say, text_us
from services.drill.panel import (
    Account,
    AccountCall,
    AccountOutage,
    Breakage,
    Compared,
    Exercise,
    Handset,
    Message,
    Part,
    TrueFault,
    TrueHazard,
    Truth,
)
from services.drill.store import schedule
from services.drill.strangers import AT_THE_PANEL, LINKERS
from services.engine.taking import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

STANDS = 1e-9
"""The speed at which the clock of an exercise stands: ticks go on, the time does not."""
_BREAKAGES_SHOWN = 8
_RECENT_MS = 3_600_000


async def exercise(connection: Connection) -> Exercise | None:
    """Return the exercise of this database; None when it plays none."""
    row = await connection.fetchrow(
        """SELECT s.storm, s.seed, s.utility, s.made, c.speed, t.now_ms - s.starts_at_ms AS over_ms
           FROM drill.scenario s, clock c, tick() t"""
    )
    if row is None:
        return None
    parts = await connection.fetch(
        """SELECT part, state, restarts, extract(epoch FROM clock_timestamp() - wall_since)::int AS since_s
           FROM drill.part ORDER BY part"""
    )
    breakages = await connection.fetch(
        """SELECT number, kind, part, state, extract(epoch FROM clock_timestamp() - wall_wished)::int AS ago_s
           FROM drill.breakage ORDER BY number DESC LIMIT $1""",
        _BREAKAGES_SHOWN,
    )
    compared = await connection.fetchrow(
        """SELECT count(*) AS faults,
                  count(*) FILTER (WHERE strikes_at_ms <= t.now_ms AND repaired_at_ms IS NULL) AS faults_open,
                  (SELECT count(*) FROM drill.hazard WHERE appeared_at_ms IS NOT NULL AND safe_at_ms IS NULL) AS hazards_open,
                  (SELECT count(*) FROM drill.outage WHERE until_ms IS NULL) AS customers_out_true,
                  (SELECT count(*) FROM measured_interruption WHERE end_ms IS NULL) AS customers_out_known
           FROM drill.fault, tick() t"""
    )
    assert compared is not None, "an aggregate without groups has one row"
    return Exercise(
        storm=row["storm"],
        seed=row["seed"],
        utility=row["utility"],
        speed=0.0 if row["speed"] <= STANDS else row["speed"],
        over_ms=max(0, row["over_ms"]),
        made=list(row["made"]),
        parts=[Part(**each) for each in parts],
        breakages=[Breakage(**each) for each in breakages],
        compared=Compared(**compared),
    )


async def set_speed(connection: Connection, speed: float) -> None:
    """Let the running clock go on from where it stands at this many times real time; 0 lets it stand."""
    await connection.execute(
        """UPDATE clock SET n = (SELECT n FROM tick()), now_ms = (SELECT now_ms FROM tick()), speed = $1,
                  wall_anchor = clock_timestamp()
           WHERE mode = 'running'""",
        speed or STANDS,
    )


async def handsets(connection: Connection, words: str, limit: int) -> list[Handset]:
    """Return phones: of those whose number, customer or service point holds the words, those texted last first.

    Those of strangers are there too, with the customers to whose accounts they linked themselves.
    """
    rows = await connection.fetch(
        """SELECT p.phone, array_remove(array_agg(p.customer ORDER BY p.customer), NULL) AS customers,
                  coalesce(max(t.texts), 0) AS texts, max(t.last_ms) AS last_ms,
                  coalesce(bool_or(EXISTS (SELECT FROM drill.outage o WHERE o.customer = p.customer AND o.until_ms IS NULL)),
                           false) AS out
           FROM (SELECT phone, customer FROM current_phone
                 UNION SELECT phone, customer FROM linked_phone WHERE ended_at_ms IS NULL
                 UNION SELECT s, NULL FROM unnest($3::text[]) s
                       WHERE NOT EXISTS (SELECT FROM linked_phone l WHERE l.phone = s AND l.ended_at_ms IS NULL)) p
           LEFT JOIN (SELECT phone, count(*) AS texts, max(at_ms) AS last_ms FROM drill.handset_text GROUP BY phone) t
                USING (phone)
           WHERE $1 = '' OR p.phone LIKE '%' || $1 || '%' OR lower(p.customer) LIKE '%' || lower($1) || '%'
           GROUP BY p.phone ORDER BY max(t.last_ms) DESC NULLS LAST, p.phone LIMIT $2""",
        words,
        limit,
        [*LINKERS, *AT_THE_PANEL],
    )
    return [Handset(**row) for row in rows]


async def messages(connection: Connection, phone: str, limit: int) -> list[Message]:
    """Return the last texts on a handset, both ways, oldest first."""
    rows = await connection.fetch(
        """SELECT * FROM (
               SELECT true AS ours, words, at_ms, outcome FROM drill.handset_text WHERE phone = $1
               UNION ALL
               SELECT false, convert_from(body, 'UTF8')::json ->> 'words', at_ms, CASE WHEN sent THEN 'delivered' ELSE 'due' END
               FROM drill.schedule s, tick() t
               WHERE topic = 'notice.inbound' AND channel = 'smpp' AND (s.sent OR s.at_ms <= t.now_ms)
                 AND convert_from(body, 'UTF8')::json ->> 'phone' = $1
               ORDER BY at_ms DESC LIMIT $2) newest ORDER BY at_ms""",
        phone,
        limit,
    )
    return [Message(**row) for row in rows]


async def type_text(connection: Connection, phone: str, words: str) -> bool:
    """Let a text be sent from a handset to us; False for a phone that nobody has."""
    known = await connection.fetchval("SELECT EXISTS (SELECT FROM current_phone WHERE phone = $1)", phone)
    if not known and phone not in {*LINKERS, *AT_THE_PANEL}:
        return False
    now = await _now(connection)
    await schedule(connection, [text_us(phone, words, now)])
    if words.strip().upper() in {"STOP", "退订"}:
        await connection.execute(
            "INSERT INTO drill.opted_out (phone, at_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING", phone, now
        )
    return True


async def call_in(connection: Connection, customer: str) -> bool:
    """Let a customer call and say that the power is out; False for nobody of the utility."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM current_customer WHERE customer = $1)", customer):
        return False
    now = await _now(connection)
    event = OutageReported(
        id=derived("panel call", customer, now), at=from_ms(now), exercise=True, kind=ReportKind.CALL, customer=customer
    )
    await schedule(connection, [say(event, OUTAGE_REPORTS, customer, now)])
    return True


async def accounts(connection: Connection) -> list[Account]:
    """Return the hotline accounts, those with an outage first, with their last calls."""
    rows = await connection.fetch(
        """SELECT a.account, a.name,
                  ARRAY(SELECT p.customer FROM current_premise p WHERE p.account = a.account ORDER BY 1) AS premises
           FROM hotline_account a JOIN utility_version v USING (version) WHERE v.current ORDER BY a.account"""
    )
    outages: dict[str, list[AccountOutage]] = {}
    for each in await connection.fetch(
        """SELECT account, outage, customer, out_since_ms AS since_ms, state, incident, estimate_ms, crew,
                  arrival_estimate_ms AS arrival_ms
           FROM hotline_outage ORDER BY (state = 'over'), out_since_ms DESC"""
    ):
        outages.setdefault(each["account"], []).append(
            AccountOutage(**{name: value for name, value in each.items() if name != "account"})
        )
    calls: dict[str, list[AccountCall]] = {}
    for each in await connection.fetch(
        "SELECT account, at_ms, said, outage, acknowledged FROM drill.call ORDER BY at_ms DESC LIMIT 200"
    ):
        calls.setdefault(each["account"], []).append(
            AccountCall(**{name: value for name, value in each.items() if name != "account"})
        )
    found = [
        Account(
            account=row["account"],
            name=row["name"],
            premises=list(row["premises"]),
            outages=outages.get(row["account"], []),
            calls=calls.get(row["account"], []),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: not any(outage.state != "over" for outage in one.outages))


async def account_reports(connection: Connection, account: str, customer: str) -> bool:
    """Let an account report a premise without power; False when it holds no such premise."""
    held = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM current_premise WHERE account = $1 AND customer = $2)", account, customer
    )
    if held:
        now = await _now(connection)
        event = HotlineReported(
            id=derived("panel report", account, customer, now),
            at=from_ms(now),
            exercise=True,
            account=account,
            kind=ReportKind.CALL,
            customer=customer,
        )
        await schedule(connection, [say(event, HOTLINE_REPORTS, account, now)])
    return bool(held)


async def account_acknowledges(connection: Connection, account: str, outage: str) -> bool:
    """Let an account acknowledge an outage; False when it has no such outage."""
    known = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM hotline_escalation WHERE account = $1 AND outage = $2)", account, outage
    )
    if known:
        now = await _now(connection)
        event = OutageAcknowledged(
            id=derived("panel acknowledged", outage, now),
            at=from_ms(now),
            exercise=True,
            account=account,
            outage=outage,
        )
        await schedule(connection, [say(event, HOTLINE_ANSWERS, account, now)])
    return bool(known)


async def truth(connection: Connection) -> Truth:
    """Return what truly happened and is not over, or was over within the last hour."""
    faults = await connection.fetch(
        """SELECT f.id AS fault, f.device, f.nested_in, f.strikes_at_ms, f.repaired_at_ms,
                  (SELECT i.id FROM incident i WHERE i.device = f.device
                     AND i.state IN ('predicted', 'confirmed', 'partiallyRestored') LIMIT 1) AS incident
           FROM drill.fault f, tick() t
           WHERE f.strikes_at_ms <= t.now_ms AND (f.repaired_at_ms IS NULL OR f.repaired_at_ms > t.now_ms - $1)
           ORDER BY f.strikes_at_ms DESC""",
        _RECENT_MS,
    )
    hazards = await connection.fetch(
        """SELECT id AS hazard, kind, lon, lat, appeared_at_ms FROM drill.hazard
           WHERE appeared_at_ms IS NOT NULL AND safe_at_ms IS NULL ORDER BY appeared_at_ms DESC"""
    )
    return Truth(faults=[TrueFault(**row) for row in faults], hazards=[TrueHazard(**row) for row in hazards])


async def wish(connection: Connection, kind: str, part: str) -> bool:
    """Ask the supervisor to break a process; False when there is none of this name."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM drill.part WHERE part = $1)", part):
        return False
    await connection.execute("INSERT INTO drill.breakage (kind, part) VALUES ($1, $2)", kind, part)
    return True


async def open_breakages(connection: Connection) -> list[tuple[int, str, str, str, float]]:
    """Return what is to be broken or mended: number, kind, part, state, and for how many seconds it is in this state."""
    rows = await connection.fetch(
        """SELECT number, kind, part, state,
                  extract(epoch FROM clock_timestamp() - coalesce(wall_changed, wall_wished))::float8 AS age_s
           FROM drill.breakage WHERE state IN ('wished', 'broken') ORDER BY number"""
    )
    return [tuple(row.values()) for row in rows]


async def mark_breakage(connection: Connection, number: int, state: str) -> None:
    """Write how far a breakage is."""
    await connection.execute(
        "UPDATE drill.breakage SET state = $2, wall_changed = clock_timestamp() WHERE number = $1", number, state
    )


async def write_parts(connection: Connection, parts: Mapping[str, tuple[str, int]]) -> None:
    """Write the processes as they are: state and restarts by name."""
    await connection.execute(
        """INSERT INTO drill.part AS p (part, state, restarts) SELECT * FROM unnest($1::text[], $2::text[], $3::integer[])
           ON CONFLICT (part) DO UPDATE SET state = excluded.state, restarts = excluded.restarts,
               wall_since = CASE WHEN (p.state, p.restarts) = (excluded.state, excluded.restarts) THEN p.wall_since
                                 ELSE clock_timestamp() END""",
        list(parts),
        [state for state, _ in parts.values()],
        [restarts for _, restarts in parts.values()],
    )


async def intervened(connection: Connection) -> bool:
    """Answer whether a person acted in this exercise: from then on its end is not the storm's alone."""
    return bool(
        await connection.fetchval(
            """SELECT EXISTS (SELECT FROM person_action WHERE kind NOT LIKE 'session%')
                   OR EXISTS (SELECT FROM drill.breakage)"""
        )
    )


async def _now(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT now_ms FROM tick()"))

"""The SQL with which a drill is prepared: who takes part according to the utility, and what is added to its version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.clock import to_ms
from services.drill.plans import Account, WindowPlan
from services.drill.shifts import ShiftRow
from services.drill.store import Played
from services.network import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.drill.cast import MadeAccount, MadeCrew, MadeDepot
    from services.drill.plans import Scenario
    from services.engine.taking import Connection

LEAD_MS = 10_000
"""A window is announced this long after the start, however far off it is."""


async def depots(connection: Connection) -> list[str]:
    """Return the ids of the depots, sorted."""
    return [row["depot"] for row in await connection.fetch("SELECT depot FROM current_depot ORDER BY depot")]


async def bases(connection: Connection) -> dict[str, Place]:
    """Return every crew and the place of its depot."""
    rows = await connection.fetch(
        "SELECT crew, lon, lat FROM current_crew JOIN current_depot USING (version, depot) ORDER BY crew"
    )
    return {row["crew"]: Place(row["lon"], row["lat"]) for row in rows}


async def shift_rows(connection: Connection) -> list[ShiftRow]:
    """Return the shifts of the week; a crew on standby signs on for nothing but an order."""
    rows = await connection.fetch(
        """SELECT crew, weekday, starts, ends FROM crew_shift JOIN utility_version USING (version)
           WHERE current AND kind = 'duty' ORDER BY crew, weekday, starts"""
    )
    return [ShiftRow(*row) for row in rows]


async def time_zone(connection: Connection) -> str:
    """Return the name of the utility's time zone."""
    zone: str = await connection.fetchval("SELECT time_zone FROM utility_version WHERE current")
    return zone


async def accounts(connection: Connection) -> tuple[Account, ...]:
    """Return the hotline accounts and the customers they hold, sorted."""
    rows = await connection.fetch(
        "SELECT account, array_agg(customer ORDER BY customer) AS customers FROM current_premise GROUP BY account ORDER BY 1"
    )
    return tuple(Account(id=row["account"], customers=tuple(row["customers"])) for row in rows)


async def first_phones(connection: Connection) -> dict[str, str]:
    """Return the first phone of each active customer who has one."""
    rows = await connection.fetch(
        """SELECT customer, phone FROM current_phone JOIN current_customer USING (version, customer)
           WHERE rank = 1 AND active ORDER BY customer"""
    )
    return {row["customer"]: row["phone"] for row in rows}


async def poles(connection: Connection) -> dict[str, str]:
    """Return the number painted where a customer is connected, where there is one."""
    rows = await connection.fetch(
        "SELECT customer, pole FROM current_customer JOIN utility_node USING (version, node) WHERE pole <> '' ORDER BY 1"
    )
    return {row["customer"]: row["pole"] for row in rows}


async def languages(connection: Connection) -> dict[str, str]:
    """Return the language of each customer who chose one."""
    rows = await connection.fetch(
        "SELECT customer, language FROM current_customer WHERE language <> '' ORDER BY customer"
    )
    return {row["customer"]: row["language"] for row in rows}


async def windows(connection: Connection, starts_at: int, until: int) -> tuple[WindowPlan, ...]:
    """Return the utility's planned work that begins and ends within a stretch of time; it is done as it was planned."""
    rows = await connection.fetch(
        """SELECT "window", isolates, starts_at, ends_at FROM planned_window JOIN utility_version USING (version)
           WHERE current ORDER BY starts_at, "window" """
    )
    plans = [
        WindowPlan(
            id=row["window"],
            isolates=tuple(row["isolates"]),
            announced_at=starts_at + LEAD_MS,
            starts_at=to_ms(row["starts_at"]),
            ends_at=to_ms(row["ends_at"]),
            completed_at=to_ms(row["ends_at"]) - (to_ms(row["ends_at"]) - to_ms(row["starts_at"])) // 10,
        )
        for row in rows
    ]
    return tuple(plan for plan in plans if starts_at + 2 * LEAD_MS < plan.starts_at and plan.ends_at < until)


async def tells_customers_apart(connection: Connection) -> bool:
    """Answers whether the utility names a tier or life support of anybody."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM current_customer WHERE tier <> 'residential' OR life_support)"
    )
    return found


async def without_phone(connection: Connection) -> list[str]:
    """Return the active customers of the current version without a phone, sorted."""
    rows = await connection.fetch(
        """SELECT customer FROM current_customer c
           WHERE active AND NOT EXISTS (SELECT FROM current_phone p WHERE p.customer = c.customer) ORDER BY customer"""
    )
    return [row["customer"] for row in rows]


async def give_phones(connection: Connection, phones: Mapping[str, str]) -> None:
    """Give customers of the current version phone numbers."""
    await connection.execute(
        """INSERT INTO customer_phone (version, customer, phone, rank)
           SELECT version, customer, phone, 1 FROM unnest($1::text[], $2::text[]) AS p (customer, phone), utility_version
           WHERE current""",
        list(phones),
        list(phones.values()),
    )


async def give_tiers(connection: Connection, tiers: Mapping[str, tuple[str, bool]]) -> None:
    """Give customers of the current version tiers, and say who depends on power to live."""
    await connection.execute(
        """UPDATE customer c SET tier = t.tier, life_support = t.life_support
           FROM unnest($1::text[], $2::text[], $3::boolean[]) AS t (customer, tier, life_support), utility_version v
           WHERE v.current AND c.version = v.version AND c.customer = t.customer""",
        list(tiers),
        [tier for tier, _ in tiers.values()],
        [life_support for _, life_support in tiers.values()],
    )


async def add_depots(connection: Connection, made: Sequence[MadeDepot]) -> None:
    """Add depots, each in the region of the nearest feeder's source that has one."""
    await connection.executemany(
        """INSERT INTO depot (version, depot, name, region, lon, lat)
           SELECT v.version, $1, $1, coalesce((
               SELECT f.region FROM utility_feeder f WHERE f.version = v.version
               ORDER BY (f.lon - $2) ^ 2 + (f.lat - $3) ^ 2, f.feeder LIMIT 1), 'R1'), $2, $3
           FROM utility_version v WHERE v.current""",
        [(d.id, d.place.lon, d.place.lat) for d in made],
    )


async def add_crews(connection: Connection, crews: Sequence[MadeCrew]) -> None:
    """Add crews and the depots they belong to."""
    await connection.executemany(
        "INSERT INTO crew (version, crew, depot, skills) SELECT version, $1, $2, $3 FROM utility_version WHERE current",
        [(crew.id, crew.depot, list(crew.skills)) for crew in crews],
    )


async def add_accounts(connection: Connection, made: Sequence[MadeAccount]) -> None:
    """Add hotline accounts with a premise each, and their contacts in the order of the ladder."""
    await connection.executemany(
        "INSERT INTO hotline_account (version, account, name) SELECT version, $1, $2 FROM utility_version WHERE current",
        [(account.id, account.name) for account in made],
    )
    await connection.executemany(
        """INSERT INTO hotline_premise (version, account, customer)
           SELECT version, $1, $2 FROM utility_version WHERE current""",
        [(account.id, account.customer) for account in made],
    )
    await connection.executemany(
        """INSERT INTO hotline_contact (version, account, contact, name, phone, rank)
           SELECT version, $1, $2, $3, $4, $5 FROM utility_version WHERE current""",
        [
            (account.id, f"{account.id}-{rank}", f"{account.name}, contact {rank}", phone, rank)
            for account in made
            for rank, phone in enumerate(account.phones, start=1)
        ],
    )


async def played(connection: Connection) -> Played | None:
    """Return what this database's drill plays, None before it was prepared."""
    row = await connection.fetchrow("SELECT storm, seed, utility, starts_at_ms, made FROM drill.scenario")
    return None if row is None else Played(**row)


async def mended(connection: Connection) -> dict[str, int | None]:
    """Return when each fault was mended and each danger made safe (milliseconds), None: not yet."""
    rows = await connection.fetch(
        "SELECT id, repaired_at_ms AS at FROM drill.fault UNION ALL SELECT id, safe_at_ms FROM drill.hazard ORDER BY id"
    )
    return {row["id"]: row["at"] for row in rows}


async def write_scenario(connection: Connection, what: Played, scenario: Scenario) -> None:
    """Write what is to be played, with its faults and dangers, and ask for the first turn of the world at its start."""
    await connection.execute(
        "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ($1, $2, $3, $4, $5)",
        what.storm,
        what.seed,
        what.utility,
        what.starts_at_ms,
        what.made,
    )
    await connection.executemany(
        "INSERT INTO drill.fault (id, device, nested_in, strikes_at_ms) VALUES ($1, $2, $3, $4)",
        [(fault.id, fault.device, fault.nested_in, fault.strikes_at) for fault in scenario.faults],
    )
    await connection.executemany(
        "INSERT INTO drill.hazard (id, kind, device, fault, lon, lat, appears_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (each.id, each.kind, each.device, each.fault, each.place.lon, each.place.lat, each.appears_at)
            for each in scenario.hazards
        ],
    )
    await connection.execute(
        """INSERT INTO turns (stage, shard, wake_at_ms) VALUES ('world', 'world', $1)
           ON CONFLICT (stage, shard) DO UPDATE SET wake_at_ms = excluded.wake_at_ms""",
        scenario.starts_at,
    )

"""The SQL with which a drill is prepared: which depots, crews, phones and accounts there are, and what is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.drill.store import Played
from services.network import Place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.drill.cast import MadeAccount, MadeDepot
    from services.drill.storms import FaultPlan
    from services.engine.taking import Connection


async def depots(connection: Connection) -> list[str]:
    """Return the ids of the depots, sorted."""
    return [row["depot"] for row in await connection.fetch("SELECT depot FROM depot ORDER BY depot")]


async def bases(connection: Connection) -> dict[str, Place]:
    """Return every crew and the place of its depot."""
    rows = await connection.fetch("SELECT crew, lon, lat FROM crew JOIN depot USING (depot) ORDER BY crew")
    return {row["crew"]: Place(row["lon"], row["lat"]) for row in rows}


async def large_customers(connection: Connection) -> list[str]:
    """Return the customers with a hotline account, in the order of their accounts."""
    return [row["customer"] for row in await connection.fetch("SELECT customer FROM hotline_account ORDER BY account")]


async def without_phone(connection: Connection) -> list[str]:
    """Return the active customers of the current version without a phone, sorted."""
    rows = await connection.fetch(
        """SELECT customer FROM customer JOIN utility_version USING (version)
           WHERE current AND active AND phone IS NULL ORDER BY customer"""
    )
    return [row["customer"] for row in rows]


async def give_phones(connection: Connection, phones: Mapping[str, str]) -> None:
    """Give customers of the current version phone numbers."""
    await connection.execute(
        """UPDATE customer c SET phone = p.phone
           FROM unnest($1::text[], $2::text[]) AS p (customer, phone), utility_version v
           WHERE v.current AND c.version = v.version AND c.customer = p.customer""",
        list(phones),
        list(phones.values()),
    )


async def add_depots(connection: Connection, made: Sequence[MadeDepot]) -> None:
    """Add depots."""
    await connection.executemany(
        "INSERT INTO depot (depot, lon, lat) VALUES ($1, $2, $3)", [(d.id, d.place.lon, d.place.lat) for d in made]
    )


async def add_crews(connection: Connection, crews: Mapping[str, str]) -> None:
    """Add crews and the depots they belong to."""
    await connection.executemany("INSERT INTO crew (crew, depot) VALUES ($1, $2)", list(crews.items()))


async def add_accounts(connection: Connection, made: Sequence[MadeAccount]) -> None:
    """Add hotline accounts."""
    await connection.executemany(
        "INSERT INTO hotline_account (account, customer, contact_phone, name) VALUES ($1, $2, $3, $4)",
        [(account.id, account.customer, account.phone, account.name) for account in made],
    )


async def played(connection: Connection) -> Played | None:
    """Return what this database's drill plays, None before it was prepared."""
    row = await connection.fetchrow("SELECT storm, seed, utility, starts_at_ms, made FROM drill.scenario")
    return None if row is None else Played(**row)


async def write_scenario(connection: Connection, scenario: Played, faults: Sequence[FaultPlan]) -> None:
    """Write what is to be played, with its faults, and ask for the first turn of the world at its start."""
    await connection.execute(
        "INSERT INTO drill.scenario (storm, seed, utility, starts_at_ms, made) VALUES ($1, $2, $3, $4, $5)",
        scenario.storm,
        scenario.seed,
        scenario.utility,
        scenario.starts_at_ms,
        scenario.made,
    )
    await connection.executemany(
        "INSERT INTO drill.fault (id, device, nested_in, strikes_at_ms) VALUES ($1, $2, $3, $4)",
        [(fault.id, fault.device, fault.nested_in, fault.strikes_at) for fault in faults],
    )
    await connection.execute(
        """INSERT INTO turns (stage, shard, wake_at_ms) VALUES ('world', 'world', $1)
           ON CONFLICT (stage, shard) DO UPDATE SET wake_at_ms = excluded.wake_at_ms""",
        scenario.starts_at_ms,
    )

"""Writes a ledger for the tests of the figures: who is served, and who was out when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]


class Served(NamedTuple):
    """A customer of the utility."""

    customer: str
    feeder: str = "F1"
    tier: str = "residential"
    active: bool = True


class Spell(NamedTuple):
    """An interruption; milliseconds, None while it lasts."""

    customer: str
    start: int
    end: int | None
    planned: bool = False
    voided: bool = False


async def serve(connection: Connection, customers: Iterable[Served], *, now_ms: int) -> None:
    """Write a utility with these customers, each feeder in a region named after it, and a clock that stands at `now_ms`."""
    known = list(customers)
    version: int = await connection.fetchval(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current) VALUES ('d', 'U', 'UTC', '', true)
           RETURNING version"""
    )
    await connection.executemany(
        """INSERT INTO utility_feeder (version, feeder, name, substation, source_node, lon, lat, region)
           VALUES ($1, $2, $2, 'S', $2, 0, 0, 'R-' || $2)""",
        [(version, feeder) for feeder in sorted({each.feeder for each in known})],
    )
    await connection.executemany(
        """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter, tier)
           VALUES ($1, $2, 'n', '', $3, 'LV', '', $5, 'M' || $2, $4)""",
        [(version, *each) for each in known],
    )
    await connection.executemany(
        "INSERT INTO ledger_customer (customer) VALUES ($1)", [(each.customer,) for each in known]
    )
    await connection.execute("INSERT INTO clock (mode, n, now_ms) VALUES ('lockstep', 1, $1)", now_ms)


async def write(connection: Connection, spells: Iterable[Spell]) -> None:
    """Write interruptions of customers who are served."""
    rows = [(f"i{number}", *spell) for number, spell in enumerate(spells)]
    await connection.execute(
        """INSERT INTO interruption (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason,
                                     voided, feeder, region, tier)
           SELECT r.id, r.customer, l.number, 'A1', r.start_ms, r.end_ms, r.planned, 'meter', 'incident', 'I', 'ownMeter',
                  r.voided, c.feeder, 'R-' || c.feeder, c.tier
           FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $6::boolean[])
                AS r (id, customer, start_ms, end_ms, planned, voided)
           JOIN ledger_customer l USING (customer) JOIN current_customer c USING (customer)""",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    await connection.execute("ANALYZE")  # as autovacuum does where rows stay

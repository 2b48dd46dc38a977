"""The SQL that writes the ledger: interruptions, their parts, and who holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.engine.taking import Connection
    from services.outages.records import Held, LedgerRow


async def save_ledger(
    connection: Connection, shard: str, now: int, rows: Iterable[LedgerRow], held: Sequence[Held]
) -> None:
    """Write interruptions as they stand now, one row each, with their parts, and who holds them from now on.

    What stands in the table already is not written again: a part that is as it was, a customer that was numbered before.
    """
    # What is over goes first, in the order of time: the constraint looks at each row as it is written, and one may end
    # where the next begins.
    order = sorted(rows, key=lambda row: (not row.voided, row.end is None, row.start, row.id))
    if not order and not held:
        return
    if order:
        await connection.execute(_NUMBER, [row.customer for row in order])
    await connection.execute(
        _WRITE,
        shard,
        now,
        *_columns(
            [
                (
                    *(
                        r.id,
                        r.customer,
                        r.start,
                        r.end,
                        r.planned,
                        r.basis,
                        r.holder_kind,
                        r.holder,
                        r.reason,
                        r.voided,
                    ),
                    *(r.feeder, r.region, r.tier, r.kva, r.life_support),
                )
                for r in order
            ],
            15,
        ),
        *_columns([(r.id, p.at, p.until, p.holder_kind, p.holder, p.powered) for r in order for p in r.parts], 6),
        *_columns([(h.interruption, h.holder_kind, h.holder, h.reason) for h in held], 4),
    )


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


# Sub-selects rather than joins, and ids as an array: so every plan goes by the index, also one that was made while the tables
# were small and is kept until somebody counts their rows anew.
_NUMBER = """
INSERT INTO ledger_customer (customer)
SELECT DISTINCT r.customer FROM unnest($1::text[]) AS r (customer)
WHERE (SELECT c.number FROM ledger_customer c WHERE c.customer = r.customer) IS NULL
ORDER BY r.customer
ON CONFLICT DO NOTHING
"""
_WRITE = """
WITH kept AS (
    INSERT INTO interruption
        (id, customer, number, area, start_ms, end_ms, planned, basis, holder_kind, holder, reason, voided, feeder, region, tier,
         kva, life_support)
    SELECT r.id, r.customer, (SELECT c.number FROM ledger_customer c WHERE c.customer = r.customer), $1, r.start_ms, r.end_ms,
           r.planned, r.basis, r.holder_kind, r.holder, r.reason, r.voided, r.feeder, r.region, r.tier, r.kva, r.life_support
    FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::boolean[], $8::text[], $9::text[], $10::text[],
                $11::text[], $12::boolean[], $13::text[], $14::text[], $15::text[], $16::float8[], $17::boolean[])
         WITH ORDINALITY AS r (id, customer, start_ms, end_ms, planned, basis, holder_kind, holder, reason, voided, feeder,
                               region, tier, kva, life_support, place)
    ORDER BY r.place
    ON CONFLICT (id) DO UPDATE SET
        start_ms = excluded.start_ms, end_ms = excluded.end_ms, planned = excluded.planned, basis = excluded.basis,
        holder_kind = excluded.holder_kind, holder = excluded.holder, reason = excluded.reason, voided = excluded.voided),
gone AS (
    DELETE FROM interruption_part
    WHERE interruption = ANY ($3::text[])
      AND (interruption, from_ms) NOT IN (SELECT p.interruption, p.from_ms
                                          FROM unnest($18::text[], $19::bigint[]) AS p (interruption, from_ms))),
tiled AS (
    INSERT INTO interruption_part AS was (interruption, from_ms, until_ms, holder_kind, holder, powered)
    SELECT * FROM unnest($18::text[], $19::bigint[], $20::bigint[], $21::text[], $22::text[], $23::boolean[])
    ON CONFLICT (interruption, from_ms) DO UPDATE SET
        until_ms = excluded.until_ms, holder_kind = excluded.holder_kind, holder = excluded.holder, powered = excluded.powered
    WHERE (was.until_ms, was.holder_kind, was.holder, was.powered)
          IS DISTINCT FROM (excluded.until_ms, excluded.holder_kind, excluded.holder, excluded.powered))
INSERT INTO interruption_holder (interruption, from_ms, holder_kind, holder, reason)
SELECT h.interruption, $2, h.holder_kind, h.holder, h.reason
FROM unnest($24::text[], $25::text[], $26::text[], $27::text[]) AS h (interruption, holder_kind, holder, reason)
ON CONFLICT DO NOTHING
"""

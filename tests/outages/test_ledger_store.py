"""What the ledger's store writes: rows and parts as they stand now, and nothing that stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from msgspec.structs import replace

from services.outages.records import Held, LedgerRow
from services.outages.store_ledger import save_ledger
from services.outages.stretches import Part

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]

NOW = 1_750_000_000_000


def row(number: int, *parts: Part) -> LedgerRow:
    return LedgerRow(
        id=f"interruption-{number}", customer=f"C{number}", start=parts[0].at, end=parts[-1].until, planned=False, basis="meter",
        holder_kind="incident", holder=parts[-1].holder, reason="ownMeter", feeder="F1", region="R1", tier="residential", kva=4.0,
        life_support=False, parts=parts,
    )  # fmt: skip


def part(at: int, until: int | None, holder: str = "I1") -> Part:
    return Part(NOW + at, None if until is None else NOW + until, "incident", holder, powered=False)


async def parts(connection: Connection) -> list[tuple[str, int, int | None, str]]:
    rows = await connection.fetch("SELECT interruption, from_ms, until_ms, holder FROM interruption_part ORDER BY 1, 2")
    return [(r["interruption"], r["from_ms"] - NOW, r["until_ms"] and r["until_ms"] - NOW, r["holder"]) for r in rows]


async def test_parts_are_as_the_last_turn_has_them(connection: Connection) -> None:
    await save_ledger(connection, "A1", NOW, [row(1, part(5, 9), part(9, None)), row(2, part(5, None))], [])
    await save_ledger(connection, "A1", NOW, [row(1, part(3, 9), part(9, 20, "I2"))], [])
    assert await parts(connection) == [
        ("interruption-1", 3, 9, "I1"),
        ("interruption-1", 9, 20, "I2"),
        ("interruption-2", 5, None, "I1"),
    ]


async def test_a_part_that_is_as_it_was_is_not_written_again(connection: Connection) -> None:
    await save_ledger(connection, "A1", NOW, [row(1, part(5, 9), part(9, None))], [])
    where = "SELECT from_ms, ctid::text FROM interruption_part ORDER BY from_ms"
    before = await connection.fetch(where)
    await save_ledger(connection, "A1", NOW, [replace(row(1, part(5, 9), part(9, None)), reason="ownCall")], [])
    assert await connection.fetch(where) == before
    assert await connection.fetchval("SELECT reason FROM interruption") == "ownCall"


async def test_an_interruption_may_begin_where_another_one_of_the_same_turn_ends(connection: Connection) -> None:
    first = row(1, part(5, None))
    await save_ledger(connection, "A1", NOW, [first], [])
    ended = replace(first, end=NOW + 50, parts=(part(5, 50),))
    following = replace(row(2, part(50, None, "I2")), customer="C1")
    await save_ledger(connection, "A1", NOW, [following, ended], [])
    rows = await connection.fetch("SELECT customer, number, start_ms, end_ms FROM interruption ORDER BY start_ms")
    numbers = {each["number"] for each in rows}
    assert ([(each["start_ms"], each["end_ms"]) for each in rows], len(numbers)) == (
        [(NOW + 5, NOW + 50), (NOW + 50, None)],
        1,
    )


async def test_who_holds_an_interruption_is_kept_without_a_row_of_it_in_the_same_turn(connection: Connection) -> None:
    await save_ledger(connection, "A1", NOW, [row(1, part(5, None))], [])
    held = [Held(interruption="interruption-1", holder_kind="incident", holder="I2", reason="merged")]
    for _ in range(2):
        await save_ledger(connection, "A1", NOW + 1, [], held)
    rows = await connection.fetch("SELECT interruption, from_ms, holder FROM interruption_holder")
    assert [tuple(each) for each in rows] == [("interruption-1", NOW + 1, "I2")]


async def test_a_plan_made_while_the_tables_were_small_reads_no_whole_table_later(connection: Connection) -> None:
    await save_ledger(connection, "A1", NOW, [row(0, part(5, None))], [])
    await connection.execute("ANALYZE")
    async with connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")  # as every turn does
        for number in range(1, 20):
            await save_ledger(connection, "A1", NOW, [row(number, part(5, None))], [])
        read = await connection.fetch(
            """SELECT relname, seq_scan FROM pg_stat_xact_user_tables
               WHERE relname IN ('interruption', 'interruption_part', 'interruption_holder', 'ledger_customer')"""
        )
    assert {each["relname"]: each["seq_scan"] for each in read} == dict.fromkeys(
        ("interruption", "interruption_part", "interruption_holder", "ledger_customer"), 0
    )

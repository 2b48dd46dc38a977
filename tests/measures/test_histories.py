"""A thousand random histories, summed by the store and by going through every second: not one customer-second apart."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from services.measures.indices import Totals
from services.measures.store import Selection, totals
from tests.measures.written import Served, Spell, serve, write

if TYPE_CHECKING:
    from tests.measures.written import Connection

HISTORIES = 1_000
SECOND = 1_000
LONGEST_S = 4_000
SUSTAINED_S = 300
TIERS = ("residential", "commercial", "important", "large")


def history(number: int, chance: random.Random) -> tuple[list[Served], list[Spell]]:
    """Return the customers of one feeder and their interruptions, none of a customer's overlapping another."""
    customers = [
        Served(f"H{number}-{each}", f"H{number}", chance.choice(TIERS), chance.random() > 0.1)
        for each in range(chance.randint(1, 6))
    ]
    spells = []
    for served in customers:
        at = chance.randint(0, 600)
        while at < LONGEST_S and chance.random() < 0.8:
            lasts = chance.choice((1, 299, 300, 301, chance.randint(1, 2_000)))
            end = at + lasts if at + lasts < LONGEST_S and chance.random() > 0.05 else None
            spells.append(
                Spell(
                    served.customer,
                    at * SECOND,
                    None if end is None else end * SECOND,
                    chance.random() < 0.3,
                    chance.random() < 0.1,
                )
            )
            if end is None:
                break
            at = end + chance.randint(0, 500)
    return customers, spells


def second_by_second(
    customers: list[Served], spells: list[Spell], selection: Selection, now_s: int
) -> tuple[int, int, int, int, int]:
    """Return what the figures rest on, by going through the seconds of each interruption: slow, and plain."""
    wanted = {each.customer for each in customers if selection.tier in {None, each.tier}}
    interruptions, seconds, momentary = 0, 0, 0
    interrupted: set[str] = set()
    for spell in spells:
        begins, ends = spell.start // SECOND, None if spell.end is None else spell.end // SECOND
        if spell.voided or spell.customer not in wanted or (spell.planned and not selection.planned):
            continue
        if begins < (selection.from_ms or 0) // SECOND or begins >= (selection.until_ms or 10**9) // SECOND:
            continue
        dark = sum(1 for second in range(begins, now_s) if ends is None or second < ends)
        if dark > SUSTAINED_S:
            interruptions += 1
            seconds += dark
            interrupted.add(spell.customer)
        elif ends is not None and ends <= now_s and begins < now_s:
            momentary += 1
    served = sum(1 for each in customers if each.active and each.customer in wanted)
    return interruptions, seconds, len(interrupted), momentary, served


async def test_no_customer_second_is_off_in_a_thousand_histories(connection: Connection) -> None:
    chance = random.Random(20260301)
    played = [history(number, chance) for number in range(HISTORIES)]
    now_s = LONGEST_S - 500
    await serve(connection, [each for customers, _ in played for each in customers], now_ms=now_s * SECOND)
    await write(connection, [spell for _, spells in played for spell in spells])
    off = []
    for number, (customers, spells) in enumerate(played):
        from_s = chance.choice((None, chance.randint(0, 2_000)))
        until_s = chance.choice((None, chance.randint(2_000, 5_000)))
        selection = Selection(
            from_ms=None if from_s is None else from_s * SECOND,
            until_ms=None if until_s is None else until_s * SECOND,
            feeder=f"H{number}",
            tier=chance.choice((None, *TIERS)),
            planned=chance.random() < 0.5,
        )
        found: Totals = await totals(connection, selection)
        summed = (
            found.interruptions,
            found.customer_ms / SECOND,
            found.interrupted,
            found.momentary,
            found.served,
        )
        if summed != second_by_second(customers, spells, selection, now_s):
            off.append((number, selection))
    assert off == []
    assert sum(len(spells) for _, spells in played) > 3 * HISTORIES, "the histories have something to sum"

"""Before a drill: what the utility lacks is made, and said; the storm is composed, written down, and read back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.drill import cast, cast_store
from services.drill.composing import compose
from services.drill.plans import Cast
from services.drill.shifts import shifts
from services.drill.store import Played
from services.drill.storms import DAY, HOUR, STORMS
from services.drill.story import foretold, told
from services.network import Network
from services.utility import store as utility_store

if TYPE_CHECKING:
    from services.drill.plans import Scenario, Storm
    from services.engine.taking import Connection

STARTS_AT_MS = 1_772_388_000_000
"""When a drill begins if nobody says otherwise: 2026-03-01T18:00:00Z."""
SHARED_PHONES = 0.03
"""The share of customers whose number is made that stand behind the number of another."""
SHIFTS_FOR_MS = 36 * HOUR
"""For how long after the start crews come and go, at least."""


async def prepare(
    connection: Connection, *, storm: str, seed: int, utility: str, starts_at_ms: int = STARTS_AT_MS
) -> list[str]:
    """Write the cast and the scenario of a drill on the utility that was imported; return in words what was made.

    All of it or nothing, and once: a second call with the same arguments changes nothing. Raises `KeyError` for an
    unknown storm, `UnplayableError` when the network has no room for it, `ValueError` when this database plays
    something else.
    """
    kind = STORMS[storm]
    before = await cast_store.played(connection)
    if before is not None:
        if (before.storm, before.seed, before.utility, before.starts_at_ms) != (storm, seed, utility, starts_at_ms):
            raise ValueError(f"this database plays storm {before.storm} with seed {before.seed} on {before.utility}")
        return before.made
    network = await _network(connection)
    async with connection.transaction():
        made = await _make_cast(connection, network, kind, seed)
        scenario = await _compose(connection, network, kind, seed, starts_at_ms)
        played = Played(storm=storm, seed=seed, utility=utility, starts_at_ms=starts_at_ms, made=made)
        await cast_store.write_scenario(connection, played, scenario)
    return made


async def recall(connection: Connection, network: Network) -> tuple[Scenario, int]:
    """Return the scenario that this database plays, and its seed. Raises `LookupError` before it was prepared."""
    played = await cast_store.played(connection)
    if played is None:
        raise LookupError("this database plays no drill: it was not prepared")
    storm = STORMS[played.storm]
    return await _compose(connection, network, storm, played.seed, played.starts_at_ms), played.seed


async def tell(connection: Connection) -> list[str]:
    """Return in words what was played and what became of it. Raises `LookupError` before it was prepared."""
    network = await _network(connection)
    scenario, _ = await recall(connection, network)
    return [*foretold(network, scenario), *told(scenario, await cast_store.mended(connection))]


async def _compose(connection: Connection, network: Network, storm: Storm, seed: int, starts_at: int) -> Scenario:
    starts_at += storm.begins_ms
    until = starts_at + max(storm.lasts_ms + DAY, SHIFTS_FOR_MS)
    zone = ZoneInfo(await cast_store.time_zone(connection))
    taking_part = Cast(
        bases=await cast_store.bases(connection),
        shifts=shifts(await cast_store.shift_rows(connection), zone, starts_at, until),
        phones=await cast_store.first_phones(connection),
        poles=await cast_store.poles(connection),
        languages=await cast_store.languages(connection),
        accounts=await cast_store.accounts(connection),
        windows=await cast_store.windows(connection, starts_at, starts_at + storm.lasts_ms),
    )
    return await asyncio.to_thread(compose, network, storm=storm, seed=seed, starts_at=starts_at, cast=taking_part)


async def _network(connection: Connection) -> Network:
    folder = await utility_store.load(connection)
    return await asyncio.to_thread(Network, folder.grid)


async def _make_cast(connection: Connection, network: Network, storm: Storm, seed: int) -> list[str]:
    """Make what is missing, and say it."""
    made: list[str] = []
    if not await cast_store.depots(connection):
        depots = cast.depots(network)
        await cast_store.add_depots(connection, depots)
        made.append(f"The utility names no depots: {len(depots)} were made, far from each other.")
    if not await cast_store.bases(connection):
        crews = cast.crews(storm.crews, await cast_store.depots(connection))
        await cast_store.add_crews(connection, crews)
        service = sum("line" not in crew.skills for crew in crews)
        made.append(
            f"The utility names no crews: {len(crews)} were made, always on duty, {service} of them for service work only."
        )
    if not await cast_store.tells_customers_apart(connection):
        tiers = cast.tiers(network)
        await cast_store.give_tiers(connection, tiers)
        made.append(f"The utility tells no customer from another: {len(tiers)} were given a tier or life support.")
    without = await cast_store.without_phone(connection)
    if not await cast_store.first_phones(connection):
        phones = cast.phones(network, without, shared=SHARED_PHONES if storm.rough else 0.0)
        await cast_store.give_phones(connection, phones)
        made.append(
            f"{len(without)} customers have no telephone number: {len(phones)} were given one that nobody can have "
            f"({cast.NOBODYS_COUNTRY}...)."
        )
    if not await cast_store.accounts(connection):
        accounts = cast.accounts(network, storm, seed)
        await cast_store.add_accounts(connection, accounts)
        made.append(f"The utility names no hotline accounts: {len(accounts)} were made, with two contacts each.")
    return made

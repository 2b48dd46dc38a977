"""Before a drill: what the utility lacks is made, and said; the storm is composed, written down, and read back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.drill import cast, cast_store
from services.drill.store import Played
from services.drill.storms import STORMS, Scenario, compose
from services.network import Network
from services.utility import store as utility_store

if TYPE_CHECKING:
    from services.drill.storms import Storm
    from services.engine.taking import Connection

STARTS_AT_MS = 1_772_388_000_000
"""When a drill begins if nobody says otherwise: 2026-03-01T18:00:00Z."""


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
        scenario = compose(
            network,
            storm=kind,
            seed=seed,
            starts_at=starts_at_ms,
            large=await cast_store.large_customers(connection),
        )
        played = Played(storm=storm, seed=seed, utility=utility, starts_at_ms=starts_at_ms, made=made)
        await cast_store.write_scenario(connection, played, scenario.faults)
    return made


async def recall(connection: Connection, network: Network) -> tuple[Scenario, int]:
    """Return the scenario that this database plays, and its seed. Raises `LookupError` before it was prepared."""
    played = await cast_store.played(connection)
    if played is None:
        raise LookupError("this database plays no drill: it was not prepared")
    scenario = compose(
        network,
        storm=STORMS[played.storm],
        seed=played.seed,
        starts_at=played.starts_at_ms,
        large=await cast_store.large_customers(connection),
        bases=await cast_store.bases(connection),
    )
    return scenario, played.seed


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
        made.append(f"The utility names no crews: {len(crews)} were made.")
    without = await cast_store.without_phone(connection)
    if phones := cast.phones(network, without):
        await cast_store.give_phones(connection, phones)
        made.append(
            f"{len(without)} customers have no telephone number: {len(phones)} were given one that nobody can have "
            f"({cast.NOBODYS_COUNTRY}...)."
        )
    if not await cast_store.large_customers(connection):
        accounts = cast.accounts(network, storm, seed)
        await cast_store.add_accounts(connection, accounts)
        made.append(f"The utility names no hotline accounts: {len(accounts)} were made.")
    return made

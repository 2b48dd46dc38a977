"""The stages of an installation with their stores, built from what the database says: the composition of rules."""

from __future__ import annotations

import dataclasses

from services.dispatch import store as dispatch
from services.dispatch.stage import DispatchStage
from services.drill.prepare import recall
from services.drill.stage import WorldStage
from services.drill.store import WorldStore
from services.engine.deciding import InboxStore, current_version
from services.engine.taking import Connection
from services.engine.turn import Stage, Store
from services.hotline import store as hotline
from services.hotline.stage import EscalateStage
from services.network.network import Network
from services.notices import store as notices
from services.notices.stage import NotifyStage
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.reports import store as reports
from services.reports.premises import Premises
from services.utility import store as utility

STAGES = ("correlate", "dispatch", "escalate", "notify")
"""The stages of the product, in the order of the data's way; a drill has `world` besides."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ruled:
    """A stage and its store."""

    stage: Stage
    store: Store


@dataclasses.dataclass(frozen=True, slots=True)
class House:
    """What all stages of a process are built from; `version` is the utility's."""

    version: int
    network: Network
    premises: Premises
    stages: dict[str, Ruled]


async def build(connection: Connection, names: tuple[str, ...]) -> House:
    """Return the named stages. Raises `NoUtilityError` when no utility folder was imported."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _build(connection, names)


async def build_as_of(connection: Connection, names: tuple[str, ...], version: int | None) -> House:
    """Return the named stages as they are built from a version of the utility, the current one for None."""
    trial = connection.transaction()
    await trial.start()
    try:
        if version is not None:
            await utility.make_current(connection, version)
        return await _build(connection, names)
    finally:
        await trial.rollback()


async def _build(connection: Connection, names: tuple[str, ...]) -> House:
    folder = await utility.load(connection)
    network = Network(folder.grid)
    stages = {name: await _ruled(connection, name, network) for name in names}
    version = await current_version(connection)
    assert version is not None, "a utility was loaded"
    return House(version, network, await reports.read_premises(connection), stages)


async def _ruled(connection: Connection, name: str, network: Network) -> Ruled:
    match name:
        case "correlate":
            accounts = await hotline.accounts_by_customer(connection)
            return Ruled(CorrelateStage(network, accounts), CorrelateStore())
        case "dispatch":
            return Ruled(DispatchStage(await dispatch.read_roster(connection)), dispatch.DispatchStore())
        case "escalate":
            return Ruled(EscalateStage(*await hotline.read_accounts(connection)), InboxStore("escalate"))
        case "notify":
            people, manners = await notices.read_people(connection), await notices.read_manners(connection)
            return Ruled(NotifyStage(network, people, manners), notices.NotifyStore())
        case "world":
            return Ruled(WorldStage(network, *await recall(connection, network)), WorldStore())
        case _:
            raise LookupError(f"there is no stage {name}")

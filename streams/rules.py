"""The stages of an installation with their stores, built from what the database says: the composition of rules."""

from __future__ import annotations

import dataclasses
from zoneinfo import ZoneInfo

from services.dispatch import store as dispatch
from services.dispatch.stage import DispatchStage
from services.drill.prepare import recall
from services.drill.stage import WorldStage
from services.drill.store import WorldStore
from services.engine.deciding import InboxStore
from services.engine.taking import Connection
from services.engine.turn import Stage, Store
from services.hotline import store as hotline
from services.hotline.stage import EscalateStage
from services.network.network import Network
from services.notices import store as notices
from services.notices.stage import NotifyStage
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
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
    """What all stages of a process are built from."""

    network: Network
    stages: dict[str, Ruled]


async def build(connection: Connection, names: tuple[str, ...]) -> House:
    """Return the named stages. Raises `NoUtilityError` when no utility folder was imported."""
    folder = await utility.load(connection)
    network = Network(folder.grid)
    stages = {name: await _ruled(connection, name, network, ZoneInfo(folder.time_zone)) for name in names}
    return House(network, stages)


async def _ruled(connection: Connection, name: str, network: Network, zone: ZoneInfo) -> Ruled:
    match name:
        case "correlate":
            by_customer = {customer: account for account, customer in (await hotline.read_accounts(connection)).items()}
            return Ruled(CorrelateStage(network, by_customer), CorrelateStore())
        case "dispatch":
            return Ruled(DispatchStage(await dispatch.read_roster(connection)), InboxStore("dispatch"))
        case "escalate":
            return Ruled(EscalateStage(await hotline.read_accounts(connection)), InboxStore("escalate"))
        case "notify":
            return Ruled(NotifyStage(network, await notices.reachable(connection), zone), notices.NotifyStore())
        case "world":
            return Ruled(WorldStage(network, *await recall(connection, network)), WorldStore())
        case _:
            raise LookupError(f"there is no stage {name}")

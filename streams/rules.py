"""The stages of an installation with their stores, built from what the database says: the composition of rules."""

from __future__ import annotations

import dataclasses

from schemas.events import DispatchMode
from services.dispatch import store as dispatch
from services.dispatch.rules import Rules
from services.dispatch.stage import DispatchStage
from services.drill.crews import drive_ms as straight_drive_ms
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
from services.notices.people import People
from services.notices.stage import NotifyStage
from services.outages.questions import Askable, AskingSet, Mode
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from services.reports import store as reports
from services.reports.premises import Premises
from services.roads.store import read_travel
from services.settings import Settings
from services.utility import store as utility

STAGES = ("correlate", "dispatch", "escalate", "notify")
"""The stages of the product, in the order of the data's way; a drill has `world` besides."""
RECLOSING_S = 60.0
"""How long a reclosing takes at most where nobody says otherwise."""


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


async def build(connection: Connection, names: tuple[str, ...], reclosing_s: float = RECLOSING_S) -> House:
    """Return the named stages. Raises `NoUtilityError` when no utility folder was imported."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _build(connection, names, reclosing_s)


async def build_as_of(
    connection: Connection, names: tuple[str, ...], version: int | None, reclosing_s: float = RECLOSING_S
) -> House:
    """Return the named stages as they are built from a version of the utility, the current one for None."""
    trial = connection.transaction()
    await trial.start()
    try:
        if version is not None:
            await utility.make_current(connection, version)
        return await _build(connection, names, reclosing_s)
    finally:
        await trial.rollback()


async def _build(connection: Connection, names: tuple[str, ...], reclosing_s: float) -> House:
    folder = await utility.load(connection)
    network = Network(folder.grid)
    stages = {name: await _ruled(connection, name, network, reclosing_s) for name in names}
    version = await current_version(connection)
    assert version is not None, "a utility was loaded"
    return House(version, network, await reports.read_premises(connection), stages)


def asking_rules(settings: Settings) -> AskingSet:
    """Return how much may be asked; no meter where there is no head-end to ask it."""
    storm = settings.asking == "storm"
    pings = settings.asking_storm_pings_per_minute if storm else settings.asking_low_pings_per_minute
    texts = settings.asking_storm_texts_per_hour if storm else settings.asking_low_texts_per_hour
    has_head_end = settings.exercise or settings.meter_ping_url is not None
    return AskingSet(mode=Mode(settings.asking), pings_per_minute=pings if has_head_end else 0, texts_per_hour=texts)


def dispatch_rules(settings: Settings, region: str) -> Rules:
    """Return what a region dispatches by."""
    mode = settings.dispatch_modes.get(region, settings.dispatch_mode)
    said = {name: getattr(settings, f"dispatch_{name}") for name in Rules.__struct_fields__ if name != "mode"}
    asked = {name: tuple(sorted(each.items())) for name, each in said.items() if isinstance(each, dict)}
    return Rules(mode=DispatchMode(mode), **{**said, **asked})


async def askable(connection: Connection) -> Askable:
    """Return who may be asked by text, and when, in the current version of the utility."""
    manners = await notices.read_manners(connection)
    people = People(await notices.read_people(connection))
    return Askable(by_text=people.alone(), quiet_end=manners.quiet_end)


async def _ruled(connection: Connection, name: str, network: Network, reclosing_s: float) -> Ruled:
    match name:
        case "correlate":
            accounts = await hotline.accounts_by_customer(connection)
            stage = CorrelateStage(network, accounts, await askable(connection), reclosing_s=reclosing_s)
            return Ruled(stage, CorrelateStore())
        case "dispatch":
            return Ruled(DispatchStage(await dispatch.read_roster(connection)), dispatch.DispatchStore())
        case "escalate":
            return Ruled(EscalateStage(*await hotline.read_accounts(connection)), InboxStore("escalate"))
        case "notify":
            people, manners = await notices.read_people(connection), await notices.read_manners(connection)
            return Ruled(NotifyStage(network, people, manners), notices.NotifyStore())
        case "world":
            travel = await read_travel(connection)
            drives = straight_drive_ms if travel is None else travel.drive_ms
            return Ruled(WorldStage(network, *await recall(connection, network), drives), WorldStore())
        case _:
            raise LookupError(f"there is no stage {name}")

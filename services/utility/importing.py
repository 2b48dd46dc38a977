"""An import into a living database: what it would change, what stands in its way, and applying it whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.codec import type_of
from schemas.topics import MAINTENANCE_NOTICES
from services.engine import clock, direct
from services.utility import store
from services.utility.announcing import window_events
from services.utility.diff import Diff, compare
from services.utility.in_use import InUse, UtilityInUse, refusals

if TYPE_CHECKING:
    from services.engine.taking import Connection
    from services.utility.contents import UtilityFolder


SOURCE = "utility"
"""Who speaks in the outbox: not a stage."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would change (None: it is the first one), and what in it would be refused as things stand."""

    diff: Diff | None
    refused: tuple[InUse, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The version that is current now, and what was told of planned work: window and type of event."""

    version: int
    told: tuple[tuple[str, str], ...]


async def preview(connection: Connection, folder: UtilityFolder) -> Preview:
    """Return what applying the folder would change; nothing is written."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if (old := await _current(connection)) is None:
            return Preview(None, ())
        return Preview(compare(old, folder), refusals(old, folder, await store.resting(connection)))


async def apply(connection: Connection, folder: UtilityFolder) -> Applied:
    """Make the folder the current version, tell of planned work that is new, changed or gone, and wake who must know.

    One transaction. Open incidents, orders, escalations and the ledger are not touched; while it is decided whether
    something open is in the way no turn is decided. Raises `UtilityInUse`, and LookupError where no clock was set.
    """
    async with connection.transaction():
        await store.hold_versions(connection)
        old = await _current(connection)
        version = await store.save(connection, folder)
        await store.hold_turns(connection)
        if old is not None and (found := refusals(old, folder, await store.resting(connection))):
            raise UtilityInUse(found)
        standing = await clock.standing(connection)
        if standing is None:
            raise LookupError("the clock of this database was not set yet")
        events = window_events(
            old.windows if old is not None else (),
            folder.windows,
            begun=await store.begun_windows(connection),
            now=standing.now_ms,
            exercise=await store.is_exercise(connection),
        )
        for event in events:
            await direct.publish(connection, SOURCE, MAINTENANCE_NOTICES, event.window, event)
        await store.wake(connection)
    return Applied(version, tuple((event.window, type_of(event)) for event in events))


async def _current(connection: Connection) -> UtilityFolder | None:
    try:
        return await store.current(connection)
    except store.NoUtilityError:
        return None

"""The supervisor's side of the panel of an exercise: it writes how the processes fare, and breaks what a person wants broken."""

from __future__ import annotations

import asyncio
import contextlib

from deploy.parts import Part, PartError
from deploy.supervisor import Supervisor
from services.database.pool import LOST, connect
from services.drill import panel_store
from services.engine.taking import Connection
from services.logs import get_logger

LOOK_S = 0.5
CUT_S = 20.0
"""How long what is cut stays away, real seconds."""

log = get_logger(__name__)


async def tend(supervisor: Supervisor, dsn: str, parts: dict[str, Part]) -> None:
    """Do so until cancelled; a database that is away is waited for. `parts` are those that can be cut, by name."""
    while True:
        try:
            connection = await connect(dsn)
        except LOST:
            await asyncio.sleep(LOOK_S)
            continue
        try:
            while True:
                await _look(supervisor, connection, parts)
                await asyncio.sleep(LOOK_S)
        except LOST:
            await asyncio.sleep(LOOK_S)
        finally:
            connection.terminate()


async def _look(supervisor: Supervisor, connection: Connection, parts: dict[str, Part]) -> None:
    restarts = supervisor.restarts()
    await panel_store.write_parts(
        connection, {name: (state, restarts[name]) for name, state in supervisor.states().items()}
    )
    for number, kind, part, state, age_s in await panel_store.open_breakages(connection):
        if kind == "kill":
            await _mark(connection, number, "mended")  # before: it may be the database itself that is killed
            with contextlib.suppress(ProcessLookupError, KeyError):
                supervisor.kill(part)
                log.warning("panel.killed", part=part)
        elif part not in parts:
            await _mark(connection, number, "refused")
        elif state == "wished":
            log.warning("panel.cut", part=part, for_s=CUT_S)
            await _mark(connection, number, "broken")
            await supervisor.stop(part)
        elif age_s >= CUT_S:
            with contextlib.suppress(PartError):
                await supervisor.start(parts[part])
            await _mark(connection, number, "mended")


async def _mark(connection: Connection, number: int, state: str) -> None:
    await panel_store.mark_breakage(connection, number, state)

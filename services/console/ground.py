"""The network of the utility's current version: the one that is shown, or in a process that shows none one of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

from services.access.http import POOL, ApiError
from services.console.asking import STATE
from services.console.watching import WATCHING, Watching
from services.engine.deciding import current_version
from services.engine.taking import Connection
from services.network import Network
from services.outages.showing import positions
from services.utility import store as utility_store

_KEY: Final = "ground"
"""In `STATE`: the version and its ground, and the lock under which another version is read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ground:
    """A version of the network in normal state, and what makes of it how it is switched."""

    network: Network
    switched: Callable[[Mapping[str, bool]], Network]

    async def present(self, connection: Connection) -> Network:
        """Return the network as it is switched now; the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.switched, await positions(connection))


async def ground_now(request: web.Request) -> Ground:
    """Return the ground of the current version. Raises `ApiError` 503 `noUtility` before the first import."""
    state = request.config_dict[STATE]
    lock: asyncio.Lock = state.setdefault(f"{_KEY}.lock", asyncio.Lock())
    async with lock, request.config_dict[POOL].acquire() as connection:
        version = await current_version(connection)
        if version is None:
            raise ApiError(503, "noUtility", "no utility was imported yet")
        watching = state.get(WATCHING)
        if isinstance(watching, Watching) and watching.land is not None and watching.land.version == version:
            return Ground(watching.land.network, watching.land.present)
        kept: tuple[int, Ground] | None = state.get(_KEY)
        if kept is None or kept[0] != version:
            folder = await utility_store.load(connection)
            kept = version, _own(await asyncio.to_thread(Network, folder.grid))
            state[_KEY] = kept
    return kept[1]


async def network_now(request: web.Request) -> Network:
    """Return the network of the current version in normal state. Raises as `ground_now`."""
    return (await ground_now(request)).network


def _own(network: Network) -> Ground:
    turn = threading.Lock()

    def switched(stand: Mapping[str, bool]) -> Network:
        with turn:
            return network.present(stand)

    return Ground(network, switched)

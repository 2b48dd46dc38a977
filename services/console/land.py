"""The utility as the console shows it, one version at a time: the grid for the map, colours, and the search."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from services.database.pool import connect
from services.engine.deciding import current_version
from services.network.colouring import Colouring
from services.network.ground import Customer
from services.network.network import Network
from services.network.tables import BranchKind
from services.utility import store as utility
from services.utility.contents import UtilityFolder

KINDS = (
    BranchKind.MV_LINE,
    BranchKind.LV_LINE,
    BranchKind.SERVICE,
    BranchKind.SWITCH,
    BranchKind.TRANSFORMER,
    BranchKind.REGULATOR,
)
"""The kinds of branches in the order of their numbers on the wire."""
_PLACES = 6
"""Decimals of degrees on the map: a tenth of a metre."""


class FeederOnMap(msgspec.Struct, frozen=True, kw_only=True):
    """A feeder and the place of its substation."""

    id: str
    name: str
    substation: str
    region: str
    lon: float
    lat: float


class DepotOnMap(msgspec.Struct, frozen=True, kw_only=True):
    """A depot."""

    id: str
    name: str
    region: str
    lon: float
    lat: float


class Branches(msgspec.Struct, frozen=True, kw_only=True):
    """The branches as columns. `id` is the kind and the id, as devices are named; ends and feeders are indices."""

    id: list[str]
    kind: list[int]
    from_: list[int] = msgspec.field(name="from")
    to: list[int]
    feeder: list[int]
    normally_closed: list[int]


class GridOnMap(msgspec.Struct, frozen=True, kw_only=True):
    """`Grid` of the console's types: nodes as two columns of degrees, branches as columns."""

    version: int
    name: str
    attribution: str
    bounds: tuple[float, float, float, float]
    lon: list[float]
    lat: list[float]
    feeders: list[FeederOnMap]
    branches: Branches
    depots: list[DepotOnMap]


class Texts:
    """Words that are searched, each with the number of what it names: by how they begin first, then anywhere in them.

    All of them stand in one text, so that looking through 100,000 takes a few milliseconds.
    """

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._numbers: list[int] = []
        self._starts: list[int] = []
        parts, at = [], 1
        for word, number in words:
            if word:
                lower = word.lower().replace("\n", " ")
                self._numbers.append(number)
                self._starts.append(at)
                parts.append(lower)
                at += len(lower) + 1
        self._text = "\n" + "\n".join(parts) + "\n"

    def find(self, wanted: str, most: int) -> list[int]:
        """Return the numbers of at most so many words, without doubles: equal ones, then as they begin, then anywhere in them."""
        lower = wanted.lower().replace("\n", " ")
        found: dict[int, None] = {}
        for needle in (f"\n{lower}\n", f"\n{lower}", lower):
            for at in self._occurrences(needle):
                found.setdefault(self._numbers[at])
                if len(found) >= most:
                    return list(found)
        return list(found)

    def _occurrences(self, needle: str) -> Iterator[int]:
        """Return the places of the words in which the needle occurs, each once."""
        at = self._text.find(needle)
        while at >= 0:
            place = bisect_right(self._starts, at + (needle[0] == "\n")) - 1
            yield place
            following = place + 1
            if following == len(self._starts):
                return
            # A needle that begins with the line's end may begin right before the next word.
            at = self._text.find(needle, self._starts[following] - 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Land:
    """One version of the utility, with everything that the console asks of it. `etag` names the content of `grid`."""

    version: int
    name: str
    network: Network
    colouring: Colouring
    folder: UtilityFolder
    grid: bytes
    grid_packed: bytes
    etag: str
    served: int
    customers: Texts
    poles: Texts
    pole_nodes: Sequence[int]
    devices: Texts
    device_ids: Sequence[str]
    accounts: Texts
    feeders: Texts
    depots: Texts
    switching: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def present(self, positions: Mapping[str, bool]) -> Network:
        """Return the network while these switches stand so. Takes a while: to be called beside the event loop."""
        with self.switching:
            return self.network.present(positions)

    def customer(self, number: int) -> Customer:
        """Return the customer of a number that the search gave."""
        return self.network.customers[number]


def lay(folder: UtilityFolder, version: int) -> Land:
    """Return the land of this folder. Takes seconds with 100,000 customers: to be called beside the event loop."""
    network = Network(folder.grid)
    ground = network.ground
    body = msgspec.json.encode(grid_on_map(folder, version))
    device_ids = [*ground.branch_of, *(device.id for device in network.devices if device.made)]
    nodes = folder.grid.nodes
    pole_nodes = [number for number, row in enumerate(nodes) if row.pole]
    numbers = {device: number for number, device in enumerate(device_ids)}
    painted = [
        (folder.grid.branches[branch].device_number, numbers[device]) for device, branch in ground.branch_of.items()
    ]
    return Land(
        version=version,
        name=folder.name,
        network=network,
        colouring=Colouring(network),
        folder=folder,
        grid=body,
        grid_packed=gzip.compress(body, compresslevel=6, mtime=0),
        etag=f'"{folder.digest[:32]}-{version}"',
        served=len(ground.active),
        customers=Texts(
            (word, number)
            for number, customer in enumerate(network.customers)
            for word in (customer.id, customer.meter, customer.service_point)
        ),
        poles=Texts((nodes[number].pole, place) for place, number in enumerate(pole_nodes)),
        pole_nodes=pole_nodes,
        devices=Texts([*painted, *((device.partition(":")[2], n) for device, n in numbers.items()), *numbers.items()]),
        device_ids=device_ids,
        accounts=Texts((word, n) for n, row in enumerate(folder.accounts) for word in (row.account, row.name)),
        feeders=Texts((word, n) for n, row in enumerate(folder.grid.feeders) for word in (row.feeder, row.name)),
        depots=Texts((word, n) for n, row in enumerate(folder.depots) for word in (row.depot, row.name)),
    )


def grid_on_map(folder: UtilityFolder, version: int) -> GridOnMap:
    """Return a version of the grid as the map draws it."""
    grid = folder.grid
    node = {row.node: number for number, row in enumerate(grid.nodes)}
    feeder = {row.feeder: number for number, row in enumerate(grid.feeders)}
    kind = {each: number for number, each in enumerate(KINDS)}
    lon = [round(row.lon, _PLACES) for row in grid.nodes]
    lat = [round(row.lat, _PLACES) for row in grid.nodes]
    return GridOnMap(
        version=version,
        name=folder.name,
        attribution=folder.credits,
        bounds=(min(lon), min(lat), max(lon), max(lat)),
        lon=lon,
        lat=lat,
        feeders=[
            FeederOnMap(
                id=row.feeder, name=row.name, substation=row.substation, region=row.region, lon=row.lon, lat=row.lat
            )
            for row in grid.feeders
        ],
        branches=Branches(
            id=[f"{row.kind}:{row.id}" for row in grid.branches],
            kind=[kind[row.kind] for row in grid.branches],
            from_=[node[row.from_node] for row in grid.branches],
            to=[node[row.to_node] for row in grid.branches],
            feeder=[feeder.get(row.feeder, -1) for row in grid.branches],
            normally_closed=[int(row.normally_closed) for row in grid.branches],
        ),
        depots=[
            DepotOnMap(id=row.depot, name=row.name, region=row.region, lon=row.lon, lat=row.lat)
            for row in folder.depots
        ],
    )


async def load(dsn: str) -> Land:
    """Return the land of the current version; the event loop goes on meanwhile.

    Raises what `LOST` names when the database goes away, and `LookupError` when there is no current version.
    """
    return await asyncio.to_thread(lambda: asyncio.run(_loaded(dsn)))


async def _loaded(dsn: str) -> Land:
    connection = await connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            folder = await utility.current(connection)
            version = await current_version(connection)
    finally:
        await connection.close()
    assert version is not None, "a folder was loaded"
    return lay(folder, version)

"""The rows of which a grid is made, as the utility folder and the database hold them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt


class BranchKind(enum.StrEnum):
    """What joins two nodes."""

    MV_LINE = "mv_line"
    LV_LINE = "lv_line"
    SERVICE = "service"
    SWITCH = "switch"
    TRANSFORMER = "transformer"
    REGULATOR = "regulator"


class SwitchType(enum.StrEnum):
    """The type codes of switches (those of ANEEL's BDGD). Only fuse, breaker and recloser protect."""

    KNIFE = "19"
    FUSE = "22"
    BREAKER = "29"
    RECLOSER = "32"
    BYPASS = "57"


class Tier(enum.StrEnum):
    """How much depends on a customer's supply; independent of holding a hotline account."""

    RESIDENTIAL = "residential"
    COMMERCIAL = "commercial"
    IMPORTANT = "important"
    LARGE = "large"


class NodeRow(NamedTuple):
    """A point where branches meet; degrees WGS 84. `pole` is the number painted there, empty where there is none."""

    node: str
    lon: float
    lat: float
    pole: str = ""


class BranchRow(NamedTuple):
    """A line, switch, transformer or regulator. `id` is unique within its kind; the ends have no direction.

    `rated` is amperes, of a transformer kVA; None where it is not known. `device_number` is painted on it, empty: none.
    A telemetered branch tells its state by SCADA.
    """

    id: str
    kind: BranchKind
    from_node: str
    to_node: str
    normally_closed: bool
    phases: str
    length_m: float | None
    type_code: str
    rating: str
    feeder: str
    rated: float | None = None
    device_number: str = ""
    telemetered: bool = False


class FeederRow(NamedTuple):
    """A feeder, the node from which it is fed, the place of its substation, and the region in which it is dispatched.

    `kv` is its nominal voltage between phases, kV; None where it is not known.
    """

    feeder: str
    name: str
    substation: str
    source_node: str
    lon: float
    lat: float
    region: str = "R1"
    kv: float | None = None


class CustomerRow(NamedTuple):
    """A customer at a node. `transformer` is empty on medium voltage; an inactive one has no supply contract.

    `service_point` is empty where the folder names none, `phases` is empty where they are not known, `kva` is the connected
    load. `phones` are in international form, the first one is called first; `consent`: wants texts. `language` is a code of
    ISO 639-1, empty: the utility's first one. `life_support`: somebody there depends on power to live.
    """

    customer: str
    node: str
    transformer: str
    feeder: str
    level: str
    customer_class: str
    active: bool
    connected_on: dt.date | None
    meter: str
    phones: tuple[str, ...] = ()
    service_point: str = ""
    phases: str = ""
    kva: float | None = None
    tier: Tier = Tier.RESIDENTIAL
    language: str = ""
    consent: bool = True
    life_support: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GridTables:
    """One version of a utility's grid, every table sorted by its key."""

    feeders: tuple[FeederRow, ...]
    nodes: tuple[NodeRow, ...]
    branches: tuple[BranchRow, ...]
    customers: tuple[CustomerRow, ...]

    @classmethod
    def of(
        cls,
        feeders: list[FeederRow],
        nodes: list[NodeRow],
        branches: list[BranchRow],
        customers: list[CustomerRow],
    ) -> GridTables:
        """Return the tables with their rows in the order of their keys, whatever order they came in."""
        return cls(
            feeders=tuple(sorted(feeders, key=lambda row: row.feeder)),
            nodes=tuple(sorted(nodes, key=lambda row: row.node)),
            branches=tuple(sorted(branches, key=lambda row: (row.kind, row.id))),
            customers=tuple(sorted(customers, key=lambda row: row.customer)),
        )

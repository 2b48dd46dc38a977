r"""A small town on two feeders, drawn by hand: reclosers, lateral fuses, transformers and LV fuses, a meter for each customer.

    F1 --- R1 --- L1 --- T11 (4)  T12 (5)  T13 (1)
       |      \-- L2 --- T21 (3)  T22 --- V1 (4)  V2 (4)
       \-- L3 --- T31 (6)  T32 (6)
    F2 --- T41 (8)  T42 (8)

Customers are named after the lowest device that feeds them: T11-1 to T11-4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.network.tables import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

BEHIND: dict[str, tuple[str, ...]] = {
    "F1": ("R1", "L3"),
    "R1": ("L1", "L2"),
    "L1": ("T11", "T12", "T13"),
    "L2": ("T21", "T22"),
    "T22": ("V1", "V2"),
    "L3": ("T31", "T32"),
    "F2": ("T41", "T42"),
}
HANGING = {"T11": 4, "T12": 5, "T13": 1, "T21": 3, "V1": 4, "V2": 4, "T31": 6, "T32": 6, "T41": 8, "T42": 8}
_TYPES = {"R": "32", "L": "22", "V": "22", "K": "19"}
TIED: dict[str, tuple[str, ...]] = {"F1": ("R1",), "R1": ("T1", "K1"), "K1": ("T2", "T3"), "F2": ("T4",)}
"""Two feeders that can help each other: a knife switch K1 on the first, and an open tie K9 from behind it to the second."""


def device_id(name: str) -> str:
    """Return the id that the network gives to a device of the drawing."""
    kind = {"F": "feeder", "T": "transformer"}.get(name[0], "switch")
    return f"{kind}:{name}"


def name_of(device: str) -> str:
    """Return a device's name in the drawing."""
    return device.split(":", 1)[1]


def tied() -> Network:
    """Return the network with a tie: T1 to T4 with four customers each, T2-1 on life support, T3-1 important."""
    return town(TIED, dict.fromkeys(("T1", "T2", "T3", "T4"), 4), {"K9": ("K1", "F2")})


def phased(**other: str) -> Network:
    """Return the tied network with phases: of each four customers the first to third are on A, B and C, the fourth on all.

    `other` names the customers whose phases are others, `T1_1="AN"`.
    """
    known = {f"T{n}-{m}": phase for n in range(1, 5) for m, phase in enumerate(("AN", "BN", "CN", "ABCN"), start=1)}
    known |= {customer.replace("_", "-"): of for customer, of in other.items()}
    return town(TIED, dict.fromkeys(("T1", "T2", "T3", "T4"), 4), {"K9": ("K1", "F2")}, phases=known)


def town(
    behind: Mapping[str, tuple[str, ...]] = BEHIND,
    hanging: Mapping[str, int] = HANGING,
    ties: Mapping[str, tuple[str, str]] | None = None,
    regions: Mapping[str, str] | None = None,
    *,
    phases: Mapping[str, str] | None = None,
    carried: Mapping[str, str] | None = None,
) -> Network:
    """Return the network of a drawing; both feeders leave one substation and so lie in one area, A1.

    `regions` names those of feeders that are not dispatched in R1, `phases` those of customers that are known, `carried`
    those of devices that do not carry all three.
    """
    parents = {lower: upper for upper, lowers in behind.items() for lower in lowers}
    names = sorted({*behind, *parents})
    feeders = [name for name in names if name not in parents]

    def feeder_of(name: str) -> str:
        return name if name in feeders else feeder_of(parents[name])

    nodes = [NodeRow(f"n-{name}", 8.0 + place / 1000, 50.0) for place, name in enumerate(names)]
    places = {node.node: node for node in nodes}
    branches = [
        BranchRow(
            id=lower,
            kind=BranchKind.TRANSFORMER if lower[0] == "T" else BranchKind.SWITCH,
            from_node=f"n-{upper}",
            to_node=f"n-{lower}",
            normally_closed=True,
            phases=(carried or {}).get(lower, "ABC"),
            length_m=None,
            type_code=_TYPES.get(lower[0], ""),
            rating="",
            feeder=feeder_of(lower),
        )
        for lower, upper in sorted(parents.items())
    ]
    branches += [
        BranchRow(
            id=tie,
            kind=BranchKind.SWITCH,
            from_node=f"n-{one}",
            to_node=f"n-{other}",
            normally_closed=False,
            phases="ABC",
            length_m=None,
            type_code=_TYPES["K"],
            rating="",
            feeder=feeder_of(one),
        )
        for tie, (one, other) in sorted((ties or {}).items())
    ]
    # The two feeders share a bus: one substation.
    rows = [
        FeederRow(
            name,
            name,
            "S1",
            f"n-{name}",
            places[f"n-{name}"].lon,
            places[f"n-{name}"].lat,
            (regions or {}).get(name, "R1"),
        )
        for name in feeders
    ]
    customers = [
        CustomerRow(
            customer=f"{name}-{number}",
            node=f"n-{name}",
            transformer="",
            feeder=feeder_of(name),
            level="LV",
            customer_class="residential",
            active=True,
            connected_on=None,
            meter=f"M-{name}-{number}",
            life_support=(name, number) == ("T2", 1),
            phases=(phases or {}).get(f"{name}-{number}", ""),
            tier=Tier.IMPORTANT if (name, number) == ("T3", 1) else Tier.RESIDENTIAL,
        )
        for name, count in sorted(hanging.items())
        for number in range(1, count + 1)
    ]
    closed = customers[0]._replace(customer="GONE", meter="M-GONE", active=False)
    return Network(GridTables.of(rows, nodes, branches, [*customers, closed]))

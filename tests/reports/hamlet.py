r"""A hamlet drawn by hand, and a farm far away in another supply area.

    F1 (11.000) --- FU1 (number 17) --- T1 (11.010, pole P-1)  T2 (11.020, pole P-2)  T3 and T4 (11.030, pole P-3)
    F2 (12.000) --- T9 (12.001, pole P-9)

All lie at 48.0 N, where 0.001 degrees east are 74 m. Customers are named after their transformer: T1-1, T1-2, T2-1, ...
"""

from __future__ import annotations

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.reports.premises import Premises

FU1, T1, T2, T3, T4, T9 = "switch:FU1", *(f"transformer:T{number}" for number in (1, 2, 3, 4, 9))
LAT = 48.0
_AT = {"s1": 11.0, "a": 11.01, "b": 11.02, "c": 11.03, "s2": 12.0, "z": 12.001}
_TRANSFORMERS = {"T1": ("a", 2), "T2": ("b", 1), "T3": ("c", 1), "T4": ("c", 1), "T9": ("z", 1)}
_POLES = {"a": "P-1", "b": "P-2", "c": "P-3", "z": "P-9"}

PREMISES = Premises.of(
    phones=[
        ("+4915510", "T1-1"),
        ("+4915511", "T1-1"),
        ("+4915511", "T2-1"),
        ("+4915512", "T2-1"),
        ("+4915512", "T9-1"),
        ("+4915513", "GONE"),
        ("+4915514", "GONE"),
        ("+4915514", "T1-2"),
    ],
    accounts=[("MILL", "T2-1"), ("DAIRY", "T1-1"), ("DAIRY", "T9-1"), ("RUIN", "GONE")],
)


def hamlet() -> Network:
    """Return the network of the drawing."""

    def branch(name: str, kind: BranchKind, upper: str, lower: str, code: str = "", number: str = "") -> BranchRow:
        feeder = "F2" if upper in {"s2", "z"} else "F1"
        return BranchRow(
            id=name,
            kind=kind,
            from_node=upper,
            to_node=lower,
            normally_closed=True,
            phases="ABC",
            length_m=None,
            type_code=code,
            rating="",
            feeder=feeder,
            device_number=number,
        )

    nodes = [NodeRow(name, lon, LAT, _POLES.get(name, "")) for name, lon in _AT.items()]
    nodes += [NodeRow(f"n-{name}", _AT[at], LAT, _POLES[at]) for name, (at, _) in _TRANSFORMERS.items()]
    branches = [
        branch("FU1", BranchKind.SWITCH, "s1", "a", "22", "17"),
        branch("L1", BranchKind.MV_LINE, "a", "b"),
        branch("L2", BranchKind.MV_LINE, "b", "c"),
        branch("L9", BranchKind.MV_LINE, "s2", "z"),
        *(
            branch(name, BranchKind.TRANSFORMER, at, f"n-{name}", number=name[1:])
            for name, (at, _) in _TRANSFORMERS.items()
        ),
    ]
    customers = [
        _customer(f"{name}-{number}", name)
        for name, (_, count) in _TRANSFORMERS.items()
        for number in range(1, count + 1)
    ]
    gone = _customer("GONE", "T1")._replace(active=False)
    feeders = [FeederRow(f"F{n}", f"F{n}", f"S{n}", f"s{n}", _AT[f"s{n}"], LAT) for n in (1, 2)]
    return Network(GridTables.of(feeders, nodes, branches, [*customers, gone]))


def _customer(name: str, transformer: str) -> CustomerRow:
    feeder = "F2" if transformer == "T9" else "F1"
    return CustomerRow(
        customer=name,
        node=f"n-{transformer}",
        transformer=transformer,
        feeder=feeder,
        level="LV",
        customer_class="",
        active=True,
        connected_on=None,
        meter=f"M-{name}",
        service_point=f"SP-{name}",
    )

"""A utility as wide as a rural one: feeders like spokes, a fused transformer at each node, customers behind each."""

from __future__ import annotations

import math

from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, NodeRow
from services.utility.contents import UtilityFolder
from services.utility.rows import CrewRow, DepotRow

CENTRE = (11.4, 53.6)
NODE_EVERY_M = 400
M_PER_DEGREE = 111_320


def wide_utility(feeders: int, nodes: int, crews: int) -> UtilityFolder:
    """Return a utility of so many feeders with so many transformers each; four branches and one customer a transformer."""
    lines: list[BranchRow] = []
    points: list[NodeRow] = []
    heads: list[FeederRow] = []
    people: list[CustomerRow] = []
    for number in range(feeders):
        feeder = f"F{number:03d}"
        angle = 2 * math.pi * number / feeders
        heads.append(FeederRow(feeder, f"Feeder {number}", f"S{number // 4:02d}", f"{feeder}.0", *_at(angle, 0)))
        points.append(NodeRow(f"{feeder}.0", *_at(angle, 0)))
        for step in range(1, nodes + 1):
            here, before = f"{feeder}.{step}", f"{feeder}.{step - 1}"
            bend = angle + 0.25 * math.sin(step / 9)
            points += [
                NodeRow(here, *_at(bend, step)),
                NodeRow(f"{here}f", *_at(bend + 0.001, step)),
                NodeRow(f"{here}t", *_at(bend + 0.002, step)),
                NodeRow(f"{here}c", *_at(bend + 0.006, step)),
            ]
            lines += [
                _branch(f"L{here}", BranchKind.MV_LINE, before, here, feeder, float(NODE_EVERY_M)),
                _branch(f"FU{here}", BranchKind.SWITCH, here, f"{here}f", feeder, None, "22"),
                _branch(f"T{here}", BranchKind.TRANSFORMER, f"{here}f", f"{here}t", feeder, None),
                _branch(f"V{here}", BranchKind.LV_LINE, f"{here}t", f"{here}c", feeder, 90.0),
            ]
            people.append(
                CustomerRow(f"C{here}", f"{here}c", f"T{here}", feeder, "LV", "home", True, None, f"M{here}")  # noqa: FBT003
            )
    return UtilityFolder(
        name="Wide Rural Power",
        time_zone="Europe/Berlin",
        attribution="made for a bench",
        grid=GridTables.of(heads, points, lines, people),
        depots=(DepotRow("D1", "Yard", "R1", *CENTRE),),
        crews=tuple(CrewRow(f"C{number:03d}", "D1") for number in range(crews)),
    )


def _at(angle: float, step: int) -> tuple[float, float]:
    metres = 1_500 + step * NODE_EVERY_M
    lat = CENTRE[1] + metres * math.sin(angle) / M_PER_DEGREE
    return CENTRE[0] + metres * math.cos(angle) / (M_PER_DEGREE * math.cos(math.radians(CENTRE[1]))), lat


def _branch(
    name: str, kind: BranchKind, start: str, end: str, feeder: str, length: float | None, code: str = ""
) -> BranchRow:
    return BranchRow(name, kind, start, end, True, "ABC", length, code, "", feeder)  # noqa: FBT003

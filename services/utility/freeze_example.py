"""Freeze the example utility: the SimBench grid 1-MVLV-rural-all-0-sw as a folder, with protection added by rules.

    python -m services.utility.freeze_example --simbench simbench-1.6.3-py3-none-any.whl [--into FOLDER]

`--simbench` is the wheel of the package `simbench` or the folder into which it was unpacked. The rules:

- Positions: the drawing is schematic. Medium voltage is spread about its centre by 6.5, each low-voltage network is
  drawn together about its station by 0.32; then the drawn lengths fit the lengths of the lines.
- Every line that leaves the busbar is a feeder of its own, with a breaker. The station's own supply is a ninth one.
- The trunk of a feeder follows, at each fork, the line with more customers behind it (the lower number if equal). Every
  other line that leaves the trunk or a lateral and has customers behind it is a lateral, with a fuse at its start.
- A recloser stands in the trunk wherever the trunk is 4 km or longer since the last breaker or recloser and at least
  100 customers are still behind.
- Every transformer has its fuse (the transformer itself is the device); every line that leaves a low-voltage busbar has
  a fuse; a customer on medium voltage has a fuse of its own.
- The six open ring switches are knife switches, open, at the node where the data has them.
- One customer for each load, its connected load that of the data. Lines and transformers are rated as the data says.
- Nodes at one place stand on one pole; switches and transformers carry a number each. Every breaker and every second
  recloser and ring switch tells its state.

What the data has not at all is added by `furnish_example`: people, crews, accounts, agreements, planned work.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from services.network.tables import BranchKind, SwitchType
from services.utility.contents import BESIDE
from services.utility.furnish_example import Cell, furnish, write_file

GRID = "MV1.101"
TABLES = "simbench/networks/1-complete_data-mixed-all-0-sw"
SPREAD_MV = 6.5
SPREAD_LV = 0.32
RECLOSER_AFTER_M = 4_000
RECLOSER_CUSTOMERS = 100
SUBSTATION = "S1"
CLASSES = {"H": "RE1", "G": "CO1", "L": "RU1"}
ABOUT = ("Example Rural Power", "Europe/Berlin", "SimBench 1-MVLV-rural-all-0-sw, ODbL 1.0, see ATTRIBUTION.md")

Record: TypeAlias = dict[str, str]
Source: TypeAlias = dict[str, list[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line between two nodes. Nobody stands at the end of a line that only leads to an open ring switch."""

    id: str
    kind: BranchKind
    ends: tuple[str, str]
    length_m: int
    rated: float


@dataclass(slots=True)
class Grid:
    """What is taken from SimBench: every node with its place, lines and transformers between nodes, loads at nodes."""

    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    heads: dict[str, str] = field(default_factory=dict)
    ties: list[tuple[str, str]] = field(default_factory=list)
    transformers: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    loads: list[tuple[str, str, float]] = field(default_factory=list)


def read_tables(simbench: Path) -> Source:
    """Return the tables that are needed of the wheel or the unpacked folder."""
    tables: Source = {}
    for name in ("Coordinates", "Line", "LineType", "Load", "Node", "Switch", "Transformer"):
        inside = f"{TABLES}/{name}.csv"
        if simbench.is_dir():
            data = (simbench / inside).read_bytes()
        else:
            with zipfile.ZipFile(simbench) as wheel:
                data = wheel.read(inside)
        tables[name] = list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""), delimiter=";"))
    return tables


def select(source: Source) -> Grid:
    """Take the medium-voltage grid and the low-voltage networks it feeds; what a closed switch joins is one node."""
    stands_for = {row["subnet"].split("_")[1] for row in source["Load"] if row["subnet"].startswith(f"{GRID}_LV")}
    wanted = {GRID} | stands_for

    def ours(table: str) -> list[Record]:
        return [row for row in source[table] if row["subnet"].split("_")[0] in wanted]

    node_of: dict[str, str] = {row["id"]: row["id"] for row in ours("Node")}
    open_ends: dict[str, str] = {}
    for row in ours("Switch"):
        if row["cond"] == "0":
            open_ends[row["nodeB"]] = row["nodeA"]
        elif row["nodeB"] in node_of:
            node_of[row["nodeB"]] = row["nodeA"]
    grid = Grid(ties=sorted((_node(bus), _node(end)) for end, bus in open_ends.items()))
    amperes = {row["id"]: float(row["iMax"]) for row in source["LineType"]}
    for row in ours("Line"):
        _add_line(grid, row, node_of[row["nodeA"]], node_of[row["nodeB"]], amperes[row["type"]])
    for row in ours("Transformer"):
        if row["subnet"] in stands_for:
            kva = f"{float(row['type'].split()[0]) * 1000:.1f}"
            high, low = (_node(node_of[row[end]]) for end in ("nodeHV", "nodeLV"))
            grid.transformers[row["subnet"]] = (high, low, kva)
    for row in ours("Load"):
        if not row["subnet"].endswith("_eq"):
            node = "S1-station" if "busbar" in row["node"] else _node(row["node"])
            grid.loads.append((node, CLASSES[row["profile"][0]], float(row["sR"]) * 1000))
    _place(grid, source, node_of)
    return grid


def _add_line(grid: Grid, row: Record, start: str, end: str, rated: float) -> None:
    kind = BranchKind.MV_LINE if row["id"].startswith("MV") else BranchKind.LV_LINE
    name = row["id"].replace(" Line ", "-").replace(" loop_line ", "-ring").removeprefix(f"{GRID}-")
    if "busbar" in start:
        start = "F" + row["subnet"].removeprefix(f"{GRID}_Feeder")
        grid.heads[start] = name
    length_m = max(1, round(float(row["length"]) * 1000))
    grid.lines.append(Line(id=name, kind=kind, ends=(_node(start), _node(end)), length_m=length_m, rated=rated))


def _node(simbench: str) -> str:
    return simbench.replace(" Bus ", "-").replace(f"{GRID}-", "MV-")


def _place(grid: Grid, source: Source, node_of: dict[str, str]) -> None:
    drawn_at = {row["id"]: (float(row["x"]), float(row["y"])) for row in source["Coordinates"]}
    drawn = {row["id"]: drawn_at[row["coordID"]] for row in source["Node"] if row["id"] in node_of}
    medium = sorted({place for node, place in drawn.items() if node.startswith(GRID)})
    centre = tuple(sum(axis) / len(medium) for axis in zip(*medium, strict=True))

    def spread(node: str) -> tuple[float, float]:
        return (
            centre[0] + SPREAD_MV * (drawn[node][0] - centre[0]),
            centre[1] + SPREAD_MV * (drawn[node][1] - centre[1]),
        )

    used = {end for line in grid.lines for end in line.ends} | {node for tie in grid.ties for node in tie}
    station_of = {low: high for high, low, _ in grid.transformers.values()}
    low_of = {low.split("-")[0]: low for low in station_of}
    simbench_name = {_node(node): node for node in drawn}
    busbar = spread(next(node for node in sorted(drawn) if node.startswith(f"{GRID} busbar")))
    for node in sorted(used | set(station_of)):
        if node in grid.heads:
            grid.places[node] = busbar
        elif node.startswith("MV-"):
            grid.places[node] = spread(simbench_name[node])
        else:
            low = low_of[node.split("-")[0]]
            station = spread(simbench_name[station_of[low]])
            here, there = drawn[simbench_name[node]], drawn[simbench_name[low]]
            grid.places[node] = (
                station[0] + SPREAD_LV * (here[0] - there[0]),
                station[1] + SPREAD_LV * (here[1] - there[1]),
            )
    for node in ("F9", "S1-station"):
        grid.places[node] = busbar


@dataclass(slots=True)
class Protected:
    """The folder in the making: the grid walked from its feeders, with devices added on the way."""

    grid: Grid
    branches: list[tuple[Cell, ...]] = field(default_factory=list)
    fed_by: dict[str, tuple[str, str]] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    _lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    _stations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _behind: dict[str, int] = field(default_factory=dict)

    def build(self) -> None:
        """Walk every feeder from its breaker outwards."""
        for line in self.grid.lines:
            for end in line.ends:
                self._lines[end].append(line)
        for name, (high, _, _) in sorted(self.grid.transformers.items()):
            self._stations[high].append(name)
        served: dict[str, int] = defaultdict(int)
        for node, _, _ in self.grid.loads:
            served[node] += 1
        for feeder, head in sorted(self.grid.heads.items()):
            self._count(feeder, None, served)
            line = next(each for each in self._lines[feeder] if each.id == head)
            self._walk(feeder, feeder, line, since_m=0, trunk=True, guard=("CB", SwitchType.BREAKER))
        self._switch("CB-station", "F9", "S1-station", SwitchType.BREAKER, "ABC", "F9")
        self.fed_by["S1-station"] = ("F9", "")
        for bus, end in self.grid.ties:
            name = "ring" + next(line.id for line in self._lines[end]).removeprefix("ring")
            self._switch(name, bus, end, SwitchType.KNIFE, "ABC", self.fed_by[end][0], state="open")
        self._guard_medium_voltage_customers()

    def _count(self, node: str, came_by: Line | None, served: dict[str, int]) -> int:
        """Count the customers behind each line away from the feeder. The grids are shallow enough to recurse."""
        total = served[node]
        for name in self._stations[node]:
            total += self._count(self.grid.transformers[name][1], None, served)
        for line in self._lines[node]:
            if line is not came_by:
                total += self._count(_other(line, node), line, served)
        if came_by is not None:
            self._behind[came_by.id] = total
        return total

    def _walk(
        self, feeder: str, node: str, line: Line, *, since_m: int, trunk: bool, guard: tuple[str, SwitchType] | None
    ) -> None:
        """Add the line that leaves a node, with the switch that guards it, and all that is behind it."""
        start = node
        phases = "ABC" if line.kind is BranchKind.MV_LINE else "ABCN"
        if guard is not None:
            prefix, kind = guard
            start = f"{node}-{line.id.split('-')[-1]}.{prefix}"
            self.grid.places[start] = self.grid.places[node]
            self._switch(f"{prefix}-{line.id}", node, start, kind, phases, feeder)
        end = _other(line, node)
        station = self.fed_by.get(node, (feeder, ""))[1]
        self.fed_by[node] = (feeder, station)
        self.fed_by[end] = (feeder, station)
        self.branches.append(
            (line.id, line.kind, start, end, "closed", phases, line.length_m, "", "", feeder, f"{line.rated:g}")
        )
        for name in self._stations[end]:
            self._feed_station(feeder, name)
        onward = [each for each in self._lines[end] if each is not line]
        onward.sort(key=lambda each: (-self._behind[each.id], self.grid.lines.index(each)))
        since_m += line.length_m
        low_voltage = line.kind is BranchKind.LV_LINE
        for rank, each in enumerate(onward):
            behind = self._behind[each.id]
            if rank == 0 or low_voltage or behind == 0:
                far = trunk and rank == 0 and since_m >= RECLOSER_AFTER_M and behind >= RECLOSER_CUSTOMERS
                further = ("RC", SwitchType.RECLOSER) if far else None
                self._walk(feeder, end, each, since_m=0 if far else since_m, trunk=trunk and rank == 0, guard=further)
            else:
                self._walk(feeder, end, each, since_m=0, trunk=False, guard=("FU", SwitchType.FUSE))

    def _feed_station(self, feeder: str, name: str) -> None:
        high, low, kva = self.grid.transformers[name]
        self.branches.append((name, BranchKind.TRANSFORMER, high, low, "closed", "ABC", "", "38", kva, feeder, kva))
        self.fed_by[low] = (feeder, name)
        for line in self._lines[low]:
            self._walk(feeder, low, line, since_m=0, trunk=False, guard=("FU", SwitchType.FUSE))

    def _guard_medium_voltage_customers(self) -> None:
        for node, _, _ in self.grid.loads:
            if node.startswith("MV-"):
                tap = f"{node}.C"
                self.moved[node] = tap
                self.grid.places[tap] = self.grid.places[node]
                self.fed_by[tap] = self.fed_by[node]
                self._switch(f"FU-{tap}", node, tap, SwitchType.FUSE, "ABC", self.fed_by[node][0])

    def _switch(
        self, name: str, start: str, end: str, kind: SwitchType, phases: str, feeder: str, state: str = "closed"
    ) -> None:
        self.branches.append((name, BranchKind.SWITCH, start, end, state, phases, "", kind, "", feeder, ""))


def _other(line: Line, node: str) -> str:
    return line.ends[1] if line.ends[0] == node else line.ends[0]


def write(protected: Protected, into: Path) -> None:
    """Write the five files of the folder; the same SimBench data gives the same bytes."""
    grid = protected.grid
    lon, lat = (f"{value:.6f}" for value in grid.places["F9"])
    feeders = [*sorted(grid.heads), "F9"]
    names = {feeder: f"Feeder {feeder.removeprefix('F')}" for feeder in feeders} | {"F9": "Station supply"}
    customers = []
    for number, (node, customer_class, kva) in enumerate(grid.loads, start=1):
        feeder, station = protected.fed_by[node]
        level = "LV" if station else "MV"
        at = protected.moved.get(node, node)
        customers.append((f"C{number:05}", at, station, feeder, level, customer_class, 1, f"{kva:.2f}"))
    files: dict[str, tuple[str, list[tuple[Cell, ...]]]] = {
        "utility.csv": ("name,time_zone,attribution", [ABOUT]),
        "feeders.csv": (
            "feeder,name,substation,source_node,lon,lat",
            [(feeder, names[feeder], SUBSTATION, feeder, lon, lat) for feeder in feeders],
        ),
        "nodes.csv": ("node,lon,lat,pole", _with_poles(grid.places)),
        "branches.csv": (
            "id,kind,from_node,to_node,normal_state,phases,length_m,type_code,rating,feeder,rated,device_number,telemetered",
            _with_numbers(sorted(protected.branches, key=lambda row: (row[1], row[0]))),
        ),
        "customers.csv": ("customer,node,transformer,feeder,level,class,active,kva", list(customers)),
    }
    into.mkdir(parents=True, exist_ok=True)
    for table in BESIDE:  # what was made for another grid
        (into / table.file).unlink(missing_ok=True)
    for name, (header, rows) in files.items():
        write_file(into / name, header, rows)


def _with_poles(places: dict[str, tuple[float, float]]) -> list[tuple[Cell, ...]]:
    """Return the nodes, each with the number of the pole or post at its place; a busbar has none."""
    poles: dict[tuple[str, str], str] = {}
    rows: list[tuple[Cell, ...]] = []
    for node, (lon, lat) in sorted(places.items()):
        place = f"{lon:.6f}", f"{lat:.6f}"
        pole = "" if node.startswith(("F", "S1")) else poles.setdefault(place, f"P{len(poles) + 1:05}")
        rows.append((node, *place, pole))
    return rows


def _with_numbers(branches: list[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """Return the branches with the numbers painted on devices, and whether they tell their state."""
    counts: dict[str, int] = defaultdict(int)
    rows = []
    for row in branches:
        prefix = {BranchKind.SWITCH: "S", BranchKind.TRANSFORMER: "T"}.get(BranchKind(str(row[1])))
        number = ""
        if prefix is not None:
            counts[prefix] += 1
            number = f"{prefix}{counts[prefix]:04}"
        counts[str(row[7])] += 1
        every = {SwitchType.BREAKER: 1, SwitchType.RECLOSER: 2, SwitchType.KNIFE: 2}.get(row[7])  # type: ignore[call-overload]
        tells = every is not None and counts[str(row[7])] % every == 0
        rows.append((*row, number, int(tells)))
    return rows


def main() -> None:
    """Freeze the example from the command line."""
    parser = argparse.ArgumentParser(description="Freeze the example utility from the SimBench data.")
    parser.add_argument("--simbench", type=Path, required=True, help="the wheel of the package simbench, or its folder")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "example", help="where the folder goes")
    chosen = parser.parse_args()
    protected = Protected(select(read_tables(chosen.simbench)))
    protected.build()
    write(protected, chosen.into)
    furnish(chosen.into)
    sys.stdout.write(f"{len(protected.branches)} branches, {len(protected.grid.loads)} customers: {chosen.into}\n")


if __name__ == "__main__":
    main()

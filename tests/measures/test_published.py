"""Worked examples that others have published: nine events of IEEE Std 1366, and the feeders of RBTS Bus 2."""

from __future__ import annotations

import csv
import datetime as dt
import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from services.clock import to_ms
from services.measures.indices import Totals, indices
from services.measures.store import Selection, totals
from services.measures.store import indices as measured
from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.network.tables import SwitchType
from tests.measures.written import Served, Spell, serve, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measures.written import Connection

HOUR = 3_600_000
SERVED, DISTINCT = 2_000, 1_800


async def test_the_nine_events_of_the_standard(connection: Connection, shared: Path) -> None:
    folder = shared / "data" / "ieee1366"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        events = list(csv.DictReader(file))
    year = [int(dt.datetime(number, 1, 1, tzinfo=dt.UTC).timestamp()) * 1000 for number in (1994, 1995)]
    await serve(connection, [Served(f"C{number}") for number in range(SERVED)], now_ms=year[1])
    spells = []
    for event in events:
        start, end = (to_ms(dt.datetime.fromisoformat(event[name]).replace(tzinfo=dt.UTC)) for name in ("start", "end"))
        count = int(event["customers"])
        # The table names how many, not whom; the distinct ones are given beside it: the 700 are the last of the 1,800.
        first = DISTINCT - count if count == 700 else 0
        spells += [Spell(f"C{first + number}", start, end) for number in range(count)]
    await write(connection, spells)
    selection = Selection(from_ms=year[0], until_ms=year[1])
    found, summed = await measured(connection, selection), await totals(connection, selection)
    assert summed.interruptions == expected["customer_interruptions"]
    assert summed.momentary == expected["momentary_customer_interruptions"]
    assert summed.customer_ms / 60_000 == pytest.approx(expected["customer_minutes"], abs=1e-4)
    for name, published in (
        ("saifi", "SAIFI"),
        ("saidi_min", "SAIDI_minutes"),
        ("caidi_min", "CAIDI_minutes"),
        ("caifi", "CAIFI"),
        ("ctaidi_min", "CTAIDI_minutes"),
        ("asai", "ASAI_8760h"),
        ("maifi", "MAIFI_from_these_events"),
    ):
        assert found[name] == pytest.approx(expected[published], abs=1e-6), name


class Section(NamedTuple):
    """A section of RBTS Bus 2."""

    section: str
    from_node: str
    to_node: str
    length_km: str
    kind: str
    normal_state: str


class Component(NamedTuple):
    """What can fail: how often in `YEARS`, how long the repair takes; the section, or the load point of a transformer."""

    failures: int
    repair_ms: int
    section: Section | None
    load_point: str | None


# 0.065 failures a year and km, 0.015 a year and transformer: whole numbers of failures for every component.
YEARS, SECTION_RATE, TRANSFORMER_RATE = 4_000, 0.065, 0.015
REPAIR_SECTION, REPAIR_TRANSFORMER, SWITCHING = 5 * HOUR, 200 * HOUR, HOUR
BETWEEN = 1_000 * HOUR
PUBLISHED = {"saifi": 0.248, "saidi_h": 3.61, "caidi_h": 14.55, "asai": 0.999588}


class Bus2:
    """RBTS Bus 2 as a network: a fuse on every lateral, a disconnector at the source side of every main section, ties."""

    def __init__(self, folder: Path) -> None:
        with (folder / "sections.csv").open(encoding="utf-8", newline="") as file:
            self.sections = [Section(**row) for row in csv.DictReader(file)]
        with (folder / "load_points.csv").open(encoding="utf-8", newline="") as file:
            self.load_points = list(csv.DictReader(file))
        self.weights = {row["load_point"]: int(row["customers"]) for row in self.load_points}
        heads = [each for each in self.sections if each.from_node == "B0"]
        self.feeder_of = self._feeders(heads)
        self.network = Network(self._grid(heads))

    def _feeders(self, heads: list[Section]) -> dict[str, str]:
        """Return the feeder of every node: what hangs together without the ties."""
        found = {head.to_node: f"F{number}" for number, head in enumerate(heads, start=1)}
        while left := [
            each
            for each in self.sections
            if each.kind != "tie" and each.from_node in found and each.to_node not in found
        ]:
            found.update({each.to_node: found[each.from_node] for each in left})
        return found

    def _grid(self, heads: list[Section]) -> GridTables:
        feeders, branches = [], []
        nodes: dict[str, None] = {}
        for head in heads:
            feeder = self.feeder_of[head.to_node]
            feeders.append(FeederRow(feeder, feeder, "S1", f"{feeder}-source", 0.0, 0.0))
            branches.append(
                self._switch(f"{feeder}-CB", f"{feeder}-source", f"{feeder}-bus", SwitchType.BREAKER, feeder)
            )
            nodes[f"{feeder}-source"] = nodes[f"{feeder}-bus"] = None
        for each in self.sections:
            feeder = self.feeder_of[each.to_node]
            start = f"{feeder}-bus" if each.from_node == "B0" else each.from_node
            kind = SwitchType.FUSE if each.kind == "lateral" else SwitchType.KNIFE
            middle = f"{each.section}-m"
            closed = each.kind != "tie"
            branches.append(self._switch(each.section, start, middle, kind, feeder, closed=closed))
            branches.append(
                BranchRow(
                    id=each.section,
                    kind=BranchKind.MV_LINE,
                    from_node=middle,
                    to_node=each.to_node,
                    normally_closed=True,
                    phases="ABC",
                    length_m=1_000 * float(each.length_km),
                    type_code="",
                    rating="",
                    feeder=feeder,
                )
            )
            nodes |= dict.fromkeys((start, middle, each.to_node))
        customers = [
            CustomerRow(
                customer=row["load_point"],
                node=row["node"],
                transformer="",
                feeder=self.feeder_of[row["node"]],
                level="MV",
                customer_class="",
                active=True,
                connected_on=None,
                meter=f"M-{row['load_point']}",
            )
            for row in self.load_points
        ]
        return GridTables.of(feeders, [NodeRow(node, 0.0, 0.0) for node in nodes], branches, customers)

    @staticmethod
    def _switch(name: str, start: str, end: str, kind: SwitchType, feeder: str, *, closed: bool = True) -> BranchRow:
        return BranchRow(name, BranchKind.SWITCH, start, end, closed, "ABC", None, kind, "", feeder)

    def components(self) -> list[Component]:
        """Return everything that can fail."""
        lines = [
            Component(round(YEARS * SECTION_RATE * float(each.length_km)), REPAIR_SECTION, each, None)
            for each in self.sections
            if each.kind != "tie"
        ]
        transformers = [
            Component(round(YEARS * TRANSFORMER_RATE), REPAIR_TRANSFORMER, None, row["load_point"])
            for row in self.load_points
            if row["has_11kV_transformer"] == "1"
        ]
        return lines + transformers

    def outages(self, component: Component) -> dict[str, int]:
        """Return which load points one failure takes out, and for how long: until switched around it, or until repaired."""
        if component.section is None:
            assert component.load_point is not None
            return {component.load_point: component.repair_ms}
        section = component.section
        if section.kind == "lateral":
            return dict.fromkeys(self.network.customers_behind(f"switch:{section.section}"), component.repair_ms)
        feeder = self.feeder_of[section.to_node]
        lost = self.network.customers_behind(f"switch:{feeder}-CB")
        after = [each for each in self.sections if each.kind == "main" and each.from_node == section.to_node]
        tie = next(
            each
            for each in self.sections
            if each.kind == "tie" and feeder in {self.feeder_of[each.from_node], self.feeder_of[each.to_node]}
        )
        switched = self.network.present(
            {
                **{f"switch:{each.section}": False for each in (section, *after)},
                f"switch:{tie.section}": True,
            }
        )
        return {point: SWITCHING if self._fed(switched, point, section) else component.repair_ms for point in lost}

    def _fed(self, switched: Network, point: str, failed: Section) -> bool:
        """Answers whether a load point is fed now, without the failed section: it does not hang on its far end."""
        node = next(row["node"] for row in self.load_points if row["load_point"] == point)
        lateral = next(each for each in self.sections if each.to_node == node)
        return lateral.from_node != failed.to_node and switched.is_fed(switched.customer_device(point))


async def test_four_thousand_years_of_rbts_bus_2(connection: Connection, shared: Path) -> None:
    bus = Bus2(shared / "data" / "rbts-bus2")
    spells, at = [], 0
    for component in bus.components():
        outages = bus.outages(component)
        for _ in range(component.failures):
            spells += [Spell(point, at, at + lasts) for point, lasts in outages.items()]
            at += BETWEEN
    # One feeder for each load point: so the store's own figure of each is weighed by its customers.
    await serve(connection, [Served(point, feeder=point) for point in bus.weights], now_ms=at)
    await write(connection, spells)
    of_point = {point: await totals(connection, Selection(feeder=point)) for point in bus.weights}
    found = indices(
        Totals(
            interruptions=sum(of_point[point].interruptions * weight for point, weight in bus.weights.items()),
            customer_ms=sum(of_point[point].customer_ms * weight for point, weight in bus.weights.items()),
            interrupted=0,
            momentary=0,
            served=sum(bus.weights.values()),
            period_ms=YEARS * 8_760 * HOUR,
        )
    )
    assert round(found.saifi / YEARS, 3) == PUBLISHED["saifi"]
    assert round(found.saidi_min / 60 / YEARS, 2) == PUBLISHED["saidi_h"]
    assert round(found.caidi_min / 60, 2) == PUBLISHED["caidi_h"]
    assert round(found.asai, 6) == PUBLISHED["asai"]

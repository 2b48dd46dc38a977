"""A village as scripts see it: a recloser, fuses, transformers; what fails when, and what the product orders.

B1 - RC1 - FU1 - T1 (A1..A8)
   |           - T2 (B1..B4)
   - FU2 - T3 (C1..C5)
   - FU3 - T4 (D1..D6)
B2 - T5 (E1..E3)

RC1 tells its state by telemetry. The tie TIE joins what lies behind FU1 with what lies behind B2.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from schemas.codec import decode
from schemas.events import (
    CrewReported,
    CrewState,
    DeviceStateReported,
    Event,
    HazardKind,
    OrderChanged,
    OrderState,
    OutageReported,
    Place,
    ReportKind,
)
from schemas.ids import derived
from schemas.topics import TOPICS
from services.clock import from_ms, to_ms
from services.drill.faults import Mended, PowerBack, PowerLost
from services.drill.messages import Said
from services.drill.plans import (
    BlinkPlan,
    Cast,
    Detour,
    FaultPlan,
    HazardPlan,
    Scenario,
    TextPlan,
    WindowPlan,
)
from services.drill.stage import SHARD, WorldStage
from services.drill.storms import TINY
from services.network import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, Network, NodeRow
from services.network import Place as PlaceOfNetwork
from tests.stage_script import StageScript, ms

Plan = FaultPlan | WindowPlan | HazardPlan | BlinkPlan | TextPlan
AnyEventKind = TypeVar("AnyEventKind", bound=Event)

FU1, FU2, FU3, T1, T2 = "switch:FU1", "switch:FU2", "switch:FU3", "transformer:T1", "transformer:T2"
STARTS = "18:00"
RC1, TIE = "switch:RC1", "switch:TIE"
HOUSES = {"T1": 8, "T2": 4, "T3": 5, "T4": 6, "T5": 3}
LETTER = {"T1": "A", "T2": "B", "T3": "C", "T4": "D", "T5": "E"}


def _branch(
    name: str, kind: BranchKind, start: str, end: str, code: str = "", *, closed: bool = True, feeder: str = "V"
) -> BranchRow:
    return BranchRow(name, kind, start, end, closed, "ABC", None, code, "", feeder, telemetered=name == "RC1")


def village() -> Network:
    """Return the village; customer Z9 has closed his account."""
    switch, transformer = BranchKind.SWITCH, BranchKind.TRANSFORMER
    branches = [
        _branch("B1", switch, "source", "main", "29"),
        _branch("RC1", switch, "main", "far", "32"),
        _branch("FU1", switch, "far", "lateral1", "22"),
        _branch("FU2", switch, "main", "lateral2", "22"),
        _branch("FU3", switch, "main", "lateral3", "22"),
        _branch("T1", transformer, "lateral1", "low1"),
        _branch("T2", transformer, "lateral1", "low2"),
        _branch("T3", transformer, "lateral2", "low3"),
        _branch("T4", transformer, "lateral3", "low4"),
        _branch("B2", switch, "source2", "other", "29", feeder="W"),
        _branch("T5", transformer, "other", "low5", feeder="W"),
        _branch("TIE", switch, "lateral1", "other", "19", closed=False),
    ]
    names = sorted({row.from_node for row in branches} | {row.to_node for row in branches})
    nodes = [NodeRow(name, 11.0 + number / 100, 53.0) for number, name in enumerate(names)]
    customers = [
        _customer(f"{LETTER[name]}{number}", f"low{name[1]}", name)
        for name, count in HOUSES.items()
        for number in range(1, count + 1)
    ]
    customers.append(_customer("Z9", "low4", "T4", active=False))
    feeders = [
        FeederRow("V", "Village", "S1", "source", 11.0, 53.0),
        FeederRow("W", "Other village", "S1", "source2", 11.0, 53.0),
    ]
    return Network(GridTables.of(feeders, nodes, branches, customers))


def _customer(name: str, node: str, transformer: str, *, active: bool = True) -> CustomerRow:
    return CustomerRow(
        name, node, transformer, "W" if name[0] == "E" else "V", "LV", "residential", active, None, f"M-{name}"
    )


def fault(
    name: str, device: str, at: str, *, nested_in: str | None = None, dark: bool = False, detour: Detour | None = None
) -> FaultPlan:
    """Return a fault of a script."""
    return FaultPlan(id=name, device=device, strikes_at=ms(at), nested_in=nested_in, dark=dark, detour=detour)


def danger(name: str, device: str, at: str) -> HazardPlan:
    """Return a danger of a script: a wire down at the device's place."""
    place = village().device(device).place
    return HazardPlan(id=name, kind=HazardKind.WIRE_DOWN, device=device, place=place, appears_at=ms(at))


def work(device: str, start: str, end: str, **given: Any) -> WindowPlan:
    """Return planned work of a script, announced at the start; it ends as planned if nothing else is given."""
    plan = WindowPlan(
        id="W1",
        isolates=(device,),
        announced_at=ms(STARTS) + 10_000,
        starts_at=ms(start),
        ends_at=ms(end),
        completed_at=ms(end),
    )
    return dataclasses.replace(plan, **given)


BASES = {"C1": PlaceOfNetwork(11.0, 53.0), "C2": PlaceOfNetwork(11.05, 53.0)}


class World:
    """A script for the world. Every sentence speaks at the time of the last `at`."""

    def __init__(
        self,
        *plans: Plan,
        seed: int = 1,
        resumed: bool = False,
        rough: bool = False,
        pace: float = TINY.pace,
        **cast: Any,
    ) -> None:
        self.network = village()
        scenario = Scenario(
            storm=dataclasses.replace(TINY, rough=rough, pace=pace),
            starts_at=ms(STARTS),
            faults=tuple(plan for plan in plans if isinstance(plan, FaultPlan)),
            windows=tuple(plan for plan in plans if isinstance(plan, WindowPlan)),
            hazards=tuple(plan for plan in plans if isinstance(plan, HazardPlan)),
            blinks=tuple(plan for plan in plans if isinstance(plan, BlinkPlan)),
            texts=tuple(plan for plan in plans if isinstance(plan, TextPlan)),
            cast=Cast(bases=BASES, **cast),
        )
        self.stage = WorldStage(self.network, scenario, seed)
        self.script = StageScript(self.stage, SHARD, exercise=True, resumed=resumed)
        self.script.wake_at = scenario.starts_at

    def at(self, clock: str) -> World:
        """Let time pass up to this moment of the day."""
        self.script.go_to(ms(clock))
        return self

    def order(self, order: str, crew: str, near: str, state: OrderState = OrderState.SENT, **about: Any) -> World:
        """Let the product send a crew to a device, or to its place, or say something else of the order."""
        place = self.network.device(near).place
        given: dict[str, Any] = {"incident": f"incident of {order}".replace(" ", "-"), "device": near} | about
        event = OrderChanged(
            id=derived("orderChanged", order, state),
            at=from_ms(self.script.now),
            exercise=True,
            order=order,
            crew=crew,
            area="A1",
            place=Place(lon=place.lon, lat=place.lat),
            state=state,
            reason="scripted",
            **given,
        )
        self.script.hear(event)
        self.script.settle()
        return self

    def dark(self) -> set[str]:
        """Return who truly has no power now."""
        without: set[str] = set()
        for outcome in self.script.outcomes:
            for record in outcome.records:
                if isinstance(record, PowerLost):
                    assert without.isdisjoint(record.customers), "nobody loses what he has not"
                    without |= set(record.customers)
                elif isinstance(record, PowerBack):
                    assert without.issuperset(record.customers), "nobody regains what he has"
                    without -= set(record.customers)
        return without

    def mended(self) -> list[str]:
        """Return the faults that were mended, in order."""
        return [r.fault for outcome in self.script.outcomes for r in outcome.records if isinstance(r, Mended)]

    def said(self) -> list[Said]:
        """Return everything put on the schedule, in the order of its arrival."""
        said = [r for outcome in self.script.outcomes for r in outcome.records if isinstance(r, Said)]
        return sorted(said, key=lambda one: (one.at, one.id))

    def events(self) -> list[tuple[int, Event]]:
        """Return when every readable message arrives, and its event."""
        readable = [one for one in self.said() if one.channel == "kafka" and not one.body.endswith(b'"20')]
        return [(one.at, decode(one.body, TOPICS[one.topic])) for one in readable]

    def heard(self, kind: type[AnyEventKind]) -> list[AnyEventKind]:
        """Return the events of a type in the order of their arrival."""
        return [event for _, event in self.events() if isinstance(event, kind)]

    def states(self, device: str) -> list[tuple[str, str, int]]:
        """Return what was told of how a device stands: position, source, since when (milliseconds)."""
        told = [event for event in self.heard(DeviceStateReported) if event.device == device]
        return [(str(event.position), str(event.source), to_ms(event.at)) for event in told]

    def reports(self, kind: ReportKind) -> list[OutageReported]:
        """Return the reports of a kind, copies included."""
        return [event for _, event in self.events() if isinstance(event, OutageReported) and event.kind is kind]

    def crew_said(self, order: str) -> list[tuple[str, str | None, int]]:
        """Return what was said of an order: state, device found, and when (milliseconds); but for where the crew was."""
        reported = [event for _, event in self.events() if isinstance(event, CrewReported) and event.order == order]
        said = [event for event in reported if event.status is not CrewState.POSITION]
        return [(str(event.status), event.found, to_ms(event.at)) for event in said]

    def way(self, order: str) -> list[tuple[int, Place]]:
        """Return where the crew said that it was on its way to the place of an order, and when (milliseconds)."""
        reported = [event for _, event in self.events() if isinstance(event, CrewReported) and event.order == order]
        on_the_way = [event for event in reported if event.status is CrewState.POSITION and event.place is not None]
        return [(to_ms(event.at), event.place) for event in on_the_way if event.place is not None]

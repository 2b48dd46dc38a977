"""Inference: L1 fails and is mended; then F2 fails, and that is decided whatever was heard before."""

from __future__ import annotations

from typing import Any

from schemas.events import (
    DeviceStateReported,
    EstimateGiven,
    Event,
    FaultFound,
    HazardDismissed,
    IncidentConfirmed,
    IncidentRejected,
    IncidentsMerged,
    IncidentSplit,
    OrderChanged,
    OrderState,
    Place,
    Quality,
    ReportKind,
    StateSource,
    SwitchPosition,
    WindowAnnounced,
    WindowCancelled,
    WindowChanged,
    WorkCompleted,
    WorkStarted,
)
from schemas.ids import derived
from services.engine.turn import Fact
from services.outages.report import LocatedReport
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from tests.hostile.course import Course, Heard, Insane
from tests.outages.town import device_id, town
from tests.stage_script import moment, ms

NETWORK = town()
GASP, CALL, POWER = ReportKind.LAST_GASP, ReportKind.CALL, ReportKind.POWER_RESTORED


def report(name: str, kind: ReportKind, customer: str, at: str) -> Fact:
    """Return a located report of something observed at this time of the day, or days before it (`-1d 06:00`)."""
    days, _, clock = at.rpartition("d ")
    observed = ms(clock) + int(days or "0") * 86_400_000
    located = LocatedReport(
        id=name, kind=kind, customer=customer, device=NETWORK.customer_device(customer), at=observed
    )
    return Fact(observed, name, located)


def of_all(kind: ReportKind, device: str, at: str) -> tuple[Fact, ...]:
    """Return the reports of everybody behind a device."""
    return tuple(report(f"{kind}-{c}", kind, c, at) for c in NETWORK.customers_behind(device_id(device)))


def window(name: str, at: str, device: str, starts: str, ends: str) -> WindowAnnounced:
    """Return an announcement of planned work."""
    return WindowAnnounced(
        id=name,
        at=moment(at),
        window="W-9",
        isolates=[device_id(device)],
        starts_at=moment(starts),
        ends_at=moment(ends),
    )


def started(name: str, at: str, device: str, window: str = "W-9") -> WorkStarted:
    """Return that an isolation point was opened."""
    return WorkStarted(id=name, at=moment(at), window=window, isolates=[device])


def completed(name: str, at: str, device: str, window: str = "W-9") -> WorkCompleted:
    """Return that an isolation point was closed."""
    return WorkCompleted(id=name, at=moment(at), window=window, isolates=[device])


def order(name: str, at: str, state: str, incident: str, *, found: str | None = None, **more: Any) -> OrderChanged:
    """Return the news of an order."""
    return OrderChanged(
        id=name,
        at=moment(at),
        order="order",
        crew="W1",
        incident=incident,
        area="A1",
        device=device_id("L1"),
        place=Place(lon=8, lat=50),
        state=OrderState(state),
        reason="scripted",
        found=found,
        **more,
    )


def state(name: str, at: str, device: str, position: str = "open", **given: Any) -> DeviceStateReported:
    """Return the state of a device, as SCADA tells it."""
    fields = {"source": StateSource.SCADA, **given}
    return DeviceStateReported(id=name, at=moment(at), device=device, position=SwitchPosition(position), **fields)


def changed(name: str, at: str, ends: str) -> WindowChanged:
    """Return that the time of planned work is another one."""
    return WindowChanged(
        id=name,
        at=moment(at),
        window="W-9",
        isolates=[device_id("L3")],
        starts_at=moment(at),
        ends_at=moment(ends),
    )


def word(kind: type[Event], name: str, incident: str, **fields: Any) -> Any:
    """Return a dispatcher's word."""
    return kind(id=name, at=moment("06:19"), **{"area": "A1", "by": "ann", "incident": incident, **fields})


FIRST = derived("incident", device_id("L1"), ms("06:00"), ms("06:00:30"), "", "lastGasp-T11-1")
STORY: tuple[tuple[int, tuple[Heard, ...]], ...] = (
    (ms("06:00:30"), of_all(GASP, "L1", "06:00")),
    (ms("06:20"), (order("there", "06:20", "arrived", FIRST),)),
    (ms("07:00"), (*of_all(POWER, "L1", "07:00"), order("done", "07:00", "done", FIRST, found=device_id("L1")))),
    (ms("07:20"), of_all(GASP, "F2", "07:20")),
)


def hazard_order(name: str, hazard: str | None) -> OrderChanged:
    """Return that a crew has made a place safe."""
    return OrderChanged(
        id=name,
        at=moment("06:19"),
        order="order-h",
        crew="W1",
        area="A1",
        place=Place(lon=8, lat=50),
        state=OrderState.DONE,
        reason="scripted",
        hazard=hazard,
    )


def thrown(name: str, before: int, *facts: Event | Fact, **given: Any) -> Insane:
    """Return insane facts before a step."""
    return Insane(name=name, before=before, facts=facts, **given)


W9 = frozenset({"W-9"})
SINCE_2000 = moment("00:00").replace(year=2000)

INSANE = (
    thrown("work at a device nobody has", 1, started("x", "06:19", "NOWHERE"), parked="unknownDevice"),
    thrown(
        "an order of an area nobody has",
        1,
        OrderChanged(
            id="x",
            at=moment("06:19"),
            order="order",
            crew="W1",
            incident=FIRST,
            area="A9",
            device="NOWHERE",
            place=Place(lon=8, lat=50),
            state=OrderState.DONE,
            reason="scripted",
        ),
        parked="unknownArea",
    ),
    thrown("a window that ends before it starts", 1, window("x", "06:19", "L3", "09:00", "08:00"), about=W9),
    thrown(
        "a window that isolates the breaker of the feeder", 1, window("x", "06:19", "F1", "06:00", "23:00"), about=W9
    ),
    thrown("work complete that never began", 1, completed("x", "06:19", device_id("L3"))),
    thrown(
        "work complete that was only announced",
        1,
        window("x", "06:18", "L3", "08:00", "09:00"),
        completed("y", "06:19", device_id("L3")),
        about=W9,
    ),
    thrown("an unknown incident, done, found something", 1, order("x", "06:19", "done", "I-9", found=device_id("V1"))),
    thrown("an unknown incident, done, found nothing", 1, order("x", "06:19", "done", "I-9")),
    thrown(
        "an unknown incident, done, found an unknown device", 1, order("x", "06:19", "done", "I-9", found="NOWHERE")
    ),
    thrown("a crew on its way to an unknown incident", 1, order("x", "06:19", "enroute", "I-9")),
    thrown("an order of an unknown incident", 1, order("x", "06:19", "sent", "I-9"), unheard=True),
    thrown("done twice", 3, order("x", "07:19", "done", FIRST, found=device_id("L1"))),
    thrown("done twice, found nothing this time", 3, order("x", "07:19", "done", FIRST)),
    thrown("done twice, found another device this time", 3, order("x", "07:19", "done", FIRST, found=device_id("V1"))),
    thrown("power back before any loss", 0, report("x", POWER, "T31-1", "05:59"), about=frozenset({"T31-1"})),
    thrown("power back, long ago, of somebody who is out", 1, report("x", POWER, "T11-1", "-1d 07:00")),
    thrown("a loss before the last return", 3, report("x", GASP, "T11-1", "-1d 07:00")),
    thrown("the same loss again", 1, report("x", GASP, "T11-1", "06:00")),
    thrown("nothing", 1),
    thrown("the state of a device nobody has", 1, state("x", "06:19", "NOWHERE"), parked="unknownDevice"),
    thrown(
        "a fault at a device nobody has",
        1,
        FaultFound(id="x", at=moment("06:19"), device="NOWHERE", crew="C1"),
        parked="unknownDevice",
    ),
    thrown("a state that cannot be relied on", 1, state("x", "06:19", device_id("R1"), quality=Quality.INVALID)),
    thrown(
        "a command that nobody saw carried out", 1, state("x", "06:19", device_id("R1"), source=StateSource.COMMAND)
    ),
    thrown(
        "a state of the year 2000",
        1,
        DeviceStateReported(
            id="x", at=SINCE_2000, device=device_id("R1"), position=SwitchPosition.OPEN, source=StateSource.CREW
        ),
    ),
    thrown(
        "a window that nobody knows, cancelled",
        1,
        WindowCancelled(id="x", at=moment("06:19"), window="W-9", isolates=[device_id("L3")]),
    ),
    thrown("a window that nobody knows, changed to end before it starts", 1, changed("x", "06:19", "05:00"), about=W9),
    thrown(
        "an announcement of devices nobody has",
        1,
        WindowAnnounced(
            id="x",
            at=moment("06:19"),
            window="W-9",
            isolates=["NOWHERE"],
            starts_at=moment("07:00"),
            ends_at=moment("06:00"),
        ),
        parked="unknownDevice",
    ),
    thrown("an incident nobody knows, merged into itself", 1, word(IncidentsMerged, "x", "I-9", into="I-9")),
    thrown("an incident merged into itself", 1, word(IncidentsMerged, "x", FIRST, into=FIRST)),
    thrown("an incident split at a device nobody has", 1, word(IncidentSplit, "x", FIRST, device="NOWHERE")),
    thrown("an incident confirmed at a device nobody has", 1, word(IncidentConfirmed, "x", FIRST, device="NOWHERE")),
    thrown("an incident nobody knows, rejected", 1, word(IncidentRejected, "x", "I-9")),
    thrown("an estimate of the year 2000", 1, word(EstimateGiven, "x", FIRST, estimate=SINCE_2000)),
    thrown("an estimate of the year 2099", 1, word(EstimateGiven, "x", FIRST, estimate=SINCE_2000.replace(year=2099))),
    thrown("a word of an area nobody has", 1, word(IncidentRejected, "x", FIRST, area="A9"), parked="unknownArea"),
    thrown(
        "a danger that nobody knows, dismissed",
        1,
        HazardDismissed(id="x", at=moment("06:19"), area="A1", hazard="H-9", by="ann"),
    ),
    thrown("an order for nothing", 1, hazard_order("x", None)),
    thrown("a danger that nobody knows, made safe", 1, hazard_order("x", "H-9")),
)

DISRUPTIVE = (
    thrown("a last gasp of almost a day ago", 1, report("x", GASP, "V1-1", "-1d 08:00")),
    thrown(
        "work begun in the year 2000", 1, WorkStarted(id="x", at=SINCE_2000, window="W-9", isolates=[device_id("L3")])
    ),
    thrown(
        "work complete before it began",
        1,
        started("x", "06:19", device_id("L3")),
        WorkCompleted(id="y", at=SINCE_2000, window="W-9", isolates=[device_id("L3")]),
    ),
    thrown("work on the breaker of the feeder, with an incident below it", 1, started("x", "06:19", device_id("F1"))),
    thrown(
        "one window at two devices", 1, started("x", "06:18", device_id("L3")), started("y", "06:19", device_id("L2"))
    ),
    thrown(
        "two windows within each other",
        1,
        started("x", "06:18", device_id("R1")),
        started("y", "06:19", device_id("V1"), "W-8"),
        completed("z", "06:19", device_id("R1")),
    ),
    thrown(
        "done in the year 2000",
        1,
        OrderChanged(
            id="x",
            at=SINCE_2000,
            order="order",
            crew="W1",
            incident=FIRST,
            area="A1",
            device=device_id("L1"),
            place=Place(lon=8, lat=50),
            state=OrderState.DONE,
            reason="scripted",
            found=device_id("L1"),
        ),
    ),
    thrown("done, and what was found lies elsewhere", 1, order("x", "06:19", "done", FIRST, found=device_id("V1"))),
    thrown("found above everything", 1, order("x", "06:19", "done", FIRST, found=device_id("F1"))),
    thrown(
        "a breaker that opens and closes at the same moment",
        1,
        state("x", "06:19", device_id("F1")),
        state("y", "06:19", device_id("F1"), "closed"),
    ),
    thrown("a breaker that opens above everything", 1, state("x", "06:19", device_id("F1"))),
    thrown(
        "a lower device that is told closed while it is taken to have failed",
        1,
        state("x", "06:19", device_id("L1"), "closed"),
    ),
    thrown("a state of a clock that runs ahead", 1, state("x", "23:00", device_id("L3"))),
    thrown(
        "two who contradict each other at the same moment",
        1,
        state("x", "06:19", device_id("L3")),
        state("y", "06:19", device_id("L3"), "closed", source=StateSource.CREW),
    ),
    thrown(
        "the isolation point of work is told closed",
        1,
        started("x", "06:18", device_id("L3")),
        state("y", "06:19", device_id("L3"), "closed"),
        completed("z", "06:19", device_id("L3")),
    ),
    thrown(
        "an incident rejected, split and confirmed at once",
        1,
        word(IncidentRejected, "x", FIRST),
        word(IncidentSplit, "y", FIRST, device=device_id("T11")),
        word(IncidentConfirmed, "z", FIRST, device=device_id("F1")),
    ),
    thrown("an incident confirmed above everything", 1, word(IncidentConfirmed, "x", FIRST, device=device_id("F1"))),
    thrown(
        "an estimate that is farther than any",
        1,
        order("x", "06:19", "sent", FIRST, arrival_estimate=SINCE_2000.replace(year=2099, month=12, day=31)),
    ),
    thrown(
        "a claim of repair, taken back",
        1,
        order("x", "06:18", "repaired", FIRST),
        order("y", "06:19", "done", FIRST, found=device_id("V1")),
    ),
)
"""Facts that do change what is taken to be out on the first feeder; the second feeder's fault must be decided all the same."""

CORRELATE = Course(
    stage=lambda: CorrelateStage(NETWORK, {"T11-1": "MILL", "T41-1": "DAIRY"}),
    store=CorrelateStore,
    shard="A1",
    story=STORY,
    until=ms("07:40"),
    insane=INSANE,
)

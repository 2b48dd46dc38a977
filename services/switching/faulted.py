"""Where the fault may lie, and which sections are left alone: by fault, danger, planned work or clearance. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.network.places import Place
from services.switching.circuit import SOURCE, Circuit, Flow
from services.switching.reasons import Reason

NEAR_M = 200.0
"""A danger is taken to lie in any section with a line so near to the place that was named, metres."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What has failed: the device behind which the fault lies, and whether it stands open, as far as is known or assumed."""

    device: str
    stands_open: bool = True


@dataclass(frozen=True, slots=True)
class Danger:
    """A danger that is reported: the device that feeds the nearest line, and the place that was named, as far as known."""

    device: str | None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when steps are proposed.

    `stood` are the positions just before the fault, `stands` the positions as last told, both only of switches of which
    something was heard (True: closed). `behind` names the section in which the fault lies, by the device that feeds it
    in normal state; None: nobody knows. `faults` are all others that are known, `isolates` the devices that planned work
    stands open, `withheld` those that must stay as they are with all that they protect, and why, `open_phases` the phases in
    which a closed device stands open.
    """

    fault: Fault
    stood: Mapping[str, bool] = field(default_factory=dict)
    stands: Mapping[str, bool] = field(default_factory=dict)
    behind: str | None = None
    faults: tuple[Fault, ...] = ()
    dangers: tuple[Danger, ...] = ()
    isolates: frozenset[str] = frozenset()
    withheld: Mapping[str, Reason] = field(default_factory=dict)
    open_phases: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """A situation on its circuit.

    `closed` are the links that are closed now, what has failed taken as it is said to stand. `zone` are the sections in which
    the fault may lie by the device that failed, `faulted` those of them that are left alone for it, `shut` all sections
    that are left alone, with the reason. `affected` are the sections that lost power by the fault. Only what `feeders` feed is
    looked at, those near to the device.
    """

    circuit: Circuit
    situation: Situation
    closed: set[str]
    flow: Flow
    zone: set[int]
    faulted: set[int]
    affected: set[int]
    shut: dict[int, Reason]
    feeders: frozenset[int]


def look(circuit: Circuit, situation: Situation) -> Scene:
    """Return the scene.

    Raises KeyError when the network lacks the device that failed, ValueError when `behind` is no dark section of its zone.
    """
    device = situation.fault.device
    feeders = circuit.feeders_near(device)
    stood = circuit.closed(situation.stood)
    before = circuit.flow(stood | {device}, feeders=feeders)
    closed = circuit.closed(situation.stands)
    closed -= {each.device for each in (situation.fault, *situation.faults) if each.stands_open}
    flow = circuit.flow(closed, situation.open_phases, feeders)
    passing = circuit.passing & stood
    zone = zone_of(circuit, device, before, passing)
    faulted = {each for each in zone if not flow.is_live(each)}
    if situation.behind is not None:
        located = section_behind(circuit, situation.behind)
        if located is None or located not in faulted:
            raise ValueError(situation.behind)
        faulted = {located}
    shut = _shut(circuit, situation, flow, before, passing)
    shut = dict.fromkeys(faulted, Reason.FAULTED) | shut
    _grow(circuit, situation, closed, flow, shut)
    affected = affected_by(circuit, situation, feeders)
    return Scene(circuit, situation, closed, flow, zone, faulted, affected, shut, feeders)


def affected_by(circuit: Circuit, situation: Situation, feeders: Collection[int] = ()) -> set[int]:
    """Return the sections that lost power by the fault, and had it in spite of all others; with `feeders`: from these."""
    device = situation.fault.device
    rest = circuit.closed(situation.stood) - {each.device for each in situation.faults if each.stands_open}
    before, after = circuit.flow(rest | {device}, feeders=feeders), circuit.flow(rest - {device}, feeders=feeders)
    return set(before.live).difference(after.live)


def zone_of(circuit: Circuit, device: str, before: Flow, passing: AbstractSet[str]) -> set[int]:
    """Return the sections in which a fault makes this device open: behind it, up to the next ones that protect.

    `before` is how sections were fed when it was closed, `passing` are the closed links that do not protect. Raises KeyError
    for a device that is no link.
    """
    link = circuit.links[device]
    start = next((each for each in (link.one, link.other) if each != SOURCE and before.via[each] == device), None)
    if start is None:
        usual = circuit.usual
        start = next((each for each in (link.one, link.other) if each != SOURCE and usual.via[each] == device), None)
    if start is None:
        return set()
    return circuit.reach([start], passing - {device} if device in passing else passing, range(circuit.size))


def section_behind(circuit: Circuit, device: str) -> int | None:
    """Return the section that this device feeds in normal state; None: it feeds none."""
    link = circuit.links.get(device)
    if link is None:
        return None
    return next((each for each in (link.one, link.other) if each != SOURCE and circuit.usual.via[each] == device), None)


def _shut(
    circuit: Circuit, situation: Situation, flow: Flow, before: Flow, passing: AbstractSet[str]
) -> dict[int, Reason]:
    """Return the sections that something else than the fault itself forbids to feed."""
    shut: dict[int, Reason] = {}
    for isolate in sorted(situation.isolates):
        top = section_behind(circuit, isolate)
        if top is not None:
            below = _below(circuit, top)
            shut |= {each: Reason.WORK_THERE for each in below if not flow.is_live(each)}
    for other in situation.faults:
        if other.device in circuit.links:
            zone = zone_of(circuit, other.device, before, passing)
            shut |= {each: Reason.OTHER_FAULT for each in zone if not flow.is_live(each)}
    for device, reason in sorted(situation.withheld.items()):
        if device in circuit.links:
            shut |= {each: reason for each in zone_of(circuit, device, before, passing) if not flow.is_live(each)}
    for danger in situation.dangers:
        shut |= dict.fromkeys(_in_danger(circuit, danger, before, passing), Reason.DANGER_THERE)
    return shut


def _below(circuit: Circuit, top: int) -> set[int]:
    """Return a section and all that is fed through it in normal state."""
    usual, below = circuit.usual, {top}
    for each in usual.live:
        if usual.upper[each] in below:
            below.add(each)
    return below


def _in_danger(circuit: Circuit, danger: Danger, before: Flow, passing: AbstractSet[str]) -> set[int]:
    """Return the sections in which a danger may lie: near the place that was named, else all that the device protects."""
    near: set[int] = set()
    if danger.place is not None:
        branches, nearby = circuit.ground.branches
        parts = circuit.ground.parts_of_branches
        near = {int(part) for _, number in nearby.within(danger.place, NEAR_M) for part in parts[branches[number]]}
    if danger.device is None or danger.device not in circuit.links:
        return near
    zone = zone_of(circuit, danger.device, before, passing)
    return near & zone or zone


def _grow(circuit: Circuit, situation: Situation, closed: Collection[str], flow: Flow, shut: dict[int, Reason]) -> None:
    """Leave alone too what only a closed device that nobody may operate parts from a section that is left alone."""
    stack = sorted(each for each in shut if not flow.is_live(each))
    while stack:
        section = stack.pop()
        for link in circuit.at[section]:
            beyond = link.beyond(section)
            stuck = link.id in closed and not may_open(circuit, situation, link.id)
            if stuck and beyond not in shut and not flow.is_live(beyond):
                shut[beyond] = shut[section]
                stack.append(beyond)


def may_open(circuit: Circuit, situation: Situation, device: str) -> bool:
    """Answers whether a person may open it: fuses by hand; not what isolates planned work."""
    return device in circuit.operable and device not in situation.isolates

"""Finds what to close: for every part of the grid that is sound and dark the way that brings most people back. Pure.

One way after another is taken, the best first, until no further one brings anybody back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.network.devices import DeviceClass
from services.switching.circuit import DARK, SOURCE, Flow, Link, People
from services.switching.faulted import Scene, may_open
from services.switching.loads import Limit, Loads, Trial, Wiring
from services.switching.reasons import Reason

MOST_CUTS = 40
"""So many places are tried at which a part that is too much for a way is cut."""
_CUTTABLE = frozenset({DeviceClass.BREAKER, DeviceClass.RECLOSER, DeviceClass.FUSE, DeviceClass.SWITCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How many customers one counts as who depends on power to live, who is important, or large."""

    life_support: int = 200
    important: int = 40
    large: int = 40

    def of(self, people: People) -> int:
        """Return what these people weigh."""
        more = people.important * (self.important - 1) + people.large * (self.large - 1)
        return people.customers + more + people.life_support * (self.life_support - 1)


@dataclass(frozen=True, slots=True)
class Refused:
    """A device that is not closed though it could feed somebody, and why; of an overload also what would be overloaded."""

    device: str
    reason: Reason
    limit: Limit | None = None


@dataclass(slots=True)
class Way:
    """Feeding dark sections through a link that is closed, after some others were opened."""

    link: Link
    near: int
    sections: frozenset[int]
    opens: tuple[tuple[str, Reason], ...]
    trial: Trial
    people: People
    too_much: Limit | None = None
    """What more would have overloaded, where a part was cut for it."""


@dataclass(slots=True)
class Restoring:
    """The search: what is closed as it goes on, the ways that were taken, and the ones that were not with the reasons."""

    scene: Scene
    wiring: Wiring
    weights: Weights
    closed: set[str] = field(init=False)
    flow: Flow = field(init=False)
    loads: Loads = field(init=False)
    taken: list[Way] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)
    refused_for_good: dict[str, Refused] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with how things stand."""
        self.closed = set(self.scene.closed)
        self.flow = self.scene.flow
        self.loads = Loads(self.wiring, self._feeders(), self.closed)

    def run(self) -> None:
        """Take ways until no further one brings anybody back."""
        while True:
            self.refused.clear()
            ways = [way for part in self.parts() for way in self._ways(part)]
            if not ways:
                break
            way = min(ways, key=self._rank)
            if not self._take(way):
                self.refused_for_good[way.link.id] = Refused(way.link.id, Reason.WOULD_LOOP)
        self.refused |= self.refused_for_good
        for way in self.taken:
            if way.too_much is not None:
                self.refused[way.link.id] = Refused(way.link.id, Reason.OVER_RATING, way.too_much)

    def parts(self) -> list[frozenset[int]]:
        """Return what is dark though nothing forbids to feed it, and lost power by the fault: parts that are fed as one."""
        circuit, scene = self.scene.circuit, self.scene
        near = [circuit.sections_of.get(each, frozenset()) for each in (*(scene.feeders or circuit.sections_of), DARK)]
        dark = set().union(*near).difference(self.flow.live, scene.shut)
        parts, seen = [], set[int]()
        for section in sorted(dark & scene.affected):
            if section not in seen:
                part = circuit.reach([section], self.closed, dark)
                seen |= part
                parts.append(frozenset(part))
        return parts

    def _feeders(self) -> set[int]:
        """Return the feeders from which something could be fed, and those of what is dark."""
        circuit = self.scene.circuit
        parts = self.parts()
        beside = {link.beyond(each) for part in parts for each in part for link in circuit.at[each]}
        feeders = {self.flow.feeder[each] for each in beside if each != SOURCE}
        return (feeders | {circuit.usual.feeder[each] for part in parts for each in part}) - {-1}

    def _rank(self, way: Way) -> tuple[int, int, int, str]:
        """Return by what ways are chosen: most people, fewest steps, fewest by hand, then the name."""
        links = self.scene.circuit.links
        operated = [*(links[device] for device, _ in way.opens), way.link]
        by_hand = sum(not each.telemetered for each in operated)
        return -self.weights.of(way.people), len(operated), by_hand, way.link.id

    def _ways(self, part: frozenset[int]) -> Iterator[Way]:
        for link, section in self._entries(part):
            near = link.beyond(section)
            refused = self._forbidden(link, near)
            if refused is None and len(self.scene.circuit.joins(part, self.closed)) != len(part) - 1:
                refused = Reason.WOULD_LOOP
            if refused is not None:
                self.refused[link.id] = Refused(link.id, refused)
                continue
            yield from self._tried(link, near, part)

    def _entries(self, part: frozenset[int]) -> list[tuple[Link, int]]:
        """Return the open links over which a part could be fed, each with its section within; by id."""
        opened = {device for way in self.taken for device, _ in way.opens} | self.refused_for_good.keys()
        found = {
            link.id: (link, section)
            for section in sorted(part)
            for link in self.scene.circuit.at[section]
            if link.id not in self.closed and link.id not in opened and self._may_feed(link.beyond(section), part)
        }
        return [found[each] for each in sorted(found)]

    def _may_feed(self, beyond: int, part: Collection[int]) -> bool:
        return beyond not in part and (self.flow.is_live(beyond) or beyond not in self.scene.shut)

    def _forbidden(self, link: Link, near: int) -> Reason | None:
        """Return why a link may not be closed whatever it would feed; None: it may."""
        situation, circuit, shut = self.scene.situation, self.scene.circuit, self.scene.shut
        if link.id not in circuit.operable or link.id in situation.isolates:
            return Reason.HELD_BY_WORK
        if any(each.device == link.id for each in situation.faults):
            return Reason.OTHER_FAULT
        if not self.flow.is_live(near):
            return Reason.OTHER_SIDE_DEAD
        if any(each in shut for each in circuit.way(self.flow, near)):
            return Reason.OTHER_SIDE_UNSAFE
        return situation.withheld.get(link.id)

    def _tried(self, link: Link, near: int, part: frozenset[int]) -> Iterator[Way]:
        """Return the way to feed a part whole or, where that is too much, as much of it as may be."""
        whole = self._way(link, near, part, None)
        if whole is None:
            self.refused[link.id] = Refused(link.id, Reason.FEWER_PHASES)
        elif whole.trial.limit.reason is Reason.OVER_RATING:
            self.refused[link.id] = Refused(link.id, Reason.OVER_RATING, whole.trial.limit)
            yield from self._cut(link, near, part, whole.trial.limit)
        elif self.weights.of(whole.people):
            yield whole

    def _cut(self, link: Link, near: int, part: frozenset[int], too_much: Limit) -> Iterator[Way]:
        """Return the way to feed as much of a part as one device that is opened leaves, and ratings allow."""
        circuit = self.scene.circuit
        start = link.beyond(near)
        cuts = []
        for cut in circuit.joins(part, self.closed):
            if cut.kind in _CUTTABLE and may_open(circuit, self.scene.situation, cut.id):
                kept = frozenset(circuit.reach([start], self.closed - {cut.id}, part))
                cuts.append((-self.weights.of(circuit.count(kept)), not cut.telemetered, cut.id, kept))
        for weight, _, cut_id, kept in sorted(cuts, key=lambda each: each[:3])[:MOST_CUTS]:
            way = self._way(link, near, kept, cut_id)
            if weight and way is not None and way.trial.limit.reason is not Reason.OVER_RATING:
                way.too_much = too_much
                yield way
                return

    def _way(self, link: Link, near: int, sections: frozenset[int], cut: str | None) -> Way | None:
        """Return the way that feeds these sections, whatever it loads; None when not all phases get there."""
        opens = [(device, Reason.ISOLATES_FAULT) for device in self._borders(sections)]
        if cut is not None:
            opens.append((cut, Reason.LEAVES_PART_OUT))
        closed = self.closed - {device for device, _ in opens} | {link.id}
        if not self._all_phases(link, near, sections, closed):
            return None
        trial = self.loads.trial(link, near, sections, closed)
        return Way(link, near, sections, tuple(opens), trial, self.scene.circuit.count(sections))

    def _borders(self, sections: Iterable[int]) -> list[str]:
        """Return the closed links through which power would get into what is left alone, by id."""
        shut = self.scene.shut
        return sorted(
            {
                link.id
                for section in sections
                for link in self.scene.circuit.at[section]
                if link.id in self.closed and link.beyond(section) in shut
            }
        )

    def _all_phases(self, link: Link, near: int, sections: Collection[int], closed: Collection[str]) -> bool:
        """Answers whether every section gets the phases that it has in normal state."""
        circuit, lacking = self.scene.circuit, self.scene.situation.open_phases
        first = link.beyond(near)
        come = {first: _carried(link, lacking) & (self.flow.phases[near] if near != SOURCE else link.phases)}
        order = [first]
        for section in order:
            for each in circuit.at[section]:
                beyond = each.beyond(section)
                if each.id in closed and beyond in sections and beyond not in come:
                    come[beyond] = come[section] & _carried(each, lacking)
                    order.append(beyond)
        return all(circuit.usual.phases[each] <= come.get(each, frozenset()) for each in sections)

    def _take(self, way: Way) -> bool:
        """Take a way; answers whether it feeds the very sections that it was found for, else nothing is done."""
        closed = self.closed - {device for device, _ in way.opens} | {way.link.id}
        flow = self.scene.circuit.flow(closed, self.scene.situation.open_phases, self.scene.feeders)
        came = set(flow.live).difference(self.flow.live)
        if came != way.sections:
            return False
        self.closed, self.flow = closed, flow
        self.loads.take(way.trial)
        self.taken.append(way)
        return True


def _carried(link: Link, lacking: Mapping[str, str]) -> frozenset[str]:
    return link.phases - set(lacking.get(link.id, ""))

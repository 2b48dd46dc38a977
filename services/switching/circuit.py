"""The grid as switching sees it: sections, which are fed as a whole, and the devices between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.network import Network, Tier
from services.network.devices import SWITCHED, DeviceClass, made_head

SOURCE = -1
"""What lies before the head of every feeder."""
DARK = -1
"""No feeder feeds it."""
FARTHEST_TIES = 3
"""What is fed from farther than so many ties away is left out of sight: it is taken for dead, and feeds nobody."""
_ALL = frozenset("ABC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A device that can be opened and closed, between two sections. `branch` is its row in the grid; a made head has none."""

    id: str
    kind: DeviceClass
    one: int
    other: int
    normally_closed: bool
    telemetered: bool
    phases: frozenset[str]
    branch: int | None

    def beyond(self, section: int) -> int:
        """Return the section on the other side."""
        return self.other if section == self.one else self.one

    @property
    def protects(self) -> bool:
        """Answers whether it opens by itself when something fails behind it."""
        return self.kind is not DeviceClass.SWITCH


@dataclass(slots=True)
class Flow:
    """How sections are fed in one state: by which feeder (`DARK`: none), through which device, from where, in which phases.

    `live` are the sections that have power, each after the one that feeds it.
    """

    feeder: list[int]
    via: list[str | None]
    upper: list[int]
    phases: list[frozenset[str]]
    live: list[int]

    def is_live(self, section: int) -> bool:
        """Answers whether the section has power."""
        return section == SOURCE or self.feeder[section] != DARK


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How many active customers: in all, who depend on power to live, and by tier."""

    customers: int = 0
    life_support: int = 0
    residential: int = 0
    commercial: int = 0
    important: int = 0
    large: int = 0

    def __add__(self, other: People) -> People:
        return People(
            customers=self.customers + other.customers,
            life_support=self.life_support + other.life_support,
            residential=self.residential + other.residential,
            commercial=self.commercial + other.commercial,
            important=self.important + other.important,
            large=self.large + other.large,
        )


NOBODY = People()


class Circuit:
    """Sections and links of a network, the same in every switch state. Sections are the parts of the network's ground.

    Built once for a version of the utility, in time that grows with the grid.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.ground = ground = network.ground
        self.links: dict[str, Link] = {}
        parts = ground.parts_of_branches
        for device, branch in sorted(ground.branch_of.items()):
            row = ground.grid.branches[branch]
            one, other = (int(part) for part in parts[branch])
            if one == other or row.kind not in SWITCHED:
                continue
            self.links[device] = Link(
                id=device,
                kind=network.switch(device).kind,
                one=one,
                other=other,
                normally_closed=row.normally_closed,
                telemetered=row.telemetered,
                phases=_ALL.intersection(row.phases) or _ALL,
                branch=branch,
            )
        self.heads: dict[str, int] = {}
        """The made heads, each with the number of its feeder."""
        for feeder, root in ground.roots:
            head = made_head(ground.grid.feeders[feeder])
            self.heads[head] = feeder
            self.links[head] = Link(
                id=head,
                kind=DeviceClass.BREAKER,
                one=SOURCE,
                other=root,
                normally_closed=True,
                telemetered=False,
                phases=_ALL,
                branch=None,
            )
        self.operable = frozenset(each for each in self.links if each not in self.heads or each in ground.found.devices)
        """What can be operated: every link but the heads that stand for nothing, because the data shows the breaker."""
        self.size = 1 + max([0, *ground.part_of_node.values()])
        self.at: list[list[Link]] = [[] for _ in range(self.size)]
        for link in self.links.values():
            for section in {link.one, link.other} - {SOURCE}:
                self.at[section].append(link)

    @cached_property
    def people(self) -> Sequence[People]:
        """The active customers of each section."""
        counts = [dict.fromkeys(("customers", "life_support", *(tier.value for tier in Tier)), 0) for _ in self.at]
        customers = self.network.customers
        for rank, part in zip(self.ground.active.tolist(), self.ground.part_of_active.tolist(), strict=True):
            counts[part]["customers"] += 1
            counts[part]["life_support"] += customers[rank].life_support
            counts[part][customers[rank].tier.value] += 1
        return [People(**each) for each in counts]

    @cached_property
    def usual(self) -> Flow:
        """How sections are fed in normal state."""
        return self.flow(self.closed({}))

    @cached_property
    def passing(self) -> frozenset[str]:
        """The links that do not protect: a fault behind them opens what comes before."""
        return frozenset(each.id for each in self.links.values() if not each.protects)

    @cached_property
    def _usually_closed(self) -> frozenset[str]:
        return frozenset(each.id for each in self.links.values() if each.normally_closed)

    @cached_property
    def _tied(self) -> Mapping[int, frozenset[int]]:
        """The feeders that an open link parts from each feeder in normal state."""
        tied: dict[int, set[int]] = {}
        feeder = self.usual.feeder
        for link in self.links.values():
            if not link.normally_closed and SOURCE not in {link.one, link.other}:
                one, other = feeder[link.one], feeder[link.other]
                tied.setdefault(one, set()).add(other)
                tied.setdefault(other, set()).add(one)
        return {each: frozenset(others - {each, DARK}) for each, others in tied.items()}

    def feeders_near(self, device: str) -> frozenset[int]:
        """Return the feeders beside a link in normal state, and all that are not farther than `FARTHEST_TIES`; none: unknown."""
        link = self.links[device]
        last = near = {self.usual.feeder[each] for each in (link.one, link.other) if each != SOURCE} - {DARK}
        for _ in range(FARTHEST_TIES):
            last = {other for each in last for other in self._tied.get(each, ())} - near
            near = near | last
        return frozenset(near)

    @cached_property
    def sections_of(self) -> Mapping[int, frozenset[int]]:
        """The sections that each feeder feeds in normal state; of `DARK` those that none feeds."""
        found: dict[int, set[int]] = {}
        for section, feeder in enumerate(self.usual.feeder):
            found.setdefault(feeder, set()).add(section)
        return {feeder: frozenset(sections) for feeder, sections in found.items()}

    def closed(self, positions: Mapping[str, bool]) -> set[str]:
        """Return the links that are closed while these stand so (True is closed) and all others as normally."""
        closed = set(self._usually_closed)
        for device, stands_closed in positions.items():
            if device in self.links:
                (closed.add if stands_closed else closed.discard)(device)
        return closed

    def flow(
        self,
        closed: Collection[str],
        lacking: Mapping[str, str] | None = None,
        feeders: Collection[int] = (),
    ) -> Flow:
        """Return how sections are fed through the links that are closed: breadth first, heads in the order of the feeders.

        `lacking` are the phases in which closed links stand open. With `feeders` only what these feed is looked at.
        """
        lacking = lacking or {}
        order: list[int] = []
        flow = Flow([DARK] * self.size, [None] * self.size, [SOURCE] * self.size, [frozenset()] * self.size, order)
        for head, feeder in sorted(self.heads.items(), key=lambda each: each[1]):
            link = self.links[head]
            if feeders and feeder not in feeders:
                continue
            if head in closed and flow.feeder[link.other] == DARK:
                flow.feeder[link.other], flow.via[link.other], flow.phases[link.other] = feeder, head, _ALL
                order.append(link.other)
        feeders, via, upper, phases = flow.feeder, flow.via, flow.upper, flow.phases
        for section in order:
            feeder, carried = feeders[section], phases[section]
            for link in self.at[section]:
                beyond = link.other if section == link.one else link.one
                if beyond == SOURCE or feeders[beyond] != DARK or link.id not in closed:
                    continue
                feeders[beyond], via[beyond], upper[beyond] = feeder, link.id, section
                passed = link.phases if link.id not in lacking else link.phases - set(lacking[link.id])
                phases[beyond] = carried if carried <= passed else carried & passed
                order.append(beyond)
        return flow

    def reach(self, start: Iterable[int], closed: Collection[str], within: Collection[int]) -> set[int]:
        """Return all that closed links join with these sections, not leaving `within`."""
        found = {each for each in start if each in within}
        stack = sorted(found)
        while stack:
            section = stack.pop()
            for link in self.at[section]:
                beyond = link.beyond(section)
                if link.id in closed and beyond in within and beyond not in found:
                    found.add(beyond)
                    stack.append(beyond)
        return found

    def way(self, flow: Flow, section: int) -> Iterator[int]:
        """Return a live section and all that power passes before it, from the lowest upwards."""
        while section != SOURCE:
            yield section
            section = flow.upper[section]

    def count(self, sections: Iterable[int]) -> People:
        """Return the active customers of these sections."""
        return sum((self.people[each] for each in sections), NOBODY)

    def joins(self, sections: Collection[int], closed: Collection[str]) -> list[Link]:
        """Return the closed links between these sections, by id."""
        found = {
            link.id: link
            for section in sections
            for link in self.at[section]
            if link.id in closed and link.beyond(section) in sections
        }
        return [found[each] for each in sorted(found)]

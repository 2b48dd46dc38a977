"""The regions, depots and crews that a utility has; nothing in it changes while a stage lives."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Literal

from services.dispatch.travel import ByAir, Travel
from services.network.places import distance_m

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.network.places import Place

REGION = "R1"
"""The one region of a utility that knows none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Depot:
    """Where crews start from, and the region it serves."""

    id: str
    place: Place
    region: str = REGION


@dataclasses.dataclass(frozen=True, slots=True)
class Shift:
    """Hours of the utility's day; weekday 1 is Monday, an end not after the start lies on the next day.

    On `standby` a crew can be called; its hours count from its first order.
    """

    weekday: int
    starts: dt.time
    ends: dt.time
    kind: Literal["duty", "standby"] = "duty"


@dataclasses.dataclass(frozen=True, slots=True)
class Barred:
    """Where a crew may not go: so many metres around a place."""

    place: Place
    radius_m: int

    def covers(self, place: Place) -> bool:
        """Answer whether a place lies in it."""
        return distance_m(self.place, place) <= self.radius_m


@dataclasses.dataclass(frozen=True, slots=True)
class Crew:
    """A crew, the depot it belongs to, what it can do, may do and carries, and its shifts (none: always on duty),
    how many people it has, and where it may not go.

    A visiting one belongs to another utility; `guide` is who shows it the way.
    """

    id: str
    depot: str
    skills: frozenset[str] = frozenset({"line"})
    certificates: frozenset[str] = frozenset()
    kit: frozenset[str] = frozenset()
    shifts: tuple[Shift, ...] = ()
    visiting: bool = False
    guide: str | None = None
    members: int = 2
    barred: tuple[Barred, ...] = ()


class Roster:
    """Depots and crews by id, both sorted, by region. `zone` is the utility's, in which shifts are meant;
    `travel` says how long crews drive.

    Raises ValueError for a crew whose depot is not among the depots.
    """

    __slots__ = ("_bases", "_of_region", "_on_record", "crews", "depots", "regions", "travel", "zone")

    def __init__(
        self,
        depots: Iterable[Depot],
        crews: Iterable[Crew],
        regions: Iterable[str] = (),
        zone: dt.tzinfo = dt.UTC,
        travel: Travel | None = None,
    ) -> None:
        self.travel = ByAir() if travel is None else travel
        self.depots = {depot.id: depot for depot in sorted(depots, key=lambda depot: depot.id)}
        self.crews = {crew.id: crew for crew in sorted(crews, key=lambda crew: crew.id)}
        self.zone = zone
        self._bases: dict[str, Depot] = {}
        homeless = sorted(crew.id for crew in self.crews.values() if crew.depot not in self.depots)
        if homeless:
            raise ValueError(f"crews of an unknown depot: {', '.join(homeless)}")
        known = {*regions, *(depot.region for depot in self.depots.values())} or {REGION}
        self.regions = tuple(sorted(known))
        self._of_region: dict[str, dict[str, Crew]] = {region: {} for region in self.regions}
        for crew in self.crews.values():
            self._of_region[self.region_of(crew.id)][crew.id] = crew
        self._on_record = {
            region: frozenset().union(*(crew.certificates | crew.kit for crew in crews.values()))
            for region, crews in self._of_region.items()
        }

    def hosting(self, guests: Iterable[tuple[Crew, Depot]]) -> Roster:
        """Return this roster with visiting crews, each with the base that it starts from, in the region of that base.

        What certificates and kit a region has on record, visiting crews do not change: they are asked for what its own are.
        """
        hosting = Roster((), ())
        hosting.depots, hosting.regions, hosting.zone, hosting.travel = (
            self.depots,
            self.regions,
            self.zone,
            self.travel,
        )
        hosting._on_record = self._on_record
        come = sorted(guests, key=lambda guest: guest[0].id)
        hosting._bases = {**self._bases, **{crew.id: base for crew, base in come}}
        crews = {**self.crews, **{crew.id: crew for crew, _ in come}}
        hosting.crews = dict(sorted(crews.items()))
        of_region = {region: dict(own) for region, own in self._of_region.items()}
        for crew, base in come:
            of_region.setdefault(base.region, {})[crew.id] = crew
        hosting._of_region = {region: dict(sorted(crews.items())) for region, crews in of_region.items()}
        return hosting

    def travelling(self, travel: Travel) -> Roster:
        """Return this roster with crews who drive like that."""
        other = copy.copy(self)
        other.travel = travel
        return other

    def home(self, crew: str) -> Depot:
        """Return the depot of a crew, of a visiting one its base. Raises KeyError for an unknown crew."""
        return self._bases.get(crew) or self.depots[self.crews[crew].depot]

    def region_of(self, crew: str) -> str:
        """Return the region of a crew. Raises KeyError for an unknown crew."""
        return self.home(crew).region

    def crews_of(self, region: str) -> dict[str, Crew]:
        """Return the crews of a region by id, sorted; none for a region that the utility does not have any more."""
        return self._of_region.get(region, {})

    def on_record(self, region: str) -> frozenset[str]:
        """Return the certificates and kit that any crew of a region has."""
        return self._on_record.get(region, frozenset())

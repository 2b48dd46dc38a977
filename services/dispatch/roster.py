"""The depots and crews that a utility has; nothing in it changes while a stage lives."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.network.places import Place


@dataclasses.dataclass(frozen=True, slots=True)
class Depot:
    """Where crews start from."""

    id: str
    place: Place


@dataclasses.dataclass(frozen=True, slots=True)
class Crew:
    """A crew and the depot it belongs to."""

    id: str
    depot: str


class Roster:
    """Depots and crews by id, both sorted. Raises ValueError for a crew whose depot is not among the depots."""

    __slots__ = ("crews", "depots")

    def __init__(self, depots: Iterable[Depot], crews: Iterable[Crew]) -> None:
        self.depots = {depot.id: depot for depot in sorted(depots, key=lambda depot: depot.id)}
        self.crews = {crew.id: crew for crew in sorted(crews, key=lambda crew: crew.id)}
        homeless = sorted(crew.id for crew in self.crews.values() if crew.depot not in self.depots)
        if homeless:
            raise ValueError(f"crews of an unknown depot: {', '.join(homeless)}")

    def home(self, crew: str) -> Depot:
        """Return the depot of a crew. Raises KeyError for an unknown crew."""
        return self.depots[self.crews[crew].depot]

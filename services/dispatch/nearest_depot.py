"""Which crew goes: one from the nearest depot that has an idle crew."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.dispatch.travel import drive_ms, road_m

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.dispatch.roster import Roster
    from services.network.places import Place


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """The crew that goes, and how long it drives, milliseconds."""

    crew: str
    drive_ms: int


def nearest_crew(place: Place, idle: Collection[str], roster: Roster) -> Choice | None:
    """Return an idle crew of the depot nearest to the place, or None when no crew is idle.

    Nearest is by estimated road (`travel.road_m`); depots equally near go by id, and so do the crews of one depot. A
    crew belongs to its depot: where it worked last plays no part.
    """
    stationed = sorted(
        (road_m(roster.home(crew).place, place), roster.home(crew).id, crew) for crew in idle if crew in roster.crews
    )
    if not stationed:
        return None
    _, depot, crew = stationed[0]
    return Choice(crew, drive_ms(roster.depots[depot].place, place))

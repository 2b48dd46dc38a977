"""Which crew goes: one from the nearest depot that has a crew which can be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.dispatch.eligibility import Candidate
    from services.dispatch.roster import Roster
    from services.network.places import Place


def nearest_crew(place: Place, candidates: Iterable[Candidate], roster: Roster) -> Candidate | None:
    """Return a candidate of the depot nearest to the place, or None without candidates.

    Nearest is by estimated road (`Roster.travel`); depots equally near go by id, and so do the crews of one depot. A
    crew belongs to its depot: where it worked last plays no part. One whose shift would end before the work goes only when
    nobody else can: customers do not wait for the next shift while a crew within its hours is idle.
    """

    def key(candidate: Candidate) -> tuple[bool, int, str, str]:
        home = roster.home(candidate.crew)
        return candidate.past_shift, roster.travel.road_m(home.place, place), home.id, candidate.crew

    return min(candidates, key=key, default=None)

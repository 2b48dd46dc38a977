"""Safety: whoever is near a line that is reported down is warned, once, at any hour, before everything else.

Who wants no texts gets none; and not who reported it, nor who was warned of danger nearby a while ago.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec
import numpy as np

from schemas.events import HazardChanged, HazardKind, HazardState
from services.clock import to_ms
from services.engine.turn import Entity
from services.network.places import Place, distances_m
from services.notices.consents import willing
from services.notices.forgetting import remember
from services.notices.linking import ways_of
from services.notices.moments import LIFETIME_MS, Kind, Moment
from services.notices.reasons import Reason
from services.notices.sending import Notice, send

if TYPE_CHECKING:
    from services.engine.turn import Fact, Turn
    from services.network.network import Network
    from services.notices.people import Manners, People, Way

NEAR_M: Final = 150.0
"""Who lives no further from a line that is down is warned of it, metres on the ground."""
WARNED_MS: Final = 6 * 3_600_000
"""Who was warned no longer ago than this of danger near a place is not warned again of another there."""
DOWN: Final = frozenset({HazardKind.WIRE_DOWN, HazardKind.POLE_DOWN})
"""The kinds of danger of which neighbours are warned: a wire lies on the ground."""


class Warned(Entity, frozen=True, kw_only=True):
    """Who was warned of a hazard at `at` (ms), by which notices; `over`: there is no danger any more."""

    kind: ClassVar[str] = "warned"
    at: int
    customers: tuple[str, ...]
    notices: tuple[str, ...] = ()
    over: bool = False


class Safety:
    """Warns those who are near danger."""

    def __init__(self, network: Network, people: People, manners: Manners) -> None:
        self._network = network
        self._people = people
        self._manners = manners
        self._places: dict[str, tuple[list[str], np.ndarray, np.ndarray]] = {}

    def warn(self, turn: Turn) -> None:
        """Warn of every line that this turn's facts report down; call back what was not sent of danger that is over."""
        heard = [(fact, fact.what) for fact in turn.facts if isinstance(fact.what, HazardChanged)]
        hazards = [(fact, hazard) for fact, hazard in heard if hazard.hazard_kind in DOWN]
        for fact, hazard in sorted(hazards, key=lambda pair: (pair[1].hazard, pair[1].revision, pair[0].id)):
            warned = turn.get(Warned, hazard.hazard)
            if hazard.state is not HazardState.REPORTED:
                self._end(turn, fact, hazard, warned)
            elif warned is None and to_ms(hazard.reported_at) > turn.now - LIFETIME_MS[Moment.SAFETY]:
                self._warn(turn, fact, hazard)
            else:
                turn.note((Warned.kind, hazard.hazard), "stays", Reason.TOLD_OF_DANGER, [fact.id])

    def _end(self, turn: Turn, fact: Fact, hazard: HazardChanged, warned: Warned | None) -> None:
        turn.note((Warned.kind, hazard.hazard), "over", Reason.DANGER_OVER, [fact.id])
        for notice in () if warned is None else warned.notices:
            turn.recall(notice)
            turn.note(("notice", notice), "recalled", Reason.DANGER_OVER, [fact.id])
        standing = warned or Warned(id=hazard.hazard, at=turn.now, customers=())
        # What is over is kept for a while: news of the danger may come late.
        turn.put(msgspec.structs.replace(standing, notices=(), over=True))
        remember(turn)

    def _warn(self, turn: Turn, fact: Fact, hazard: HazardChanged) -> None:
        near = self._near(turn.shard, Place(hazard.place.lon, hazard.place.lat))
        lately = {
            customer
            for warned in turn.all(Warned, lambda each: each.at > turn.now - WARNED_MS)
            for customer in warned.customers
        }
        groups: dict[tuple[str, str], list[tuple[str, Way]]] = {}
        for customer in near:
            if customer in lately or customer in hazard.told_us:
                turn.note(("customer", customer), "untold", Reason.TOLD_OF_DANGER, [fact.id])
                continue
            for way in ways_of(turn, self._people, customer):
                if way.takes(Kind.SAFETY) and willing(turn, way):
                    groups.setdefault((way.channel, way.handle), []).append((customer, way))
        notices = []
        for _, group in sorted(groups.items(), key=lambda each: each[0]):
            notice = Notice(
                moment=Moment.SAFETY,
                of=hazard.hazard,
                revision=hazard.revision,
                way=group[0][1],
                customers=tuple(customer for customer, _ in group),
                says=lambda wording, where: wording.danger_near(where),
                causes=[fact.id],
            )
            notices.append(send(turn, self._people, self._manners, notice, Reason.DANGER_NEAR))
        customers = tuple(sorted({customer for group in groups.values() for customer, _ in group}))
        warned = Warned(id=hazard.hazard, at=turn.now, customers=customers, notices=tuple(notices))
        turn.put(warned)
        turn.note(warned, "warned" if customers else "untold", Reason.DANGER_NEAR, [fact.id])
        remember(turn)

    def _near(self, area: str, place: Place) -> list[str]:
        """Return the customers of an area who live near a place, sorted."""
        if area not in self._places:
            here = [
                each for each in self._network.customers if each.active and str(self._network.area_of(each.id)) == area
            ]
            self._places[area] = (
                [str(each.id) for each in here],
                np.array([each.lon for each in here], dtype=float),
                np.array([each.lat for each in here], dtype=float),
            )
        names, lon, lat = self._places[area]
        return sorted(names[number] for number in np.flatnonzero(distances_m(place, lon, lat) <= NEAR_M).tolist())


def forget_warnings(turn: Turn) -> bool:
    """Drop warnings that nobody need remember any more; answers whether any is left."""
    for warned in turn.all(Warned, lambda each: each.at <= turn.now - WARNED_MS and each.over):
        turn.remove(warned)
    for warned in turn.all(Warned, lambda each: each.at <= turn.now - 8 * WARNED_MS):
        turn.remove(warned)
    return bool(turn.all(Warned))

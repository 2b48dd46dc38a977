"""The dispatch stage: incidents, hazards, crews' reports and dispatchers' actions in, orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    CrewReported,
    Event,
    HazardChanged,
    HoursExtended,
    IncidentChanged,
    OrderRevoked,
    PairForbidden,
    SecondCrewAsked,
    WorkHeld,
    WorkPrioritised,
)
from services.dispatch.actions import act
from services.dispatch.answering import take_report
from services.dispatch.closures import Closure, follow_closures
from services.dispatch.entities import Duty, Job, Order
from services.dispatch.fairness import Hardship, set_hardship
from services.dispatch.helping import open_second_crews
from services.dispatch.incidents import follow_hazard, follow_incident, stop_helping
from services.dispatch.planned import Planned
from services.dispatch.rules import RulesSaid, set_rules
from services.dispatch.sending import send_crews
from services.dispatch.visitors import Visitor, see_off, visited_region, welcome
from services.dispatch.waiting import end_hours, forget_finished, reopen_unverified, revoke_unanswered
from services.engine.turn import Entity, Turn, Unplaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.dispatch.roster import Roster

_ACTIONS = (
    CrewAssigned,
    OrderRevoked,
    WorkHeld,
    PairForbidden,
    WorkPrioritised,
    SecondCrewAsked,
    HoursExtended,
    ClearanceSet,
)
"""What a dispatcher says of work, orders and hours."""


_ROUNDS = 3
"""So often crews are sent again in a turn whose orders ask for second crews, or leave others nobody to help."""


class DispatchStage:
    """Crews go by the plan or the mode of their region; one active order per crew, one leading one per incident and hazard."""

    name: str = "dispatch"
    entities: ClassVar[tuple[type[Entity], ...]] = (Job, Order, Duty, Visitor, RulesSaid, Closure, Planned, Hardship)

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def shards(self) -> Sequence[str]:
        """Return the regions."""
        return self._roster.regions

    def shard_of(self, event: Event) -> str:
        """Return the region that decides on an event. Raises `Unplaced` for a crew or region that the utility does not have."""
        if isinstance(event, CrewReported):
            if event.crew in self._roster.crews:
                return self._roster.region_of(event.crew)
            visited = visited_region(event.crew, self._roster.regions)
            if visited is None:
                raise Unplaced("unknownCrew", event.crew)
            return visited
        region: str = getattr(event, "region", "")
        if region not in self._roster.regions:
            raise Unplaced("unknownRegion", region)
        return region

    def decide(self, turn: Turn) -> None:
        """Decide one turn.

        Crews' reports go before incidents: whoever has arrived is not pulled off by what became known in the same tick.
        Closed roads and visiting crews come before all that; visitors leave after it. Dispatchers act on what is left, and before
        the rules do.
        """
        set_rules(turn)
        set_hardship(turn)
        if turn.facts:
            forget_finished(turn)
        own = follow_closures(turn, self._roster)
        roster = welcome(turn, own)
        for fact in turn.facts:
            if isinstance(fact.what, CrewReported):
                take_report(turn, roster, fact.id, fact.what)
        changes = [
            (fact.what, fact.id) for fact in turn.facts if isinstance(fact.what, IncidentChanged | HazardChanged)
        ]
        for change, fact_id in sorted(changes, key=lambda pair: (pair[0].revision, pair[1])):
            if isinstance(change, IncidentChanged):
                follow_incident(turn, fact_id, change)
            else:
                follow_hazard(turn, fact_id, change)
        roster = see_off(turn, own)
        for fact in turn.facts:
            if isinstance(fact.what, _ACTIONS):
                act(turn, roster, fact.id, fact.what)
        revoke_unanswered(turn)
        end_hours(turn, roster.crews_of(turn.shard))
        stop_helping(turn)
        reopen_unverified(turn)
        send_crews(turn, roster)
        for _ in range(_ROUNDS):
            freed, opened = stop_helping(turn), open_second_crews(turn)
            if not (freed or opened):
                break
            send_crews(turn, roster)
        stop_helping(turn)

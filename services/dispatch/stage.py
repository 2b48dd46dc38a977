"""The dispatch stage: incidents and crews' reports in, orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import CrewReported, Event, IncidentChanged
from services.dispatch.answering import take_report
from services.dispatch.entities import Duty, Job, Order
from services.dispatch.incidents import follow_incident
from services.dispatch.waiting import reopen_unverified, revoke_unanswered, send_crews
from services.engine.turn import Entity, Turn, Unplaced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.dispatch.roster import Roster

REGION = "R1"
"""The one region there is: the whole utility is dispatched together."""


class DispatchStage:
    """Oldest incident first, crew from the nearest depot with an idle one; one active order per incident and crew."""

    name: str = "dispatch"
    entities: ClassVar[tuple[type[Entity], ...]] = (Job, Order, Duty)

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def shards(self) -> Sequence[str]:
        """Return the regions."""
        return (REGION,)

    def shard_of(self, event: Event) -> str:
        """Return the region that decides on an event. Raises `Unplaced` for a crew that the utility does not have."""
        if isinstance(event, CrewReported) and event.crew not in self._roster.crews:
            raise Unplaced("unknownCrew", event.crew)
        return REGION

    def decide(self, turn: Turn) -> None:
        """Decide one turn.

        Crews' reports go before incidents: whoever has arrived is not pulled off by what became known in the same tick.
        """
        for fact in turn.facts:
            if isinstance(fact.what, CrewReported):
                take_report(turn, fact.id, fact.what)
        changes = [(fact.what, fact.id) for fact in turn.facts if isinstance(fact.what, IncidentChanged)]
        for change, fact_id in sorted(changes, key=lambda pair: (pair[0].incident, pair[0].revision, pair[1])):
            follow_incident(turn, fact_id, change)
        revoke_unanswered(turn)
        reopen_unverified(turn)
        send_crews(turn, self._roster)

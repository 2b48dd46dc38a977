"""The dispatcher's desk as scripts see it: two depots, a few crews, incidents and what crews say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import (
    CrewReported,
    CrewState,
    IncidentChanged,
    IncidentState,
    OrderChanged,
    OrderState,
    Place,
)
from schemas.ids import derived
from services.clock import from_ms
from services.dispatch.entities import ACTIVE, Duty, Job, Order
from services.dispatch.roster import Crew, Depot, Roster
from services.dispatch.stage import REGION, DispatchStage
from tests.stage_script import StageScript, moment, ms

if TYPE_CHECKING:
    from schemas.events import Event

WEST, EAST = Place(11.00, 48.00), Place(11.40, 48.00)
NEAR_WEST, MIDDLE, NEAR_EAST = Place(11.05, 48.00), Place(11.20, 48.00), Place(11.35, 48.00)


def roster(*crews: str) -> Roster:
    """Return two depots and these crews; crews whose name begins with E belong to the eastern one."""
    return Roster(
        [Depot("east", EAST), Depot("west", WEST)],
        [Crew(crew, "east" if crew.startswith("E") else "west") for crew in crews],
    )


def incident_changed(
    incident: str,
    revision: int,
    state: IncidentState,
    *,
    at: str,
    since: str = "05:00",
    place: Place = NEAR_WEST,
    device: str = "FUSE-1",
    upstream: str | None = None,
    merged_into: str | None = None,
) -> IncidentChanged:
    """Return a change of an incident as correlate would publish it."""
    return IncidentChanged(
        id=derived("incidentChanged", incident, revision),
        at=moment(at),
        incident=incident,
        area="A1",
        revision=revision,
        state=state,
        device=device,
        place=place,
        started_at=moment(since),
        reason="asReported",
        customers_out=10,
        upstream=upstream,
        merged_into=merged_into,
    )


class Desk:
    """A script for the dispatch stage. Every sentence speaks at the time of the last `at`."""

    def __init__(self, *crews: str, resumed: bool = False) -> None:
        self.script = StageScript(DispatchStage(roster(*crews)), REGION, resumed=resumed)
        self._revisions: dict[str, int] = {}
        self._clock = "00:00"
        self._said = 0

    def at(self, clock: str) -> Desk:
        """Let time pass up to this moment of the day."""
        self.script.go_to(ms(clock))
        self._clock = clock
        return self

    def incident(self, incident: str, state: str = "predicted", **given: object) -> None:
        """Let an incident change; its revisions count up."""
        self._revisions[incident] = self._revisions.get(incident, 0) + 1
        self.script.hear(
            incident_changed(
                incident,
                self._revisions[incident],
                IncidentState(state),
                at=self._clock,
                **given,  # type: ignore[arg-type]  # the keywords of incident_changed
            )
        )

    def crew(
        self,
        crew: str,
        *statuses: str,
        order: Order | None = None,
        found: str | None = None,
        observed: str | None = None,
    ) -> None:
        """Let a crew speak of an order (default: the one it has), several statuses a second apart in that order."""
        self.script.settle()
        held = order or self.order_of(crew)
        for status in statuses:
            self._said += 1
            about = None if status in {"available", "offDuty"} or held is None else held.id
            at = from_ms(ms(observed or self._clock) + self._said)
            self.script.hear(
                CrewReported(
                    id=f"said-{self._said}",
                    at=at,
                    crew=crew,
                    status=CrewState(status),
                    order=about,
                    found=found if status == "done" else None,
                )
            )

    def hear(self, event: Event) -> None:
        """Take any event."""
        self.script.hear(event)

    def order_of(self, crew: str) -> Order | None:
        """Return the crew's active order."""
        self.script.settle()
        active = [order for order in self.orders() if order.crew == crew and order.state in ACTIVE]
        assert len(active) <= 1
        return active[0] if active else None

    def orders(self, incident: str | None = None) -> list[Order]:
        """Return all orders of an incident in the order of attempts."""
        self.script.settle()
        found = [order for order in self.script.entities["order"].values() if isinstance(order, Order)]
        ours = [order for order in found if incident in {None, order.incident}]
        return sorted(ours, key=lambda order: (order.incident, order.attempt))

    def job(self, incident: str) -> Job:
        """Return the job of an incident."""
        self.script.settle()
        job = self.script.entities["job"][incident]
        assert isinstance(job, Job)
        return job

    def duty(self, crew: str) -> str:
        """Return what the crew is doing."""
        self.script.settle()
        duty = self.script.entities["crew"].get(crew)
        assert duty is None or isinstance(duty, Duty)
        return "available" if duty is None else duty.state

    def expect_orders(self, incident: str, *expected: tuple[str, str, str]) -> None:
        """Assert the crew, state and reason of every order that this incident ever had."""
        got = [(order.crew, order.state.value, str(order.reason)) for order in self.orders(incident)]
        assert got == list(expected)

    def told(self, order: Order) -> list[tuple[OrderState, str]]:
        """Return what was published about an order: states and reasons."""
        self.script.settle()
        events = [emission.event for emission in self.script.emitted]
        return [(e.state, e.reason) for e in events if isinstance(e, OrderChanged) and e.order == order.id]

    def why(self, kind: str, subject: str) -> list[tuple[str, str]]:
        """Return what became of a job, order or crew and why, in order."""
        return self.script.why(kind, subject)

"""The dispatcher's desk as scripts see it: two depots, a few crews, incidents and what crews say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from schemas.codec import encode
from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    CrewLeft,
    CrewReported,
    CrewState,
    CrewVisiting,
    DispatchMode,
    HazardChanged,
    HazardKind,
    HazardState,
    HoursExtended,
    IncidentChanged,
    IncidentState,
    OrderChanged,
    OrderRevoked,
    OrderState,
    PairForbidden,
    Place,
    SecondCrewAsked,
    WorkHeld,
    WorkPrioritised,
)
from schemas.ids import derived
from services.clock import from_ms, to_ms
from services.dispatch.entities import ACTIVE, Duty, Job, Order
from services.dispatch.roster import REGION, Crew, Depot, Roster, Shift
from services.dispatch.rules import DispatchRulesSet, Rules, RulesSaid
from services.dispatch.stage import DispatchStage
from services.dispatch.store import DispatchStore
from services.engine.deciding import Deciding
from services.engine.turn import Fact
from tests.stage_script import StageScript, moment, ms

if TYPE_CHECKING:
    import asyncpg

    from schemas.events import Event
    from schemas.topics import Topic
    from services.dispatch.actions import Action

OF_ITSELF = frozenset({"signedOn", "available", "onBreak", "offDuty", "position"})
"""What a crew says without an order."""

GUEST = f"visit.{REGION}.HILLS-1"
"""A crew of another utility."""

WEST, EAST = Place(11.00, 48.00), Place(11.40, 48.00)
NEAR_WEST, MIDDLE, NEAR_EAST = Place(11.05, 48.00), Place(11.20, 48.00), Place(11.35, 48.00)


def roster(*crews: str | Crew, zone: dt.tzinfo = dt.UTC) -> Roster:
    """Return two depots and these crews; crews whose name begins with E belong to the eastern one."""
    known = [crew if isinstance(crew, Crew) else crew_of(crew) for crew in crews]
    return Roster([Depot("east", EAST), Depot("west", WEST)], known, zone=zone)


def crew_of(name: str, *skills: str, kit: str = "", certificates: str = "", shifts: tuple[Shift, ...] = ()) -> Crew:
    """Return a crew of the depot that its name says, with these skills (default: line); kit and certificates in words."""
    return Crew(
        name,
        "east" if name.startswith("E") else "west",
        frozenset(skills or {"line"}),
        frozenset(certificates.split()),
        frozenset(kit.split()),
        shifts,
    )


def daily(starts: str, ends: str, kind: Literal["duty", "standby"] = "duty") -> tuple[Shift, ...]:
    """Return the same shift on every day of the week."""
    first, last = dt.time.fromisoformat(starts), dt.time.fromisoformat(ends)
    return tuple(Shift(day, first, last, kind) for day in range(1, 8))


def order_id(incident: str, attempt: int) -> str:
    """Return the id of an order for an incident that became known with its first revision."""
    return derived("order", incident, derived("incidentChanged", incident, 1), attempt)


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
    **given: Any,
) -> IncidentChanged:
    """Return a change of an incident as correlate would publish it: a fuse with ten customers, unless said otherwise."""
    event = IncidentChanged(
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
        device_class="fuse",
        upstream=upstream,
        merged_into=merged_into,
    )
    return msgspec.structs.replace(event, **given)


def hazard_changed(
    hazard: str, revision: int, state: str, *, at: str, since: str = "05:00", place: Place = NEAR_WEST, **given: Any
) -> HazardChanged:
    """Return a change of a hazard as correlate would publish it: a tree on the line, unless said otherwise."""
    event = HazardChanged(
        id=derived("hazardChanged", hazard, revision),
        at=moment(at),
        hazard=hazard,
        area="A1",
        revision=revision,
        state=HazardState(state),
        hazard_kind=HazardKind.TREE_ON_LINE,
        place=place,
        reported_at=moment(since),
        reason="asReported",
    )
    return msgspec.structs.replace(event, **given)


class Desk:
    """A script for the dispatch stage. Every sentence speaks at the time of the last `at`.

    Crews are sent from the nearest depot, unless the script says otherwise.
    """

    def __init__(
        self, *crews: str | Crew, zone: dt.tzinfo = dt.UTC, mode: DispatchMode = DispatchMode.NEAREST_DEPOT
    ) -> None:
        self.script = StageScript(DispatchStage(roster(*crews, zone=zone)), REGION)
        self._mode = mode
        self.script.entities[RulesSaid.kind][REGION] = RulesSaid(id=REGION, rules=Rules(mode=mode))
        self._revisions: dict[str, int] = {}
        self._clock = "00:00"
        self._said = 0

    def at(self, clock: str) -> Desk:
        """Let time pass up to this moment: `HH:MM` of the first day, hours from 24 on lie on the next ones."""
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

    def hazard(self, hazard: str, state: str = "reported", **given: Any) -> None:
        """Let a hazard change; its revisions count up."""
        self._revisions[hazard] = self._revisions.get(hazard, 0) + 1
        self.script.hear(hazard_changed(hazard, self._revisions[hazard], state, at=self._clock, **given))

    def crew(
        self,
        crew: str,
        *statuses: str,
        order: Order | None = None,
        found: str | None = None,
        observed: str | None = None,
        **given: Any,
    ) -> None:
        """Let a crew speak of an order (default: the one it has), several statuses a second apart in that order."""
        self.script.settle()
        held = order or self.order_of(crew)
        for status in statuses:
            self._said += 1
            about = None if status in OF_ITSELF or held is None else held.id
            at = from_ms(ms(observed or self._clock) + self._said)
            self.script.hear(
                CrewReported(
                    id=f"said-{self._said}",
                    at=at,
                    crew=crew,
                    status=CrewState(status),
                    order=about,
                    found=found if status in {"done", "repaired"} else None,
                    **given,
                )
            )

    def say(self, crew: str, status: str, **given: Any) -> None:
        """Let a crew say exactly this, of no order unless one is given."""
        self._said += 1
        self.script.hear(
            CrewReported(id=f"said-{self._said}", at=moment(self._clock), crew=crew, status=CrewState(status), **given)
        )
        self.script.settle()

    def assign(self, crew: str, incident: str | None = None, hazard: str | None = None) -> None:
        """Let the dispatcher send a crew."""
        self._act(CrewAssigned, crew=crew, incident=incident, hazard=hazard)

    def revoke(self, order: str) -> None:
        """Let the dispatcher take an order back."""
        self._act(OrderRevoked, order=order)

    def hold(
        self, incident: str | None = None, hazard: str | None = None, *, held: bool = True, safety: bool = False
    ) -> None:
        """Let the dispatcher hold work, or let it go on."""
        self._act(WorkHeld, held=held, incident=incident, hazard=hazard, safety=safety)

    def forbid(
        self, crew: str, incident: str | None = None, hazard: str | None = None, *, forbidden: bool = True
    ) -> None:
        """Let the dispatcher forbid a crew some work, or allow it again."""
        self._act(PairForbidden, crew=crew, incident=incident, hazard=hazard, forbidden=forbidden)

    def prioritise(self, incident: str | None = None, hazard: str | None = None, *, first: bool = True) -> None:
        """Let the dispatcher put work first, or leave it to its weight again."""
        self._act(WorkPrioritised, first=first, incident=incident, hazard=hazard)

    def second_crew(self, incident: str | None = None, hazard: str | None = None, *, wanted: bool = True) -> None:
        """Let the dispatcher ask for a second crew, or for none any more."""
        self._act(SecondCrewAsked, wanted=wanted, incident=incident, hazard=hazard)

    def extend(self, crew: str, until: str) -> None:
        """Let the dispatcher have a crew work until this moment."""
        self._act(HoursExtended, crew=crew, until=moment(until))

    def clear(self, order: Order, *, given: bool = True) -> None:
        """Let the dispatcher give the clearance that an order needs, or take it back."""
        self._act(ClearanceSet, order=order.id, given=given)

    def rules(self, rules: Rules) -> None:
        """Let the settings say what the region dispatches by; its mode stays that of the desk."""
        self._said += 1
        said = DispatchRulesSet(rules=msgspec.structs.replace(rules, mode=self._mode))
        self.script.hear_facts(Fact(self.script.now, f"rules-{self._said}", said))

    def visit(self, crew: str = GUEST, **given: Any) -> None:
        """Let a crew of another utility come: with the skill line, a guide and a base in the west, unless said otherwise."""
        self._said += 1
        usual: dict[str, Any] = {"place": NEAR_WEST, "skills": ["line"], "guide": "ann", "home": "Hills Electric"}
        self.script.hear(
            CrewVisiting(
                id=f"visit-{self._said}",
                at=moment(self._clock),
                region=REGION,
                crew=crew,
                by="ann",
                **{**usual, **given},
            )
        )

    def leave(self, crew: str = GUEST) -> None:
        """Let a visiting crew go home."""
        self._said += 1
        self.script.hear(CrewLeft(id=f"left-{self._said}", at=moment(self._clock), region=REGION, crew=crew, by="ann"))

    def _act(self, kind: type[Action], **given: Any) -> None:
        self._said += 1
        self.script.hear(kind(id=f"act-{self._said}", at=moment(self._clock), region=REGION, by="ann", **given))

    def hear(self, event: Event) -> None:
        """Take any event."""
        self.script.hear(event)

    def order_of(self, crew: str) -> Order | None:
        """Return the crew's active order."""
        self.script.settle()
        active = [order for order in self.orders() if order.crew == crew and order.state in ACTIVE]
        assert len(active) <= 1
        return active[0] if active else None

    def orders(self, job: str | None = None) -> list[Order]:
        """Return all orders of a job (an incident's has its id) in the order of attempts."""
        self.script.settle()
        found = [order for order in self.script.entities["order"].values() if isinstance(order, Order)]
        ours = [order for order in found if job in {None, order.job}]
        return sorted(ours, key=lambda order: (order.job, order.attempt))

    def job(self, name: str) -> Job:
        """Return a job (an incident's has its id)."""
        self.script.settle()
        job = self.script.entities["job"][name]
        assert isinstance(job, Job)
        return job

    def duty(self, crew: str) -> str:
        """Return what the crew is doing."""
        self.script.settle()
        duty = self.script.entities["crew"].get(crew)
        assert duty is None or isinstance(duty, Duty)
        return "available" if duty is None else duty.state

    def expect_orders(self, job: str, *expected: tuple[str, str, str]) -> None:
        """Assert the crew, state and reason of every order that this job ever had."""
        got = [(order.crew, order.state.value, str(order.reason)) for order in self.orders(job)]
        assert got == list(expected)

    def told(self, order: Order) -> list[tuple[OrderState, str]]:
        """Return what was published about an order: states and reasons."""
        self.script.settle()
        events = [emission.event for emission in self.script.emitted]
        return [(e.state, e.reason) for e in events if isinstance(e, OrderChanged) and e.order == order.id]

    def why(self, kind: str, subject: str) -> list[tuple[str, str]]:
        """Return what became of a job, order or crew and why, in order."""
        return self.script.why(kind, subject)


async def go_on(
    connection: asyncpg.Connection[Any], stage: DispatchStage, ticks: list[tuple[int, list[tuple[Topic, Event]]]]
) -> None:
    """Let the engine decide further turns of a database that `play` has begun."""
    deciding = Deciding(stage, DispatchStore(), exercise=False)
    for now, heard in ticks:
        n = await connection.fetchval("SELECT max(ticked_to) + 1 FROM turns WHERE stage = 'dispatch'")
        for topic, event in heard:
            await connection.execute(
                """INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body)
                   VALUES ('dispatch', $1, $2, $3, $4, $5, $6)""",
                event.id,
                stage.shard_of(event),
                to_ms(event.at),
                n - 1,
                topic.name,
                encode(event),
            )
        for shard in stage.shards():
            await deciding.decide(connection, shard, n, now)

"""The state of the dispatch stage: jobs, orders and the duty of crews. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events import Clearance, HazardState, IncidentState, OrderState, OrderWork, Place
from services.dispatch.priorities import Priority
from services.engine.turn import Entity, Record

ON_SITE = frozenset({OrderState.ARRIVED, OrderState.ASSESSING, OrderState.REPAIRED})
"""The states of an order whose crew is at work: no rule pulls it off."""

UNDER_WAY = frozenset({OrderState.SENT, OrderState.ACCEPTED, OrderState.ENROUTE})
"""The states of an order whose crew has not arrived."""

ACTIVE = UNDER_WAY | ON_SITE
"""The states of an order that binds its crew."""

NEEDS_CREW = frozenset(
    {
        IncidentState.PREDICTED.value,
        IncidentState.CONFIRMED.value,
        IncidentState.PARTIALLY_RESTORED.value,
        HazardState.REPORTED.value,
    }
)
"""The states of an incident or a hazard that needs a crew."""

JobState = Literal["waiting", "ordered", "done", "over"]
DutyState = Literal["available", "ordered", "enroute", "onSite", "onBreak", "offDuty", "unreachable"]


def hazard_job(hazard: str) -> str:
    """Return the id of a hazard's job; that of an incident's job is the incident's."""
    return f"hazard:{hazard}"


def second_job(order: str) -> str:
    """Return the id of the job of the second crew where the work of an order needs two."""
    return f"assist:{order}:second"


def assist_job(order: str, skill: str | None) -> str:
    """Return the id of the job to help the crew of an order with a skill."""
    return f"assist:{order}:{skill or ''}"


class Job(Entity, frozen=True, kw_only=True):
    """What there is to do about an incident, about a hazard, or to help the crew of the order `assists`.

    `waiting` for a crew, `ordered` while an order is active, `done` when a crew was, `over` when nobody is needed any more.
    `order` is the active one; beside `over` it is that of a crew that was on site already. `standing` is the state of the
    incident or hazard, `changed_by` the latest event about it, `opened_by` the one that brought the job about. `declined` names
    crews that are not asked again before a time. `told`: the reasons why nobody is sent that the journal has already since
    the job last moved. `held_by`: the dispatcher's fact that lets nobody be sent, `held_for_safety` whether because
    of safety, which nobody overrules. `customers` are out, of these `life_support` and `important`; those of
    each who can be fed another way before the repair are `switchable`. `known_at` is when the job
    was opened; `about`: the incident that a hazard belongs to. `first`: a dispatcher wants it done before all others;
    none of the crews `forbidden` is sent by a rule, and a second one is, because of the fact `second_by`.
    `done_at` is when the work was reported done, `changed_at` when the job last moved.
    """

    kind: ClassVar[str] = "job"

    incident: str | None
    hazard: str | None
    area: str
    device: str | None
    place: Place
    started_at: int
    revision: int
    standing: str
    opened_by: str
    changed_by: str
    changed_at: int
    priority: Priority
    work: OrderWork = OrderWork.REPAIR
    device_class: str = ""
    skill: str | None = None
    assists: str | None = None
    upstream: str | None = None
    state: JobState = "waiting"
    order: str | None = None
    attempts: int = 0
    declined: tuple[tuple[str, int], ...] = ()
    done_at: int | None = None
    waits_for_material: bool = False
    held_by: str | None = None
    held_for_safety: bool = False
    told: tuple[str, ...] = ()
    customers: int = 0
    life_support: int = 0
    important: int = 0
    known_at: int = 0
    switchable: tuple[int, int, int] = (0, 0, 0)
    about: str | None = None
    first: bool = False
    forbidden: tuple[str, ...] = ()
    second_by: str | None = None


class Order(Entity, frozen=True, kw_only=True):
    """An order to a crew. `changed_at` is when its state began, as far as the crew or we know.

    It is forgotten with its job; its row in `dispatch_order` is kept for good. `skills`: the work asked for one of these.
    `on_duty_since`: when the crew's stretch of duty began. `pinned`: a dispatcher chose, no rule takes it back for other work.
    `answer_until`: the crew has until then to answer. `called_again_at`: it did not, and the order was sent once more.
    `clearance`: whether the work needs one, and how that stands.
    """

    kind: ClassVar[str] = "order"

    crew: str
    job: str
    incident: str | None
    hazard: str | None
    area: str
    device: str | None
    place: Place
    region: str
    work: OrderWork
    priority: Priority
    assists: str | None
    attempt: int
    skills: tuple[str, ...]
    on_duty_since: int
    sent_at: int
    arrival_estimate: int
    state: OrderState
    reason: str
    changed_at: int
    pinned: bool = False
    accepted_at: int | None = None
    enroute_at: int | None = None
    arrived_at: int | None = None
    ended_at: int | None = None
    completion_estimate: int | None = None
    found: str | None = None
    cause: str | None = None
    answer_until: int | None = None
    called_again_at: int | None = None
    clearance: Clearance = Clearance.NOT_NEEDED


class Duty(Entity, frozen=True, kw_only=True):
    """What a crew is doing; its id is the crew's. A crew of which nothing is kept is available.

    `place` is where it last was, `place_at` when. `signed_on` is when it said so, `since` when the stretch of duty began in
    which it last had an order, `worked_until` when it was last known at work. A dispatcher lets it work until
    `extended_until` though its hours are up; `extended_by` is that fact. `holds_clearance`: an order that is over, whose
    clearance it never gave back.
    """

    kind: ClassVar[str] = "crew"

    state: DutyState = "available"
    order: str | None = None
    place: Place | None = None
    place_at: int | None = None
    signed_on: int | None = None
    since: int | None = None
    worked_until: int | None = None
    extended_until: int | None = None
    extended_by: str | None = None
    holds_clearance: str | None = None


class OrderRow(Record, frozen=True, kw_only=True):
    """An order as it stands now, for the table of all orders."""

    order: Order

"""The state of the dispatch stage: jobs, orders and the duty of crews. Times are milliseconds since the epoch."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events import IncidentState, OrderState, Place
from services.engine.turn import Entity

ACTIVE = frozenset({OrderState.SENT, OrderState.ACCEPTED, OrderState.ENROUTE, OrderState.ARRIVED})
"""The states of an order that binds its crew."""

WAITING_FOR_POWER = frozenset({IncidentState.PREDICTED, IncidentState.CONFIRMED, IncidentState.PARTIALLY_RESTORED})
"""The states of an incident that needs a crew."""

JobState = Literal["waiting", "ordered", "done", "over"]
DutyState = Literal["available", "ordered", "enroute", "onSite", "offDuty", "unreachable"]


class Job(Entity, frozen=True, kw_only=True):
    """What there is to do about one incident; its id is the incident's.

    `waiting` for a crew, `ordered` while an order is active, `done` when a crew was, `over` when the incident no longer
    needs anybody. `order` is the active one; beside `over` it is that of a crew that was on site already. `changed_by`
    is the latest event about the incident. `declined` names crews that are not asked again before a time.
    `told_waiting`: the journal says already why nobody is sent.
    """

    kind: ClassVar[str] = "job"

    area: str
    device: str
    place: Place
    started_at: int
    revision: int
    incident_state: IncidentState
    changed_by: str
    upstream: str | None = None
    state: JobState = "waiting"
    order: str | None = None
    attempts: int = 0
    declined: tuple[tuple[str, int], ...] = ()
    done_at: int | None = None
    told_waiting: bool = False


class Order(Entity, frozen=True, kw_only=True):
    """An order to a crew, kept for good. `changed_at` is when its state began, as far as the crew or we know."""

    kind: ClassVar[str] = "order"

    crew: str
    incident: str
    area: str
    device: str
    place: Place
    attempt: int
    sent_at: int
    arrival_estimate: int
    state: OrderState
    reason: str
    changed_at: int
    found: str | None = None
    cause: str | None = None


class Duty(Entity, frozen=True, kw_only=True):
    """What a crew is doing; its id is the crew's. A crew of which nothing is kept is available."""

    kind: ClassVar[str] = "crew"

    state: DutyState = "available"
    order: str | None = None

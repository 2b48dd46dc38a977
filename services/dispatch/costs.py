"""What it would cost to send each crew to a piece of work: when it would be there, what stands against it, what it would leave.

It says of each crew exactly what the stage would do with the dispatcher's word: `forbidden` is the reason with which it refuses.
Times are milliseconds. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.dispatch.demands import demands_of
from services.dispatch.eligibility import SAFETY, Candidate, Standing
from services.dispatch.entities import ACTIVE, Duty
from services.dispatch.rules import DEFAULTS
from services.dispatch.travel import Basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.dispatch.entities import Job, Order
    from services.dispatch.roster import Roster
    from services.dispatch.rules import Rules

_MINUTE_MS = 60_000


class Leaves(msgspec.Struct, frozen=True, kw_only=True):
    """The order that a crew would leave, its state, and how many customers wait there."""

    order: str
    incident: str | None
    hazard: str | None
    customers: int
    state: str


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What it would cost to send one crew. `obstacles` are reasons that a dispatcher overrules, `forbidden` is one that he cannot.

    `drive_min` and `later_than_best_min` are whole minutes, `road_km` has one decimal. `hours_left_after_ms` is what the crew
    may still work when the work is done as expected. `basis`: by road, or by the straight line.
    `customer_minutes` is what the plan loses by it in the next twelve hours; negative: it wins; None: it was not reckoned.
    """

    crew: str
    drive_min: int
    road_km: float
    arrival_ms: int
    obstacles: list[str]
    forbidden: str | None
    leaves: Leaves | None
    hours_left_after_ms: int | None
    later_than_best_min: int
    nearest_depot: bool
    basis: Basis
    customer_minutes: int | None = None


def costs(
    job: Job,
    roster: Roster,
    region: str,
    duties: Mapping[str, Duty],
    orders: Iterable[Order],
    waiting: Mapping[str, int],
    now: int,
    rules: Rules = DEFAULTS,
) -> list[Cost]:
    """Return the cost of sending each crew of a region to a job that is not over, best first.

    `orders` are the active ones, `waiting` the customers out by incident. The best is allowed, meets no obstacle, and is there
    first; of those that cannot go the quickest stands first too.
    """
    crews = roster.crews_of(region)
    active = {order.crew: order for order in orders if order.state in ACTIVE}
    travel = roster.travel
    nearest = min((travel.road_m(roster.home(crew).place, job.place) for crew in crews), default=0)
    found = []
    for name, crew in crews.items():
        duty, order = duties.get(name) or Duty(id=name), active.get(name)
        standing = Standing(crew, duty, roster, now, rules)
        judged = standing.judge(job)
        # Who has this very order keeps it: the stage only pins it.
        has_it = order is not None and order.id == job.order
        candidate = judged if isinstance(judged, Candidate) else judged.all_the_same
        reasons = () if has_it or isinstance(judged, Candidate) else judged.reasons
        arrival = now + candidate.drive_ms
        found.append(
            Cost(
                crew=name,
                drive_min=-(-candidate.drive_ms // _MINUTE_MS),
                road_km=round(travel.road_m(duty.place or roster.home(name).place, job.place) / 1000, 1),
                arrival_ms=arrival,
                obstacles=[reason for reason in reasons if reason not in SAFETY],
                forbidden=next((reason for reason in reasons if reason in SAFETY), None),
                leaves=None if order is None or has_it else _leaves(order, waiting),
                hours_left_after_ms=max(0, standing.until - arrival - demands_of(job, rules).expected_ms),
                later_than_best_min=0,
                nearest_depot=travel.road_m(roster.home(name).place, job.place) == nearest,
                basis=travel.basis(duty.place or roster.home(name).place, job.place),
            )
        )
    found.sort(key=lambda cost: (cost.forbidden is not None, len(cost.obstacles), cost.arrival_ms, cost.crew))
    quickest = min((cost.drive_min for cost in found if cost.forbidden is None), default=None)
    return [
        cost
        if quickest is None
        else msgspec.structs.replace(cost, later_than_best_min=max(0, cost.drive_min - quickest))
        for cost in found
    ]


def _leaves(order: Order, waiting: Mapping[str, int]) -> Leaves:
    return Leaves(
        order=order.id,
        incident=order.incident,
        hazard=order.hazard,
        customers=0 if order.incident is None else waiting.get(order.incident, 0),
        state=order.state,
    )

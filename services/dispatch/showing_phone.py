"""What is read for a crew's phone: its duty, its order in full, and the dangers that are open. Times are milliseconds."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.dispatch.showing import ORDER_BODY, as_order, hours, read_crews
from services.network.places import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.dispatch.entities import Duty, Order
    from services.dispatch.roster import Depot
    from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOrder:
    """A crew's active order, and what is known of the incident or danger that it is about. `why`: it was sent because of that."""

    order: Order
    why: str
    device_class: str
    feeder: str
    customers_out: int
    life_support: int
    important: int
    started_at_ms: int | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OpenHazard:
    """A danger that nobody has made safe yet."""

    id: str
    kind: str
    lon: float
    lat: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CrewNow:
    """A crew as its phone shows it. `base` is where it starts from; its id is that of the depot, of a crew without one its own.

    `zone` is the utility's.
    """

    duty: Duty
    base: Depot
    zone: str
    since_ms: int | None
    left_ms: int | None
    order: PhoneOrder | None
    hazards: Sequence[OpenHazard]

    @property
    def place(self) -> Place:
        """Where it was last, else its base."""
        return self.duty.place or self.base.place


async def crew_now(connection: Connection, crew: str, now_ms: int) -> CrewNow | None:
    """Return a crew as it stands; None when the utility does not have it, or a visiting one has left."""
    crews = await read_crews(connection)
    if crew not in crews.roster.crews:
        return None
    duty = crews.duty(crew)
    since, _, left = hours(crews, crew, now_ms)
    row = None if duty.order is None else await connection.fetchrow(_ORDER, duty.order)
    hazards = await connection.fetch("SELECT id, kind, lon, lat FROM hazard WHERE state = 'reported' ORDER BY id")
    order = None
    if row is not None:
        order = PhoneOrder(
            order=as_order(row),
            why=row["why"],
            device_class=row["device_class"],
            feeder=row["feeder"],
            customers_out=row["customers_out"],
            life_support=row["life_support"],
            important=row["important"],
            started_at_ms=row["started_at_ms"],
        )
    return CrewNow(
        duty=duty,
        base=crews.roster.home(crew),
        zone=str(crews.roster.zone),
        since_ms=since,
        left_ms=left,
        order=order,
        hazards=[OpenHazard(**each) for each in hazards],
    )


async def crews_of_orders(connection: Connection, orders: Sequence[str]) -> dict[str, str]:
    """Return which crew each of these orders was given to; those that were never given are left out."""
    rows = await connection.fetch('SELECT "order", crew FROM dispatch_order WHERE "order" = ANY ($1::text[])', orders)
    return {row["order"]: row["crew"] for row in rows}


_ORDER = f"""
SELECT {ORDER_BODY} AS body, coalesce(i.device_class, '') AS device_class, coalesce(i.feeder, '') AS feeder,
       coalesce(i.customers_out, 0) AS customers_out, coalesce(i.life_support, 0) AS life_support,
       coalesce((SELECT j.reason FROM journal j WHERE j.stage = 'dispatch' AND j.subject_kind = 'order'
                 AND j.subject = o."order" AND j.became = 'sent' LIMIT 1), o.reason) AS why,
       coalesce(i.important, 0) AS important, coalesce(i.started_at_ms, h.reported_at_ms) AS started_at_ms
FROM dispatch_order o LEFT JOIN incident i ON i.id = o.incident LEFT JOIN hazard h ON h.id = o.hazard
WHERE o."order" = $1
"""  # noqa: S608 - the room's own words

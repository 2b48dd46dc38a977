"""What a person sees of an installation at one moment: read from the rooms' stores, in one snapshot of the database."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from services.dispatch import store as dispatch
from services.dispatch.store import CrewNow, LatestOrder
from services.engine import clock, journal, parked
from services.engine.clock import Standing
from services.engine.journal import Noted
from services.engine.taking import Connection
from services.hotline import store as hotline
from services.hotline.store import CallCounts
from services.measures import store as measures
from services.notices import store as notices
from services.notices.store import TextCounts
from services.outages import store as outages
from services.outages.store import CustomerCounts, OpenHazard, OpenIncident
from services.reports import store as reports

FOLLOWED = ("incident", "hazard", "window", "position", "job", "order", "crew", "escalation", "call")
"""Kinds of subject whose transitions a person follows one by one; those of single customers are too many."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything that the live view shows; `noted` is newest first, `orders` is by incident or hazard, `indices` by name."""

    clock: Standing | None
    customers: CustomerCounts
    hazards: Sequence[OpenHazard]
    incidents: Sequence[OpenIncident]
    orders: Mapping[str, LatestOrder]
    crews: Sequence[CrewNow]
    reports: Mapping[str, int]
    parked: int
    texts: TextCounts
    calls: CallCounts
    noted: Sequence[Noted]
    indices: Mapping[str, float]


async def take_picture(connection: Connection, *, lines: int) -> Picture:
    """Return what stands in the database now, with the last `lines` lines of the journal."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return Picture(
            clock=await clock.standing(connection),
            customers=await outages.count_customers(connection),
            hazards=await outages.open_hazards(connection),
            incidents=await outages.open_incidents(connection),
            orders={order.subject: order for order in await dispatch.latest_orders(connection)},
            crews=await dispatch.crews_now(connection),
            reports=await reports.count_by_state(connection),
            parked=await parked.count(connection),
            texts=await notices.count_texts(connection),
            calls=await hotline.count_calls(connection),
            noted=await journal.latest(connection, FOLLOWED, lines),
            indices=await measures.indices(connection),
        )

"""One danger whole: its row, its history, what was said of it, the orders about it, and what people did."""

from __future__ import annotations

import dataclasses

import msgspec

from services.access import acted
from services.console import outcomes, timeline
from services.console.ground import Ground
from services.console.incident_detail import assembled
from services.console.masking import masked
from services.console.outcomes import ActionRow
from services.console.rows import HazardRow, IncidentRow
from services.console.timeline import TimelineRow
from services.dispatch import showing_incident as dispatch
from services.dispatch.showing_incident import GivenOrder
from services.engine.taking import Connection
from services.outages import showing_incident as outages
from services.reports import showing as reports

REPORTS_SHOWN = 200


class HazardDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`HazardDetail` of `types.ts`. `now_ms` is when it was read; `reports` are the last, `hazard` says how many there are."""

    now_ms: int
    hazard: HazardRow
    incident: IncidentRow | None
    timeline: list[TimelineRow]
    timeline_total: int
    reports: list[reports.Danger]
    orders: list[GivenOrder]
    actions: list[ActionRow]


async def detail(
    connection: Connection, ground: Ground, hazard_id: str, *, personal: bool, limit: int, before_ms: int | None
) -> HazardDetail | None:
    """Return a danger whole, as one snapshot; None when there is none of this id.

    `limit` and `before_ms` cut its history (`timeline.page`). `personal`: phone numbers in full, and what was said.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        hazard = await outages.shown_hazard(connection, hazard_id)
        if hazard is None:
            return None
        now_ms = await outages.now_ms(connection)
        assembly = await assembled(connection, ground.network, hazard.incident, hazard)
        orders = await dispatch.orders_of(connection, None, [hazard_id])
        actions = await outcomes.rows(connection, await acted.actions_on(connection, [("hazard", hazard_id)]))
        jobs = [job.id for job in assembly.jobs.values() if job.hazard == hazard_id]
        history = await _history(connection, hazard_id, jobs, orders, actions)
        known = hazard.incident is not None and hazard.incident in assembly.incidents
        return HazardDetail(
            now_ms=now_ms,
            hazard=next(row for row in assembly.hazard_rows() if row.id == hazard_id),
            incident=assembly.row(hazard.incident, now_ms) if hazard.incident is not None and known else None,
            timeline=timeline.page(history, limit, before_ms),
            timeline_total=len(history),
            reports=[
                _report(each, personal=personal)
                for each in await reports.dangers_heard(connection, hazard_id, REPORTS_SHOWN)
            ],
            orders=orders,
            actions=actions,
        )


def _report(danger: reports.Danger, *, personal: bool) -> reports.Danger:
    """Return a report for those who may see what is personal, or with the phone masked and without words."""
    return danger if personal else dataclasses.replace(danger, phone=danger.phone and masked(danger.phone), words=None)


async def _history(
    connection: Connection, hazard: str, jobs: list[str], orders: list[GivenOrder], actions: list[ActionRow]
) -> list[TimelineRow]:
    subjects = [
        ("hazard", hazard),
        *(("job", job) for job in jobs),
        *(("order", order.order) for order in orders),
    ]
    noted = await outages.noted(connection, subjects)
    named = sorted({fact for each in noted for fact in each.facts})
    return timeline.together(
        timeline.facts(await outages.facts_named(connection, named)),
        timeline.heard(await reports.heard_for(connection, [hazard])),
        timeline.decisions(noted),
        timeline.actions(actions),
        timeline.remarks(await outages.remarks_on(connection, "hazard", hazard), ("hazard", hazard)),
    )

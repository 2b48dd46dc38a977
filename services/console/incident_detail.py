"""One incident whole: its row, its history, what could have failed instead, whom it holds, what was ordered and told."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from services.access import acted
from services.access.acted import Acted
from services.console import hypotheses, outcomes, timeline
from services.console.assembling import Assembly
from services.console.ground import Ground
from services.console.hypotheses import Belief, Hypothesis, Score
from services.console.masking import masked
from services.console.outcomes import ActionRow
from services.console.rows import HazardRow, IncidentRow
from services.console.timeline import TimelineRow
from services.dispatch import showing_incident as dispatch
from services.dispatch.showing_incident import GivenOrder
from services.engine.showing import latest_reasons
from services.engine.taking import Connection
from services.hotline import showing as hotline
from services.hotline.showing import Escalated
from services.network import Network
from services.notices import showing as notices
from services.outages import showing as outages_live
from services.outages import showing_belief
from services.outages import showing_incident as outages
from services.outages.showing import ShownHazard
from services.outages.showing_asked import asked_about
from services.outages.showing_belief import Believed
from services.outages.showing_expected import Restoration, restoration
from services.outages.showing_incident import Counted, HeldCustomer, Standing
from services.reports import showing as reports


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts about an incident: how many, and in which states. The ledger (`api_texts`) has them."""

    total: int
    by_state: dict[str, int]


class IncidentDetail(msgspec.Struct, frozen=True, kw_only=True):
    """`IncidentDetail` of `types.ts`. `now_ms` is when it was read. `beliefs` are how the ranking moved, the last one first."""

    now_ms: int
    incident: IncidentRow
    timeline: list[TimelineRow]
    timeline_total: int
    hypotheses: list[Hypothesis]
    beliefs: list[Belief]
    score: Score | None
    restoration: Restoration | None
    customers: Counted
    orders: list[GivenOrder]
    texts: Texts
    calls: list[Escalated]
    hazards: list[HazardRow]
    nested: list[str]
    actions: list[ActionRow]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow(HeldCustomer):
    """A customer of an incident, with the device behind which he is; the phone is masked for those who may not see it."""

    device: str


class CustomersPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of an incident's customers, and how many there are in all."""

    total: int
    rows: list[CustomerRow]


async def detail(
    connection: Connection, ground: Ground, incident_id: str, *, limit: int, before_ms: int | None
) -> IncidentDetail | None:
    """Return an incident whole, as one snapshot; None when there is none of this id.

    `limit` and `before_ms` cut its history (`timeline.page`).
    """
    present = await ground.present(connection)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        standing = await outages.standing(connection, incident_id)
        if standing is None:
            return None
        now_ms = await outages.now_ms(connection)
        assembly = await assembled(connection, ground.network, incident_id)
        hazards = [row for row in assembly.hazard_rows() if row.incident == incident_id]
        orders = await dispatch.orders_of(connection, incident_id, [row.id for row in hazards])
        calls = await hotline.escalated_for(connection, incident_id)
        actions = await _actions(connection, standing, hazards)
        shown = await outcomes.rows(connection, actions)
        history = await _history(connection, present, standing, assembly, orders, calls, shown)
        by_state = await notices.texts_by_state(connection, incident_id)
        counted = await outages.customers_counted(connection, incident_id)
        believed = await showing_belief.beliefs(connection, incident_id)
        return IncidentDetail(
            now_ms=now_ms,
            incident=assembly.row(incident_id, now_ms),
            timeline=timeline.page(history, limit, before_ms),
            timeline_total=len(history),
            hypotheses=await _hypotheses(connection, present, standing, believed, now_ms),
            beliefs=hypotheses.beliefs(present, believed),
            score=hypotheses.score(present, await showing_belief.score(connection, incident_id)),
            restoration=await restoration(connection, incident_id),
            customers=counted,
            orders=orders,
            texts=Texts(total=sum(by_state.values()), by_state=by_state),
            calls=calls,
            hazards=hazards,
            nested=await outages.nested_in(connection, incident_id),
            actions=shown,
        )


async def customers(
    connection: Connection, ground: Ground, incident_id: str, *, personal: bool, offset: int, limit: int
) -> CustomersPage | None:
    """Return a page of an incident's customers, life support first, then by tier, then by id; None for an unknown incident."""
    present = await ground.present(connection)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if await outages.standing(connection, incident_id) is None:
            return None
        counted = await outages.customers_counted(connection, incident_id)
        rows = [
            CustomerRow(
                **{
                    **dataclasses.asdict(each),
                    "device": _device(present, each.customer),
                    "phone": each.phone if personal else masked(each.phone),
                }
            )
            for each in await outages.customers_of(connection, incident_id, offset, limit)
        ]
    return CustomersPage(total=counted.total, rows=rows)


def _device(network: Network, customer: str) -> str:
    try:
        return network.customer_device(customer)
    except KeyError:
        return ""


async def assembled(
    connection: Connection, network: Network, incident: str | None, hazard: ShownHazard | None = None
) -> Assembly:
    """Return what the rows of an incident and its dangers are made of: by the very function that makes the sheets'.

    `incident` may be None for a `hazard` that belongs to none.
    """
    assembly = Assembly()
    assembly.stand_on(network)
    hazards = [] if hazard is None else [hazard]
    if incident is not None:
        assembly.hear_incidents(await outages.shown_incidents(connection, incident))
        hazards = await outages.shown_hazards(connection, incident)
    assembly.hear_hazards(hazards)
    if incident is not None:
        assembly.hear_windows(await outages_live.windows(connection))
        assembly.hear_accounts({incident: await outages.accounts_under(connection, incident)})
        assembly.hear_remarks({incident: await outages.remarked(connection, incident)})
    names = [each.id for each in hazards]
    jobs = await dispatch.jobs_of(connection, incident, names)
    assembly.hear_jobs(jobs, await latest_reasons(connection, "job", [job.id for job in jobs]))
    assembly.hear_orders(await dispatch.shown_orders(connection, incident, names))
    return assembly


async def _actions(connection: Connection, standing: Standing, hazards: Sequence[HazardRow]) -> list[Acted]:
    subjects = [("incident", standing.id), ("device", standing.device), *(("hazard", row.id) for row in hazards)]
    found = await acted.actions_on(connection, subjects)
    return [each for each in found if each.subject_kind != "device" or each.at_ms >= standing.started_at_ms]


async def _history(
    connection: Connection,
    present: Network,
    standing: Standing,
    assembly: Assembly,
    orders: Sequence[GivenOrder],
    calls: Sequence[Escalated],
    actions: Sequence[ActionRow],
) -> list[TimelineRow]:
    hazards = [each for each in assembly.hazards if assembly.hazards[each].incident == standing.id]
    path = _path(present, standing.device)
    subjects = [
        ("incident", standing.id),
        *(("hazard", hazard) for hazard in hazards),
        *(("job", job) for job in assembly.jobs),
        *(("order", order.order) for order in orders),
        *(("escalation", call.outage) for call in calls),
        *(("window", window) for window in await outages.windows_at(connection, path)),
        ("position", standing.device),
    ]
    begun = min(standing.started_at_ms, standing.opened_at_ms)
    lasting = {"position", "window"}
    noted = [
        each
        for each in await outages.noted(connection, subjects)
        if each.subject_kind not in lasting or each.now_ms >= begun
    ]
    named = sorted({fact for each in noted for fact in each.facts})
    return timeline.together(
        timeline.facts(await outages.facts_named(connection, named)),
        timeline.heard(await reports.heard_for(connection, [standing.id, *hazards])),
        timeline.decisions(noted),
        timeline.questions(await asked_about(connection, standing.id)),
        timeline.texts(await notices.told_of(connection, standing.id)),
        timeline.actions(actions),
        timeline.remarks(await outages.remarks_on(connection, "incident", standing.id), ("incident", standing.id)),
        *[timeline.remarks(await outages.remarks_on(connection, "hazard", each), ("hazard", each)) for each in hazards],
    )


def _path(network: Network, device: str) -> tuple[str, ...]:
    try:
        return network.path_to_source(device)
    except KeyError:
        return (device,)


async def _hypotheses(
    connection: Connection, present: Network, standing: Standing, believed: Sequence[Believed], now_ms: int
) -> list[Hypothesis]:
    ranked = believed[0].ranked if believed else ()
    known = await showing_belief.known(
        connection,
        standing,
        hypotheses.candidates(present, standing.device),
        hypotheses.switches(present, standing.device, ranked),
        now_ms,
    )
    return hypotheses.hypotheses(present, standing.device, ranked, known)

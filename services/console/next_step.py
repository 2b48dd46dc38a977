"""What happens next about an incident or a danger, when, and why: one rule, pure. Times are milliseconds.

A crew that is on its way or at work goes before everything else that could be said; then what keeps anybody from going.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from services.console.rows import Next
from services.dispatch.reasons import Reason as DispatchReason
from services.dispatch.waiting import ANSWER_WITHIN_MS, VERIFIED_WITHIN_MS
from services.outages.entities import OPEN_STATES
from services.outages.reasons import Reason as OutageReason
from services.outages.verifying import QUIET_MS

SOONEST_TO_PASS = (
    DispatchReason.BUSY,
    DispatchReason.ON_BREAK,
    DispatchReason.UNREACHABLE,
    DispatchReason.DECLINED,
    DispatchReason.OFF_SHIFT,
    DispatchReason.OFF_DUTY,
    DispatchReason.HOURS_UP,
    DispatchReason.HELPS_ALREADY,
    DispatchReason.KIT_MISSING,
    DispatchReason.CERTIFICATE_MISSING,
    DispatchReason.SKILL_MISSING,
    DispatchReason.NO_CREWS,
)
"""Why nobody is sent, from what passes by itself to what does not: a crew that is merely busy is the one that is waited for."""


class Step(NamedTuple):
    """What happens next, when (None: nobody can say), and the code of the reason."""

    next: Next
    at_ms: int | None
    why: str


class JobNow(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to do about an incident or a danger: state, whether it is held, why nobody was sent so far.

    `reason` is the journal's latest word about the job, empty where it has none.
    """

    state: str
    held: bool = False
    told: Collection[str] = ()
    done_at_ms: int | None = None
    waits_for_material: bool = False
    reason: str = ""


class OrderNow(msgspec.Struct, frozen=True, kw_only=True):
    """The active order of a job."""

    state: str
    reason: str
    sent_at_ms: int
    arrival_ms: int
    completion_ms: int | None = None
    answer_until_ms: int | None = None


class WindowNow(msgspec.Struct, frozen=True, kw_only=True):
    """Planned work under way above an incident's device."""

    ends_at_ms: int | None
    overrun: bool = False


class DangerNow(msgspec.Struct, frozen=True, kw_only=True):
    """A danger at an incident that nobody has made safe; `safe_at_ms` is when a crew is expected there."""

    safe_at_ms: int | None = None


class IncidentNow(msgspec.Struct, frozen=True, kw_only=True):
    """An incident and everything that decides what happens next about it.

    `upstream_open`: the incident in whose shadow it was found is still open.
    """

    state: str
    reason: str
    changed_at_ms: int
    job: JobNow | None = None
    order: OrderNow | None = None
    upstream_open: bool = False
    window: WindowNow | None = None
    danger: DangerNow | None = None


def next_of_incident(incident: IncidentNow) -> Step:
    """Return what happens next about an incident."""
    if incident.state == "restored":
        return Step("close", incident.changed_at_ms + QUIET_MS, OutageReason.QUIET)
    if incident.state not in OPEN_STATES:
        return Step("nothing", None, incident.reason)
    if incident.order is not None:
        return _of_order(incident.order, incident.job)
    return _without_crew(incident, incident.job)


def next_of_hazard(state: str, reason: str, job: JobNow | None, order: OrderNow | None) -> Step:
    """Return what happens next about a danger."""
    if state != "reported":
        return Step("nothing", None, reason)
    if order is not None:
        return _of_order(order, job)
    if job is not None and job.held:
        return Step("held", None, DispatchReason.DISPATCHER_HELD)
    if job is None or job.state == "waiting":
        return _nobody_yet(job, DispatchReason.HAZARD_REPORTED)
    return _verified(job)


def _without_crew(incident: IncidentNow, job: JobNow | None) -> Step:
    if job is not None and job.held:
        return Step("held", None, DispatchReason.DISPATCHER_HELD)
    if incident.window is not None:
        late = incident.window.overrun
        why = OutageReason.WORK_OVERRUN if late else OutageReason.PLANNED_WORK
        return Step("windowEnds", incident.window.ends_at_ms, why)
    if job is None or job.state == "waiting":
        if incident.danger is not None:
            return Step("dangerFirst", incident.danger.safe_at_ms, DispatchReason.DANGER)
        return _nobody_yet(job, DispatchReason.INCIDENT_OPEN)
    if incident.upstream_open:
        return Step("upstreamFirst", None, OutageReason.UPSTREAM_STILL_OUT)
    return _verified(job)


def _of_order(order: OrderNow, job: JobNow | None) -> Step:
    if order.state == "sent":
        return Step("crewAnswers", order.answer_until_ms or order.sent_at_ms + ANSWER_WITHIN_MS, order.reason)
    if order.state in {"accepted", "enroute"}:
        return Step("crewArrives", order.arrival_ms, order.reason)
    if order.state == "repaired":
        begun = None if job is None or job.done_at_ms is None else job.done_at_ms + VERIFIED_WITHIN_MS
        return Step("verifyRestoration", begun, DispatchReason.REPAIRED_NOT_DONE)
    if job is not None and job.waits_for_material:
        return Step("waitsForMaterial", None, DispatchReason.MATERIAL_NEEDED)
    if order.completion_ms is not None:
        return Step("crewRepairs", order.completion_ms, order.reason)
    return Step("crewAssesses", None, order.reason)


def _nobody_yet(job: JobNow | None, opened: DispatchReason) -> Step:
    """Say why nobody is sent; before the rule has looked, why somebody is needed."""
    if job is None:
        return Step("sendCrew", None, opened)
    told = set(job.told)
    why = next((reason for reason in SOONEST_TO_PASS if reason in told), None)
    return Step("sendCrew", None, why or job.reason or opened)


def _verified(job: JobNow) -> Step:
    at = None if job.done_at_ms is None else job.done_at_ms + VERIFIED_WITHIN_MS
    return Step("verifyRestoration", at, OutageReason.AWAITING_SIGNS)

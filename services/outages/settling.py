"""The end of a turn: what follows for each incident from who is out now, and what is published of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import IncidentChanged, IncidentState
from schemas.events import Place as PlaceOnTheWire
from schemas.ids import derived
from schemas.topics import OUTAGE_INCIDENTS
from services.clock import from_ms
from services.outages.board import REMEMBERED_MS
from services.outages.entities import Incident, Supplied
from services.outages.expecting import note_restored
from services.outages.ledger import Delta
from services.outages.reasons import Reason
from services.outages.records import IncidentRow
from services.outages.report import Disposal
from services.outages.stretches import SUSTAINED_MS, Momentary
from services.outages.switchable import switchable
from services.outages.verifying import QUIET_MS

if TYPE_CHECKING:
    from services.outages.board import Board
    from services.switching.circuit import People

MOST_IN_ONE_EVENT = 5_000
"""Customers in one list of one event; more go into further revisions."""
JUST_MS = 1_800_000
"""Who reported himself no longer ago than this need not be told that power is out."""


def settle(board: Board) -> None:
    """Draw what follows from who is out now, and publish every incident that changed."""
    ledger = board.ledger
    touched = set(board.why) | set(ledger.deltas) | {i for i, moved in ledger.moved.items() if moved}
    touched |= {each.id for each in board.incidents() if not each.revision and each.publish_at <= board.now}
    for incident_id in sorted(touched):
        incident = board.incident(incident_id)
        if incident is None or _was_momentary(board, incident):
            continue
        delta = ledger.deltas.get(incident_id, Delta())
        _publish(board, _settled(board, incident, some_back=bool(delta.back)), delta)
    for incident_id in sorted(board.rows - touched):
        incident = board.incident(incident_id)
        if incident is not None:
            _show(board, incident)
    for report in sorted(board.disposed):
        board.turn.record(board.disposed[report])


def _was_momentary(board: Board, incident: Incident) -> bool:
    """Let an incident that was over before it was published never have been, if power was away for a moment only."""
    if incident.revision or incident.back_at is None or board.ledger.count(incident):
        return False
    if any(incident.id in {each.merged_into, each.upstream} for each in board.remembered()):
        return False
    held = []
    for supplied in board.turn.all(Supplied):
        if supplied.last is not None and supplied.last.stretches[-1].holder == incident.id:
            if supplied.last.end - supplied.last.stretches[-1].at > SUSTAINED_MS:
                return False
            held.append(supplied.id)
    momentary = Momentary(id=incident.id)
    _, facts = board.why.get(incident.id, (Reason.MOMENTARY, set[str]()))
    board.turn.note((Momentary.kind, incident.id), "over", Reason.MOMENTARY, facts)
    for customer in held:
        board.ledger.brief_after_all(customer, incident.id, momentary)
    for report, disposed in board.disposed.items():
        if disposed.holder == incident.id:
            board.disposed[report] = replace(disposed, state=Disposal.ANSWERED, reason=Reason.MOMENTARY, holder=None)
    _show(board, replace(incident, state=IncidentState.DISMISSED, reason=Reason.MOMENTARY, out=0))
    board.forget(incident)
    return True


def _settled(board: Board, incident: Incident, *, some_back: bool) -> Incident:
    ledger = board.ledger
    count = ledger.count(incident)
    incident = board.quietly(
        incident,
        out=count,
        life_support=incident.life_support + ledger.moved_life_support[incident.id],
        important=incident.important + ledger.moved_important[incident.id],
    )
    reason, facts = board.why.get(incident.id, (Reason.METERS_REPORT_POWER, set[str]()))
    if count and incident.state is IncidentState.RESTORED:
        return board.change(incident, reason, facts, state=IncidentState.PARTIALLY_RESTORED, leave_at=None)
    if count and some_back and incident.state in {IncidentState.PREDICTED, IncidentState.CONFIRMED}:
        return board.change(incident, reason, facts, state=IncidentState.PARTIALLY_RESTORED)
    if count or not incident.is_open:
        return incident
    if incident.back_at is None and incident.done_at is None:
        why = reason if reason is Reason.PLANNED_WORK else Reason.NOBODY_PROVED_OUT
        return dismiss(board, incident, why, facts)
    leave_at = board.now + QUIET_MS
    note_restored(board, incident)
    return board.change(
        incident, reason, facts, state=IncidentState.RESTORED, check_at=None, step_check_at=None, leave_at=leave_at
    )


def dismiss(board: Board, incident: Incident, reason: Reason, facts: set[str]) -> Incident:
    """Let an incident never have been; it is remembered for a while, so that late words find their place."""
    return board.change(
        incident,
        reason,
        facts,
        state=IncidentState.DISMISSED,
        check_at=None,
        step_check_at=None,
        leave_at=board.now + REMEMBERED_MS,
    )


def _publish(board: Board, incident: Incident, delta: Delta) -> None:
    """Tell others of an incident, unless further reports of it are awaited still, or it was over before that."""
    awaited = incident.is_open and incident.publish_at > board.now
    if not incident.revision and (awaited or incident.state in {IncidentState.MERGED, IncidentState.DISMISSED}):
        _show(board, incident)
        return
    if not incident.revision:
        delta = Delta(out={out.id for out in board.ledger.held_by(incident)}, back=delta.back)
    out, back = sorted(delta.out), sorted(delta.back)
    fed_otherwise = switchable(board, incident)
    chunks = max(1, -(-len(out) // MOST_IN_ONE_EVENT), -(-len(back) // MOST_IN_ONE_EVENT))
    for chunk in range(chunks):
        part = slice(chunk * MOST_IN_ONE_EVENT, (chunk + 1) * MOST_IN_ONE_EVENT)
        incident = board.quietly(incident, revision=incident.revision + 1)
        board.turn.emit(
            OUTAGE_INCIDENTS, board.turn.shard, _event(board, incident, out[part], back[part], fed_otherwise)
        )
    _show(board, incident)


def _show(board: Board, incident: Incident) -> None:
    spot = board.grid.spot(incident.device)
    board.turn.record(
        IncidentRow(
            incident=incident,
            restored_at=board.now if incident.state is IncidentState.RESTORED else None,
            region=incident.region,
            feeder=spot.feeder,
            device_class=spot.device_class,
        )
    )


def _event(board: Board, incident: Incident, out: list[str], back: list[str], fed_otherwise: People) -> IncidentChanged:
    spot = board.grid.spot(incident.device)
    return IncidentChanged(
        id=derived("incidentChanged", incident.id, incident.revision),
        at=from_ms(board.now),
        exercise=board.turn.exercise,
        incident=incident.id,
        area=board.turn.shard,
        revision=incident.revision,
        state=incident.state,
        device=incident.device,
        place=PlaceOnTheWire(lon=spot.lon, lat=spot.lat),
        started_at=from_ms(incident.started_at),
        reason=incident.reason,
        customers_out=incident.out,
        out=out,
        restored=back,
        estimate=from_ms(incident.estimate),
        upstream=incident.upstream,
        merged_into=incident.merged_into,
        region=incident.region,
        device_class=spot.device_class,
        life_support=incident.life_support,
        important=incident.important,
        switchable=fed_otherwise.customers,
        switchable_life_support=fed_otherwise.life_support,
        switchable_important=fed_otherwise.important + fed_otherwise.large,
        told_us=[customer for customer in out if _has_just_told(board, customer)],
    )


def _has_just_told(board: Board, customer: str) -> bool:
    out = board.ledger.out(customer)
    return out is not None and out.call_at is not None and out.call_at >= board.now - JUST_MS


def leave(board: Board) -> bool:
    """Close restored incidents that stayed quiet, and forget those that no late word can touch; answers whether there are any."""
    left = [each for each in board.remembered() if each.leave_at is not None and each.leave_at <= board.now]
    for incident in left:
        if incident.state is IncidentState.RESTORED:
            _publish(board, board.change(incident, Reason.QUIET, state=IncidentState.CLOSED), Delta())
        board.forget(incident)
    return bool(left)

"""Danger at a place: what is one danger, which incident it belongs to, and when it is over. It has a clock of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import HazardChanged, HazardState, OrderChanged, OrderState, OrderWork
from schemas.ids import derived
from schemas.topics import OUTAGE_INCIDENTS
from services.clock import from_ms
from services.network.places import Place, distance_m
from services.outages.board import REMEMBERED_MS
from services.outages.entities import Hazard
from services.outages.reasons import Reason
from services.outages.records import HazardRow
from services.outages.report import Disposal, LocatedHazard

if TYPE_CHECKING:
    from services.outages.board import Board

SAME_PLACE_M = 150.0
SAME_TIME_MS = 1_800_000
"""Reports of the same kind of danger within this distance and time of one another are of one danger."""
_NEWS = {
    OrderState.ENROUTE: Reason.CREW_UNDER_WAY,
    OrderState.ARRIVED: Reason.CREW_ARRIVED,
    OrderState.ASSESSING: Reason.CREW_ASSESSING,
    OrderState.HANDED_OVER: Reason.CREW_HANDED_OVER,
}


def hear_hazard(board: Board, report: LocatedHazard) -> None:
    """Take a report of danger into account: another one of a danger that is known, or a new danger."""
    same = next((each for each in board.turn.all(Hazard) if _is_same(each, report)), None)
    if same is None:
        device = report.device if report.device is not None and board.known(report.device) else None
        hazard = Hazard(
            id=derived("hazard", report.hazard, report.id),
            hazard=report.hazard,
            place=report.place,
            state=HazardState.REPORTED,
            reason=Reason.DANGER_REPORTED,
            reported_at=report.at,
            last_at=report.at,
            device=device,
        )
        _change(board, hazard, Reason.DANGER_REPORTED, [report.id])
    else:
        hazard = replace(
            same,
            reports=same.reports + 1,
            reported_at=min(same.reported_at, report.at),
            last_at=max(same.last_at, report.at),
        )
        _change(board, hazard, Reason.DANGER_AGAIN, [report.id])
    board.dispose(report.id, Disposal.COUNTED, Reason.DANGER_THERE, hazard.id)


def _is_same(hazard: Hazard, report: LocatedHazard) -> bool:
    near_in_time = hazard.reported_at - SAME_TIME_MS <= report.at <= hazard.last_at + SAME_TIME_MS
    if hazard.state is not HazardState.REPORTED or hazard.hazard is not report.hazard or not near_in_time:
        return False
    here = Place(hazard.place.lon, hazard.place.lat)
    return distance_m(here, Place(report.place.lon, report.place.lat)) <= SAME_PLACE_M


def hear_order_of_hazard(board: Board, fact: str, order: OrderChanged) -> None:
    """Take the news of an order for a hazard into account: done, the place is safe."""
    if order.hazard is None:
        board.turn.note(("order", order.order), "stays", Reason.UNKNOWN_HAZARD, [fact])
        return
    hazard = board.turn.get(Hazard, order.hazard)
    done = order.state is OrderState.DONE and order.work is not OrderWork.ASSIST
    if hazard is None or hazard.state is not HazardState.REPORTED:
        if done or order.state in _NEWS:
            board.turn.note((Hazard.kind, order.hazard), "stays", Reason.UNKNOWN_HAZARD, [fact])
    elif done:
        end_hazard(board, hazard, HazardState.MADE_SAFE, Reason.MADE_SAFE, fact)
    elif order.state in _NEWS:
        board.turn.note(hazard, hazard.state, _NEWS[order.state], [fact])


def end_hazard(board: Board, hazard: Hazard, state: HazardState, reason: Reason, fact: str) -> None:
    """Let a danger be over; it is remembered for a while."""
    _change(board, replace(hazard, state=state, leave_at=board.now + REMEMBERED_MS), reason, [fact])


def _change(board: Board, hazard: Hazard, reason: Reason, facts: list[str]) -> None:
    board.turn.put(replace(hazard, reason=reason))
    board.turn.note(hazard, hazard.state, reason, facts)
    board.hazards.add(hazard.id)


def settle_hazards(board: Board) -> None:
    """Name the incident that each danger belongs to, and publish every danger that changed; forget those that are over."""
    standing = {each.device: each for each in reversed(board.incidents()) if each.whole}
    for hazard in board.turn.all(Hazard):
        if hazard.leave_at is not None and hazard.leave_at <= board.now:
            board.turn.remove(hazard)
            continue
        if hazard.state is HazardState.REPORTED and hazard.device is not None:
            feeds = next((standing[step] for step in board.path(hazard.device) if step in standing), None)
            linked = None if hazard.incident is None else board.incident(hazard.incident)
            if feeds is not None and (linked is None or not linked.is_open):
                _change(
                    board, replace(hazard, incident=feeds.id), Reason.FEEDS_THE_PLACE, [feeds.id, f"{hazard.revision}"]
                )
    for name in sorted(board.hazards):
        changed = board.turn.get(Hazard, name)
        if changed is not None:
            _publish(board, replace(changed, revision=changed.revision + 1))


def _publish(board: Board, hazard: Hazard) -> None:
    board.turn.put(hazard)
    region = board.grid.region(hazard.device, board.turn.shard)
    event = HazardChanged(
        id=derived("hazardChanged", hazard.id, hazard.revision),
        at=from_ms(board.now),
        exercise=board.turn.exercise,
        hazard=hazard.id,
        area=board.turn.shard,
        revision=hazard.revision,
        state=hazard.state,
        hazard_kind=hazard.hazard,
        place=hazard.place,
        reported_at=from_ms(hazard.reported_at),
        reason=hazard.reason,
        region=region,
        reports=hazard.reports,
        device=hazard.device,
        incident=hazard.incident,
        told_us=sorted(
            {
                fact.what.customer
                for fact in board.turn.facts
                if isinstance(fact.what, LocatedHazard)
                and fact.what.customer is not None
                and (disposed := board.disposed.get(fact.id)) is not None
                and disposed.holder == hazard.id
            }
        ),
    )
    board.turn.emit(OUTAGE_INCIDENTS, board.turn.shard, event)
    ended_at = None if hazard.state is HazardState.REPORTED else board.now
    board.turn.record(HazardRow(hazard=hazard, region=region, ended_at=ended_at))

"""When power is expected back at each open incident, by what the past says of it; and the promise, changed when it is worth it.

An incident is looked at when there is news of its work, when its promise has passed, and every quarter of an hour. What a crew said
stands as long as it is on the order and its time has not passed by half an hour; what a dispatcher said, until he says otherwise.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import EstimatesLearnt, OrderState
from services.clock import to_ms
from services.outages.entities import EstimateBasis, Expected, Hazard, Incident
from services.outages.estimating import (
    FORGIVEN_S,
    Circumstances,
    Experience,
    Lately,
    Planned,
    Work,
    estimate,
    experience_of,
    is_worth_changing,
    usual_s,
)
from services.outages.reasons import Reason
from services.outages.records import PlannedRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import OrderChanged, WorkPlanned
    from services.outages.board import Board
    from services.outages.estimating import Estimate

LOOK_MS = 900_000
"""An open incident is looked at again after this time, though nothing may have happened."""
SHOWN_MS = 300_000
"""Intervals are shown in multiples of this."""
_OVER = frozenset({OrderState.REFUSED, OrderState.REVOKED, OrderState.HANDED_OVER})
_ON_SITE = frozenset({OrderState.ARRIVED, OrderState.ASSESSING})
_DONE = frozenset({OrderState.REPAIRED, OrderState.DONE})


def is_experienced(board: Board) -> bool:
    """Answers whether estimates in this area rest on what was learnt from the past."""
    return board.turn.get(Experience, board.turn.shard) is not None


def note_opening(board: Board) -> None:
    """Keep in mind that an incident opens."""
    board.turn.put(_lately(board).one_more(board.now))


def note_restored(board: Board, incident: Incident) -> None:
    """Keep in mind how long the repair took, against what is usual, of an incident whose customers have power again."""
    known, work, back = board.turn.get(Experience, board.turn.shard), incident.work, incident.last_back_at
    if known is None or work is None or work.arrived_at is None or back is None or back <= work.arrived_at:
        return
    usual = usual_s(known, board.grid.spot(incident.device).device_class, work.cause)
    if usual is not None:
        board.turn.put(_lately(board).repaired(board.now, (back - work.arrived_at) // usual))


def _lately(board: Board) -> Lately:
    return board.turn.get(Lately, board.turn.shard) or Lately(id=board.turn.shard)


def hear_expected(board: Board, fact: str, event: WorkPlanned | EstimatesLearnt) -> None:
    """Take into account when a plan expects a crew, or what was learnt of the past."""
    if isinstance(event, EstimatesLearnt):
        _hear_learnt(board, fact, event)
    else:
        _hear_plan(board, fact, event)


def _hear_learnt(board: Board, fact: str, event: EstimatesLearnt) -> None:
    """Take what was learnt of the past for what is so from now on; without parts, nothing."""
    subject, standing = (Experience.kind, board.turn.shard), board.turn.get(Experience, board.turn.shard)
    known = experience_of(event)
    if known is None:
        board.turn.note(subject, "stays", Reason.EXPERIENCE_UNUSABLE, [fact])
    elif known.parts:
        board.turn.put(known)
        board.turn.note(subject, "learnt", Reason.EXPERIENCE_LEARNT, [fact])
    elif standing is not None:
        board.turn.remove(standing)
        board.turn.note(subject, "forgotten", Reason.EXPERIENCE_TOO_LITTLE, [fact])
        for incident in board.incidents():
            board.quietly(incident, expected=None)
            board.rows.add(incident.id)


def _hear_plan(board: Board, fact: str, planned: WorkPlanned) -> None:
    """Keep in mind when a plan expects a crew at an incident."""
    incident = board.incident(planned.incident)
    if incident is None or not incident.is_open:
        board.turn.note((Incident.kind, planned.incident), "stays", Reason.OVER_ALREADY, [fact])
        return
    said_at, arrival = min(to_ms(planned.at), board.now), to_ms(planned.arrival)
    board.quietly(incident, planned=Planned(said_at=said_at, arrival=arrival))
    board.turn.record(PlannedRow(incident=incident.id, said_at=said_at, arrival=arrival, crew=planned.crew))
    board.turn.note(incident, incident.state, Reason.CREW_PLANNED, [fact])
    board.stirred.setdefault(incident.id, set()).add(fact)


def hear_order(board: Board, fact: str, incident: Incident, order: OrderChanged) -> Incident:
    """Keep in mind how far the order that is to repair an incident has come."""
    work = _moved(incident.work, order, min(to_ms(order.at), board.now))
    if work == incident.work:
        return incident
    board.stirred.setdefault(incident.id, set()).add(fact)
    return board.quietly(incident, work=work)


def _moved(work: Work | None, order: OrderChanged, at: int) -> Work | None:
    if order.state in _OVER:
        return None if work is not None and work.order == order.order else work
    arrival = at if order.arrival_estimate is None else to_ms(order.arrival_estimate)
    if work is None or work.order != order.order:
        work = Work(order=order.order, crew=order.crew, sent_at=at, arrival=arrival)
    if order.state is OrderState.ENROUTE:
        return replace(work, under_way=True)
    if order.state in _ON_SITE:
        return replace(
            work, arrived_at=at if work.arrived_at is None else work.arrived_at, cause=order.cause or work.cause
        )
    if order.state in _DONE:
        return replace(work, repaired_at=at if work.repaired_at is None else work.repaired_at)
    return work


def expect(board: Board) -> None:
    """Look at every incident of which something may be expected otherwise than it is."""
    known = board.turn.get(Experience, board.turn.shard)
    if known is None:
        return
    incidents = board.incidents()
    looked = [each for each in incidents if _is_due(board, each)]
    if not looked:
        return
    waiting = sorted(board.ledger.count(each) for each in incidents if each.work is None)
    lately = _lately(board)
    endangered = {each.incident for each in board.turn.all(Hazard)}
    for incident in looked:
        out = board.ledger.count(incident)
        ahead = len(waiting) - bisect.bisect_left(waiting, out)
        of = Circumstances(
            device_class=board.grid.spot(incident.device).device_class,
            since=incident.opened_at,
            size=out,
            open=len(incidents) - 1,
            before=ahead - (incident.work is None),
            lately=lately.count(board.now),
            pace=lately.pace(board.now),
            hazard=incident.id in endangered,
        )
        found = estimate(known, of, incident.work, incident.planned, board.now)
        if found is None:
            board.quietly(incident, expected=None)
        else:
            _keep(board, incident, found)


def next_looks(board: Board) -> Iterator[int]:
    """Return when open incidents are to be looked at again, milliseconds."""
    if is_experienced(board):
        for each in board.incidents():
            if each.expected is not None:
                yield each.expected.at + LOOK_MS
                stands_until = _stands_until(each)
                if stands_until is not None and stands_until > board.now:
                    yield stands_until


def _is_due(board: Board, incident: Incident) -> bool:
    last, until = incident.expected, _stands_until(incident)
    return (
        not incident.revision
        or incident.id in board.stirred
        or last is None
        or last.device != incident.device
        or last.at + LOOK_MS <= board.now
        or (until is not None and until <= board.now)
    )


def _stands_until(incident: Incident) -> int | None:
    """Return until when the standing promise is nobody's to change for having passed, milliseconds; None: without end."""
    if incident.estimate_basis is EstimateBasis.DISPATCHER:
        return None
    if incident.estimate_basis is EstimateBasis.CREW and incident.work is not None:
        return incident.estimate + FORGIVEN_S * 1_000
    return incident.estimate


def _keep(board: Board, incident: Incident, found: Estimate) -> None:
    """Keep what is expected, and promise another time if that is worth it."""
    expected = Expected(
        at=board.now,
        device=incident.device,
        low=found.low // SHOWN_MS * SHOWN_MS,
        median=round(found.median / SHOWN_MS) * SHOWN_MS,
        high=-(-found.high // SHOWN_MS) * SHOWN_MS,
        stage=found.stage,
        rests_on=found.rests_on,
    )
    if incident.expected is None or replace(incident.expected, at=board.now) != expected:
        board.rows.add(incident.id)
    incident = board.quietly(incident, expected=expected)
    facts = board.stirred.get(incident.id, set())
    until = _stands_until(incident)
    theirs = incident.estimate_basis in {EstimateBasis.CREW, EstimateBasis.DISPATCHER}
    if until is None or (theirs and incident.work is not None and board.now < until):
        return
    if not incident.revision:
        board.quietly(incident, estimate=found.promise, estimate_basis=EstimateBasis.LEARNT)
    elif is_worth_changing(incident.estimate, found, board.now, news=bool(facts)):
        board.change(
            incident,
            Reason.ESTIMATE_CHANGED,
            facts,
            estimate=found.promise,
            estimate_basis=EstimateBasis.LEARNT,
        )
    else:
        board.quietly(incident, estimate_basis=EstimateBasis.LEARNT)

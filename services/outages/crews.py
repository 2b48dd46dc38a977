"""What the news of an order means: a crew found what failed, or supply in order. Its word alone restores nobody's power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import IncidentState, OrderChanged, OrderState, OrderWork
from services.clock import to_ms
from services.outages.board import CONFIRMING_REPORTERS
from services.outages.entities import Basis, EstimateBasis, Incident
from services.outages.estimate import after_arrival
from services.outages.expecting import hear_order, is_experienced
from services.outages.gathering import HOLD_MS, NEAR_LOSS_MS
from services.outages.hazards import hear_order_of_hazard
from services.outages.nesting import nest
from services.outages.phasing import is_cut_off, phases
from services.outages.poles import cut_off
from services.outages.reasons import Reason
from services.outages.verifying import WAIT_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.outages.board import Board
    from services.outages.entities import Out

_NEWS = {
    OrderState.ENROUTE: Reason.CREW_UNDER_WAY,
    OrderState.ARRIVED: Reason.CREW_ARRIVED,
    OrderState.ASSESSING: Reason.CREW_ASSESSING,
    OrderState.HANDED_OVER: Reason.CREW_HANDED_OVER,
}
_ON_THE_WAY = frozenset({OrderState.SENT, OrderState.ACCEPTED, OrderState.ENROUTE})


def hear_crew(board: Board, fact: str, order: OrderChanged) -> None:
    """Take the news of an order into account. What a crew that helps another one says changes nothing."""
    if order.hazard is not None or order.incident is None or order.work is OrderWork.MAKE_SAFE:
        hear_order_of_hazard(board, fact, order)
    if order.incident is None or order.work is OrderWork.MAKE_SAFE:
        return
    incident = board.incident(order.incident)
    reason = Reason.CREW_ASSISTS if order.work is OrderWork.ASSIST else _NEWS.get(order.state)
    if reason is not None and incident is None:
        board.turn.note((Incident.kind, order.incident), "stays", Reason.OVER_ALREADY, [fact])
    elif reason is not None and incident is not None:
        board.turn.note(incident, incident.state, reason, [fact])
    if order.work is OrderWork.ASSIST:
        return
    if incident is not None:
        _expect(board, fact, incident, order)
    if order.state in {OrderState.REPAIRED, OrderState.DONE}:
        _mended(board, fact, board.incident(order.incident), order)


def _expect(board: Board, fact: str, incident: Incident, order: OrderChanged) -> None:
    """Expect power back when the crew says, or, where the past says nothing, at the usual time after it arrives."""
    incident = hear_order(board, fact, incident, order)
    device_class = board.grid.spot(incident.device).device_class
    if order.completion_estimate is not None:
        until, basis = to_ms(order.completion_estimate), EstimateBasis.CREW
    elif is_experienced(board):
        return
    elif order.state is OrderState.ARRIVED:
        until, basis = after_arrival(device_class, to_ms(order.at)), EstimateBasis.ARRIVAL
    elif order.arrival_estimate is not None and order.state in _ON_THE_WAY:
        until, basis = after_arrival(device_class, to_ms(order.arrival_estimate)), EstimateBasis.ARRIVAL
    else:
        return
    if not board.revise(incident, until, basis, [fact]):
        board.turn.note(incident, "stays", Reason.ESTIMATE_KEPT, [fact])


def _mended(board: Board, fact: str, incident: Incident | None, order: OrderChanged) -> None:
    """Take up a crew's word that what had failed is mended, or that nothing had."""
    at = min(to_ms(order.at), board.now)
    claimed = incident.repaired if incident is not None and incident.repaired is not None else ("", "")
    found = order.found
    if found is None and claimed[0] == order.order:
        found = claimed[1]
    if found is None and order.state is OrderState.DONE:
        _in_order(board, fact, order.incident or "", at)
        return
    if incident is not None and (found is None or (incident.switched and board.behind(found, incident.device))):
        # The device that opened protects what has failed behind it.
        found = incident.device
    if incident is not None and claimed == (order.order, found):
        board.turn.note(incident, incident.state, Reason.CREW_DONE, [fact])
        return
    if found is None or not board.known(found) or not board.is_device(found):
        board.turn.note((Incident.kind, order.incident or ""), "stays", Reason.FOUND_UNKNOWN_DEVICE, [fact])
        found = None if incident is None else incident.device
    if found is None or not board.is_device(found):
        return
    if incident is not None and claimed[0] == order.order:
        incident = board.quietly(incident, found=False)
    _found(board, fact, incident, found, at)
    current = None if incident is None else board.incident(incident.id)
    if current is not None and order.state is OrderState.REPAIRED:
        board.quietly(current, repaired=(order.order, found))


def _found(board: Board, fact: str, ordered: Incident | None, device: str, at: int) -> None:
    """Settle whose fault was found, correct its device, and await signs of restoration."""
    incident, reason = _whose(board, ordered, device)
    if incident is None:
        subject = (Incident.kind, ordered.id if ordered is not None else device)
        board.turn.note(subject, "stays", Reason.NOBODY_KNOWN_OUT, [fact])
        return
    moved = incident.device != device
    # What took out some phases, or one premise, did so wherever behind its device it was found, and nothing else.
    partial = bool(incident.phases) or incident.of_one_premise
    partial = partial and board.behind(device, incident.device)
    if moved:
        release(board, incident, device)
    restored = incident.state is IncidentState.RESTORED
    state = IncidentState.CONFIRMED if incident.state is IncidentState.PREDICTED else incident.state
    incident = board.change(
        incident,
        reason,
        [fact],
        device=device,
        whole=not partial,
        phases=incident.phases if partial else "",
        premise=partial and incident.premise,
        found=True,
        state=state,
        done_at=at,
        check_at=board.now + WAIT_MS,
        leave_at=None if not restored else incident.leave_at,
    )
    board.turn.note(incident, "verifying", Reason.AWAITING_SIGNS, [fact])
    _claim(board, incident, fact)
    incident = board.incident(incident.id) or incident
    board.bring_out(incident, concerned(board, incident), Reason.BEHIND_FAILED_DEVICE)
    if ordered is not None and ordered.id != incident.id:
        _stand_again(board, fact, ordered.id, incident)


def concerned(board: Board, incident: Incident) -> list[str]:
    """Return who is taken to be out under an incident whose device is known."""
    behind = board.customers_behind(incident.device)
    if incident.phases:
        return [customer for customer in behind if cut_off(phases(board, customer), incident.phases)]
    return list(behind) if incident.whole else []


def _whose(board: Board, ordered: Incident | None, device: str) -> tuple[Incident | None, Reason]:
    """Return the incident that this device had brought about, and why it is taken for that."""
    unseen = [each for each in board.incidents() if not each.found]
    at_device = [each for each in unseen if each.device == device and each.whole]
    if ordered is not None and ordered in at_device:
        return ordered, Reason.CREW_FOUND
    if at_device:
        return at_device[0], Reason.FOUND_FOR_OTHER
    restored = ordered is not None and ordered.state is IncidentState.RESTORED
    if ordered is not None and not ordered.found and (ordered.is_open or restored):
        return ordered, Reason.CREW_FOUND
    behind = [each for each in unseen if board.behind(each.device, device)]
    above = [each for each in unseen if board.behind(device, each.device)]
    above.sort(key=lambda each: (board.network.count_behind(each.device), each.id))
    return next(iter(behind + above), None), Reason.FOUND_FOR_OTHER


def release(board: Board, incident: Incident, device: str) -> None:
    """Let go of customers who are not behind what was found.

    Below a mended fault they go on under another nested incident. Otherwise who reported is explained anew, and who did not
    never was out.
    """
    left = [out for out in board.ledger.held_by(incident) if not board.behind(board.ledger.device(out.id), device)]
    if incident.upstream_back_at is not None:
        nest(
            board,
            [incident.device],
            left,
            basis=incident.basis,
            started_at=incident.started_at,
            reason=Reason.NO_SIGN_OF_RESTORATION,
            upstream=incident.upstream,
            back_at=incident.upstream_back_at,
        )
        return
    for out in left:
        if out.reported:
            board.ledger.doubt(out, board.now - HOLD_MS)
        else:
            board.ledger.void(out, Reason.NOT_BEHIND_FOUND)


def _claim(board: Board, incident: Incident, fact: str) -> None:
    """Take over customers behind the found device from guesses that it explains, and let those go that are left empty."""
    others = {each.id: each for each in board.incidents() if each.id != incident.id and not each.found}
    for other in sorted(others.values(), key=lambda each: each.id):
        if not _same_cause(board, incident, other):
            continue
        for out in board.ledger.held_by(other):
            if board.behind(board.ledger.device(out.id), incident.device):
                later = out.guessed and out.since > incident.started_at
                since = incident.started_at if later else None
                board.ledger.hand_over(out, incident, Reason.CREW_FOUND, since=since)
        if board.ledger.count(other) == 0:
            board.merge(other, incident, Reason.CREW_FOUND, [fact])


def _same_cause(board: Board, incident: Incident, other: Incident) -> bool:
    """Answers whether what was found may have brought about a guess below it.

    One that began at another time by its meters is a fault of its own, whatever the crew mended above it.
    """
    if other.upstream is not None or other.switched or not board.behind(other.device, incident.device):
        return False
    by_call = Basis.CALL in {other.basis, incident.basis}
    return by_call or abs(other.started_at - incident.started_at) <= NEAR_LOSS_MS


def _stand_again(board: Board, fact: str, ordered: str, mended: Incident) -> None:
    """Say of an incident whose crew mended another fault that it still stands, or let it go up in the other one."""
    current = board.incident(ordered)
    if current is None or not current.is_open or current.check_at is not None:
        return
    for out in board.ledger.held_by(current):
        if board.behind(board.ledger.device(out.id), mended.device):
            board.ledger.hand_over(out, mended, Reason.FOUND_FOR_OTHER)
    current = board.incident(ordered) or current
    if board.ledger.count(current) == 0:
        board.merge(current, mended, Reason.FOUND_FOR_OTHER, [fact])
    else:
        board.change(current, Reason.FOUND_ELSEWHERE, [fact], state=_standing_state(current))


def _standing_state(incident: Incident) -> IncidentState:
    """Return the state that asks for a crew again."""
    return incident.state if incident.state is IncidentState.PREDICTED else IncidentState.CONFIRMED


def _in_order(board: Board, fact: str, ordered: str, at: int) -> None:
    """Take the crew's word that nothing is failed at, above or behind the device: who is still held has had power again."""
    incident = board.incident(ordered)
    if incident is None or not incident.is_open:
        board.turn.note((Incident.kind, ordered), "stays", Reason.OVER_ALREADY, [fact])
        return
    back_at = next(
        (each for each in (incident.upstream_back_at, incident.back_at, incident.done_at) if each is not None), at
    )
    held = board.ledger.held_by(incident)
    presumed = _only_presumed(incident, held)
    incident = board.change(incident, Reason.SUPPLY_IN_ORDER, [fact], done_at=at, check_at=None)
    upper: Incident | None = None
    dark = False
    for out in held:
        device = board.ledger.device(out.id)
        upper = board.open_above(device, incident.id)
        if upper is not None:
            board.ledger.hand_over(out, upper, Reason.UPSTREAM_STILL_OUT, at=at)
        elif not board.network.is_fed(device) or is_cut_off(board, out.id):
            dark = True
        elif presumed and not out.reported:
            board.ledger.void(out, Reason.NEVER_OUT)
        else:
            told_since = out.insisted_at is not None and out.insisted_at > back_at
            ended_at = at if told_since or back_at < out.since else back_at
            board.ledger.end(out, ended_at, Reason.SUPPLY_IN_ORDER)
            if incident.back_at is None:
                incident = board.quietly(incident, back_at=back_at)
    if dark:
        board.turn.note(incident, "stays", Reason.CONTRADICTS_TELEMETRY, [fact])
    if upper is not None and incident.back_at is None and board.ledger.count(incident) == 0:
        board.merge(incident, upper, Reason.UPSTREAM_STILL_OUT, [fact])


def _only_presumed(incident: Incident, held: Sequence[Out]) -> bool:
    """Answers whether nothing but a few calls ever spoke for an incident: no meter, no switch, no crew, no dispatcher."""
    looked_at = incident.found or incident.fixed or incident.switched or incident.done_at is not None
    if looked_at or incident.upstream is not None or incident.back_at is not None or incident.basis is not Basis.CALL:
        return False
    return incident.heard < CONFIRMING_REPORTERS and all(out.gasp_at is None for out in held)

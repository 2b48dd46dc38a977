"""Outages of single phases: who is cut off by poles that stand open, and which phase a line has lost behind a closed device.

The phases of customers are taken to be named alike from the substation to the meter. A customer counts as out by open poles when
all his phases are known and open; one of unknown phases, or who lost one of several, when he says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.events import IncidentState
from services.outages.entities import Basis, Incident, Pending
from services.outages.gathering import NEAR_LOSS_MS, SAME_LOSS_MS
from services.outages.poles import cut_off, may_be_cut_off, open_in, phases_of
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from services.outages.board import Board
    from services.outages.entities import Out, Position

LEAST_VOICES = 3
"""So many reporters on one phase, and nobody on another, are not so by chance."""
TOLD_MS = 900_000
"""Losses that were told of within this time of one another may be one where only callers speak."""


def carried(board: Board, device: str) -> str:
    """Return the phases that a device carries."""
    return board.grid.normal.switch(device).phases


def opened(board: Board, device: str, position: Position | None) -> frozenset[str]:
    """Return the phases in which a device stands open when it stands so."""
    switch = board.grid.normal.switch(device)
    return open_in(position, switch.phases, usual=switch.normally_closed)


def phases(board: Board, customer: str) -> str:
    """Return the phases of a customer; empty when they are not known."""
    try:
        return phases_of(board.network.customer(customer).phases)
    except KeyError:
        return ""


def is_cut_off(board: Board, customer: str, at: int | None = None) -> bool:
    """Answers whether open poles leave a customer no phase, at `at` (milliseconds) already."""
    known = phases(board, customer)
    for step in board.path(board.ledger.device(customer)) if known else ():
        position = board.position(step)
        if position is not None and position.open_phases:
            lost = "".join(pole.phase for pole in position.poles if not pole.closed and (at is None or pole.at <= at))
            if cut_off(known, lost):
                return True
    return False


# --------------------------------------------------------------------------------------------------------- open poles
def stayed_open(board: Board, position: Position) -> None:
    """Open an incident for those whom the open poles of a device leave without power, or add them to the one that is there."""
    lost = position.open_phases
    since = {pole.phase: pole.at for pole in position.poles if not pole.closed}
    dark: dict[int, list[str]] = {}
    for customer in board.customers_behind(position.id):
        known = phases(board, customer)
        if cut_off(known, lost) and board.ledger.out(customer) is None:
            dark.setdefault(max(since[phase] for phase in known), []).append(customer)
    below = [each for each in board.incidents() if _is_guess(board, each, position, lost)]
    incident = _of(board, position.id)
    if not dark and not below and incident is None:
        board.turn.note(position, "stays", Reason.STAYED_OPEN, [position.fact])
        return
    incident = _opened(board, position, incident)
    for each in below:
        take_over(
            board, incident, each, lambda out: may_be_cut_off(phases(board, out.id), lost), lost, Reason.PHASE_OPEN
        )
    for at, customers in sorted(dark.items()):
        current = board.incident(incident.id) or incident
        board.bring_out(replace(current, started_at=at), customers, Reason.PHASE_OPEN)


def _of(board: Board, device: str) -> Incident | None:
    return next((each for each in board.incidents() if each.device == device and each.phases and each.switched), None)


def _opened(board: Board, position: Position, standing: Incident | None) -> Incident:
    lost, facts = position.open_phases, [position.fact]
    if standing is not None:
        return standing if standing.phases == lost else board.change(standing, Reason.PHASE_OPEN, facts, phases=lost)
    incident = board.open(
        device=position.id,
        whole=False,
        basis=Basis.TELEMETRY,
        started_at=min(pole.at for pole in position.poles if not pole.closed),
        reason=Reason.PHASE_OPEN,
        facts=facts,
        state=IncidentState.CONFIRMED,
    )
    return board.quietly(incident, switched=True, phases=lost)


def _is_guess(board: Board, incident: Incident, position: Position, lost: str) -> bool:
    """Answers whether an incident behind open poles may be of them: the same moment, and all who report may lack a phase."""
    if not board.behind(incident.device, position.id) or not is_unseen(incident) or incident.switched:
        return False
    moments = [pole.at for pole in position.poles if not pole.closed]
    near = any(abs(incident.started_at - at) <= NEAR_LOSS_MS for at in moments)
    after_calls = incident.basis is Basis.CALL and any(incident.started_at >= at - SAME_LOSS_MS for at in moments)
    if not near and not after_calls:
        return False
    spoke = [out for out in board.ledger.held_by(incident) if out.reported]
    return bool(spoke) and all(may_be_cut_off(phases(board, out.id), lost) for out in spoke)


def is_unseen(incident: Incident) -> bool:
    """Answers whether an incident is a guess that nobody has looked at or decided about yet."""
    if incident.found or incident.fixed or incident.upstream is not None or incident.back_at is not None:
        return False
    return incident.is_open


def hear_cut_off(board: Board) -> None:
    """Count reports of customers who may be cut off by open poles for the incident of these."""
    for position in board.positions():
        if not position.open_phases or position.check_at is not None:
            continue
        lost = position.open_phases
        began = min(pole.at for pole in position.poles if not pole.closed)
        told = [
            each.id
            for each in board.turn.all(Pending)
            if may_be_cut_off(phases(board, each.id), lost)
            and board.behind(board.ledger.device(each.id), position.id)
            and _fits(each, began)
        ]
        if told:
            incident = _opened(board, position, _of(board, position.id))
            board.bring_out(replace(incident, started_at=began), told, Reason.PHASE_OPEN)


def _fits(pending: Pending, began: int) -> bool:
    if pending.gasp_at is not None:
        return abs(pending.gasp_at - began) <= NEAR_LOSS_MS
    return pending.call_at is not None and pending.call_at >= began - SAME_LOSS_MS


def mixed(board: Board, fact: str, position: Position) -> None:
    """Let the incident of a device of which only some poles are closed again be one of the others."""
    for incident in board.incidents():
        if incident.device == position.id and incident.switched and position.open_phases:
            board.change(incident, Reason.PHASE_OPEN, [fact], phases=position.open_phases, whole=False)


def take_over(
    board: Board, kept: Incident, other: Incident, fits: Callable[[Out], bool], lost: str, reason: Reason
) -> None:
    """Let an incident of lost phases take over a guess: whoever was presumed out and has a phase left, never was."""
    heard = 0
    for out in board.ledger.held_by(other):
        if out.reported and fits(out):
            heard += 1
            board.ledger.hand_over(out, kept, reason)
        elif cut_off(phases(board, out.id), lost):
            board.ledger.hand_over(out, kept, reason)
        else:
            board.ledger.void(out, reason)
    current = board.incident(kept.id) or kept
    board.quietly(current, heard=current.heard + heard)
    board.merge(board.incident(other.id) or other, kept, reason, ())


# ------------------------------------------------------------------------------------------------------ lost phases
def find_lost_phases(board: Board) -> None:
    """Join guesses behind a device that is shown closed where all who report are on one phase: a ganged status hides its loss.

    Where meters spoke, half of those on the phase must have: the others would not all be silent.
    """
    guesses = [each for each in board.incidents() if is_unseen(each) and not each.switched and board.ledger.count(each)]
    changed = [each for each in guesses if each.id in board.why]
    spoken: dict[str, list[Out]] = {}
    for guess in changed:
        if guess.id in spoken or (current := board.incident(guess.id)) is None or not current.is_open:
            continue
        own = _spoken(board, current)
        phase = _one_phase(board, own)
        if phase is None:
            continue
        since = current.started_at
        device = next((each for each in board.path(current.device)[1:] if board.shown_closed(each, since)), None)
        if device is None or board.shown_closed(device, since, phase):
            continue
        near = [each for each in guesses if _may_be_same(each, current) and board.behind(each.device, device)]
        spoken |= {each.id: _spoken(board, each) for each in near}
        voices = [out for each in near for out in spoken[each.id]]
        if _one_phase(board, voices) == phase and _are_enough(board, device, phase, voices):
            _join(board, device, phase, near)


def _spoken(board: Board, incident: Incident) -> list[Out]:
    return [out for out in board.ledger.held_by(incident) if out.reported]


def _one_phase(board: Board, outs: Sequence[Out]) -> str | None:
    found = {phases(board, out.id) for out in outs}
    phase = next(iter(found), "")
    return phase if len(found) == 1 and len(phase) == 1 else None


def _may_be_same(one: Incident, other: Incident) -> bool:
    apart = TOLD_MS if Basis.CALL in {one.basis, other.basis} else NEAR_LOSS_MS
    return abs(one.started_at - other.started_at) <= apart


def _are_enough(board: Board, device: str, phase: str, voices: Sequence[Out]) -> bool:
    places = {board.ledger.device(out.id) for out in voices}
    if len(voices) < LEAST_VOICES or len(places) < 2:  # noqa: PLR2004 - one place alone has failed by itself
        return False
    on_phase = [each for each in board.customers_behind(device) if phases(board, each) == phase]
    metered = any(out.gasp_at is not None for out in voices)
    return not metered or 2 * len(voices) >= len(on_phase)


def _join(board: Board, device: str, phase: str, near: Collection[Incident]) -> None:
    first = min(near, key=lambda each: (each.opened_at, each.id))
    facts = sorted(report for each in near for out in _spoken(board, each) for report in out.reports)
    joined = board.change(
        board.incident(first.id) or first,
        Reason.ALL_ON_ONE_PHASE,
        facts,
        device=device,
        whole=False,
        phases=phase,
        started_at=min(each.started_at for each in near),
    )
    for out in board.ledger.held_by(joined):
        if not out.reported and not cut_off(phases(board, out.id), phase):
            board.ledger.void(out, Reason.ALL_ON_ONE_PHASE)
    for each in near:
        if each.id != joined.id:
            take_over(board, joined, each, lambda _: True, phase, Reason.ALL_ON_ONE_PHASE)
    joined = board.incident(joined.id) or joined
    dark = [each for each in board.customers_behind(device) if cut_off(phases(board, each), phase)]
    board.bring_out(joined, dark, Reason.ALL_ON_ONE_PHASE)
    board.confirm(board.incident(joined.id) or joined)

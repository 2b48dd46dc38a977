"""What the state of a device says of each of its phases, and what it leaves open.

A state of all the phases that a device carries is one of the device. It opens and closes every pole; but what is ganged shows the
handle, not the conductors: closed, it does not prove that each phase has voltage. A state of a single phase is one of that
pole, and proves it. A device of which some poles are open still lets power pass, so it counts as closed: a customer
is cut off by it when all his phases are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.outages.entities import Pole

if TYPE_CHECKING:
    from services.outages.entities import Position

ALL = "ABC"


def phases_of(text: str) -> str:
    """Return the phases among these, without the neutral; empty when none is named."""
    return "".join(phase for phase in ALL if phase in text)


def told(
    standing: Position | None, measured: str, carried: str, at: int, *, closed: bool, usual: bool
) -> tuple[bool, tuple[Pole, ...]]:
    """Return how a device stands, and its poles, once it is told how those it `measured` stand.

    `carried` are its phases, `usual` whether it is closed in normal state. With poles both open and closed it counts as
    it usually stands.
    """
    was_closed = usual if standing is None else standing.closed
    poles = {} if standing is None else {pole.phase: pole for pole in standing.poles}
    if set(measured) >= set(carried):
        proof = {carried: Pole(carried, closed=True, at=at)} if len(carried) == 1 else {}
        kept = {phase: pole for phase, pole in poles.items() if pole.closed} | proof
        return closed, _sorted(kept) if closed else ()
    if not was_closed and standing is not None:
        poles = {phase: Pole(phase, closed=False, at=standing.at) for phase in carried} | poles
    for phase in measured:
        pole = poles.get(phase)
        if closed and len(measured) > 1:
            poles.pop(phase, None)
        elif closed or pole is None or pole.closed:
            poles[phase] = Pole(phase, closed=closed, at=at)
    closed_now = {
        phase: poles[phase].closed if phase in poles else (closed if phase in measured else was_closed)
        for phase in carried
    }
    if all(closed_now.values()):
        return True, _sorted(poles)
    if not any(closed_now.values()):
        return False, ()
    return usual, _sorted(poles)


def _sorted(poles: dict[str, Pole]) -> tuple[Pole, ...]:
    return tuple(poles[phase] for phase in sorted(poles))


def open_in(position: Position | None, carried: str, *, usual: bool) -> frozenset[str]:
    """Return the phases in which a device stands open."""
    if position is None:
        return frozenset() if usual else frozenset(carried)
    return frozenset(position.open_phases) if position.closed else frozenset(carried)


def cut_off(phases: str, opened: str) -> bool:
    """Answers whether a customer of these phases has none left when those are open; of unknown phases nothing is known."""
    known = phases_of(phases)
    return bool(known) and set(known) <= set(opened)


def may_be_cut_off(phases: str, opened: str) -> bool:
    """Answers whether a customer who says that he has no power may say so because those phases are open.

    One whose phases are unknown, or who lost one of several, is believed if he says so, and not presumed to be out.
    """
    known = phases_of(phases)
    return bool(opened) and (not known or not set(known).isdisjoint(opened))


def proves(speaker: str, customer: str) -> bool:
    """Answers whether power at a customer of these phases proves that another one has it again, where single phases were lost."""
    known = phases_of(speaker)
    return bool(known) and known == phases_of(customer)


def measured_closed(position: Position | None, fresh_since: int, phases: str = "") -> bool:
    """Answers whether a measurement since `fresh_since` shows the device closed, or each of these phases of it by itself."""
    if position is None or not position.closed:
        return False
    proven = {pole.phase for pole in position.poles if pole.closed and pole.at >= fresh_since}
    if phases:
        return proven >= set(phases)
    return position.at >= fresh_since or bool(proven)

"""What was switched since a fault, and whom each step brought back: read off the states that were told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.switching.circuit import Circuit, People
from services.switching.faulted import Situation, affected_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A device that was told to stand another way than before; `at_ms` is when that was known, milliseconds."""

    device: str
    closed: bool
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """A step that was done: who got power by it, and who of those that the fault took out had it by then."""

    device: str
    closed: bool
    at_ms: int
    brings_back: People
    in_all: People


def executed(circuit: Circuit, situation: Situation, changes: Sequence[Change]) -> tuple[Executed, ...]:
    """Return the steps among these changes, in their order: those at what the fault took out, or feeding it.

    What had failed counts as open from the beginning.
    """
    device = situation.fault.device
    others = {each.device for each in situation.faults if each.stands_open}
    affected = affected_by(circuit, situation)
    closed = circuit.closed(situation.stood) - {device} - others
    flow = circuit.flow(closed)
    done = []
    for change in changes:
        link = circuit.links.get(change.device)
        if link is None or change.device in others:
            continue
        closed = closed | {link.id} if change.closed else closed - {link.id}
        after = circuit.flow(closed)
        came = {each for each in affected if after.is_live(each) and not flow.is_live(each)}
        flow = after
        if affected.isdisjoint({link.one, link.other}):
            continue
        have = circuit.count(each for each in affected if flow.is_live(each))
        done.append(
            Executed(
                device=link.id,
                closed=change.closed,
                at_ms=change.at_ms,
                brings_back=circuit.count(came),
                in_all=have,
            )
        )
    return tuple(done)


def stood_before(stands: Mapping[str, bool], changes: Sequence[Change]) -> dict[str, bool]:
    """Return the positions before all of these changes, from those after them."""
    stood = dict(stands)
    for change in reversed(changes):
        stood[change.device] = not change.closed
    return stood

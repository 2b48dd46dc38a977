"""What is known of one feeder in a turn: who reported without an explanation that is settled, who kept silent, who cannot speak."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.outages.entities import Proven, Supplied, Unanswered
from services.outages.evidence import NEVER, FeederEvidence, Said
from services.outages.hinting import NOBODY, evidence
from services.outages.rates import QUANTUM_MS

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.outages.board import Board
    from services.outages.entities import Incident, Out, Pending
    from services.outages.fault_tree import FaultTree

PROOF_MS = 7_200_000
"""Power that was proven longer ago than this says nothing of a fault now."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody who reported: a customer, or a place that stands for nobody. `device` is the number of the lowest device there,
    `holder` the incident that holds him, None while nothing does. Times are milliseconds.
    """

    id: str
    device: int
    call_at: int | None
    gasp_at: int | None
    reports: tuple[str, ...]
    heard_at: int
    holder: str | None = None
    priority: bool = False

    @property
    def first(self) -> int:
        """When power was first said to be gone."""
        return min(at for at in (self.call_at, self.gasp_at) if at is not None)

    @property
    def is_customer(self) -> bool:
        """Answers whether it is a customer who can be out."""
        return not self.id.startswith(NOBODY)


@dataclass(slots=True)
class Scene:
    """The reporters of a feeder, by id, and the evidence that follows from them and from everybody else."""

    evidence: FeederEvidence
    reporters: list[Reporter] = field(default_factory=list)


def may_move(incident: Incident) -> bool:
    """Answers whether an incident is still a guess: nobody has looked at it, decided on it, or got power back under it."""
    if not incident.is_open or incident.found or incident.fixed or incident.switched or incident.phases:
        return False
    return incident.back_at is None and incident.upstream is None and incident.check_at is None


def scene(board: Board, head: str, tree: FaultTree, movable: Collection[str]) -> Scene:
    """Return what is known behind a feeder's head; `movable` are the incidents that are still guesses."""
    network = board.network
    found = Scene(FeederEvidence(tree.parent))
    voices: Counter[tuple[int, Said]] = Counter()
    for each in [*board.pendings(), *evidence(board)]:
        if board.behind(each.device, head):
            found.reporters.append(_waiting(each, network.number_of(each.device)))
    for out, number in board.outs_by_head().get(head, ()):
        if out.holder not in movable:
            found.evidence.leave_out(number, metered=board.grid.is_metered(out.id))
        elif out.reported:
            found.reporters.append(_held(out, number, board.now))
    found.reporters.sort(key=lambda each: each.id)
    for reporter in found.reporters:
        voices[reporter.device, _said(board, reporter.id, reporter.call_at, reporter.gasp_at)] += 1
    spoke = {each.id for each in found.reporters}
    for customer, device in _answers(board):
        if customer not in spoke and board.behind(device, head) and board.ledger.out(customer) is None:
            voices[network.number_of(device), _said(board, customer, None, None)] += 1
    for (number, said), many in sorted(voices.items()):
        found.evidence.count(number, said, many)
    return found


def _answers(board: Board) -> list[tuple[str, str]]:
    """Return who answered lately whether there is power, or did not, each with his device."""
    spoke = {each.id for each in (*board.turn.all(Proven), *board.turn.all(Unanswered))}
    return [(each, board.ledger.device(each)) for each in sorted(spoke) if each in board.grid]


def _waiting(pending: Pending, number: int) -> Reporter:
    return Reporter(
        pending.id,
        number,
        pending.call_at,
        pending.gasp_at,
        pending.reports,
        heard_at=pending.heard_at,
        priority=pending.priority,
    )


def _held(out: Out, number: int, now: int) -> Reporter:
    return Reporter(out.id, number, out.call_at, out.gasp_at, out.reports, heard_at=now, holder=out.holder)


def _said(board: Board, customer: str, call_at: int | None, gasp_at: int | None) -> Said:
    supplied, unanswered = board.turn.get(Supplied, customer), board.turn.get(Unanswered, customer)
    since = board.now - PROOF_MS
    return Said(
        call=NEVER if call_at is None else call_at // QUANTUM_MS,
        gasp=NEVER if gasp_at is None else gasp_at // QUANTUM_MS,
        power=NEVER if supplied is None or supplied.since < since else supplied.since // QUANTUM_MS,
        no_answer=NEVER if unanswered is None or unanswered.at < since else unanswered.at // QUANTUM_MS,
        metered=not customer.startswith(NOBODY) and board.grid.is_metered(customer),
    )

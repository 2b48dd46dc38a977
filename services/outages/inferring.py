"""Turns what was heard into incidents: which feeders are weighed anew in this turn, and when they are weighed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from services.outages.board import FRESH_MS, SCADA
from services.outages.entities import Gathering, Proven, Suspected, Unanswered
from services.outages.learning import deaf, learn, rates, unsure
from services.outages.likelihood import weigh
from services.outages.rates import QUANTUM_MS
from services.outages.reasons import Reason
from services.outages.reconciling import reconcile
from services.outages.scene import PROOF_MS, may_move, scene
from services.outages.suspecting import patience, shares_heard

if TYPE_CHECKING:
    from services.outages.board import Board

TELLING_MS = 10_800_000
"""Silence that has lasted longer than this tells nothing more."""
CALM_MS = 5_000
"""A feeder that was weighed so short a while ago is not weighed again for reports that its incidents explain already."""


def infer(board: Board) -> None:
    """Weigh every feeder again of which something was heard, or where silence has become telling."""
    standing = board.turn.get(Gathering, board.turn.shard)
    if standing is not None:
        board.turn.remove(standing)
    _forget_answers(board)
    _join_at_once(board)
    changed = {board.path(device)[-1] for device in board.touched if board.is_device(device)}
    changed |= {board.path(each.device)[-1] for each in board.pendings()}
    due = {each.id for each in board.turn.all(Suspected) if each.due_at is not None and each.due_at <= board.now}
    for head in sorted(changed | due):
        _feeder(board, head, changed=head in changed)


def _join_at_once(board: Board) -> None:
    """Let reports behind a device that was just weighed join its incident; the feeder is weighed again in a moment."""
    fresh = {each.id: each for each in board.turn.all(Suspected) if board.now < each.weighed_at + CALM_MS}
    if not fresh:
        return
    by_device = {each.device: each for each in reversed(board.incidents()) if may_move(each)}
    joined: dict[str, list[str]] = {}
    for pending in board.pendings():
        path = board.path(pending.device)
        suspected = fresh.get(path[-1])
        incident = next((by_device[step] for step in path if step in by_device), None)
        if suspected is None or incident is None or pending.priority:
            continue
        joined.setdefault(incident.id, []).append(pending.id)
        soon = suspected.weighed_at + CALM_MS
        due_at = soon if suspected.due_at is None else min(suspected.due_at, soon)
        board.turn.put(replace(suspected, due_at=due_at, changed_at=board.now))
    for incident_id, customers in sorted(joined.items()):
        incident = board.incident(incident_id)
        if incident is not None:
            board.bring_out(incident, customers, Reason.BEHIND_FAILED_DEVICE)
            board.confirm(board.incident(incident_id) or incident)


def _feeder(board: Board, head: str, *, changed: bool) -> None:
    standing = board.turn.get(Suspected, head)
    if not board.is_device(head):
        if standing is not None:
            board.turn.remove(standing)
        return
    tree, believed_rates = board.grid.tree(board.network), rates(board)
    movable = {each.id for each in board.incidents() if may_move(each) and board.behind(each.device, head)}
    seen = scene(board, head, tree, movable)
    if not seen.reporters:
        if standing is not None:
            learn(board, standing)
        return
    for position in board.positions():
        if position.source == SCADA and position.stands_closed() and board.behind(position.id, head):
            seen.evidence.clear(board.network.number_of(position.id), (position.at + FRESH_MS) // QUANTUM_MS)
    at = board.now // QUANTUM_MS
    believed = 0.0 if standing is None else standing.believed_milli / 1000
    weighed = weigh(tree, believed_rates, seen.evidence, at, believed, deaf=deaf(board), unsure=unsure(board))
    due = reconcile(board, weighed, seen, movable)
    changed_at = board.now if standing is None or changed else standing.changed_at
    if board.now < changed_at + TELLING_MS:
        due.append((at + patience(weighed, at, changed_at // QUANTUM_MS)) * QUANTUM_MS)
    calls, asked, gasps, awaited = shares_heard(tree, believed_rates, seen.evidence, weighed, at)
    board.turn.put(
        Suspected(
            id=head,
            weighed_at=board.now,
            changed_at=changed_at,
            due_at=min(due, default=None),
            believed_milli=round(1000 * sum(weighed.probability)),
            heard=(calls, round(asked * 1000), gasps, round(awaited * 1000)),
        )
    )


def _forget_answers(board: Board) -> None:
    """Forget what was answered so long ago that it says nothing of now."""
    answers: list[Proven | Unanswered] = [*board.turn.all(Proven), *board.turn.all(Unanswered)]
    for answer in answers:
        if answer.at < board.now - PROOF_MS:
            board.turn.remove(answer)

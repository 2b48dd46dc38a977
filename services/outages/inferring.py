"""Turns clusters of unexplained reports into incidents: opened, moved up, or joined with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from services.outages.entities import Basis, Gathering, Incident, Pending, WindowState
from services.outages.explaining import CALLERS, METERS, Explanation, Standing, explain
from services.outages.gathering import Cluster, clusters, may_be_same
from services.outages.hinting import NOBODY, evidence
from services.outages.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.outages.board import Board


def infer(board: Board) -> None:
    """Explain every cluster that was held long enough; the others go on waiting."""
    gathering = board.turn.get(Gathering, board.turn.shard)
    if gathering is None or gathering.due_at > board.now:
        return
    waiting = []
    found = [each for each in board.pendings() if each.priority]
    for cluster in clusters(board.network, found):
        _explain(board, cluster)
    for cluster in clusters(board.network, [*board.pendings(), *evidence(board)]):
        if cluster.due_at <= board.now:
            _explain(board, cluster)
        else:
            waiting.append(cluster.due_at)
    if waiting:
        board.turn.put(replace(gathering, due_at=min(waiting)))
    else:
        board.turn.remove(gathering)


def again_now(board: Board) -> None:
    """Have customers whose outage was taken back explained in this very turn."""
    board.turn.put(Gathering(id=board.turn.shard, due_at=board.now))


def _explain(board: Board, cluster: Cluster) -> None:
    standing = [
        each
        for each in board.incidents()
        if may_be_same(each, cluster)
        and board.is_device(each.device)
        and board.network.device(each.device).feeder == cluster.feeder
    ]
    found = explain(
        board.network,
        {pending.id: pending.device for pending in cluster.members},
        [Standing(incident=each.id, device=each.device, heard=each.heard, whole=each.whole) for each in standing],
        _dark(board, {each.id for each in standing}),
        METERS if cluster.metered else CALLERS,
        lambda device: board.shown_closed(device, cluster.start),
    )
    for explanation in found:
        _act(board, cluster, explanation)


def _dark(board: Board, besides: Iterable[str]) -> Callable[[str], int]:
    """Return how many customers behind a device were out before: O(incidents) a call, no walk over customers."""
    left = frozenset(besides)
    known = [(each.device, board.ledger.count(each)) for each in board.incidents() if each.id not in left]
    known += [
        (isolate, len(board.customers_behind(isolate)))
        for window in board.windows(WindowState.ACTIVE)
        for isolate in window.isolates
    ]
    return lambda device: sum(count for at, count in known if board.behind(at, device))


def _act(board: Board, cluster: Cluster, explanation: Explanation) -> None:
    absorbed = [each for each in map(board.incident, explanation.absorbs) if each is not None]
    reporters = frozenset(explanation.reporters)
    members = [each for each in cluster.members if each.id in reporters]
    facts = sorted(report for each in members for report in each.reports)
    customers = [each.id for each in members if not each.id.startswith(NOBODY)]
    if not explanation.whole and not customers:
        return
    start, basis = _start(cluster, members)
    kept = min(absorbed, key=lambda each: (each.opened_at, each.id), default=None)
    if kept is None:
        kept = board.open(
            device=explanation.device,
            whole=explanation.whole,
            basis=basis,
            started_at=start,
            reason=Reason.LOWEST_COMMON_DEVICE if explanation.whole else Reason.ONLY_WHO_REPORTED,
            facts=facts,
        )
    else:
        by_meter = basis is Basis.METER
        kept = board.change(
            kept,
            Reason.NEIGHBOURS_REPORT,
            facts,
            device=explanation.device,
            whole=explanation.whole,
            started_at=min(start, kept.started_at) if by_meter else kept.started_at,
            basis=Basis.METER if by_meter else kept.basis,
        )
        for other in absorbed:
            if other.id != kept.id:
                absorb(board, kept, other)
    kept = board.incident(kept.id) or kept
    board.bring_out(kept, board.customers_behind(kept.device) if kept.whole else customers, Reason.BEHIND_FAILED_DEVICE)
    board.confirm(board.incident(kept.id) or kept)


def absorb(
    board: Board,
    kept: Incident,
    other: Incident,
    reason: Reason = Reason.NEIGHBOURS_REPORT,
    facts: Iterable[str] = (),
    *,
    one_loss: bool = True,
) -> None:
    """Let one incident take over another with its customers and reporters. `one_loss`: all of them lost power together."""
    for out in board.ledger.held_by(other):
        later = one_loss and out.guessed and out.since > kept.started_at
        board.ledger.hand_over(out, kept, reason, since=kept.started_at if later else None)
    current = board.incident(kept.id) or kept
    board.quietly(current, heard=current.heard + other.heard)
    board.merge(other, kept, reason, facts)


def _start(cluster: Cluster, members: Iterable[Pending]) -> tuple[int, Basis]:
    """Return since when those reporters are out, and what that rests on: their meters' first loss, or their first call."""
    losses = [each.gasp_at for each in members if each.gasp_at is not None]
    if losses:
        return min(losses), Basis.METER
    return min((each.call_at for each in members if each.call_at is not None), default=cluster.start), Basis.CALL

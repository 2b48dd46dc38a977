"""Which unexplained reports speak of the same moment, and when they have been held long enough to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.network import Network
    from services.outages.entities import Incident, Pending

HOLD_MS = 60_000
"""How long the first report of a cluster is held: gasps of one fault come 30 to 65 seconds after the loss."""
SAME_LOSS_MS = 30_000
"""Meters that lost voltage within this time of one another may have lost it together."""
NEAR_LOSS_MS = 120_000
"""An incident whose start lies this near to a loss may be the same fault; meters' clocks and late gasps stretch it."""
CALLS_MS = 2_700_000
"""Callers of one fault call within this time of one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Unexplained reports behind one feeder that may have one cause. `metered`: a meter spoke. Milliseconds."""

    feeder: str
    metered: bool
    start: int
    due_at: int
    members: tuple[Pending, ...]


def clusters(network: Network, pendings: Iterable[Pending]) -> list[Cluster]:
    """Return the clusters, by feeder and start. A call belongs to the last loss before it that meters told of, if any did."""
    by_feeder: dict[str, list[Pending]] = {}
    for pending in pendings:
        by_feeder.setdefault(network.device(pending.device).feeder, []).append(pending)
    return [cluster for feeder in sorted(by_feeder) for cluster in _of_feeder(feeder, by_feeder[feeder])]


def _of_feeder(feeder: str, pendings: Sequence[Pending]) -> list[Cluster]:
    gasps = sorted((each.gasp_at, each.id, each) for each in pendings if each.gasp_at is not None)
    losses: list[list[Pending]] = []
    starts: list[int] = []
    last = None
    for at, _, pending in gasps:
        if last is None or at - last > SAME_LOSS_MS:
            losses.append([])
            starts.append(at)
        losses[-1].append(pending)
        last = at
    alone: list[Pending] = []
    for pending in sorted(pendings, key=lambda each: each.id):
        if pending.gasp_at is None and pending.call_at is not None:
            before = [n for n, start in enumerate(starts) if start - SAME_LOSS_MS <= pending.call_at]
            (losses[before[-1]] if before else alone).append(pending)
    found = [_cluster(feeder, start, loss, metered=True) for start, loss in zip(starts, losses, strict=True)]
    if alone:
        found.append(_cluster(feeder, min(each.call_at or 0 for each in alone), alone, metered=False))
    return found


def _cluster(feeder: str, start: int, members: list[Pending], *, metered: bool) -> Cluster:
    return Cluster(
        feeder=feeder,
        metered=metered,
        start=start,
        due_at=min(each.heard_at for each in members) + HOLD_MS,
        members=tuple(members),
    )


def may_be_same(incident: Incident, cluster: Cluster) -> bool:
    """Answers whether a cluster's reports may belong to an open incident that nobody has looked at yet.

    The silence of meters weighs so much more than that of callers that an incident which rests on meters never moves for calls.
    """
    if not incident.is_open or incident.found or incident.fixed or incident.switched:
        return False
    if incident.back_at is not None or incident.upstream is not None:
        return False
    by_meter = incident.basis == "meter"
    if cluster.metered:
        after = incident.started_at - cluster.start
        return abs(after) <= NEAR_LOSS_MS if by_meter else -SAME_LOSS_MS <= after <= CALLS_MS
    return not by_meter and abs(incident.started_at - cluster.start) <= CALLS_MS

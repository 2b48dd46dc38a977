"""Brings the incidents of a feeder in line with what is suspected: opened, moved, joined, split, and who is out under each.

A device that is believed to have failed takes out everybody behind it, once reports have been gathered for a minute; below that
belief only who reported is out. An incident that was made known stays where it is until another device is clearly likelier.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.outages.believing import has_moved
from services.outages.entities import Basis, EstimateBasis, Hypothesis, Incident
from services.outages.estimate import estimate
from services.outages.expecting import is_experienced
from services.outages.gathering import HOLD_MS, NEAR_LOSS_MS
from services.outages.reasons import Reason
from services.outages.suspecting import MOST, Cluster, Suspect, clusters_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from services.outages.board import Board
    from services.outages.entities import Out
    from services.outages.likelihood import Weighed
    from services.outages.scene import Reporter, Scene

STAYS = 0.3
"""An incident that was made known stays at its device while that is still this likely, and no other one is believed."""


@dataclass(slots=True)
class Group:
    """What is taken for one fault: its suspects, first the one it lies at, whether that is believed, and who reported it."""

    suspects: Sequence[Suspect]
    believed: bool
    members: list[Reporter] = field(default_factory=list)

    @property
    def device(self) -> int:
        """The device it lies at, by number."""
        return self.suspects[0].device


def reconcile(board: Board, weighed: Weighed, seen: Scene, movable: Collection[str]) -> list[int]:
    """Bring the incidents in line; return when reports will have been gathered long enough, milliseconds."""
    groups = _groups(board, weighed, seen, movable)
    votes = _votes(groups)
    kept = _kept(board, votes, movable)
    parent = seen.evidence.parent
    settled: dict[int, str] = {}
    due = []
    for place in sorted(range(len(groups)), key=lambda n: (-_depth(parent, groups[n].device), groups[n].device, n)):
        incident = _settle(board, groups[place], kept.get(place), movable, set(settled.values()))
        if incident is not None:
            settled[place] = incident.id
        due += [at for at in _ripe_at(groups[place], incident) if at > board.now]
    for left in sorted(set(movable) - set(settled.values())):
        into = settled.get(votes[left]) if left in votes else None
        _leave(board, left, into)
    return due


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


# ------------------------------------------------------------------------------------------------- who belongs together
def _groups(board: Board, weighed: Weighed, seen: Scene, movable: Collection[str]) -> list[Group]:
    likely = dict(zip(weighed.devices, weighed.probability, strict=True))
    known = {each.device: each for each in board.incidents() if each.id in movable and each.whole and each.revision}
    groups = [_standing(board, cluster, known) for cluster in clusters_in(seen.evidence.parent, weighed)]
    believed = {group.device: group for group in groups if group.believed}
    lone: dict[int, Group] = {}
    for reporter in seen.reporters:
        path = list(seen.evidence.path(reporter.device))
        group = next((believed[step] for step in path if step in believed and _fits(believed[step], reporter)), None)
        group = group or _likeliest(groups, set(path))
        if group is None:
            # Hardly any device may have failed: it is his own trouble, or no trouble at all.
            suspects = [Suspect(step, likely[step], reporter.first) for step in path]
            group = lone.setdefault(reporter.device, Group(suspects, believed=False))
        group.members.append(reporter)
    return [each for each in [*groups, *(lone[device] for device in sorted(lone))] if each.members]


def _standing(board: Board, cluster: Cluster, known: Mapping[str, Incident]) -> Group:
    """Return the group of a cluster; where nothing is believed, a device that was made known goes on being so for a while."""
    if not cluster.believed:
        for suspect in cluster.suspects:
            if suspect.probability >= STAYS and board.network.devices[suspect.device].id in known:
                others = [each for each in cluster.suspects if each is not suspect]
                return Group((suspect, *others), believed=True)
    return Group(cluster.suspects, cluster.believed)


def _fits(group: Group, reporter: Reporter) -> bool:
    return group.suspects[0].start <= reporter.first + NEAR_LOSS_MS


def _likeliest(groups: Sequence[Group], path: Collection[int]) -> Group | None:
    """Return the group, of those that are not believed, with the likeliest suspect on the way of a reporter to the source."""
    found = [
        (suspect.probability, -place, group)
        for place, group in enumerate(groups)
        if not group.believed
        for suspect in group.suspects
        if suspect.device in path
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def _votes(groups: Sequence[Group]) -> dict[str, int]:
    """Return for each incident the place of the group that most of its reporters are in now."""
    counts: dict[str, Counter[int]] = {}
    for place, group in enumerate(groups):
        for member in group.members:
            if member.holder is not None:
                counts.setdefault(member.holder, Counter())[place] += 1
    return {incident: min(found, key=lambda place: (-found[place], place)) for incident, found in counts.items()}


def _kept(board: Board, votes: Mapping[str, int], movable: Collection[str]) -> dict[int, Incident]:
    """Return the incident that goes on for each group: the oldest of those made known, or else of all whose reporters it has."""
    found: dict[int, list[Incident]] = {}
    for name, place in votes.items():
        incident = board.incident(name)
        if incident is not None and name in movable:
            found.setdefault(place, []).append(incident)
    return {place: min(each, key=lambda i: (i.revision == 0, i.opened_at, i.id)) for place, each in found.items()}


# ------------------------------------------------------------------------------------------------------ what follows
def _settle(
    board: Board, group: Group, kept: Incident | None, movable: Collection[str], settled: Collection[str]
) -> Incident | None:
    """Open or move the incident of a group, and let be out under it who is; return it, None while only places are named."""
    customers = [each.id for each in group.members if each.is_customer]
    facts = sorted(report for each in group.members if each.holder is None for report in each.reports)
    start, basis = _start(group.members)
    whole = group.believed
    if kept is None:
        known = [found for each in group.members if each.holder and (found := board.incident(each.holder)) is not None]
        gathered = min(
            [each.publish_at for each in known]
            + [each.heard_at + HOLD_MS for each in group.members if each.holder is None]
        )
        urgent = any(each.priority for each in group.members) or any(each.revision for each in known)
        if not customers and (not whole or gathered > board.now):
            return None
        device = board.network.devices[group.device].id
        incident = board.open(
            device=device,
            whole=False,
            basis=basis,
            started_at=start,
            reason=Reason.LOWEST_COMMON_DEVICE if whole else Reason.ONLY_WHO_REPORTED,
            facts=facts,
            publish_at=board.now if urgent or not customers else max(board.now, gathered),
        )
    else:
        incident = kept
        if incident.publish_at > board.now and any(each.priority for each in group.members):
            incident = board.quietly(incident, publish_at=board.now)
    whole = whole and incident.publish_at <= board.now
    was = incident
    incident = _moved(board, incident, group, start, basis, facts, whole=whole)
    moved = kept is None or (incident.device, incident.whole) != (was.device, was.whole)
    for member in group.members:
        out = board.ledger.out(member.id) if member.holder is not None else None
        if out is not None and out.holder != incident.id:
            board.ledger.hand_over(out, incident, Reason.NEIGHBOURS_REPORT, since=_since(out, incident))
    if moved:
        if whole:
            _take_presumed(board, incident, set(movable) - set(settled))
        _void_presumed(board, incident)
    new = board.customers_behind(incident.device) if whole and moved else _new(group)
    board.bring_out(board.incident(incident.id) or incident, new, Reason.BEHIND_FAILED_DEVICE)
    incident = board.quietly(board.incident(incident.id) or incident, heard=len(group.members))
    _believe(board, incident, group)
    board.confirm(board.incident(incident.id) or incident)
    return board.incident(incident.id)


def _moved(
    board: Board, incident: Incident, group: Group, start: int, basis: Basis, facts: Sequence[str], *, whole: bool
) -> Incident:
    """Move an incident to the likeliest device, if it is another one; a guess among equals stays where it is."""
    suspects: dict[str, float] = {board.network.devices[each.device].id: each.probability for each in group.suspects}
    device, likely = next(iter(suspects.items()))
    if not group.believed and suspects.get(incident.device, 0.0) >= likely / 2:
        device = incident.device
    by_meter = basis is Basis.METER
    earlier = min(start, incident.started_at) if by_meter and incident.basis is Basis.METER else incident.started_at
    # What was known of before a meter tells its loss began before it was known of, at the latest.
    started_at = min(start, incident.opened_at) if by_meter and incident.basis is not Basis.METER else earlier
    new_basis = Basis.METER if by_meter else incident.basis
    if (device, whole) != (incident.device, incident.whole):
        if whole and not incident.whole:
            reason = Reason.LOWEST_COMMON_DEVICE
        else:
            reason = Reason.LESS_LIKELY if incident.whole and not whole else Reason.NEIGHBOURS_REPORT
        # Nothing new may have been heard: what moves twice at one instant moves to elsewhere, or was published meanwhile.
        facts = facts or [device, f"{incident.revision}"]
        moved = board.change(
            incident, reason, facts, device=device, whole=whole, started_at=started_at, basis=new_basis
        )
        return _expected(board, moved, facts)
    if (started_at, new_basis) != (incident.started_at, incident.basis):
        return board.quietly(incident, started_at=started_at, basis=new_basis)
    return incident


def _expected(board: Board, incident: Incident, facts: Sequence[str]) -> Incident:
    """Expect power back as is usual for the device that is suspected now."""
    if incident.estimate_basis is not EstimateBasis.DEVICE or is_experienced(board):
        return incident
    until = estimate(board.grid.spot(incident.device).device_class, incident.opened_at)
    if not incident.revision:
        return board.quietly(incident, estimate=until)
    board.revise(incident, until, EstimateBasis.DEVICE, facts)
    return board.incident(incident.id) or incident


def _new(group: Group) -> list[str]:
    return [each.id for each in group.members if each.holder is None and each.is_customer]


def _since(out: Out, incident: Incident) -> int | None:
    return incident.started_at if out.guessed and out.since > incident.started_at and not out.reported else None


def _take_presumed(board: Board, incident: Incident, others: Collection[str]) -> None:
    """Take over from other guesses whom they only presume to be out, where that is behind this device."""
    for name in sorted(others):
        other = board.incident(name)
        if other is None or name == incident.id:
            continue
        for out in board.ledger.held_by(other):
            if not out.reported and board.behind(board.ledger.device(out.id), incident.device):
                board.ledger.hand_over(out, incident, Reason.NEIGHBOURS_REPORT, since=_since(out, incident))


def _void_presumed(board: Board, incident: Incident) -> None:
    """Take back whom nothing shows to be out any more."""
    for out in board.ledger.held_by(incident):
        presumed = incident.whole and board.behind(board.ledger.device(out.id), incident.device)
        if not out.reported and not presumed:
            board.ledger.void(out, Reason.LESS_LIKELY)


def _leave(board: Board, name: str, into: str | None) -> None:
    """Let a guess go up in the one that has most of its reporters; one of which nobody reports any more stays as it is."""
    incident, kept = board.incident(name), None if into is None else board.incident(into)
    if incident is None or kept is None or not incident.is_open:
        return
    for out in board.ledger.held_by(incident):
        if out.reported:
            return
        if kept.whole and board.behind(board.ledger.device(out.id), kept.device):
            board.ledger.hand_over(out, kept, Reason.NEIGHBOURS_REPORT, since=_since(out, kept))
        else:
            board.ledger.void(out, Reason.LESS_LIKELY)
    board.merge(board.incident(name) or incident, board.incident(kept.id) or kept, Reason.NEIGHBOURS_REPORT)


def _believe(board: Board, incident: Incident, group: Group) -> None:
    """Keep what may have failed with the incident, where that changed by enough to be told."""
    new = tuple(
        Hypothesis(board.network.devices[each.device].id, round(each.probability * 1000))
        for each in sorted(group.suspects, key=lambda suspect: -suspect.probability)[:MOST]
        if each.probability > 0.0
    )
    if has_moved(incident.hypotheses, new):
        board.quietly(incident, hypotheses=new)
        board.rows.add(incident.id)


def _ripe_at(group: Group, incident: Incident | None) -> Iterator[int]:
    if incident is not None:
        yield incident.publish_at
    elif group.believed:
        yield min(each.heard_at for each in group.members) + HOLD_MS


def _start(members: Iterable[Reporter]) -> tuple[int, Basis]:
    """Return since when reporters are out, and what that rests on: their meters' first loss, or their first call."""
    losses = [each.gasp_at for each in members if each.gasp_at is not None]
    if losses:
        return min(losses), Basis.METER
    return min(each.first for each in members), Basis.CALL


def _depth(parent: Sequence[int], device: int) -> int:
    depth = 0
    while parent[device] >= 0:
        device, depth = parent[device], depth + 1
    return depth

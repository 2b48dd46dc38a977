"""The audience: who is without power, under which incident, and what they have been told of this outage.

A customer is out at most once at a time, so the audience is one entity for each customer who is out. Incidents hand
customers to one another (merged; a nested one found below); what they were told goes with them.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import IncidentChanged, IncidentState
from services.clock import to_ms
from services.engine.turn import Entity, Fact, Turn
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

ENDED = frozenset({IncidentState.CLOSED, IncidentState.DISMISSED})


class Affected(Entity, frozen=True, kw_only=True):
    """A customer without power: the incident that holds him, since when (ms), and the notices of this outage.

    `told_out` says that he was told; `told_crew` names the incident whose crew he was told of.
    """

    kind: ClassVar[str] = "affected"
    incident: str
    since: int
    told_out: bool = False
    told_crew: str = ""
    notices: tuple[str, ...] = ()


class Followed(Entity, frozen=True, kw_only=True):
    """An incident as far as it was followed: the last revision, its estimate (ms), and what it was merged into."""

    kind: ClassVar[str] = "followed"
    revision: int
    estimate: int | None = None
    merged_into: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A customer whose power failed or returned in this turn: as he stood before, and the event that says so."""

    affected: Affected
    fact: Fact
    incident: str


@dataclasses.dataclass(slots=True)
class Changes:
    """What this turn's facts come to: customers newly out and customers with power again, by customer."""

    out: dict[str, Change] = dataclasses.field(default_factory=dict)
    back: dict[str, Change] = dataclasses.field(default_factory=dict)


def in_order(facts: Iterable[Fact]) -> list[tuple[Fact, IncidentChanged]]:
    """Return the incident facts in an order that does not depend on arrival or on ids.

    By time; of one time the merged incidents first, so that the one that took their customers finds them; of one
    incident by revision.
    """
    found = [(fact, fact.what) for fact in facts if isinstance(fact.what, IncidentChanged)]
    merged = {(fact.at, event.incident) for fact, event in found if event.state is IncidentState.MERGED}
    return sorted(
        found,
        key=lambda pair: (
            pair[0].at,
            (pair[0].at, pair[1].incident) not in merged,
            pair[1].incident,
            pair[1].revision,
        ),
    )


def follow(turn: Turn) -> Changes:
    """Bring the audience up to this turn's facts and return who has to be told of a change."""
    changes = Changes()
    for fact, event in in_order(turn.facts):
        followed = turn.get(Followed, event.incident)
        if followed is not None and event.revision <= followed.revision:
            turn.note(followed, "stays", Reason.OUTDATED_REVISION, [fact.id])
            continue
        followed = Followed(
            id=event.incident,
            revision=event.revision,
            estimate=None if event.estimate is None else to_ms(event.estimate),
            merged_into=event.merged_into,
        )
        turn.put(followed)
        turn.note(followed, event.state, Reason.INCIDENT_CHANGED, [fact.id])
        for customer in sorted(event.out):
            _lost(turn, changes, customer, fact, event)
        for customer in sorted(event.restored):
            _returned(turn, changes, customer, fact, event)
        if event.merged_into is not None:
            for affected in held_by(turn, event.incident):
                _hand_over(turn, affected, holder(turn, event.merged_into), fact)
        elif event.state in ENDED:
            for affected in held_by(turn, event.incident):
                turn.remove(affected)
                turn.note(affected, "forgotten", Reason.INCIDENT_ENDED, [fact.id])
                changes.out.pop(affected.id, None)
            _forget(turn, event.incident)
    return changes


def _forget(turn: Turn, incident: str) -> None:
    """Drop an incident that ended, and those that were merged into it: nothing more will be said of them."""
    for followed in [f for f in turn.all(Followed) if holder(turn, f.id) == incident]:
        turn.remove(followed)


def held_by(turn: Turn, incident: str) -> list[Affected]:
    """Return the customers that an incident holds, by id."""
    return turn.all(Affected, lambda affected: affected.incident == incident)


def holder(turn: Turn, incident: str) -> str:
    """Return the incident that stands for this one: itself, or the one that it was merged into, however often."""
    seen = {incident}
    while (followed := turn.get(Followed, incident)) is not None and followed.merged_into is not None:
        incident = followed.merged_into
        if incident in seen:
            return incident
        seen.add(incident)
    return incident


def _lost(turn: Turn, changes: Changes, customer: str, fact: Fact, event: IncidentChanged) -> None:
    incident = holder(turn, event.incident)
    standing = turn.get(Affected, customer)
    if standing is not None:
        if standing.incident != incident:
            _hand_over(turn, standing, incident, fact)
        return
    before = changes.back.pop(customer, None)
    if before is not None:
        turn.put(msgspec.structs.replace(before.affected, incident=incident))
        turn.note(before.affected, "stays", Reason.STILL_OUT, [before.fact.id, fact.id])
        return
    affected = Affected(id=customer, incident=incident, since=to_ms(event.started_at))
    turn.put(affected)
    changes.out[customer] = Change(affected, fact, event.incident)


def _returned(turn: Turn, changes: Changes, customer: str, fact: Fact, event: IncidentChanged) -> None:
    standing = turn.get(Affected, customer)
    if standing is None:
        return
    if standing.incident != holder(turn, event.incident):
        turn.note(standing, "stays", Reason.OTHER_HOLDER, [fact.id])
        return
    turn.remove(standing)
    began = changes.out.pop(customer, None)
    if began is not None:
        turn.note(standing, "untold", Reason.BACK_BEFORE_TOLD, [began.fact.id, fact.id])
    else:
        changes.back[customer] = Change(standing, fact, event.incident)


def _hand_over(turn: Turn, affected: Affected, incident: str, fact: Fact) -> None:
    turn.put(msgspec.structs.replace(affected, incident=incident))
    if affected.told_out:
        turn.note(affected, "handedOver", Reason.TOLD_BEFORE, [fact.id])

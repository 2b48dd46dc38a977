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

    `told_out` says that he was told; `told_estimate` is the restoration that was last named to him and `told_at` when;
    `told_crew` names the incident whose crew he was told of. `notices` are those that may not have been sent yet.
    """

    kind: ClassVar[str] = "affected"
    incident: str
    since: int
    told_out: bool = False
    told_estimate: int | None = None
    told_at: int = 0
    told_crew: str = ""
    notices: tuple[str, ...] = ()


class Returned(Entity, frozen=True, kw_only=True):
    """A customer who was told of his outage, has power again since `at` (ms), and was not told so yet. `was`: as he stood."""

    kind: ClassVar[str] = "returned"
    at: int
    incident: str
    was: Affected


class Followed(Entity, frozen=True, kw_only=True):
    """An incident as far as it was followed: the last revision, its estimate (ms), and what it was merged into.

    `crew` is the order whose crew is on its way, `arrival` (ms) when it should be there.
    """

    kind: ClassVar[str] = "followed"
    revision: int
    estimate: int | None = None
    merged_into: str | None = None
    crew: str = ""
    arrival: int | None = None


@dataclasses.dataclass(slots=True)
class Heard:
    """Whom this turn's facts may give something to be told, each with the fact that says so.

    Customers newly out, customers with power again (told of their outage), customers that another incident holds now, and
    incidents of which something changed that concerns whoever they hold.
    """

    out: dict[str, str] = dataclasses.field(default_factory=dict)
    back: dict[str, str] = dataclasses.field(default_factory=dict)
    moved: dict[str, str] = dataclasses.field(default_factory=dict)
    incidents: dict[str, str] = dataclasses.field(default_factory=dict)


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


def follow(turn: Turn) -> Heard:
    """Bring the audience up to this turn's facts and return who may have to be told something."""
    heard = Heard()
    for fact, event in in_order(turn.facts):
        before = turn.get(Followed, event.incident)
        if before is not None and event.revision <= before.revision:
            turn.note(before, "stays", Reason.OUTDATED_REVISION, [fact.id])
            continue
        followed = Followed(
            id=event.incident,
            revision=event.revision,
            estimate=None if event.estimate is None else to_ms(event.estimate),
            merged_into=event.merged_into,
            crew="" if before is None else before.crew,
            arrival=None if before is None else before.arrival,
        )
        turn.put(followed)
        turn.note(followed, event.state, Reason.INCIDENT_CHANGED, [fact.id])
        if before is not None and followed.estimate != before.estimate:
            heard.incidents[holder(turn, event.incident)] = fact.id
        for customer in sorted(event.out):
            _lost(turn, heard, customer, fact, event)
        for customer in sorted(event.restored):
            _returned(turn, heard, customer, fact, event)
        if event.merged_into is not None:
            for affected in held_by(turn, event.incident):
                _hand_over(turn, heard, affected, holder(turn, event.merged_into), fact)
        elif event.state in ENDED:
            for affected in held_by(turn, event.incident):
                turn.remove(affected)
                turn.note(affected, "forgotten", Reason.INCIDENT_ENDED, [fact.id])
                heard.out.pop(affected.id, None)
            _forget(turn, event.incident)
    return heard


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


def _lost(turn: Turn, heard: Heard, customer: str, fact: Fact, event: IncidentChanged) -> None:
    incident = holder(turn, event.incident)
    standing = turn.get(Affected, customer)
    if standing is not None:
        if standing.incident != incident:
            _hand_over(turn, heard, standing, incident, fact)
        return
    returned = turn.get(Returned, customer)
    if returned is not None:
        turn.remove(returned)
        turn.put(msgspec.structs.replace(returned.was, incident=incident))
        turn.note(returned.was, "stays", Reason.STILL_OUT, [heard.back.pop(customer, fact.id), fact.id])
        heard.moved[customer] = fact.id
        return
    # A beginning that lies ahead is none; one that no calendar holds would be no words.
    turn.put(Affected(id=customer, incident=incident, since=min(to_ms(event.started_at), turn.now)))
    heard.out[customer] = fact.id


def _returned(turn: Turn, heard: Heard, customer: str, fact: Fact, event: IncidentChanged) -> None:
    standing = turn.get(Affected, customer)
    if standing is None:
        return
    incident = holder(turn, event.incident)
    if standing.incident != incident:
        turn.note(standing, "stays", Reason.OTHER_HOLDER, [fact.id])
        return
    turn.remove(standing)
    began = heard.out.pop(customer, None)
    if began is not None:
        turn.note(standing, "untold", Reason.BACK_BEFORE_TOLD, [began, fact.id])
    elif standing.told_out:
        turn.put(Returned(id=customer, at=fact.at, incident=event.incident, was=standing))
        heard.back[customer] = fact.id
    else:
        turn.note(standing, "untold", Reason.NEVER_TOLD, [fact.id])


def _hand_over(turn: Turn, heard: Heard, affected: Affected, incident: str, fact: Fact) -> None:
    turn.put(msgspec.structs.replace(affected, incident=incident))
    heard.moved[affected.id] = fact.id
    if affected.told_out:
        turn.note(affected, "handedOver", Reason.TOLD_BEFORE, [fact.id])

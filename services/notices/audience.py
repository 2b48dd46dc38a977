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
BACK = frozenset({IncidentState.PARTIALLY_RESTORED, IncidentState.RESTORED, IncidentState.CLOSED})
_FOUND_BESIDE = "foundByCrew"
"""The reason of an incident that was found while what is above it is not mended."""


class Known(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was told of an outage by one way.

    `out`: that power is out. `estimate` is the restoration that was last named and `at` when; `crew` names the incident whose
    crew was told of, `still` the one of which it was told that it goes on though what failed above is mended. `notices` are
    those that may not have been sent yet.
    """

    out: bool = False
    estimate: int | None = None
    at: int = 0
    crew: str = ""
    still: str = ""
    notices: tuple[str, ...] = ()


class Affected(Entity, frozen=True, kw_only=True, omit_defaults=True):
    """A customer without power: the incident that holds him, since when (ms), and what he was told of this outage.

    What starts with `told`, and `notices`, is what is `known` by the first phone; `others` has it by further ways. `told_us`: he
    reported it himself. `above` is the incident that was mended while he stays out under another one.
    """

    kind: ClassVar[str] = "affected"
    incident: str
    since: int
    told_out: bool = False
    told_estimate: int | None = None
    told_at: int = 0
    told_crew: str = ""
    notices: tuple[str, ...] = ()
    told_still: str = ""
    told_us: bool = False
    above: str = ""
    others: dict[str, Known] = msgspec.field(default_factory=dict)

    def known(self, way: str = "") -> Known:
        """Return what was told by a way."""
        if way:
            return self.others.get(way, Known())
        return Known(
            out=self.told_out,
            estimate=self.told_estimate,
            at=self.told_at,
            crew=self.told_crew,
            still=self.told_still,
            notices=self.notices,
        )

    def knowing(self, way: str, known: Known) -> Affected:
        """Return the customer with what is told by a way from now on."""
        if way:
            return msgspec.structs.replace(self, others={**self.others, way: known})
        return msgspec.structs.replace(
            self,
            told_out=known.out,
            told_estimate=known.estimate,
            told_at=known.at,
            told_crew=known.crew,
            told_still=known.still,
            notices=known.notices,
        )

    @property
    def told(self) -> bool:
        """Answers whether the customer knows of the outage, by whichever way."""
        return self.told_out or self.told_us or any(known.out for known in self.others.values())


class Returned(Entity, frozen=True, kw_only=True, omit_defaults=True):
    """A customer who was told of his outage and has power again since `at` (ms). `was`: as he stood.

    `done` are the ways by which he has been told so, or needs not be; `notices` those that may not have been sent yet, by way,
    and `told_at` (ms) when the last of them was decided. He is remembered for a while: power may fail again.
    """

    kind: ClassVar[str] = "returned"
    at: int
    incident: str
    was: Affected
    done: tuple[str, ...] = ()
    notices: dict[str, str] = msgspec.field(default_factory=dict)
    told_at: int = 0


class Followed(Entity, frozen=True, kw_only=True):
    """An incident as far as it was followed: the last revision, its estimate (ms), and what it was merged into.

    `crew` is the order whose crew is on its way, `arrival` (ms) when it should be there. `back`: some of its customers have
    power again. `above` is the incident above this one that is mended.
    """

    kind: ClassVar[str] = "followed"
    revision: int
    estimate: int | None = None
    merged_into: str | None = None
    crew: str = ""
    arrival: int | None = None
    back: bool = False
    above: str = ""


@dataclasses.dataclass(slots=True)
class Heard:
    """Whom this turn's facts may give something to be told, each with the fact that says so.

    Customers newly out, customers with power again (told of their outage), customers that another incident holds now, and
    incidents of which something changed that concerns whoever they hold. `undone` are notices of a return that holds no more,
    by customer and way.
    """

    out: dict[str, str] = dataclasses.field(default_factory=dict)
    back: dict[str, str] = dataclasses.field(default_factory=dict)
    moved: dict[str, str] = dataclasses.field(default_factory=dict)
    incidents: dict[str, str] = dataclasses.field(default_factory=dict)
    undone: list[Undone] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Undone:
    """A notice that told a customer by a way that power is back, where it is out again; `fact` says so."""

    customer: str
    way: str
    notice: str
    fact: str


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
            back=event.state in BACK or (before is not None and before.back),
            above=_mended_above(event),
        )
        turn.put(followed)
        turn.note(followed, event.state, Reason.INCIDENT_CHANGED, [fact.id])
        if before is not None:
            _hear_change(turn, heard, before, followed, fact)
        for customer in sorted(event.out):
            _lost(turn, heard, customer, fact, event)
        for customer in sorted(event.restored):
            _returned(turn, heard, customer, fact, event)
        if event.merged_into is not None:
            for affected in held_by(turn, event.incident):
                _hand_over(turn, heard, affected, holder(turn, event.merged_into), fact)
        elif event.state in ENDED:
            _end(turn, heard, event.incident, fact)
    return heard


def _hear_change(turn: Turn, heard: Heard, before: Followed, followed: Followed, fact: Fact) -> None:
    """Keep of which incidents an estimate changed, or what is above them is mended now."""
    if followed.estimate != before.estimate:
        heard.incidents[holder(turn, followed.id)] = fact.id
    if followed.back and not before.back:
        for below in turn.all(Followed, lambda each: each.above == followed.id):
            heard.incidents.setdefault(holder(turn, below.id), fact.id)


def _end(turn: Turn, heard: Heard, incident: str, fact: Fact) -> None:
    for affected in held_by(turn, incident):
        turn.remove(affected)
        turn.note(affected, "forgotten", Reason.INCIDENT_ENDED, [fact.id])
        heard.out.pop(affected.id, None)
    _forget(turn, incident)


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


def answered(turn: Turn, affected: Affected, ways: Iterable[str], estimate: int | None) -> None:
    """Keep that a customer who wrote to us was answered with what is known: by these ways he need not be told again."""
    for way in ways:
        known = affected.known(way)
        affected = affected.knowing(
            way,
            msgspec.structs.replace(
                known,
                out=True,
                estimate=known.estimate if estimate is None else estimate,
                at=known.at if estimate is None else turn.now,
                still=affected.incident,
            ),
        )
    turn.put(affected)


def _lost(turn: Turn, heard: Heard, customer: str, fact: Fact, event: IncidentChanged) -> None:
    incident = holder(turn, event.incident)
    told_us = customer in event.told_us
    standing = turn.get(Affected, customer)
    if standing is not None:
        if standing.incident != incident:
            _hand_over(turn, heard, standing, incident, fact, _mended_above(event))
        return
    # A beginning that lies ahead is none; one that no calendar holds would be no words.
    since = min(to_ms(event.started_at), turn.now)
    returned = turn.get(Returned, customer)
    if returned is None:
        turn.put(Affected(id=customer, incident=incident, since=since, told_us=told_us))
        heard.out[customer] = fact.id
        return
    turn.remove(returned)
    back = heard.back.pop(customer, fact.id)
    if returned.done:
        turn.put(_out_again(heard, returned, fact, since, incident, _mended_above(event), told_us=told_us))
        heard.out[customer] = fact.id
    else:
        turn.put(msgspec.structs.replace(returned.was, incident=incident))
        heard.moved[customer] = fact.id
    if returned.was.told and len(returned.done) <= len(returned.was.others):
        turn.note(returned.was, "stays", Reason.STILL_OUT, [back, fact.id])


def _out_again(
    heard: Heard, returned: Returned, fact: Fact, since: int, incident: str, above: str, *, told_us: bool
) -> Affected:
    """Return a customer who was told of his return, by some of his ways at least: by those he must be told again."""
    was = returned.was
    told = [way for way in ("", *was.others) if way in returned.done]
    again = Affected(
        id=was.id,
        incident=incident,
        since=since if "" in told else was.since,
        told_us=told_us or (was.told_us and "" not in told),
        above=above,
    )
    for way in ("", *was.others):
        again = again.knowing(way, Known() if way in told else was.known(way))
    heard.undone += [Undone(was.id, way, notice, fact.id) for way, notice in sorted(returned.notices.items())]
    return again


def _mended_above(event: IncidentChanged) -> str:
    """Return the incident above this one that is mended, as far as its change says; empty: none."""
    return "" if event.upstream is None or event.reason == _FOUND_BESIDE else event.upstream


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
        # What was told of an earlier return holds again.
        heard.undone = [undone for undone in heard.undone if undone.customer != customer]
    if began is not None and not standing.told:
        turn.note(standing, "untold", Reason.BACK_BEFORE_TOLD, [began, fact.id])
    elif standing.told:
        turn.put(Returned(id=customer, at=fact.at, incident=event.incident, was=standing))
        heard.back[customer] = fact.id
    else:
        turn.note(standing, "untold", Reason.NEVER_TOLD, [fact.id])


def _hand_over(
    turn: Turn, heard: Heard, affected: Affected, incident: str, fact: Fact, above: str | None = None
) -> None:
    """Let another incident hold a customer. `above` is what is mended above it; None: as before, the incident is the same one."""
    if above is None:
        above = affected.above
    elif holder(turn, above) != affected.incident:
        above = ""
    turn.put(msgspec.structs.replace(affected, incident=incident, above=above))
    heard.moved[affected.id] = fact.id
    if affected.told:
        turn.note(affected, "handedOver", Reason.TOLD_BEFORE, [fact.id])

"""The stage `notify`: decides which customer is told what, once, and follows the operator's receipts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from schemas.events import Event, IncidentChanged, OrderChanged, OrderState, TextOutcome, TextReceipt
from schemas.ids import derived
from services.clock import to_ms
from services.engine.turn import Entity, Fact, Turn, Unplaced
from services.notices import wording
from services.notices.audience import Affected, Change, Changes, Followed, follow, held_by, holder
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, Moment, NoticeDecided, NoticeReceipted, TextBody
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from services.network.network import Network

_LIFE = {state: place for place, state in enumerate(OrderState)}
"""How far an order is: of two states told at one instant the later one counts."""

FINALITY = {TextOutcome.EXPIRED: 1, TextOutcome.FAILED: 2, TextOutcome.DELIVERED: 3}
"""Of two receipts the higher counts, in whatever order they come: a text that arrived did arrive."""


class NotifyStage:
    """Tells customers that power is out, that a crew comes, that power is back; nothing twice for one outage.

    `reachable` are the customers for whom a phone number is known, `zone` is the utility's time zone.
    """

    name = "notify"
    entities: tuple[type[Entity], ...] = (Affected, Followed)

    def __init__(self, network: Network, reachable: Collection[str], zone: dt.tzinfo) -> None:
        self._areas = tuple(str(area.id) for area in network.areas)
        self._reachable = frozenset(reachable)
        self._zone = zone

    def shards(self) -> Sequence[str]:
        """Return the supply areas."""
        return sorted(self._areas)

    def shard_of(self, event: Event) -> str:
        """Return the area that an event speaks of. Raises `Unplaced`."""
        if not isinstance(event, IncidentChanged | OrderChanged | TextReceipt):
            raise Unplaced("unexpectedEvent", f"{type(event).__name__} concerns no notice")
        if event.area not in self._areas:
            raise Unplaced("unknownArea", event.area)
        return event.area

    def decide(self, turn: Turn) -> None:
        """Follow the facts first, then tell what they come to: what was undone within one turn is not told."""
        changes = follow(turn)
        self._tell_out(turn, changes)
        self._tell_crew(turn)
        self._tell_back(turn, changes)
        _take_receipts(turn)

    def _tell_out(self, turn: Turn, changes: Changes) -> None:
        for customer, change in sorted(changes.out.items()):
            affected = turn.get(Affected, customer)
            if affected is None:
                continue
            if customer not in self._reachable:
                turn.note(affected, "untold", Reason.NO_PHONE, [change.fact.id])
                continue
            followed = turn.get(Followed, affected.incident) or turn.get(Followed, change.incident)
            words = wording.power_out(
                since=affected.since,
                estimate=followed.estimate if followed else None,
                now=turn.now,
                zone=self._zone,
            )
            told = self._tell(turn, affected, Moment.POWER_OUT, words, Reason.NEWLY_OUT, change)
            turn.put(msgspec.structs.replace(told, told_out=True))

    def _tell_crew(self, turn: Turn) -> None:
        for fact, order in _latest_orders(turn.facts):
            if order.state is not OrderState.ENROUTE:
                if _was_enroute(turn.facts, order.order):
                    turn.note(("order", order.order), "untold", Reason.NO_LONGER_ENROUTE, [fact.id])
                continue
            incident = holder(turn, order.incident)
            words = wording.crew_enroute(
                arrival=None if order.arrival_estimate is None else to_ms(order.arrival_estimate),
                now=turn.now,
                zone=self._zone,
            )
            audience = [a for a in held_by(turn, incident) if a.told_out and a.told_crew != incident]
            if not audience:
                turn.note(("order", order.order), "untold", Reason.NOBODY_TO_TELL, [fact.id])
            for affected in audience:
                change = Change(affected, fact, incident)
                told = self._tell(turn, affected, Moment.INFORM_DISPATCHED, words, Reason.CREW_ENROUTE, change)
                turn.put(msgspec.structs.replace(told, told_crew=incident))

    def _tell_back(self, turn: Turn, changes: Changes) -> None:
        for _, change in sorted(changes.back.items()):
            if change.affected.told_out:
                words = wording.power_restored()
                self._tell(turn, change.affected, Moment.POWER_RESTORED, words, Reason.POWER_BACK, change)
            else:
                turn.note(change.affected, "untold", Reason.NEVER_TOLD, [change.fact.id])

    def _tell(
        self, turn: Turn, affected: Affected, moment: Moment, words: str, reason: Reason, change: Change
    ) -> Affected:
        """Decide on one notice, recall what it overtakes, and return the customer with it among his notices."""
        key = derived("text", change.fact.id, affected.id, moment)
        expires_at = turn.now + LIFETIME_MS[moment]
        body = TextBody(customer=affected.id, moment=moment, words=words)
        turn.effect(key, EFFECT_KIND, body, expires_at=expires_at)
        turn.record(
            NoticeDecided(key=key, incident=change.incident, customer=affected.id, moment=moment, expires_at=expires_at)
        )
        turn.note(("notice", key), "due", reason, [change.fact.id])
        for older in affected.notices:
            turn.recall(older)
            turn.note(("notice", older), "recalled", Reason.NEWER_NOTICE, [change.fact.id])
        return msgspec.structs.replace(affected, notices=(*affected.notices, key))


def _latest_orders(facts: Sequence[Fact]) -> list[tuple[Fact, OrderChanged]]:
    """Return how each order stands after these facts, by order."""
    latest: dict[str, tuple[Fact, OrderChanged]] = {}
    for fact in facts:
        if isinstance(fact.what, OrderChanged):
            standing = latest.get(fact.what.order)
            if standing is None or _progress(fact, fact.what) >= _progress(*standing):
                latest[fact.what.order] = (fact, fact.what)
    return [latest[order] for order in sorted(latest)]


def _progress(fact: Fact, order: OrderChanged) -> tuple[int, int, str]:
    return fact.at, _LIFE[order.state], fact.id


def _was_enroute(facts: Sequence[Fact], order: str) -> bool:
    return any(
        isinstance(fact.what, OrderChanged) and fact.what.order == order and fact.what.state is OrderState.ENROUTE
        for fact in facts
    )


def _take_receipts(turn: Turn) -> None:
    final: dict[str, tuple[Fact, TextReceipt]] = {}
    heard: dict[str, list[str]] = {}
    for fact in turn.facts:
        if isinstance(fact.what, TextReceipt):
            heard.setdefault(fact.what.notice, []).append(fact.id)
            standing = final.get(fact.what.notice)
            if standing is None or FINALITY[fact.what.outcome] > FINALITY[standing[1].outcome]:
                final[fact.what.notice] = (fact, fact.what)
    for key, (fact, receipt) in sorted(final.items()):
        turn.note(("notice", key), receipt.outcome, Reason.OPERATOR_RECEIPT, heard[key])
        turn.record(NoticeReceipted(key=key, outcome=receipt.outcome, operator_code=receipt.operator_code, at=fact.at))

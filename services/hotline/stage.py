"""The escalate stage: outages of large customers and answers to calls in, calls out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import CallAnswered, Event, LargeCustomerOut, LargeCustomerRestored
from services.engine.turn import Entity, Turn, Unplaced
from services.hotline.entities import Escalation
from services.hotline.escalating import begin, call_due, end, hear_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class EscalateStage:
    """Calls an account's contact about each outage until one acknowledges or power is back; an account is a shard."""

    name: str = "escalate"
    entities: ClassVar[tuple[type[Entity], ...]] = (Escalation,)

    def __init__(self, accounts: Iterable[str]) -> None:
        self._accounts = tuple(sorted(set(accounts)))
        self._known = frozenset(self._accounts)

    def shards(self) -> Sequence[str]:
        """Return the accounts."""
        return self._accounts

    def shard_of(self, event: Event) -> str:
        """Return the account that the event is about. Raises `Unplaced`."""
        assert isinstance(event, LargeCustomerOut | LargeCustomerRestored | CallAnswered)
        if event.account not in self._known:
            raise Unplaced("unknownAccount", event.account)
        return event.account

    def decide(self, turn: Turn) -> None:
        """Decide one turn: who is out, what was answered, whose power is back, and only then whom to call."""
        for fact in turn.facts:
            if isinstance(fact.what, LargeCustomerOut):
                begin(turn, fact.id, fact.what)
        for fact in turn.facts:
            if isinstance(fact.what, CallAnswered):
                hear_answer(turn, fact.id, fact.what)
        for fact in turn.facts:
            if isinstance(fact.what, LargeCustomerRestored):
                end(turn, fact.id, fact.what)
        call_due(turn)

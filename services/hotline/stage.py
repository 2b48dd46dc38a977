"""The escalate stage: reports of accounts, outages of their premises and answers to calls in, calls out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import ClassVar

from schemas.events import (
    CallAnswered,
    ContactsRanked,
    Event,
    HotlineReported,
    LargeCustomerOut,
    LargeCustomerRestored,
    OutageAcknowledged,
    ReportKind,
)
from services.engine.turn import Entity, Fact, Turn, Unplaced
from services.hotline.accounts import Account
from services.hotline.entities import Escalation, Ladder, Supply
from services.hotline.escalating import acknowledge, call_due, end, find_out, hear_answer, rank
from services.hotline.hearing import back_at, hear

_HEARD = HotlineReported | LargeCustomerOut | LargeCustomerRestored | CallAnswered | OutageAcknowledged | ContactsRanked
_AT_ONE_TIME = (
    ContactsRanked,
    HotlineReported,
    LargeCustomerOut,
    OutageAcknowledged,
    CallAnswered,
    LargeCustomerRestored,
)


class EscalateStage:
    """Calls an account's contacts about each outage until one acknowledges or power is back; an account is a shard.

    `zone` is the utility's: rosters are in its hours.
    """

    name: str = "escalate"
    entities: ClassVar[tuple[type[Entity], ...]] = (Escalation, Supply, Ladder)

    def __init__(self, accounts: Iterable[Account], zone: dt.tzinfo) -> None:
        self._accounts = {account.id: account for account in accounts}
        self._zone = zone

    def shards(self) -> Sequence[str]:
        """Return the accounts."""
        return sorted(self._accounts)

    def shard_of(self, event: Event) -> str:
        """Return the account that the event is about. Raises `Unplaced`."""
        assert isinstance(event, _HEARD)
        if event.account not in self._accounts:
            raise Unplaced("unknownAccount", event.account)
        return event.account

    def decide(self, turn: Turn) -> None:
        """Decide one turn: what was reported, found out and answered, in the order of its time, and only then whom to call."""
        account = self._accounts.get(turn.shard)
        for fact in sorted(turn.facts, key=_in_time):
            _hear(turn, fact, account or Account(id=turn.shard))
        call_due(turn, account, self._zone)


def _in_time(fact: Fact) -> tuple[int, int, str]:
    """Order facts by time; at one time an outage begins before it is acknowledged, and ends last."""
    what = fact.what
    back = isinstance(what, HotlineReported) and what.kind is ReportKind.POWER_RESTORED
    return fact.at, len(_AT_ONE_TIME) if back else _AT_ONE_TIME.index(type(what)), fact.id


def _hear(turn: Turn, fact: Fact, account: Account) -> None:
    match fact.what:
        case ContactsRanked() as ranked:
            rank(turn, fact, ranked)
        case HotlineReported() as report:
            hear(turn, fact, account, report)
        case LargeCustomerOut() as out:
            find_out(turn, fact.id, out, back_at(turn, out.customer))
        case OutageAcknowledged() as said:
            acknowledge(turn, fact.id, said)
        case CallAnswered() as answer:
            hear_answer(turn, fact.id, answer)
        case LargeCustomerRestored() as restored:
            end(turn, fact.id, restored)

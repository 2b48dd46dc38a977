"""The stage `notify`: decides which customer is told what, once, and what is answered to those who write to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import (
    ConsentChanged,
    CustomerAsked,
    Event,
    HazardChanged,
    IncidentChanged,
    OrderChanged,
    TextOutcome,
    TextReceipt,
    TextReceived,
    WorkPlanned,
)
from services.engine.turn import Entity, Fact, Turn, Unplaced
from services.notices.audience import Affected, Followed, Returned, follow
from services.notices.consents import Consent
from services.notices.moments import NoticeReceipted
from services.notices.people import People, handle_of
from services.notices.questioning import Questioned, Questioning
from services.notices.reasons import Reason
from services.notices.replying import Conversation, Replying
from services.notices.telling import Telling, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.network.network import Network
    from services.notices.people import Manners, Reached

FINALITY = {TextOutcome.EXPIRED: 1, TextOutcome.FAILED: 2, TextOutcome.DELIVERED: 3}
"""Of two receipts the higher counts, in whatever order they come: a text that arrived did arrive."""


class NotifyStage:
    """Tells customers of an outage at five moments, nothing twice, at no unearthly hour, asks them, and answers their texts.

    `reached` says how each customer with a phone is reached. A phone whose premises lie in two areas is two audiences; its
    own texts are all decided in the area of its first premise, those of a stranger in the first area.
    """

    name = "notify"
    entities: tuple[type[Entity], ...] = (Affected, Followed, Returned, Waiting, Consent, Questioned, Conversation)

    def __init__(self, network: Network, reached: Mapping[str, Reached], manners: Manners) -> None:
        self._network = network
        self._areas = tuple(sorted(str(area.id) for area in network.areas))
        self._people = People(reached)
        self._telling = Telling(self._people, manners)
        self._questioning = Questioning(self._people, manners)
        self._replying = Replying(self._people, manners, self._area_of)

    def shards(self) -> Sequence[str]:
        """Return the supply areas."""
        return self._areas

    def shard_of(self, event: Event) -> str:
        """Return the area that an event speaks of. Raises `Unplaced`."""
        if isinstance(event, TextReceived):
            premises = self._people.premises(handle_of(event.phone))
            return self._area_of(premises[0]) if premises else self._areas[0]
        if not isinstance(
            event,
            IncidentChanged | HazardChanged | CustomerAsked | OrderChanged | WorkPlanned | TextReceipt | ConsentChanged,
        ):
            raise Unplaced("unexpectedEvent", f"{type(event).__name__} concerns no notice")
        if event.area not in self._areas:
            raise Unplaced("unknownArea", event.area)
        return event.area

    def decide(self, turn: Turn) -> None:
        """Follow the facts first, then tell what they come to: what was undone within one turn is not told.

        Hazards and plans are nothing that customers are told; their events are passed over.
        """
        heard = follow(turn)
        self._replying.take_consents(turn)
        self._replying.reply(turn)
        self._telling.tell(turn, heard)
        self._questioning.ask(turn)
        _take_receipts(turn)

    def _area_of(self, customer: str) -> str:
        return str(self._network.area_of(customer))


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

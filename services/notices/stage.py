"""The stage `notify`: decides which customer is told what, once, and what is answered to those who write to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import (
    BroadcastSent,
    ConsentChanged,
    CustomerAsked,
    Event,
    HazardChanged,
    InboundAnswered,
    IncidentChanged,
    LanguageChosen,
    NoticesResumed,
    NoticesStopped,
    OrderChanged,
    PhoneLinked,
    TextOutcome,
    TextReceipt,
    TextReceived,
    WorkPlanned,
)
from services.engine.turn import Entity, Fact, Turn, Unplaced
from services.notices.answering import Answering
from services.notices.audience import Affected, Followed, Returned, follow
from services.notices.caps import Counted, forget_counts
from services.notices.consents import Consent
from services.notices.foretelling import Foretelling
from services.notices.forgetting import Sweep, forget
from services.notices.linking import Accounts, Followers, Linked, Linker, Linking, forget_codes, ways_of
from services.notices.moments import NoticeReceipted
from services.notices.people import People, handle_of
from services.notices.planned import WORK, Foretold, Work, follow_work
from services.notices.questioning import Questioned, Questioning
from services.notices.reasons import Reason
from services.notices.received import Conversation
from services.notices.replying import Replying
from services.notices.safety import Safety, Warned, forget_warnings
from services.notices.speaking import Spoken, take_languages
from services.notices.stopping import Stopped, Waiting, take_stops
from services.notices.telling import Telling, forget_returns
from services.notices.wishing import Wishing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.network.network import Network
    from services.notices.people import Manners, Reached, Way

_OF_AN_AREA = (
    IncidentChanged | HazardChanged | CustomerAsked | OrderChanged | WorkPlanned | TextReceipt | TextReceived
    | ConsentChanged | PhoneLinked | LanguageChosen | InboundAnswered | BroadcastSent | NoticesStopped | NoticesResumed
)  # fmt: skip

FINALITY = {TextOutcome.EXPIRED: 1, TextOutcome.FAILED: 2, TextOutcome.DELIVERED: 3}
"""Of two receipts the higher counts, in whatever order they come: a text that arrived did arrive."""


class NotifyStage:
    """Tells customers of outages, planned work and danger, nothing twice, at no unearthly hour, asks them, answers their texts.

    `reached` says how each customer with a phone is reached. A phone whose premises lie in two areas is two audiences; its
    own texts are all decided in the area of its first premise, those of a stranger in the first area.
    """

    name = "notify"
    entities: tuple[type[Entity], ...] = (
        Affected, Followed, Returned, Waiting, Consent, Questioned, Conversation, Work, Foretold, Warned, Counted, Sweep,
        Linking, Linked, Followers, Spoken, Stopped,
    )  # fmt: skip

    def __init__(self, network: Network, reached: Mapping[str, Reached], manners: Manners) -> None:
        self._network = network
        self._manners = manners
        self._areas = tuple(sorted(str(area.id) for area in network.areas))
        self._people = People(reached)
        self._linker = Linker(self._people, manners, self._area_of, self._areas)
        self._telling = Telling(self._people, manners)
        self._foretelling = Foretelling(self._people, manners)
        self._safety = Safety(network, self._people, manners)
        self._answering = Answering(self._people, manners, self._ways)
        self._questioning = Questioning(self._people, manners)
        accounts = Accounts((str(customer.id), customer.active) for customer in network.customers)
        wishing = Wishing(self._people, self._linker, accounts)
        self._replying = Replying(self._people, manners, self._area_of, wishing)

    def shards(self) -> Sequence[str]:
        """Return the supply areas."""
        return self._areas

    def shard_of(self, event: Event) -> str:
        """Return the area that an event speaks of. Raises `Unplaced`."""
        if isinstance(event, TextReceived) and event.area is None:
            premises = self._people.premises(handle_of(event.phone))
            return (self._area_of(premises[0]) if premises else "") or self._areas[0]
        if isinstance(event, WORK):
            return self._area_of_devices(event.isolates)
        if not isinstance(event, _OF_AN_AREA):
            raise Unplaced("unexpectedEvent", f"{type(event).__name__} concerns no notice")
        if event.area is None or event.area not in self._areas:
            raise Unplaced("unknownArea", str(event.area))
        return event.area

    def decide(self, turn: Turn) -> None:
        """Follow the facts first, then tell what they come to: what was undone within one turn is not told.

        Plans of crews are nothing that customers are told; their events are passed over.
        """
        heard = follow(turn)
        works = follow_work(turn, self._network, heard)
        take_stops(turn)
        self._replying.take_consents(turn)
        self._linker.take(turn)
        take_languages(turn)
        self._replying.reply(turn)
        self._answering.take(turn)
        self._safety.warn(turn)
        self._telling.tell(turn, heard)
        self._foretelling.tell(turn, works)
        self._questioning.ask(turn)
        _take_receipts(turn)
        forget(turn, forget_returns, forget_warnings, forget_codes, lambda each: forget_counts(each, self._manners))

    def _area_of_devices(self, devices: Sequence[str]) -> str:
        for device in devices:
            try:
                return str(self._network.switch(device).area)
            except KeyError:
                continue
        raise Unplaced("unknownDevice", ", ".join(devices))

    def _area_of(self, customer: str) -> str:
        """Return the supply area of a customer; empty for one whom the utility does not know, or not any more."""
        try:
            return str(self._network.area_of(customer))
        except KeyError:
            return ""

    def _ways(self, turn: Turn, customer: str) -> Sequence[Way]:
        return ways_of(turn, self._people, customer)


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

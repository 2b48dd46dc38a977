"""Answering: what dispatchers write, to one who wrote to us or to many at once, goes out under the same rules as every text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from schemas.events import BroadcastSent, InboundAnswered
from schemas.ids import derived
from services.engine.turn import Record
from services.notices.broadcasting import framed, spoken_in
from services.notices.consents import willing
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, Channel, Kind, Moment, Priority, TextBody
from services.notices.reasons import Reason
from services.notices.sending import Notice, send
from services.notices.speaking import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.engine.turn import Fact, Turn
    from services.notices.people import Manners, People, Way
    from services.notices.wording import Where, Wording


class PersonAnswered(Record, frozen=True, kw_only=True):
    """A dispatcher's answer to a text: `key` is that of its effect, `canned` the prepared answer that it is, empty: none."""

    key: str
    text: str
    by: str
    canned: str


class Answering:
    """Sends what dispatchers write. `ways` says by which ways a customer is told."""

    def __init__(self, people: People, manners: Manners, ways: Callable[[Turn, str], Sequence[Way]]) -> None:
        self._people = people
        self._manners = manners
        self._ways = ways

    def take(self, turn: Turn) -> None:
        """Send what dispatchers wrote."""
        for fact in turn.facts:
            match fact.what:
                case InboundAnswered():
                    self._answer(turn, fact, fact.what)
                case BroadcastSent():
                    self._broadcast(turn, fact, fact.what)

    def _answer(self, turn: Turn, fact: Fact, answer: InboundAnswered) -> None:
        """Answer the phone that a text came from, at whatever hour, each time a dispatcher writes."""
        key = derived("personAnswer", fact.id)
        chinese = any("\u4e00" <= character <= "\u9fff" for character in answer.words)
        words = framed(answer.words, "zh" if chinese else "en", exercise=turn.exercise)
        turn.effect(
            key,
            EFFECT_KIND,
            TextBody(inbound=answer.text, moment=Moment.ANSWER, words=words),
            expires_at=turn.now + LIFETIME_MS[Moment.ANSWER],
            priority=Priority.ANSWER,
        )
        turn.record(PersonAnswered(key=key, text=answer.text, by=answer.by, canned=answer.canned or ""))
        turn.note(("text", answer.text), "answered", Reason.PERSON_ANSWERED, [fact.id])

    def _broadcast(self, turn: Turn, fact: Fact, broadcast: BroadcastSent) -> None:
        """Tell each phone of these customers once, if it wants texts; at whatever hour, and whatever else it got today."""
        words = {each.language: each.words for each in broadcast.words}
        told: dict[str, tuple[Way, list[str]]] = {}
        for customer in sorted(set(broadcast.customers)):
            ways = [
                way for way in self._ways(turn, customer) if way.channel is Channel.TEXT and way.takes(Kind.BROADCAST)
            ]
            willed = [way for way in ways if willing(turn, way)]
            if not willed:
                why = Reason.NO_CONSENT if ways else Reason.NO_PHONE
                turn.note(("customer", customer), "untold", why, [fact.id])
            for way in willed:
                told.setdefault(way.handle, (way, []))[1].append(customer)
        for handle, (way, customers) in sorted(told.items()):
            language = spoken_in(words, spoken(turn, handle) or way.language, self._manners.languages)
            notice = Notice(
                moment=Moment.BROADCAST,
                of=broadcast.broadcast,
                revision=0,
                way=dataclasses.replace(way, language=language),
                customers=tuple(customers),
                says=_saying(words[language]),
                causes=[fact.id],
            )
            send(turn, self._people, self._manners, notice, Reason.BROADCAST)


def _saying(words: str) -> Callable[[Wording, Where], str]:
    """Return what says these words in whatever language, of whatever premises."""
    return lambda _, __: words

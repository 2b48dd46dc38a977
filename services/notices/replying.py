"""Replying: what somebody who writes to us wants, what is done about it, and what he is answered.

An answer goes out at any hour: he is awake. A phone gets no more than so many answers within an hour, so that two machines
cannot write to each other for ever; what its texts say is done all the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import ConsentChanged, HazardKind, HazardReported, OutageReported, ReportKind, TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_CONSENTS, OUTAGE_REPORTS
from services.clock import from_ms
from services.engine.turn import Entity, Fact, Turn
from services.notices import keywords
from services.notices.audience import Affected, Followed, Returned
from services.notices.consents import Consent
from services.notices.gsm import segments
from services.notices.keywords import Keyword
from services.notices.languages import wording_in
from services.notices.moments import (
    EFFECT_KIND,
    LIFETIME_MS,
    ConsentTaken,
    InboundState,
    InboundTaken,
    Moment,
    TextBody,
)
from services.notices.people import handle_of
from services.notices.questioning import open_question
from services.notices.reasons import Reason
from services.notices.wording import Calendar, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.notices.people import Manners, People
    from services.notices.wording import Wording

ANSWERS_AN_HOUR = 6
"""How many answers a phone gets within an hour."""

HOUR_MS = 3_600_000

CHOICE_MS = 30 * 60_000
"""How long a number is taken for the answer to our question which premise is meant."""

NOTE_LENGTH = 500


class Conversation(Entity, frozen=True, kw_only=True):
    """What was said to a phone: times of the answers of the last hour (ms), and the premises between which it may choose."""

    kind: ClassVar[str] = "conversation"
    answers: tuple[int, ...] = ()
    choice: tuple[str, ...] = ()
    choice_until: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """A text, whom it is from, and in which words to answer."""

    fact: Fact
    text: TextReceived
    handle: str
    premises: tuple[str, ...]
    wording: Wording


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What became of a text and why, the words of the answer, and the premises between which a number may choose now."""

    state: InboundState
    reason: Reason
    words: str
    choice: tuple[str, ...] = ()


class Replying:
    """Replies to texts, and keeps what phones say of wanting any. `area_of` returns the supply area of a customer."""

    def __init__(self, people: People, manners: Manners, area_of: Callable[[str], str]) -> None:
        self._people = people
        self._manners = manners
        self._area_of = area_of

    def take_consents(self, turn: Turn) -> None:
        """Keep what phones said; to one that wants no texts nothing is sent any more, as far as that can be helped."""
        for fact in turn.facts:
            change = fact.what
            if not isinstance(change, ConsentChanged):
                continue
            handle = handle_of(change.phone)
            before = turn.get(Consent, handle)
            if before is not None and fact.at < before.at:
                turn.note(before, "stays", Reason.OVERTAKEN, [fact.id])
                continue
            said = Consent(id=handle, consents=change.consents, at=fact.at)
            turn.put(said)
            turn.note(said, "given" if said.consents else "withdrawn", Reason.SAID_BY_PHONE, [fact.id])
            turn.record(ConsentTaken(id=fact.id, phone=change.phone, handle=handle, consents=said.consents, at=fact.at))
            if not said.consents:
                self._recall(turn, handle, fact)

    def _recall(self, turn: Turn, handle: str, fact: Fact) -> None:
        notices: set[str] = set()
        for customer in self._people.premises(handle):
            returned = turn.get(Returned, customer)
            affected = turn.get(Affected, customer) or (None if returned is None else returned.was)
            if affected is not None and self._people.texted(customer) == handle:
                notices.update(affected.notices)
        for notice in sorted(notices):
            turn.recall(notice)
            turn.note(("notice", notice), "recalled", Reason.NO_CONSENT, [fact.id])

    def reply(self, turn: Turn) -> None:
        """Do and answer what the texts of this turn want, in the order in which they were written."""
        texts = [(fact, fact.what) for fact in turn.facts if isinstance(fact.what, TextReceived)]
        if texts:
            for over in turn.all(
                Conversation, lambda one: max(one.choice_until, *one.answers, 0) <= turn.now - HOUR_MS
            ):
                turn.remove(over)
        for fact, text in texts:
            self._one(turn, fact, text)

    def _one(self, turn: Turn, fact: Fact, text: TextReceived) -> None:
        handle = handle_of(text.phone)
        premises = self._people.premises(handle)
        received = Received(fact, text, handle, premises, self._wording(text.words, premises))
        conversation = turn.get(Conversation, handle) or Conversation(id=handle)
        reply = self._what(turn, received, conversation)
        answers = tuple(at for at in conversation.answers if at > turn.now - HOUR_MS)
        answer = ""
        if len(answers) < ANSWERS_AN_HOUR:
            answers = (*answers, turn.now)
            answer = derived("answer", fact.id)
            words = (received.wording.exercise if turn.exercise else "") + reply.words
            turn.effect(
                answer,
                EFFECT_KIND,
                TextBody(inbound=fact.id, moment=Moment.ANSWER, words=words),
                expires_at=turn.now + LIFETIME_MS[Moment.ANSWER],
            )
        else:
            turn.note(("text", fact.id), "unanswered", Reason.ANSWERS_SPENT, [fact.id])
        turn.put(
            Conversation(
                id=handle,
                answers=answers,
                choice=reply.choice,
                choice_until=turn.now + CHOICE_MS if reply.choice else 0,
            )
        )
        turn.note(("text", fact.id), reply.state, reply.reason, [fact.id])
        turn.record(
            InboundTaken(
                id=fact.id,
                phone=text.phone,
                handle=handle,
                words=text.words,
                at=fact.at,
                state=reply.state,
                reason=reply.reason,
                answer=answer,
            )
        )

    def _wording(self, words: str, premises: tuple[str, ...]) -> Wording:
        """Return the language in which somebody writes, if that shows, else the one of his premises."""
        chinese = any("\u4e00" <= character <= "\u9fff" for character in words)
        reached = self._people.get(premises[0]) if premises else None
        return wording_in(
            "zh" if chinese else "", "" if reached is None else reached.language, *self._manners.languages
        )

    def _what(self, turn: Turn, received: Received, conversation: Conversation) -> Reply:
        meaning, wording = keywords.read(received.text.words), received.wording
        match meaning:
            case HazardKind():
                reply = self._danger(turn, received, meaning)
            case Keyword.STOP:
                self._consent(turn, received, wanted=False)
                reply = Reply(InboundState.STOPPED, Reason.STOP_WORD, wording.stopped())
            case Keyword.START:
                self._consent(turn, received, wanted=True)
                reply = Reply(InboundState.STARTED, Reason.START_WORD, wording.started())
            case Keyword.HELP:
                reply = Reply(InboundState.HELPED, Reason.HELP_WORD, wording.help())
            case Keyword.STATUS:
                words = self._known(turn, received, received.premises) or wording.no_outage(self._where(received))
                reply = Reply(InboundState.ANSWERED, Reason.STATUS_WORD, words)
            case Keyword.OUT:
                reply = self._out(turn, received)
            case int() if turn.now < conversation.choice_until and 1 <= meaning <= len(conversation.choice):
                chosen = conversation.choice[meaning - 1]
                self._report(turn, received, chosen)
                reply = Reply(InboundState.REPORTED, Reason.CHOSEN, self._noted(turn, received, (chosen,)))
            case _:
                reply = self._answer(turn, received) or Reply(
                    InboundState.UNREAD, Reason.NOT_UNDERSTOOD, wording.not_understood()
                )
        return reply

    def _answer(self, turn: Turn, received: Received) -> Reply | None:
        """Report what a text says that answers our question whether power is on; None: there is none, or it does not."""
        question = open_question(turn, received.handle)
        on = None if question is None else keywords.said_of_power(received.text.words)
        if question is None or on is None:
            return None
        turn.put(msgspec.structs.replace(question, answered=True))
        kind = ReportKind.POWER_RESTORED if on else ReportKind.TEXT
        self._report(turn, received, question.customer, kind)
        turn.note(question, "on" if on else "off", Reason.SAID_ON if on else Reason.SAID_OFF, [received.fact.id])
        if on:
            return Reply(InboundState.REPORTED, Reason.SAID_ON, received.wording.noted_on())
        return Reply(InboundState.REPORTED, Reason.SAID_OFF, self._noted(turn, received, (question.customer,)))

    def _danger(self, turn: Turn, received: Received, hazard: HazardKind) -> Reply:
        one = len(received.premises) == 1
        if one:
            turn.emit(
                OUTAGE_REPORTS,
                received.premises[0],
                HazardReported(
                    id=derived("textHazard", received.fact.id),
                    at=from_ms(received.fact.at),
                    exercise=turn.exercise,
                    hazard=hazard,
                    customer=received.premises[0],
                    phone=received.text.phone,
                    words=received.text.words[:NOTE_LENGTH],
                ),
            )
        reason = Reason.DANGER_WORD if one else Reason.DANGER_NOWHERE
        return Reply(InboundState.WARNED, reason, received.wording.safety())

    def _out(self, turn: Turn, received: Received) -> Reply:
        """Report at once; who has several premises is asked which, and names it with a second report."""
        premises, wording = received.premises, received.wording
        self._report(turn, received, premises[0] if len(premises) == 1 else None)
        if len(premises) <= 1:
            return Reply(InboundState.REPORTED, Reason.OUT_WORD, self._noted(turn, received, premises))
        question = wording.which(tuple(self._people.name(customer) for customer in premises))
        if segments(wording.exercise + question) > 1:
            return Reply(InboundState.REPORTED, Reason.SEVERAL_PREMISES, self._noted(turn, received, premises))
        return Reply(InboundState.ASKED, Reason.SEVERAL_PREMISES, question, choice=premises)

    def _report(self, turn: Turn, received: Received, customer: str | None, kind: ReportKind = ReportKind.TEXT) -> None:
        turn.emit(
            OUTAGE_REPORTS,
            customer or received.text.phone,
            OutageReported(
                id=derived("textReport", received.fact.id),
                at=from_ms(received.fact.at),
                exercise=turn.exercise,
                kind=kind,
                customer=customer,
                phone=received.text.phone,
                words=received.text.words[:NOTE_LENGTH],
            ),
        )

    def _noted(self, turn: Turn, received: Received, premises: tuple[str, ...]) -> str:
        where = self._where(received, premises)
        return self._known(turn, received, premises) or received.wording.noted(where)

    def _known(self, turn: Turn, received: Received, premises: tuple[str, ...]) -> str | None:
        """Return what is known of these premises; None: nothing."""
        found = [affected for customer in premises if (affected := turn.get(Affected, customer)) is not None]
        if not found:
            return None
        calendar = Calendar(turn.now, self._manners.zone)
        followed = [turn.get(Followed, affected.incident) for affected in found]
        ahead = [None if one is None else calendar.ahead(one.estimate) for one in followed]
        known = [at for at in ahead if at is not None]
        where = self._where(received, tuple(affected.id for affected in found))
        assert where is not None, "premises were found"
        return received.wording.known(
            where,
            calendar,
            since=min(affected.since for affected in found),
            expected=max(known) if len(known) == len(found) else None,
        )

    def _where(self, received: Received, premises: tuple[str, ...] | None = None) -> Where | None:
        chosen = received.premises if premises is None else premises
        return Where(tuple(map(self._people.name, chosen)), len(received.premises)) if chosen else None

    def _consent(self, turn: Turn, received: Received, *, wanted: bool) -> None:
        """Say it to every area that holds premises of the phone; of a stranger the area that heard him keeps it."""
        for area in sorted({self._area_of(customer) for customer in received.premises} or {turn.shard}):
            turn.emit(
                NOTICE_CONSENTS,
                area,
                ConsentChanged(
                    id=derived("consent", received.fact.id, area),
                    at=from_ms(received.fact.at),
                    exercise=turn.exercise,
                    phone=received.text.phone,
                    area=area,
                    consents=wanted,
                ),
            )

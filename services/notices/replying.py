"""Replying: what somebody who writes to us wants, what is done about it, and what he is answered.

An answer goes out at any hour: he is awake. A phone gets no more than so many answers within an hour, so that two machines
cannot write to each other for ever; what its texts say is done all the same. Each area answers for its own premises: a question
about others is passed on to theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from schemas.events import ConsentChanged, HazardKind, ReportKind, TextReceived
from schemas.ids import derived
from schemas.topics import NOTICE_INBOUND
from services.clock import from_ms
from services.notices import keywords
from services.notices.audience import Affected, Followed, Returned, answered
from services.notices.choosing import offer
from services.notices.consents import Consent
from services.notices.keywords import MORE, Keyword
from services.notices.languages import wording_in
from services.notices.linking import premises_of, ways_of
from services.notices.moments import (
    EFFECT_KIND,
    LIFETIME_MS,
    Channel,
    ConsentTaken,
    InboundState,
    InboundTaken,
    Moment,
    Priority,
    TextBody,
)
from services.notices.people import handle_of
from services.notices.planned import Foretold
from services.notices.questioning import open_question
from services.notices.reasons import Reason
from services.notices.received import Conversation, Received, Reply
from services.notices.reporting import report, report_danger
from services.notices.speaking import spoken
from services.notices.wording import Calendar, Where

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.engine.turn import Fact, Turn
    from services.notices.choosing import About
    from services.notices.people import Manners, People
    from services.notices.wishing import Wishing
    from services.notices.wording import Wording

ANSWERS_AN_HOUR = 6
"""How many answers a phone gets within an hour."""

HOUR_MS = 3_600_000

CHOICE_MS = 30 * 60_000
"""How long a number is taken for the answer to our question which premise is meant."""


class Replying:
    """Replies to texts, and keeps what phones say of wanting any.

    `area_of` returns the supply area of a customer, empty: he is not known any more.
    """

    def __init__(self, people: People, manners: Manners, area_of: Callable[[str], str], wishing: Wishing) -> None:
        self._people = people
        self._manners = manners
        self._area_of = area_of
        self._wishing = wishing

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
        premises = premises_of(turn, self._people, handle)
        foretold = turn.all(Foretold, lambda told: told.customer in premises)
        for customer in premises:
            returned = turn.get(Returned, customer)
            affected = turn.get(Affected, customer) or (None if returned is None else returned.was)
            for way in ways_of(turn, self._people, customer):
                if way.handle != handle:
                    continue
                notices.update(() if affected is None else affected.known(way.id).notices)
                notices.update(
                    key for each, key in (() if returned is None else returned.notices.items()) if each == way.id
                )
                notices.update(
                    key for told in foretold if (told.customer, told.way) == (customer, way.id) for key in told.notices
                )
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
        premises = premises_of(turn, self._people, handle)
        received = Received(fact, text, handle, premises, self._wording(turn, text.words, handle, premises))
        conversation = turn.get(Conversation, handle) or Conversation(id=handle)
        reply = self._what(turn, received, conversation) if text.area is None else self._passed_on(turn, received)
        answers = tuple(at for at in conversation.answers if at > turn.now - HOUR_MS)
        answer = ""
        if reply.words and len(answers) < ANSWERS_AN_HOUR:
            answers = (*answers, turn.now)
            answer = derived("answer", fact.id)
            lifetime = LIFETIME_MS[Moment.ANSWER] if reply.lifetime_ms is None else reply.lifetime_ms
            turn.effect(
                answer,
                EFFECT_KIND,
                TextBody(
                    inbound=fact.id,
                    moment=Moment.ANSWER,
                    words=(received.wording.exercise if turn.exercise else "") + reply.words,
                ),
                expires_at=turn.now + lifetime,
                priority=Priority.ANSWER,
            )
        elif reply.words:
            turn.note(("text", fact.id), "unanswered", Reason.ANSWERS_SPENT, [fact.id])
        turn.put(
            Conversation(
                id=handle,
                answers=answers,
                choice=reply.choice,
                choice_until=turn.now + CHOICE_MS if reply.choice else 0,
                about=reply.about,
                next=reply.next,
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

    def _wording(self, turn: Turn, words: str, handle: str, premises: tuple[str, ...]) -> Wording:
        """Return the language in which somebody writes, if that shows, else the one that he chose, or that of his premises."""
        chinese = any("\u4e00" <= character <= "\u9fff" for character in words)
        reached = self._people.of(premises[0]) if premises else None
        return wording_in(
            "zh" if chinese else "",
            spoken(turn, handle),
            "" if reached is None else reached.language,
            *self._manners.languages,
        )

    def _what(self, turn: Turn, received: Received, conversation: Conversation) -> Reply:
        meaning, wording = keywords.read(received.text.words), received.wording
        reply = self._wishing.code(turn, received) or self._wishing.wish(turn, received, meaning)
        if reply is None:
            match meaning:
                case HazardKind():
                    reply = self._danger(turn, received, meaning)
                case Keyword.HELP:
                    reply = Reply(InboundState.HELPED, Reason.HELP_WORD, wording.help())
                case Keyword.STATUS:
                    reply = self._status(turn, received)
                case Keyword.OUT:
                    reply = self._out(turn, received)
                case int() if turn.now < conversation.choice_until:
                    reply = self._chosen(turn, received, conversation, meaning)
                case None:
                    reply = self._answer(turn, received)
        return (
            reply
            or self._wishing.account_alone(turn, received)
            or Reply(InboundState.UNREAD, Reason.NOT_UNDERSTOOD, wording.not_understood())
        )

    def _chosen(self, turn: Turn, received: Received, conversation: Conversation, number: int) -> Reply | None:
        """Return what a number gets that chooses one of the premises, or asks for more of them; None: it does neither."""
        about: About = "status" if conversation.about == "status" else "out"
        if number == MORE and conversation.next:
            return self._offer(received, about, conversation.choice, conversation.next)
        if not 1 <= number <= len(conversation.choice):
            return None
        chosen = conversation.choice[number - 1]
        if about == "status":
            words = self._known(turn, received, (chosen,)) or received.wording.no_outage(
                self._where(received, (chosen,))
            )
            return Reply(InboundState.ANSWERED, Reason.CHOSEN, words)
        report(turn, received, chosen)
        return Reply(InboundState.REPORTED, Reason.CHOSEN, self._noted(turn, received, (chosen,)))

    def _offer(self, received: Received, about: About, premises: tuple[str, ...], start: int = 0) -> Reply:
        names = tuple(map(self._people.name, premises))
        offered = offer(received.wording, about, names, start, len(received.premises))
        state = InboundState.ASKED
        return Reply(state, Reason.SEVERAL_PREMISES, offered.words, choice=premises, about=about, next=offered.next)

    def _status(self, turn: Turn, received: Received) -> Reply:
        """Answer for the premises of this area, and have the others answer for theirs."""
        elsewhere = sorted({self._area_of(customer) for customer in received.premises} - {turn.shard, ""})
        for area in elsewhere:
            turn.emit(
                NOTICE_INBOUND,
                received.text.phone,
                TextReceived(
                    id=derived("passedOn", received.fact.id, area),
                    at=from_ms(received.fact.at),
                    exercise=turn.exercise,
                    phone=received.text.phone,
                    words=received.text.words,
                    area=area,
                ),
            )
        here = self._here(turn, received)
        if elsewhere and not here:
            return Reply(InboundState.PASSED_ON, Reason.OTHER_AREA, "")
        return self._status_here(turn, received, here)

    def _passed_on(self, turn: Turn, received: Received) -> Reply:
        """Answer a question that another area passed on."""
        return self._status_here(turn, received, self._here(turn, received))

    def _here(self, turn: Turn, received: Received) -> tuple[str, ...]:
        return tuple(customer for customer in received.premises if self._area_of(customer) == turn.shard)

    def _status_here(self, turn: Turn, received: Received, here: tuple[str, ...]) -> Reply:
        out = [affected for customer in here if (affected := turn.get(Affected, customer)) is not None]
        if len({affected.incident for affected in out}) > 1:
            return self._offer(received, "status", tuple(affected.id for affected in out))
        words = self._known(turn, received, here) or received.wording.no_outage(self._where(received, here))
        return Reply(InboundState.ANSWERED, Reason.STATUS_WORD, words)

    def _answer(self, turn: Turn, received: Received) -> Reply | None:
        """Report what a text says that answers our question whether power is on; None: there is none, or it does not."""
        question = open_question(turn, received.handle)
        on = None if question is None else keywords.said_of_power(received.text.words)
        if question is None or on is None:
            return None
        turn.put(msgspec.structs.replace(question, answered=True))
        kind = ReportKind.POWER_RESTORED if on else ReportKind.TEXT
        report(turn, received, question.customer, kind)
        turn.note(question, "on" if on else "off", Reason.SAID_ON if on else Reason.SAID_OFF, [received.fact.id])
        if on:
            return Reply(InboundState.REPORTED, Reason.SAID_ON, received.wording.noted_on())
        return Reply(InboundState.REPORTED, Reason.SAID_OFF, self._noted(turn, received, (question.customer,)))

    def _danger(self, turn: Turn, received: Received, hazard: HazardKind) -> Reply:
        """Report danger where its place is known. People read it in any case."""
        one = len(received.premises) == 1
        if one:
            report_danger(turn, received, received.premises[0], hazard)
        reason = Reason.DANGER_WORD if one else Reason.DANGER_NOWHERE
        return Reply(InboundState.WARNED, reason, received.wording.safety())

    def _out(self, turn: Turn, received: Received) -> Reply:
        """Report that power is out; whoever has several premises is asked which, and names it with a second report."""
        premises = received.premises
        report(turn, received, premises[0] if len(premises) == 1 else None)
        if len(premises) <= 1:
            return Reply(InboundState.REPORTED, Reason.OUT_WORD, self._noted(turn, received, premises))
        return self._offer(received, "out", premises)

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
        expected = max(known) if len(known) == len(found) else None
        where = self._where(received, tuple(affected.id for affected in found))
        assert where is not None, "premises were found"
        since = min(affected.since for affected in found)
        if self._is_answered(turn, received):
            for affected, one in zip(found, followed, strict=True):
                named = None if one is None or expected is None else one.estimate
                answered(turn, affected, self._ways_of(turn, affected.id, received.handle), named)
        return received.wording.known(where, calendar, since=since, expected=expected)

    def _is_answered(self, turn: Turn, received: Received) -> bool:
        """Answers whether the phone has an answer left within this hour."""
        said = turn.get(Conversation, received.handle)
        return said is None or sum(at > turn.now - HOUR_MS for at in said.answers) < ANSWERS_AN_HOUR

    def _ways_of(self, turn: Turn, customer: str, handle: str) -> list[str]:
        """Return by which of his ways a customer reads what this phone is answered: the first, where it is none of them."""
        ways = ways_of(turn, self._people, customer)
        return [way.id for way in ways if way.handle == handle and way.channel is Channel.TEXT] or [""]

    def _where(self, received: Received, premises: tuple[str, ...]) -> Where | None:
        return Where(tuple(map(self._people.name, premises)), len(received.premises)) if premises else None

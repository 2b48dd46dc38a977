"""Wishing: who may be told what, by which phone and in which language, as those say it who have the phones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import ConsentChanged, LanguageChosen
from schemas.ids import derived
from schemas.topics import NOTICE_CONSENTS
from services.clock import from_ms
from services.notices.keywords import Keyword, Language, Link
from services.notices.languages import wording_in
from services.notices.linking import CODE_MS, Linked, Linking, code_in
from services.notices.moments import InboundState
from services.notices.reasons import Reason
from services.notices.received import Reply
from services.notices.wording import Where

if TYPE_CHECKING:
    from services.engine.turn import Turn
    from services.notices.keywords import Meaning
    from services.notices.linking import Accounts, Linker
    from services.notices.people import People
    from services.notices.received import Received


class Wishing:
    """Does what phones wish."""

    def __init__(self, people: People, linker: Linker, accounts: Accounts) -> None:
        self._people = people
        self._linker = linker
        self._accounts = accounts

    def wish(self, turn: Turn, received: Received, meaning: Meaning | None) -> Reply | None:
        """Do what a text wishes, and return the answer; None: it wishes something else."""
        match meaning:
            case Language():
                return self.speak(turn, received, meaning.code)
            case Link():
                return self.link(turn, received, meaning.account)
            case Keyword.UNLINK:
                return self.unlink(turn, received)
            case Keyword.STOP:
                self.consent(turn, received, wanted=False)
                return Reply(InboundState.STOPPED, Reason.STOP_WORD, received.wording.stopped())
            case Keyword.START:
                self.consent(turn, received, wanted=True)
                return Reply(InboundState.STARTED, Reason.START_WORD, received.wording.started())
        return None

    def consent(self, turn: Turn, received: Received, *, wanted: bool) -> None:
        """Say to every area that holds premises of the phone whether it wants texts; who wants none follows nobody any more."""
        for area in self._linker.areas_of(turn, received.premises):
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
        if not wanted:
            self._follow_no_more(turn, received)

    def speak(self, turn: Turn, received: Received, language: str) -> Reply:
        """Write to a phone in another language from now on."""
        for area in self._linker.areas_of(turn, received.premises):
            turn.emit(
                NOTICE_CONSENTS,
                area,
                LanguageChosen(
                    id=derived("language", received.fact.id, area),
                    at=from_ms(received.fact.at),
                    exercise=turn.exercise,
                    phone=received.text.phone,
                    area=area,
                    language=language,
                ),
            )
        return Reply(InboundState.SPOKEN, Reason.LANGUAGE_WORD, wording_in(language).say("language.plain"))

    def link(self, turn: Turn, received: Received, account: str) -> Reply:
        """Send the code by which whoever asks shows that he has this phone."""
        wording = received.wording
        if not account:
            return Reply(InboundState.LINKING, Reason.LINK_WORD, wording.say("link_how.plain"))
        customer = self._accounts.find(account)
        if customer is None:
            return Reply(InboundState.LINKING, Reason.UNKNOWN_ACCOUNT, wording.say("link_unknown.plain"))
        if customer in received.premises:
            return Reply(InboundState.LINKING, Reason.LINKED_BEFORE, wording.say("link_already.plain"))
        nonce = received.text.nonce
        if nonce is None:
            return Reply(InboundState.UNREAD, Reason.UNCODED, wording.not_understood())
        code = self._linker.send_code(turn, received.handle, customer, received.fact, nonce)
        if code is None:
            return Reply(InboundState.LINKING, Reason.CODES_SPENT, wording.say("link_often.plain"))
        words = wording.say("link_code.plain", code=code)
        return Reply(InboundState.LINKING, Reason.CODE_SENT, words, lifetime_ms=CODE_MS)

    def account_alone(self, turn: Turn, received: Received) -> Reply | None:
        """Take an account number, sent by a stranger without a word, for the wish to be linked; None: it is none."""
        if received.premises or self._accounts.find(received.text.words) is None:
            return None
        return self.link(turn, received, received.text.words)

    def code(self, turn: Turn, received: Received) -> Reply | None:
        """Take the code that was sent to a phone; None: none was, or this is none."""
        linking, code = self._linker.waits_for_code(turn, received.handle), code_in(received.text.words)
        if linking is None or not code:
            return None
        came = self._linker.try_code(turn, linking, code, received.fact)
        if came is not Reason.LINKED:
            text = "link_over.plain" if came is Reason.CODE_OVER else "link_wrong.plain"
            return Reply(InboundState.LINKING, came, received.wording.say(text))
        return self._linked(turn, received, linking)

    def _linked(self, turn: Turn, received: Received, linking: Linking) -> Reply:
        customer = linking.customer
        self._linker.say_linked(turn, received.fact, received.text.phone, customer, received.premises, linked=True)
        # To somebody who has no premise, or others, the name says which one it is.
        place = received.wording.place(Where((self._people.name(customer),), 2))
        return Reply(InboundState.LINKED, Reason.LINKED, received.wording.say("linked.plain", place=place))

    def unlink(self, turn: Turn, received: Received) -> Reply:
        """Let the phone follow nobody any more, and nobody else follow its own premises."""
        own = self._people.premises(received.handle)
        followed = self._follow_no_more(turn, received)
        for customer in own:
            self._linker.say_linked(turn, received.fact, None, customer, (), linked=False)
        alone = "unlinked.own" if followed else "unlinked.nothing"
        text = "unlinked.others" if own else alone
        return Reply(InboundState.UNLINKED, Reason.UNLINK_WORD, received.wording.say(text))

    def _follow_no_more(self, turn: Turn, received: Received) -> bool:
        linked = turn.get(Linked, received.handle)
        for customer in () if linked is None else linked.customers:
            self._linker.say_linked(turn, received.fact, received.text.phone, customer, received.premises, linked=False)
        return linked is not None

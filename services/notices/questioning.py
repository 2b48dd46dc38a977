"""Questioning: asks a customer by text whether power is on, when his answer tells what has failed.

The question is open for a while for the phone that it went to: only then does a bare `Y` or `N` from there mean anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import CustomerAsked
from schemas.ids import derived
from services.engine.turn import Entity, Fact, Turn
from services.notices import caps
from services.notices.consents import consents
from services.notices.languages import wording_in
from services.notices.moments import EFFECT_KIND, LIFETIME_MS, Moment, NoticeDecided, TextBody
from services.notices.reasons import Reason
from services.notices.speaking import spoken
from services.notices.stopping import stopped
from services.notices.wording import Where

if TYPE_CHECKING:
    from services.notices.people import Manners, People, Reached

OPEN_MS = 60 * 60_000
"""How long an answer is understood: for as long as the text may be late, and as long again."""
PAUSE_MS = 86_400_000
"""A phone is asked once in this time at most."""


class Questioned(Entity, frozen=True, kw_only=True):
    """A phone that was asked whether this customer has power, and when (ms); `id` is its handle."""

    kind: ClassVar[str] = "questioned"
    customer: str
    at: int
    answered: bool = False


def open_question(turn: Turn, handle: str) -> Questioned | None:
    """Return the question that a phone has not answered yet; None where there is none, or its time is over."""
    asked = turn.get(Questioned, handle)
    return None if asked is None or asked.answered or asked.at + OPEN_MS <= turn.now else asked


class Questioning:
    """Asks people, in the manner of their utility."""

    def __init__(self, people: People, manners: Manners) -> None:
        self._people = people
        self._manners = manners

    def ask(self, turn: Turn) -> None:
        """Ask whom the inference wants to be asked; the journal says why somebody is not."""
        wanted = [(fact, fact.what) for fact in turn.facts if isinstance(fact.what, CustomerAsked)]
        if wanted:
            for over in turn.all(Questioned, lambda asked: asked.at <= turn.now - PAUSE_MS):
                turn.remove(over)
        for fact, asked in wanted:
            reached = self._people.get(asked.customer)
            handle = "" if reached is None else self._people.texted(asked.customer)
            silent = self._silent(turn, asked, reached, handle)
            if silent is not None or reached is None:
                turn.note(("question", fact.id), "untold", silent or Reason.NO_PHONE, [fact.id])
                continue
            turn.put(Questioned(id=handle, customer=asked.customer, at=turn.now))
            self._text(turn, fact, asked, reached, handle)

    def _silent(self, turn: Turn, asked: CustomerAsked, reached: Reached | None, handle: str) -> Reason | None:
        """Return why a customer is not asked; None: he is."""
        if reached is None:
            return Reason.NO_PHONE
        quiet = self._manners.quiet_end(turn.now, self._people.ways(asked.customer)[0].quiet) is not None
        hindrances = {
            Reason.PHONE_OF_SEVERAL: len(self._people.premises(handle)) > 1,
            Reason.NO_CONSENT: not consents(turn, handle, reached),
            Reason.QUIET_HOURS: quiet and not asked.at_night,
            Reason.TEXTS_STOPPED: stopped(turn, asked.incident),
            Reason.ASKED_LATELY: turn.get(Questioned, handle) is not None,
            Reason.CAPPED: not caps.has_room(turn, handle, self._manners),
        }
        return next((reason for reason, holds in hindrances.items() if holds), None)

    def _text(self, turn: Turn, fact: Fact, asked: CustomerAsked, reached: Reached, handle: str) -> None:
        customer, moment = asked.customer, Moment.QUESTION
        wording = wording_in(spoken(turn, handle), reached.language, *self._manners.languages)
        words = wording.question(Where((self._people.name(customer),), len(self._people.premises(handle))))
        key, expires_at = derived("text", asked.incident, moment, fact.id), turn.now + LIFETIME_MS[moment]
        body = TextBody(customer=customer, moment=moment, words=(wording.exercise if turn.exercise else "") + words)
        turn.effect(key, EFFECT_KIND, body, expires_at=expires_at)
        turn.record(
            NoticeDecided(
                key=key,
                handle=handle,
                incident=asked.incident,
                customers=(customer,),
                moment=moment,
                estimate=None,
                expires_at=expires_at,
            )
        )
        turn.note(("notice", key), "due", Reason.POWER_QUESTION, [fact.id])
        caps.count(turn, handle, self._manners)

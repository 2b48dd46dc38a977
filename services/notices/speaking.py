"""Speaking: the language that whoever has a phone chose for our texts, which goes before what the utility's folder says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemas.events import LanguageChosen
from services.engine.turn import Entity
from services.notices.people import handle_of
from services.notices.reasons import Reason

if TYPE_CHECKING:
    from services.engine.turn import Turn


class Spoken(Entity, frozen=True, kw_only=True):
    """The language (ISO 639-1) that was chosen last, and when (ms); `id` is the handle of the phone."""

    kind: ClassVar[str] = "spoken"
    language: str
    at: int


def spoken(turn: Turn, handle: str) -> str:
    """Return the language that a phone chose; empty: it chose none."""
    chosen = turn.get(Spoken, handle)
    return "" if chosen is None else chosen.language


def take_languages(turn: Turn) -> None:
    """Keep which languages phones chose."""
    for fact in turn.facts:
        choice = fact.what
        if not isinstance(choice, LanguageChosen):
            continue
        handle = handle_of(choice.phone)
        before = turn.get(Spoken, handle)
        if before is not None and fact.at < before.at:
            turn.note(before, "stays", Reason.OVERTAKEN, [fact.id])
            continue
        said = Spoken(id=handle, language=choice.language, at=fact.at)
        turn.put(said)
        turn.note(said, choice.language, Reason.SAID_BY_PHONE, [fact.id])

"""Consent: what a phone said last of wanting texts, which goes before what the utility's folder says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from services.engine.turn import Entity
from services.notices.people import LOUD

if TYPE_CHECKING:
    from services.engine.turn import Turn
    from services.notices.people import Reached, Way


class Consent(Entity, frozen=True, kw_only=True):
    """What a phone said last, and when (ms), of wanting texts; `id` is its handle."""

    kind: ClassVar[str] = "consent"
    consents: bool
    at: int


def consents(turn: Turn, handle: str, reached: Reached) -> bool:
    """Say whether a customer wants texts: what his phone said goes before the utility's folder."""
    said = turn.get(Consent, handle)
    return reached.consents if said is None else said.consents


def willing(turn: Turn, way: Way) -> bool:
    """Say whether notices are wanted by a way. A phone may have said so; another address is the utility folder's alone."""
    said = turn.get(Consent, way.handle) if way.channel in LOUD else None
    return way.consents if said is None else said.consents

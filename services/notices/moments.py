"""The moments at which a customer is told something, how long each notice is worth sending, and what a text carries."""

from __future__ import annotations

import enum
from typing import Final

from services.engine.turn import EffectBody, Record

_HOUR_MS = 3_600_000

EFFECT_KIND: Final = "text"
"""The kind of effect that a text is."""


class Moment(enum.StrEnum):
    """When a customer is told something."""

    POWER_OUT = "powerOut"
    INFORM_DISPATCHED = "informDispatched"
    POWER_RESTORED = "powerRestored"


LIFETIME_MS: Final = {
    Moment.POWER_OUT: 2 * _HOUR_MS,
    Moment.INFORM_DISPATCHED: 1 * _HOUR_MS,
    Moment.POWER_RESTORED: 4 * _HOUR_MS,
}
"""How long after its decision a notice is still news; a text later than that is not sent, and not delivered."""


class TextBody(EffectBody, frozen=True, kw_only=True):
    """What a gateway sends: final words, to a customer whose number it looks up at that time."""

    customer: str
    moment: Moment
    words: str


class NoticeDecided(Record, frozen=True, kw_only=True):
    """A notice that was decided on; `key` is that of its effect, times are milliseconds."""

    key: str
    incident: str
    customer: str
    moment: Moment
    expires_at: int


class NoticeReceipted(Record, frozen=True, kw_only=True):
    """What the operator's receipt says of a notice; `at` is in milliseconds."""

    key: str
    outcome: str
    operator_code: str
    at: int

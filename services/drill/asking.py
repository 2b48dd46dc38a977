"""What the world answers when it is asked whether power is on: a meter that is pinged, a customer who reads our text.

A meter with power answers within seconds, nineteen of twenty times; of one without, the head-end gives up after a minute. Of
customers two in five answer, by what is so when they write.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, ClassVar

import msgspec

from schemas.events import OutageReported, ReportKind
from schemas.ids import derived
from schemas.topics import OUTAGE_REPORTS
from services.clock import from_ms
from services.drill.draws import between, chance, waited
from services.drill.messages import Said, say, text_us
from services.engine.turn import Entity

if TYPE_CHECKING:
    from services.drill.plans import Cast
    from services.network import Customer

METERS_ANSWER = 0.95
PEOPLE_ANSWER = 0.4
GIVEN_UP_AFTER_MS = 60_000
"""When the head-end takes a ping for unanswered."""
MEDIAN_MS, LONGEST_MS = 3 * 60_000, 15 * 60_000
"""After which time people answer a text."""
ON_ITS_WAY_MS = 2_000
ASKS_POWER = ("is your power on", "现在有电吗")
"""By these words a handset's owner knows a question; every one of the product holds them, in one language or other."""
WORDS = {"zh": ("有", "没有")}
"""What people of a language answer with power and without; `Y` and `N` in every other."""


class By(enum.StrEnum):
    """How a customer is asked."""

    METER = "meter"
    TEXT = "text"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A fact: a customer's meter is pinged, or he has our question on his handset."""

    customer: str
    by: By


class Reading(Entity, frozen=True, kw_only=True):
    """A customer who has our question and answers it at `at` (ms); `id` is the question's."""

    kind: ClassVar[str] = "reading"
    customer: str
    at: int


def asks_power(words: str) -> bool:
    """Answers whether a text asks whether power is on."""
    return any(asks in words.lower() for asks in ASKS_POWER)


def pinged(seed: int, question: str, customer: Customer, at: int, *, dark: bool) -> Said:
    """Return what the head-end reports of a meter that it pinged at this time."""
    answers = not dark and chance(seed, METERS_ANSWER, "ping answered", question)
    kind = ReportKind.POWER_RESTORED if answers else ReportKind.NO_ANSWER
    after = between(seed, 3_000, 20_000, "ping under way", question) if answers else GIVEN_UP_AFTER_MS
    event = OutageReported(
        id=derived("pinged", question), at=from_ms(at), exercise=True, kind=kind, meter=customer.meter
    )
    return say(event, OUTAGE_REPORTS, customer.id, at + after)


def reading(seed: int, question: str, customer: str, at: int) -> Reading | None:
    """Return when a customer who got our question answers it; None: he does not."""
    if not chance(seed, PEOPLE_ANSWER, "question answered", question):
        return None
    answers_at = at + 20_000 + waited(seed, MEDIAN_MS, LONGEST_MS, "question read", question)
    return Reading(id=question, customer=customer, at=answers_at)


def answer(cast: Cast, customer: str, at: int, *, dark: bool) -> Said | None:
    """Return the text with which a customer answers; None for one who has no phone."""
    phone = cast.phones.get(customer)
    on, off = WORDS.get(cast.languages.get(customer, ""), ("Y", "N"))
    return None if phone is None else text_us(phone, off if dark else on, at + ON_ITS_WAY_MS)

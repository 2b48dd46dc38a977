"""Texts: what the operator says of those we sent, and what customers send us."""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta

from schemas.events.base import PRINTABLE, Event, Id, Phone, Words


class TextOutcome(enum.StrEnum):
    """What the operator's receipt says."""

    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


class TextReceipt(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.receipt.v1"):
    """The operator's receipt for a text: which notice (of which area), what became of it, the operator's code as it came."""

    notice: Id
    area: Id
    outcome: TextOutcome
    operator_code: Annotated[str, Meta(max_length=64, pattern=PRINTABLE)] = ""


class TextReceived(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.textReceived.v1"):
    """A text that a customer sent us."""

    phone: Phone
    words: Words


class ConsentChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.consentChanged.v1"):
    """Whoever has this phone wants texts from us, or wants none. One event for each area that holds premises of the phone."""

    phone: Phone
    area: Id
    consents: bool

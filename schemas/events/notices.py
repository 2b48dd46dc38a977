"""Texts: what the operator says of those we sent, and what customers send us."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events.base import PRINTABLE, Event, Id, Note, Phone, Words


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
    """A text that a customer sent us.

    `nonce` is drawn by whoever takes it from the network, so that a code that answers it is known to nobody else; `area` names
    the supply area that a text was passed on to, since it speaks of premises there.
    """

    phone: Phone
    words: Words
    nonce: Id | None = None
    area: Id | None = None


class ConsentChanged(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.consentChanged.v1"):
    """Whoever has this phone wants texts from us, or wants none. One event for each area that holds premises of the phone."""

    phone: Phone
    area: Id
    consents: bool


class PhoneLinked(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.phoneLinked.v1"):
    """Whoever has this phone has shown that he knows the customer's account number, and is told what the customer is told; or
    (`linked` false) no longer, or (`phone` null) no phone that was linked to the customer is. One event for each area that holds
    premises of the phone, and for the one that hears it.
    """

    area: Id
    customer: Id
    phone: Phone | None = None
    linked: bool = True


class LanguageChosen(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.languageChosen.v1"):
    """Whoever has this phone wants our texts in this language (ISO 639-1). One event for each area, as for consents."""

    phone: Phone
    area: Id
    language: Id


PersonsWords = Annotated[str, Meta(max_length=1_000, pattern=PRINTABLE)]
"""What a dispatcher writes to customers."""


class InboundAnswered(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.inboundAnswered.v1"):
    """A dispatcher answers a text that came in, with these words; `canned` names the prepared answer that they are."""

    area: Id
    text: Id
    by: Id
    words: PersonsWords
    canned: Id | None = None
    why: Note = ""


class WordsIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in a language (ISO 639-1)."""

    language: Id
    words: PersonsWords


class BroadcastSent(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.broadcast.v1"):
    """A dispatcher tells these customers something, each in the language that fits best, once for each phone.

    A broadcast goes out in parts, numbered from 1; no two of them hold customers of one phone. `approved_by` is the second
    person, where there had to be one.
    """

    area: Id
    broadcast: Id
    customers: Annotated[list[Id], Meta(min_length=1, max_length=5_000)]
    words: Annotated[list[WordsIn], Meta(min_length=1, max_length=20)]
    part: Annotated[int, Meta(ge=1, le=10_000)]
    parts: Annotated[int, Meta(ge=1, le=10_000)]
    by: Id
    approved_by: Id | None = None
    why: Note = ""


class Unsent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A notice that was decided on at `decided_ms` (milliseconds since 1970) and never left: its moment and its customers."""

    notice: Id
    moment: Id
    customers: Annotated[list[Id], Meta(min_length=1, max_length=5_000)]
    decided_ms: Annotated[int, Meta(ge=0, le=2**53)]


UnsentNotices = Annotated[list[Unsent], Meta(max_length=5_000)]


class NoticesStopped(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.stopped.v1"):
    """A dispatcher lets nobody be told of an incident, or (`incident` null) of anything, until it is resumed.

    `unsent` are notices that were taken back with it: their customers have not been told.
    """

    area: Id
    by: Id
    incident: Id | None = None
    unsent: UnsentNotices = msgspec.field(default_factory=list)
    why: Note = ""


class NoticesResumed(Event, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="notice.resumed.v1"):
    """A dispatcher ends a stop: whoever waited is told what holds now. `unsent` as in `NoticesStopped`."""

    area: Id
    by: Id
    incident: Id | None = None
    unsent: UnsentNotices = msgspec.field(default_factory=list)
    why: Note = ""

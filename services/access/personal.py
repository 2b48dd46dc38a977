"""Which columns hold what is personal, and what becomes of it. Whoever adds a column decides here to which kind it belongs.

Personal is what tells of a customer or of a contact of a hotline account: names, phone numbers, what they wrote or said. Ids of
customers and crews, meters, places and times are the utility's own record of supply and stay, as do the handles of phones, under
which state and journal know them. What staff did stays under the name of who did it, for ever: users are disabled, never deleted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import msgspec

from schemas.events import (
    ConsentChanged,
    Event,
    HazardReported,
    HotlineReported,
    InboundAnswered,
    LanguageChosen,
    OutageReported,
    PhoneLinked,
    TextReceived,
)

NO_PHONE = "+999000000000000"
"""Stands where a number was erased and none may be missing. +999 is given to nobody; it has as many digits as a number may."""
NO_WORDS = ""
NO_BODY = b"{}"
"""Stands for a message that could not be read as an event, so that nothing can be taken out of it but all."""
GONE = "erased"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a column holds that is personal, and until when: what takes it out, or why it stays."""

    what: str
    ends: str


_WITH_THE_FACT = "erased once its turn is older than the retention"
_WITH_THE_VERSION = "erased once the version is not current and decided nothing within the retention"
_WORK = "kept: the record of the staff's work; it is written by them, without customers' names and numbers"
_USER = "kept: what somebody did keeps the name of who did it"
_EXERCISE = "goes with the database of the exercise, which is dropped whole"

COLUMNS: Mapping[str, Held] = {
    "inbox.body": Held(
        what="phone and words of texts, their answers, consents and hotline reports", ends=_WITH_THE_FACT
    ),
    "outbox.body": Held(what="phone and words of reports, texts and consents; parked bytes", ends=_WITH_THE_FACT),
    "outbox.key": Held(what="the phone, of texts that came in", ends=_WITH_THE_FACT),
    "outbox.headers": Held(what="what somebody else put into a parked message's", ends=_WITH_THE_FACT),
    "parked.key": Held(what="as it came", ends=_WITH_THE_FACT),
    "parked.headers": Held(what="as they came", ends=_WITH_THE_FACT),
    "parked.body": Held(what="as it came", ends=_WITH_THE_FACT),
    "parked.detail": Held(what="may quote the body", ends=_WITH_THE_FACT),
    "effects.body": Held(what="the words of a text or call", ends=_WITH_THE_FACT),
    "report.phone_named": Held(what="the number that called", ends=_WITH_THE_FACT),
    "report.words": Held(what="what was said of a danger", ends=_WITH_THE_FACT),
    "inbound_text.phone": Held(what="who wrote", ends=_WITH_THE_FACT),
    "inbound_text.words": Held(what="what was written", ends=_WITH_THE_FACT),
    "consent_log.phone": Held(what="who wants texts or none; the handle stays", ends=_WITH_THE_FACT),
    "linked_phone.phone": Held(
        what="who wants to be told what a customer is told",
        ends="erased once its link ended longer ago than the retention",
    ),
    "inbound_answer.by_user": Held(what="a user's name", ends=_USER),
    "broadcast.words": Held(what="what a user wrote to many customers", ends=_WORK),
    "broadcast.why": Held(what="a user's words", ends=_WORK),
    "broadcast.asked_by": Held(what="a user's name", ends=_USER),
    "broadcast.approved_by": Held(what="a user's name", ends=_USER),
    "notice_stop.why": Held(what="a user's words", ends=_WORK),
    "notice_stop.by_user": Held(what="a user's name", ends=_USER),
    "notice_stop.ended_by": Held(what="a user's name", ends=_USER),
    "inbound_part.phone": Held(what="who wrote", ends="deleted once older than the retention"),
    "inbound_part.body": Held(what="a part of what was written", ends="deleted once older than the retention"),
    "customer_phone.phone": Held(what="a customer's number", ends=_WITH_THE_VERSION),
    "notice_contact.address": Held(what="a customer's number, or address of e-mail", ends=_WITH_THE_VERSION),
    "hotline_contact.name": Held(what="a contact's name", ends=_WITH_THE_VERSION),
    "hotline_contact.phone": Held(what="a contact's number", ends=_WITH_THE_VERSION),
    "hotline_contact_change.was": Held(
        what="a contact's number", ends="erased once the change is older than the retention"
    ),
    "hotline_contact_change.became": Held(
        what="a contact's number", ends="erased with `was`, unless it is the number of today"
    ),
    "hotline_contact_override.phone": Held(what="a contact's number of today", ends="kept: in use"),
    "restoration_orphan.key": Held(
        what="the phone, of texts that came in", ends="erased once older than the retention"
    ),
    "access_key.name": Held(what="who holds the key", ends="kept: an organisation, as a rule"),
    "hotline_account.name": Held(what="a large customer's name", ends="kept: an organisation"),
    "app_user.name": Held(what="a user's name", ends=_USER),
    "app_user.user_id": Held(what="a user's name", ends=_USER),
    "session.user_id": Held(what="a user's name", ends=_USER),
    "session.agent": Held(what="which browser a user had", ends=_USER),
    "crew_link.made_by": Held(what="a user's name", ends=_USER),
    "person_action.by_user": Held(what="a user's name", ends=_USER),
    "person_action.why": Held(what="a user's words", ends=_WORK),
    "person_action.said": Held(what="what a user asked for", ends=_WORK),
    "remark.by_user": Held(what="a user's name", ends=_USER),
    "remark.words": Held(what="a user's words", ends=_WORK),
    "attention_handled.by_user": Held(what="a user's name", ends=_USER),
    "attention_handled.why": Held(what="a user's words", ends=_WORK),
    "attention_request.by_user": Held(what="a user's name", ends=_USER),
    "drill.schedule.body": Held(what="phone and words of what is played", ends=_EXERCISE),
    "drill.schedule.key": Held(what="the phone, of texts that are played", ends=_EXERCISE),
    "drill.handset_text.phone": Held(what="a customer's number", ends=_EXERCISE),
    "drill.handset_text.words": Held(what="the words of a text", ends=_EXERCISE),
    "drill.call.phone": Held(what="a contact's number", ends=_EXERCISE),
    "drill.call.said": Held(what="the words of a call", ends=_EXERCISE),
    "drill.told.address": Held(what="a customer's number or address", ends=_EXERCISE),
    "drill.told.subject": Held(what="the subject of a letter", ends=_EXERCISE),
    "drill.told.words": Held(what="the words of a notice", ends=_EXERCISE),
    "drill.opted_out.phone": Held(what="a customer's number", ends=_EXERCISE),
}
"""Every column that holds something personal, as `table.column`; those of the drill as `drill.table.column`."""


def impersonal() -> frozenset[str]:
    """Return the columns of text, JSON or bytes of which it is known that they hold nothing personal, as in `COLUMNS`."""
    lines = Path(__file__).with_name("impersonal_columns.txt").read_text("utf-8").splitlines()
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return frozenset(f"{table}.{column}" for table, _, columns in pairs for column in columns.split())


def without_person(event: Event) -> Event:
    """Return an event without the phone number and the words of a customer or contact."""
    match event:
        case OutageReported() | HazardReported():
            return msgspec.structs.replace(event, phone=None, words=NO_WORDS)
        case HotlineReported():
            return msgspec.structs.replace(event, words=NO_WORDS)
        case TextReceived():
            return msgspec.structs.replace(event, phone=NO_PHONE, words=NO_WORDS)
        case ConsentChanged() | LanguageChosen() | PhoneLinked(phone=str()):
            return msgspec.structs.replace(event, phone=NO_PHONE)
        case InboundAnswered():
            return msgspec.structs.replace(event, words=NO_WORDS)
        case _:
            return event

"""Linking: whoever knows an account number may have his phone told what its customer is told.

A code of six digits is sent to the phone and has to come back from there, so that nobody links a phone that he does not hold. It
follows from a secret that was drawn when the text was taken from the network and is a part of the fact: nobody else can reckon
it, and whoever decides the fact again finds the same. The customer's own phone is told, and can end it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from schemas.events import PhoneLinked
from schemas.ids import derived
from schemas.topics import NOTICE_CONSENTS
from services.clock import from_ms
from services.engine.turn import Entity, Record
from services.notices.consents import Consent, willing
from services.notices.forgetting import remember
from services.notices.gsm import segments
from services.notices.languages import wording_in
from services.notices.moments import EFFECT_KIND, Channel, ConsentTaken, Moment, NoticeDecided, Priority, TextBody
from services.notices.people import Way, handle_of
from services.notices.reasons import Reason
from services.notices.speaking import spoken
from services.notices.wording import Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.engine.turn import Fact, Turn
    from services.notices.people import Manners, People

CODE_MS: Final = 15 * 60_000
"""So long a code counts."""
TRIES: Final = 3
"""So many wrong codes end it."""
CODES_AN_HOUR: Final = 3
HOUR_MS: Final = 3_600_000
TOLD_MS: Final = 4 * HOUR_MS
"""So long the customer's own phone is still told that another one was linked."""
_DIGITS: Final = 6
_CODE: Final = re.compile(r"\A\D{0,20}(\d{3})[\s-]?(\d{3})\D{0,5}\Z")


class Linking(Entity, frozen=True, kw_only=True):
    """A phone that was sent a code; `id` is its handle. `code` is a hash, `tries` how many wrong ones came; times are ms.

    `sent` are the times of the codes of the last hour. An empty `code` counts no more.
    """

    kind: ClassVar[str] = "linking"
    customer: str
    code: str
    until: int
    tries: int = 0
    sent: tuple[int, ...] = ()


class Linked(Entity, frozen=True, kw_only=True):
    """The customers whom a phone follows beside its own, sorted; `id` is its handle."""

    kind: ClassVar[str] = "linked"
    customers: tuple[str, ...]


class Follower(msgspec.Struct, frozen=True):
    """A phone that follows a customer: its handle, and the row of `linked_phone` that holds its number."""

    handle: str
    row: str


class Followers(Entity, frozen=True, kw_only=True):
    """The phones that follow a customer of this area; `id` is the customer."""

    kind: ClassVar[str] = "followers"
    phones: tuple[Follower, ...]


class PhoneLinkTaken(Record, frozen=True, kw_only=True):
    """A phone follows a customer from `at` (ms) on."""

    id: str
    phone: str
    handle: str
    customer: str
    at: int


class PhoneLinkEnded(Record, frozen=True, kw_only=True):
    """A phone, named by the row of its link, follows a customer no more since `at` (ms)."""

    id: str
    at: int


class Accounts:
    """Which account numbers there are, however they are typed. `customers` gives id and whether it is supplied, of each."""

    def __init__(self, customers: Iterable[tuple[str, bool]]) -> None:
        self._by_number: Mapping[str, str] = {_bare(customer): customer for customer, active in customers if active}

    def find(self, typed: str) -> str | None:
        """Return the customer of an account number; None: there is none."""
        return self._by_number.get(_bare(typed))


def _bare(typed: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", typed).casefold()))


def code_in(words: str) -> str:
    """Return the six digits that a text holds, if it holds hardly more; empty: it is no code."""
    found = _CODE.match(unicodedata.normalize("NFKC", words))
    return "" if found is None else found[1] + found[2]


def code_of(nonce: str, fact: str) -> str:
    """Return the code that answers a text: six digits, from the secret that came with it."""
    return f"{int(derived('linkCode', nonce, fact), 16) % 10**_DIGITS:0{_DIGITS}d}"


def premises_of(turn: Turn, people: People, handle: str) -> tuple[str, ...]:
    """Return the customers of a phone, sorted: those of the utility's folder, and those that it follows."""
    linked = turn.get(Linked, handle)
    own = people.premises(handle)
    return own if linked is None else tuple(sorted({*own, *linked.customers}))


def ways_of(turn: Turn, people: People, customer: str) -> tuple[Way, ...]:
    """Return by which ways a customer is told: those of the utility's folder, and the phones that follow him."""
    ways = people.ways(customer)
    followers = turn.get(Followers, customer)
    if followers is None:
        return ways
    texted = {way.handle for way in ways if way.channel is Channel.TEXT}
    language = people.of(customer).language
    return ways + tuple(
        Way(channel=Channel.TEXT, handle=each.handle, linked=each.row, language=language)
        for each in followers.phones
        if each.handle not in texted
    )


class Linker:
    """Keeps which phones follow whom. `area_of` returns the supply area of a customer (empty: he is not known any more)."""

    def __init__(self, people: People, manners: Manners, area_of: Callable[[str], str], areas: Iterable[str]) -> None:
        self._people = people
        self._manners = manners
        self._area_of = area_of
        self._areas = tuple(areas)

    def areas_of(self, turn: Turn, premises: Iterable[str]) -> list[str]:
        """Return the areas that hold these premises; of a stranger's phone the one that heard it."""
        return sorted({area for customer in premises if (area := self._area_of(customer))} | {turn.shard})

    def send_code(self, turn: Turn, handle: str, customer: str, fact: Fact, nonce: str) -> str | None:
        """Keep that a code goes out for this customer and return it; None: the phone was sent too many."""
        before = turn.get(Linking, handle)
        sent = tuple(at for at in (() if before is None else before.sent) if at > turn.now - HOUR_MS)
        if len(sent) >= CODES_AN_HOUR:
            return None
        code = code_of(nonce, fact.id)
        until = turn.now + CODE_MS
        linking = Linking(id=handle, customer=customer, code=_hashed(handle, code), until=until, sent=(*sent, turn.now))
        turn.put(linking)
        turn.note(linking, "asked", Reason.CODE_SENT, [fact.id])
        remember(turn)
        return code

    def waits_for_code(self, turn: Turn, handle: str) -> Linking | None:
        """Return the code that a phone was sent and has not given back, also where it counts no more; None: there is none."""
        linking = turn.get(Linking, handle)
        return None if linking is None or not linking.customer else linking

    def try_code(self, turn: Turn, linking: Linking, code: str, fact: Fact) -> Reason:
        """Return what comes of a code: `LINKED`, `CODE_WRONG`, or `CODE_OVER`: too late, or tried too often."""
        if not linking.code or turn.now >= linking.until:
            turn.put(msgspec.structs.replace(linking, code="", customer=""))
            return Reason.CODE_OVER
        if linking.code == _hashed(linking.id, code):
            turn.put(msgspec.structs.replace(linking, code="", customer=""))
            turn.note(linking, "confirmed", Reason.LINKED, [fact.id])
            return Reason.LINKED
        tries = linking.tries + 1
        over = tries >= TRIES
        turn.put(msgspec.structs.replace(linking, tries=tries, code="" if over else linking.code))
        return Reason.CODE_OVER if over else Reason.CODE_WRONG

    def say_linked(
        self, turn: Turn, fact: Fact, phone: str | None, customer: str, premises: Iterable[str], *, linked: bool
    ) -> None:
        """Say to every area that has to know that a phone follows a customer, or no more; no phone: none follows him any more."""
        areas = self._areas if phone is None else self.areas_of(turn, {*premises, customer})
        for area in areas:
            turn.emit(
                NOTICE_CONSENTS,
                area,
                PhoneLinked(
                    id=derived("phoneLinked", fact.id, customer, area),
                    at=from_ms(fact.at),
                    exercise=turn.exercise,
                    phone=phone,
                    area=area,
                    customer=customer,
                    linked=linked,
                ),
            )

    def take(self, turn: Turn) -> None:
        """Keep who follows whom."""
        for fact in turn.facts:
            change = fact.what
            if not isinstance(change, PhoneLinked):
                continue
            if change.linked and (change.phone is None or not self._area_of(change.customer)):
                turn.note(("customer", change.customer), "stays", Reason.UNKNOWN_ACCOUNT, [fact.id])
            elif change.phone is None:
                self._free(turn, fact, change.customer)
            elif change.linked:
                self._link(turn, fact, change.phone, change.customer)
            else:
                self._unlink(turn, fact, handle_of(change.phone), change.customer)

    def _link(self, turn: Turn, fact: Fact, phone: str, customer: str) -> None:
        handle = handle_of(phone)
        before = turn.get(Linked, handle)
        follows = () if before is None else before.customers
        linked = Linked(id=handle, customers=tuple(sorted({*follows, customer})))
        turn.put(linked)
        said = turn.get(Consent, handle)
        if said is None or said.at <= fact.at:
            # Whoever sends the code back wants to be told.
            turn.put(Consent(id=handle, consents=True, at=fact.at))
            turn.record(ConsentTaken(id=fact.id, phone=phone, handle=handle, consents=True, at=fact.at))
        turn.note(linked, "linked", Reason.LINKED, [fact.id])
        if self._area_of(customer) == turn.shard:
            self._follow(turn, fact, handle, phone, customer)

    def _follow(self, turn: Turn, fact: Fact, handle: str, phone: str, customer: str) -> None:
        before = turn.get(Followers, customer)
        phones = () if before is None else before.phones
        if any(each.handle == handle for each in phones):
            return
        row = derived("linkedPhone", fact.id)
        turn.put(Followers(id=customer, phones=(*phones, Follower(handle, row))))
        turn.record(PhoneLinkTaken(id=row, phone=phone, handle=handle, customer=customer, at=fact.at))
        for way in self._people.ways(customer):
            if way.channel is Channel.TEXT and way.handle != handle and willing(turn, way):
                self._tell(turn, fact, way, customer, row, phone[-2:])

    def _tell(self, turn: Turn, fact: Fact, way: Way, customer: str, row: str, digits: str) -> None:
        """Tell a phone of the utility's folder that another one follows its customer, at whatever hour it is."""
        key = derived("linkTold", row, way.handle)
        wording = wording_in(spoken(turn, way.handle), way.language, *self._manners.languages)
        place = wording.place(Where((self._people.name(customer),), len(self._people.premises(way.handle))))
        words = (wording.exercise if turn.exercise else "") + wording.say("linked.told", digits=digits, place=place)
        expires_at = turn.now + TOLD_MS
        turn.effect(
            key,
            EFFECT_KIND,
            TextBody(customer=customer, moment=Moment.LINK, words=words, contact=way.contact),
            expires_at=expires_at,
            priority=Priority.ANSWER,
        )
        turn.record(
            NoticeDecided(
                key=key,
                handle=way.handle,
                incident=row,
                customers=(customer,),
                moment=Moment.LINK,
                estimate=None,
                expires_at=expires_at,
                contact=way.contact,
                segments=segments(words),
            )
        )
        turn.note(("notice", key), "due", Reason.LINKED, [fact.id])

    def _unlink(self, turn: Turn, fact: Fact, handle: str, customer: str) -> None:
        before = turn.get(Linked, handle)
        if before is not None and customer in before.customers:
            left = tuple(each for each in before.customers if each != customer)
            if left:
                turn.put(Linked(id=handle, customers=left))
            else:
                turn.remove(before)
        turn.note(("customer", customer), "unlinked", Reason.UNLINKED, [fact.id])
        self._end(turn, fact, customer, {handle})

    def _free(self, turn: Turn, fact: Fact, customer: str) -> None:
        for linked in turn.all(Linked, lambda each: customer in each.customers):
            self._unlink(turn, fact, linked.id, customer)
        turn.note(("customer", customer), "unlinked", Reason.UNLINKED, [fact.id])
        followers = turn.get(Followers, customer)
        if followers is not None:
            self._end(turn, fact, customer, {each.handle for each in followers.phones})

    def _end(self, turn: Turn, fact: Fact, customer: str, handles: set[str]) -> None:
        followers = turn.get(Followers, customer)
        if followers is None:
            return
        left = tuple(each for each in followers.phones if each.handle not in handles)
        for each in followers.phones:
            if each not in left:
                turn.record(PhoneLinkEnded(id=each.row, at=fact.at))
        if left:
            turn.put(Followers(id=customer, phones=left))
        else:
            turn.remove(followers)


def forget_codes(turn: Turn) -> bool:
    """Drop what is known of codes of more than an hour ago; answers whether anything is left."""
    for linking in turn.all(Linking, lambda each: max(each.until, *each.sent, 0) <= turn.now - HOUR_MS):
        turn.remove(linking)
    return bool(turn.all(Linking))


def _hashed(handle: str, code: str) -> str:
    return derived("linkCode", handle, code)

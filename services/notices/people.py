"""The people behind the customers: by which ways they are told, in which language, and the hours in which they are let sleep."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from typing import TYPE_CHECKING

from schemas.ids import derived
from services.clock import from_ms, to_ms
from services.notices.moments import Channel, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

Hours = tuple[dt.time, dt.time]
"""From when until when it is quiet; what ends before it begins lies over midnight, what has no length is none."""

LOUD = frozenset({Channel.TEXT, Channel.VOICE})
"""The channels that wake somebody: the utility's quiet hours are for them. Others wait only in hours of their own."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An address beside a customer's first phone, or what the utility folder says of that phone.

    `id` names it where the address does not belong. `kinds` are the kinds of notice that go there, empty: all.
    """

    id: str
    channel: Channel
    address: str
    language: str = ""
    quiet: Hours | None = None
    kinds: frozenset[Kind] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How a customer is reached: phones in international form, the first of which is texted, and further contacts.

    `name` is what a premise is called in a text to somebody who has several; `language` is a code of ISO 639-1, empty: the
    utility's first one. `consents` is what the utility folder says of the phones; what a phone itself says later goes before it.
    """

    phones: tuple[str, ...]
    name: str
    language: str = ""
    consents: bool = True
    life_support: bool = False
    tier: str = "residential"
    contacts: tuple[Contact, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way by which a customer is told. What was told by it is kept under its `id`, empty for the first phone.

    `contact` is the id of a row of the utility's contacts, `linked` that of a phone that linked itself; both empty: the first
    phone. `consents` is what the utility folder says.
    """

    channel: Channel
    handle: str
    contact: str = ""
    linked: str = ""
    language: str = ""
    quiet: Hours | None = None
    kinds: frozenset[Kind] = frozenset()
    consents: bool = True

    @property
    def id(self) -> str:
        """Return the name under which it is known what was told by it."""
        return self.contact or self.linked

    def takes(self, kind: Kind) -> bool:
        """Answers whether notices of a kind go there."""
        return not self.kinds or kind in self.kinds


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a utility holds to: its time zone, its languages (at least one), when it is quiet, how many texts are too many.

    Hours are of the utility's day. `quiet_by` has those of a kind of notice and a tier, or of a kind and every tier (empty).
    """

    zone: dt.tzinfo
    languages: tuple[str, ...] = ("en",)
    quiet_from: dt.time = dt.time(22)
    quiet_until: dt.time = dt.time(7)
    quiet_by: Mapping[tuple[Kind, str], Hours] = dataclasses.field(default_factory=dict)
    texts_a_day: int = 12

    def quiet_end(self, now: int, hours: Hours | None = None) -> int | None:
        """Return when the quiet time that holds now ends (ms); None: it is not quiet. Without `hours`: the utility's."""
        return _quiet_end(now, self.zone, *(hours or (self.quiet_from, self.quiet_until)))

    def waits_until(self, now: int, kind: Kind, reached: Reached, way: Way) -> int | None:
        """Return until when (ms) a notice of a kind waits for a customer to be awake; None: it need not wait."""
        if kind is Kind.SAFETY or reached.life_support:
            return None
        if way.quiet is not None:
            return self.quiet_end(now, way.quiet)
        if way.channel not in LOUD:
            return None
        return self.quiet_end(now, self.quiet_by.get((kind, reached.tier)) or self.quiet_by.get((kind, "")))

    def day(self, now: int) -> str:
        """Return the utility's day, as `2026-03-01`."""
        return _day(now, self.zone)

    def next_day(self, now: int) -> int:
        """Return when the utility's next day begins (ms)."""
        tomorrow = from_ms(now).astimezone(self.zone).date() + dt.timedelta(days=1)
        return max(to_ms(dt.datetime.combine(tomorrow, dt.time(0), self.zone)), now + 1)


# One turn asks the same of very many customers.
@functools.lru_cache(maxsize=64)
def _quiet_end(now: int, zone: dt.tzinfo, begins: dt.time, ends: dt.time) -> int | None:
    here = from_ms(now).astimezone(zone)
    time = here.time()
    quiet = begins <= time < ends if begins <= ends else time >= begins or time < ends
    if not quiet:
        return None
    day = here.date() + dt.timedelta(days=time >= ends)
    # The fold is kept: of an hour that the clocks repeat, the end lies in the same one.
    return max(to_ms(dt.datetime.combine(day, ends, zone).replace(fold=here.fold)), now + 1)


@functools.lru_cache(maxsize=64)
def _day(now: int, zone: dt.tzinfo) -> str:
    return from_ms(now).astimezone(zone).date().isoformat()


def handle_of(phone: str) -> str:
    """Return the name under which a phone or an address is known in state and journal, where it does not belong itself."""
    return derived("phone", phone)


class People:
    """Who is reached how, by customer, and whose premises a phone stands for."""

    def __init__(self, reached: Mapping[str, Reached]) -> None:
        self._reached = reached
        self._premises: dict[str, list[str]] = {}
        self._ways: dict[str, tuple[Way, ...]] = {}
        for customer in sorted(reached):
            ways = _ways(reached[customer])
            self._ways[customer] = ways
            handles = [handle_of(phone) for phone in reached[customer].phones]
            handles += [way.handle for way in ways if way.contact]
            for handle in dict.fromkeys(handles):
                self._premises.setdefault(handle, []).append(customer)

    def get(self, customer: str) -> Reached | None:
        """Return how a customer is reached by phone, None: he has none."""
        found = self._reached.get(customer)
        return found if found is not None and found.phones else None

    def of(self, customer: str) -> Reached:
        """Return what is known of a customer, also of one whom the utility's folder reaches by no way."""
        return self._reached.get(customer) or Reached(phones=(), name=customer)

    def ways(self, customer: str) -> tuple[Way, ...]:
        """Return by which ways a customer is told, the first phone first; none for one who is not reached."""
        return self._ways.get(customer, ())

    def texted(self, customer: str) -> str:
        """Return the handle of the phone at which a customer is texted. Raises `KeyError` for one without a phone."""
        found = self.get(customer)
        if found is None:
            raise KeyError(customer)
        return handle_of(found.phones[0])

    def premises(self, handle: str) -> tuple[str, ...]:
        """Return the customers of a phone, or of another address, sorted."""
        return tuple(self._premises.get(handle, ()))

    def alone(self) -> frozenset[str]:
        """Return who wants texts and has a phone that stands for no other premise: his answer of one word is about his own."""
        return frozenset(
            customer
            for customer, reached in self._reached.items()
            if reached.phones and reached.consents and len(self._premises[handle_of(reached.phones[0])]) == 1
        )

    def name(self, customer: str) -> str:
        """Return what a customer's premise is called in a text."""
        reached = self._reached.get(customer)
        return customer if reached is None else reached.name


def _ways(reached: Reached) -> tuple[Way, ...]:
    """Return the ways of a customer; what a contact says of the first phone holds for that one."""
    first = reached.phones[0] if reached.phones else None
    own = next((each for each in reached.contacts if each.channel is Channel.TEXT and each.address == first), None)
    ways = []
    if first is not None:
        ways.append(
            Way(
                channel=Channel.TEXT,
                handle=handle_of(first),
                language=reached.language if own is None else own.language or reached.language,
                quiet=None if own is None else own.quiet,
                kinds=frozenset() if own is None else own.kinds,
                consents=reached.consents,
            )
        )
    ways += [
        Way(
            channel=each.channel,
            handle=handle_of(each.address),
            contact=each.id,
            language=each.language or reached.language,
            quiet=each.quiet,
            kinds=each.kinds,
        )
        for each in reached.contacts
        if each is not own
    ]
    return tuple(ways)

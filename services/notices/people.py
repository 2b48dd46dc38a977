"""The people behind the customers: their phones, language and consent, and the hours in which they are let sleep."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from schemas.ids import derived
from services.clock import from_ms, to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How a customer is reached: phones in international form, the first of which is texted (at least one).

    `name` is what a premise is called in a text to somebody who has several; `language` is a code of ISO 639-1, empty: the
    utility's first one. `consents` is what the utility folder says; what the phone itself says later goes before it.
    """

    phones: tuple[str, ...]
    name: str
    language: str = ""
    consents: bool = True
    life_support: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a utility holds to: its time zone, its languages (at least one), and from when until when it is quiet.

    Hours are of the utility's day; a quiet time that ends before it begins lies over midnight, one of no length is none.
    """

    zone: dt.tzinfo
    languages: tuple[str, ...] = ("en",)
    quiet_from: dt.time = dt.time(22)
    quiet_until: dt.time = dt.time(7)

    def quiet_end(self, now: int) -> int | None:
        """Return when the quiet time that holds now ends (ms); None: it is not quiet."""
        here = from_ms(now).astimezone(self.zone)
        time, begins, ends = here.time(), self.quiet_from, self.quiet_until
        quiet = begins <= time < ends if begins <= ends else time >= begins or time < ends
        if not quiet:
            return None
        day = here.date() + dt.timedelta(days=time >= ends)
        # The fold is kept: of an hour that the clocks repeat, the end lies in the same one.
        return max(to_ms(dt.datetime.combine(day, ends, self.zone).replace(fold=here.fold)), now + 1)


def handle_of(phone: str) -> str:
    """Return the name under which a phone is known in state and journal, where its number does not belong."""
    return derived("phone", phone)


class People:
    """Who is reached how, by customer, and whose premises a phone stands for."""

    def __init__(self, reached: Mapping[str, Reached]) -> None:
        self._reached = reached
        self._premises: dict[str, list[str]] = {}
        for customer in sorted(reached):
            for phone in reached[customer].phones:
                self._premises.setdefault(handle_of(phone), []).append(customer)

    def get(self, customer: str) -> Reached | None:
        """Return how a customer is reached, None: not at all."""
        return self._reached.get(customer)

    def texted(self, customer: str) -> str:
        """Return the handle of the phone at which a customer is texted. Raises `KeyError` for one without a phone."""
        return handle_of(self._reached[customer].phones[0])

    def premises(self, handle: str) -> tuple[str, ...]:
        """Return the customers of a phone, sorted."""
        return tuple(self._premises.get(handle, ()))

    def alone(self) -> frozenset[str]:
        """Return who wants texts and has a phone that stands for no other premise: his answer of one word is about his own."""
        return frozenset(
            customer
            for customer, reached in self._reached.items()
            if reached.consents and len(self._premises[handle_of(reached.phones[0])]) == 1
        )

    def name(self, customer: str) -> str:
        """Return what a customer's premise is called in a text."""
        reached = self._reached.get(customer)
        return customer if reached is None else reached.name

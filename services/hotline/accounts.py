"""Hotline accounts as the rules see them: premises, and contacts with their hours. No name and no phone is in them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from services.hotline.reasons import Reason


@dataclasses.dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the week, in the utility's own hours. Weekday 1 is Monday; an end not after the start lies on the next day."""

    weekday: int
    starts: dt.time
    ends: dt.time

    def cover(self, local: dt.datetime) -> bool:
        """Say whether this local moment lies in the stretch; its start does, its end does not."""
        day, time = local.isoweekday(), local.time()
        if self.starts < self.ends:
            return day == self.weekday and self.starts <= time < self.ends
        return (day == self.weekday and time >= self.starts) or (day == self.weekday % 7 + 1 and time < self.ends)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call: the rank on the ladder, how long an answer is awaited (milliseconds), language (ISO 639-1), roster."""

    id: str
    rank: int = 1
    wait_ms: int = 120_000
    language: str = "en"
    roster: tuple[Hours, ...] = ()

    def callable_at(self, local: dt.datetime) -> bool:
        """Say whether the contact is on the roster at a local moment; without a roster it always is."""
        return not self.roster or any(hours.cover(local) for hours in self.roster)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """A customer of the account, and the meter there."""

    customer: str
    meter: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A hotline account: its premises and contacts."""

    id: str
    premises: tuple[Premise, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def premise_of(self, customer: str | None, meter: str | None) -> str | Reason:
        """Return the customer that is meant, by its own id, else by its meter, else because there is one only; or why not."""
        if customer is not None:
            found = [premise.customer for premise in self.premises if premise.customer == customer]
        elif meter is not None:
            found = [premise.customer for premise in self.premises if premise.meter == meter]
        else:
            found = [premise.customer for premise in self.premises]
            if len(found) != 1:
                return Reason.PREMISE_NOT_NAMED
        return found[0] if found else Reason.NOT_OF_THE_ACCOUNT


@dataclasses.dataclass(frozen=True, slots=True)
class Rung:
    """Whom to call next. `again`: the ladder begins anew; `off_roster`: nobody is on the roster, so everybody is on it."""

    contact: Contact
    again: bool
    off_roster: bool


def next_rung(
    contacts: Sequence[Contact], order: Sequence[str], called: Sequence[str], local: dt.datetime
) -> Rung | None:
    """Return whom to call at a local moment, when `called` were called on this way up the ladder; None without contacts.

    The ladder: those named in `order` as they stand there, then the others by rank and id; whoever is not on the roster is
    left out, unless that leaves nobody.
    """
    places = {contact: place for place, contact in enumerate(order)}
    ladder = sorted(contacts, key=lambda each: (places.get(each.id, len(places)), each.rank, each.id))
    if not ladder:
        return None
    rostered = [contact for contact in ladder if contact.callable_at(local)]
    awake = rostered or ladder
    left = [contact for contact in awake if contact.id not in called]
    return Rung((left or awake)[0], again=not left, off_roster=not rostered)

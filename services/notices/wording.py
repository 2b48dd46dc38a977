"""What a language has to say, and how a text speaks of premises and times. The words are in `wording_en`, `wording_zh`.

Only the notice of a return holds the phrase that says so, and each of them does: whoever reads a text can tell. Texts take
one segment each. Times are milliseconds since the epoch, UTC, and said on the utility's wall clock.
"""

from __future__ import annotations

import abc
import dataclasses
import datetime as dt
from typing import ClassVar

from services.clock import from_ms

_STEP_MS = 5 * 60_000
_FAR_MS = 30 * 86_400_000
"""A time further away is not said: of a week or more a weekday says nothing, and no calendar goes on for ever."""
_NAMES_LENGTH = 24


@dataclasses.dataclass(frozen=True, slots=True)
class Where:
    """The premises that a text speaks of, by name, and how many its phone stands for."""

    names: tuple[str, ...]
    of: int

    @property
    def only_one(self) -> bool:
        """Whether the phone stands for no other premise, so that nobody asks which."""
        return self.of <= 1

    def named(self, comma: str, last: str) -> str | None:
        """Return the names in a row; None when they take more room than a text has."""
        *others, final = self.names
        row = comma.join(others) + last + final if others else final
        return row if len(row) <= _NAMES_LENGTH else None


@dataclasses.dataclass(frozen=True, slots=True)
class Calendar:
    """Now, and the utility's time zone: by these a time is said."""

    now: int
    zone: dt.tzinfo

    def ahead(self, at: int | None) -> int | None:
        """Return a time to the next five minutes, None for one that is unknown, past or far away.

        Nobody can promise a minute, and early is better than late.
        """
        return -(-at // _STEP_MS) * _STEP_MS if at is not None and self.now < at <= self.now + _FAR_MS else None


class Wording(abc.ABC):
    """The words of one language. `expected` and `arrival` are as `Calendar.ahead` returns them."""

    exercise: ClassVar[str]
    """What every text of an exercise begins with."""
    return_phrase: ClassVar[str]
    """What every notice of a return says and no other text does."""
    asking_phrase: ClassVar[str]
    """What every question whether power is on says and no other text does."""
    days: ClassVar[tuple[str, ...]]

    def time(self, at: int, calendar: Calendar) -> str:
        """Return a time of today, or with its day; one too long ago is said as the longest time ago that can be said."""
        at = max(at, calendar.now - _FAR_MS)
        there, here = from_ms(at).astimezone(calendar.zone), from_ms(calendar.now).astimezone(calendar.zone)
        day = "" if there.date() == here.date() else self.days[there.weekday()]
        return f"{day}{there:%H:%M}"

    @abc.abstractmethod
    def power_out(self, where: Where, calendar: Calendar, *, since: int, expected: int | None, crew: bool) -> str:
        """Power is out; `crew`: one is on its way."""

    @abc.abstractmethod
    def initial_etr(self, where: Where, calendar: Calendar, *, expected: int) -> str:
        """There is an estimate now."""

    @abc.abstractmethod
    def etr_change(self, where: Where, calendar: Calendar, *, expected: int, later: bool) -> str:
        """The estimate moved."""

    @abc.abstractmethod
    def crew_enroute(self, where: Where, calendar: Calendar, *, arrival: int | None, expected: int | None) -> str:
        """A crew is on its way."""

    @abc.abstractmethod
    def power_restored(self, where: Where, calendar: Calendar, *, since: int | None) -> str:
        """Power has returned; `since` when that was a good while ago."""

    @abc.abstractmethod
    def noted(self, where: Where | None) -> str:
        """Answer a report of an outage that is not known yet; None: of somebody who is not known either."""

    @abc.abstractmethod
    def known(self, where: Where, calendar: Calendar, *, since: int, expected: int | None) -> str:
        """Answer with what is known of an outage."""

    @abc.abstractmethod
    def no_outage(self, where: Where | None) -> str:
        """Answer that no outage is known; None: of somebody who is not known either."""

    @abc.abstractmethod
    def which(self, names: tuple[str, ...]) -> str:
        """Ask which premise is meant: 1 for the first."""

    @abc.abstractmethod
    def question(self, where: Where) -> str:
        """Ask whether power is on, to be answered in one word."""

    @abc.abstractmethod
    def noted_on(self) -> str:
        """Answer somebody who was asked, and said that power is on."""

    @abc.abstractmethod
    def stopped(self) -> str:
        """Answer that no more texts will come."""

    @abc.abstractmethod
    def started(self) -> str:
        """Answer that texts will come again."""

    @abc.abstractmethod
    def help(self) -> str:
        """Answer what may be asked."""

    @abc.abstractmethod
    def safety(self) -> str:
        """Answer what to do in danger."""

    @abc.abstractmethod
    def not_understood(self) -> str:
        """Answer that the text was not understood."""

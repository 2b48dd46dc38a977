"""What a language says of premises and times, and which text fits what is known.

Only the notice of a return holds the phrase that says so, and each of them does: whoever reads a text can tell. Texts take
one segment each. Times are milliseconds since the epoch, UTC, and said on the utility's wall clock.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from typing import TYPE_CHECKING

from services.clock import from_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.notices.templates import Templates

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


@functools.lru_cache(maxsize=1024)
def _local(at: int, zone: dt.tzinfo) -> dt.datetime:
    return from_ms(at).astimezone(zone)


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language. `expected` and `arrival` are as `Calendar.ahead` returns them."""

    templates: Templates

    @property
    def exercise(self) -> str:
        """Return what every text of an exercise begins with."""
        return self.templates.exercise

    @property
    def return_phrase(self) -> str:
        """Return what every notice of a return says and no other text does."""
        return self.templates.return_phrase

    @property
    def asking_phrase(self) -> str:
        """Return what every question whether power is on says and no other text does."""
        return self.templates.asking_phrase

    @property
    def canned(self) -> Mapping[str, str]:
        """Return the answers that are prepared for dispatchers, by name."""
        return self.templates.canned

    def say(self, key: str, **fields: str | int) -> str:
        """Return the text of this key, `section.variant`, with its fields filled in."""
        return self.templates.say(key, **fields)

    def subject(self, kind: str) -> str:
        """Return the subject of a letter with a notice of this kind."""
        return self.templates.say(f"subject.{kind}")

    def time(self, at: int, calendar: Calendar) -> str:
        """Return a time of today, or with its day; one too long ago is said as the longest time ago that can be said."""
        at = max(at, calendar.now - _FAR_MS)
        there, here = _local(at, calendar.zone), _local(calendar.now, calendar.zone)
        if there.date() == here.date():
            return f"{there:%H:%M}"
        return self.say("times.another_day", weekday=self.templates.weekdays[there.weekday()], time=f"{there:%H:%M}")

    def date(self, at: int, calendar: Calendar) -> str:
        """Return a time with its date: it may lie weeks ahead."""
        there = _local(at, calendar.zone)
        return self.say(
            "times.date",
            weekday=self.templates.weekdays[there.weekday()],
            day=there.day,
            month=self.templates.months[there.month - 1],
            time=f"{there:%H:%M}",
        )

    def place(self, where: Where) -> str:
        """Return the premises as a text speaks of them."""
        if where.only_one:
            return self.say("place.alone")
        named = where.named(self.say("place.comma"), self.say("place.last"))
        if named is not None:
            return self.say("place.named", names=named)
        return self.say("place.counted", count=len(where.names), of=where.of)

    def power_out(self, where: Where, calendar: Calendar, *, since: int, expected: int | None, crew: bool) -> str:
        """Power is out; `crew`: one is on its way."""
        fields = {"place": self.place(where), "since": self.time(since, calendar)}
        return self._by_estimate("power_out", calendar, expected, crew=crew, fields=fields)

    def still_out(self, where: Where, calendar: Calendar, *, expected: int | None, crew: bool) -> str:
        """What failed above is mended, and yet power is out: something else has failed."""
        return self._by_estimate("still_out", calendar, expected, crew=crew, fields={"place": self.place(where)})

    def _by_estimate(
        self, section: str, calendar: Calendar, expected: int | None, *, crew: bool, fields: Mapping[str, str]
    ) -> str:
        if expected is None:
            return self.say(f"{section}.{'crew' if crew else 'plain'}", **fields)
        variant = "crew_estimate" if crew else "estimate"
        return self.say(f"{section}.{variant}", **fields, expected=self.time(expected, calendar))

    def initial_etr(self, where: Where, calendar: Calendar, *, expected: int) -> str:
        """There is an estimate now."""
        return self.say("initial_etr.plain", place=self.place(where), expected=self.time(expected, calendar))

    def etr_change(self, where: Where, calendar: Calendar, *, expected: int, later: bool) -> str:
        """The estimate moved."""
        key = "etr_change.later" if later else "etr_change.sooner"
        return self.say(key, place=self.place(where), expected=self.time(expected, calendar))

    def crew_enroute(self, where: Where, calendar: Calendar, *, arrival: int | None, expected: int | None) -> str:
        """A crew is on its way."""
        known = {"arrival": arrival, "estimate": expected}
        variant = "_".join(name for name, at in known.items() if at is not None) or "plain"
        fields = {"arrival": arrival, "expected": expected}
        said = {name: self.time(at, calendar) for name, at in fields.items() if at is not None}
        return self.say(f"crew_enroute.{variant}", place=self.place(where), **said)

    def power_restored(self, where: Where, calendar: Calendar, *, since: int | None) -> str:
        """Power has returned; `since` when that was a good while ago."""
        if since is None:
            return self.say("power_restored.now", place=self.place(where))
        return self.say("power_restored.since", place=self.place(where), since=self.time(since, calendar))

    def planned_announced(
        self, where: Where, calendar: Calendar, *, begins: int | None, ends: int | None, begun: bool
    ) -> str:
        """Work is planned, or has begun without having been told of; None: nobody said when it begins or ends."""
        place = self.place(where)
        if begun or begins is None or ends is None:
            if ends is None or ends <= calendar.now:
                return self.say("planned_announced.open", place=place)
            return self.say("planned_announced.now", place=place, ends=self._end(ends, calendar.now, calendar))
        return self.say("planned_announced.ahead", place=place, **self._span(begins, ends, calendar))

    def planned_reminder(self, where: Where, calendar: Calendar, *, begins: int, ends: int) -> str:
        """Planned work is near."""
        return self.say("planned_reminder.plain", place=self.place(where), **self._span(begins, ends, calendar))

    def planned_changed(
        self, where: Where, calendar: Calendar, *, begins: int | None, ends: int | None, begun: bool
    ) -> str:
        """Planned work has another time; of work that has begun the end, if anybody knows it."""
        place = self.place(where)
        if not begun and begins is not None and ends is not None:
            return self.say("planned_changed.time", place=place, **self._span(begins, ends, calendar))
        if ends is None or ends <= calendar.now:
            return self.say("planned_changed.overrun", place=place)
        return self.say("planned_changed.end", place=place, ends=self._end(ends, calendar.now, calendar))

    def planned_cancelled(self, where: Where, calendar: Calendar, *, begins: int) -> str:
        """Planned work does not take place."""
        return self.say("planned_cancelled.plain", place=self.place(where), begins=self.date(begins, calendar))

    def planned_over(self, where: Where) -> str:
        """Planned work is over."""
        return self.say("planned_over.plain", place=self.place(where))

    def _span(self, begins: int, ends: int, calendar: Calendar) -> dict[str, str]:
        return {"begins": self.date(begins, calendar), "ends": self._end(ends, begins, calendar)}

    def _end(self, ends: int, begins: int, calendar: Calendar) -> str:
        there, then = _local(ends, calendar.zone), _local(begins, calendar.zone)
        return f"{there:%H:%M}" if there.date() == then.date() else self.date(ends, calendar)

    def danger_near(self, where: Where) -> str:
        """Warn of a line that is reported down near these premises."""
        return self.say("safety.near", place=self.place(where))

    def noted(self, where: Where | None) -> str:
        """Answer a report of an outage that is not known yet; None: of somebody who is not known either."""
        return self.say("noted.stranger") if where is None else self.say("noted.known", place=self.place(where))

    def known(self, where: Where, calendar: Calendar, *, since: int, expected: int | None) -> str:
        """Answer with what is known of an outage."""
        fields = {"place": self.place(where), "since": self.time(since, calendar)}
        if expected is None:
            return self.say("known.plain", **fields)
        return self.say("known.estimate", **fields, expected=self.time(expected, calendar))

    def no_outage(self, where: Where | None) -> str:
        """Answer that no outage is known; None: of somebody who is not known either."""
        return self.say("no_outage.stranger") if where is None else self.say("no_outage.known", place=self.place(where))

    def which(self, names: tuple[str, ...]) -> str:
        """Ask which premise is meant: 1 for the first."""
        choices = (self.say("place.numbered", number=place, name=name) for place, name in enumerate(names, 1))
        return self.say("which.plain", choices=self.say("place.comma").join(choices))

    def question(self, where: Where) -> str:
        """Ask whether power is on, to be answered in one word."""
        return self.say("question.plain") if where.only_one else self.say("question.place", place=self.place(where))

    def noted_on(self) -> str:
        """Answer somebody who was asked, and said that power is on."""
        return self.say("noted_on.plain")

    def stopped(self) -> str:
        """Answer that no more texts will come."""
        return self.say("stopped.plain")

    def started(self) -> str:
        """Answer that texts will come again."""
        return self.say("started.plain")

    def help(self) -> str:
        """Answer what may be asked."""
        return self.say("help.plain")

    def safety(self) -> str:
        """Answer what to do in danger."""
        return self.say("danger.plain")

    def not_understood(self) -> str:
        """Answer that the text was not understood."""
        return self.say("not_understood.plain")

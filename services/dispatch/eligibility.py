"""Who can be sent to a job, and the rule that keeps each of the others from it. Skills and hours are never broken."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from services.dispatch.demands import demands_of
from services.dispatch.hours import (
    MOST_ON_DUTY_MS,
    REST_MS,
    SIGN_ON_HOLDS_MS,
    is_called_in,
    next_shift,
    on_duty_since,
    shift_at,
    signed_on,
)
from services.dispatch.reasons import Reason

if TYPE_CHECKING:
    from services.dispatch.demands import Demands
    from services.dispatch.entities import Duty, Job
    from services.dispatch.hours import Span
    from services.dispatch.roster import Crew, Roster

SAFETY = frozenset(
    {
        Reason.SKILL_MISSING,
        Reason.CERTIFICATE_MISSING,
        Reason.HOURS_UP,
        Reason.OFF_DUTY,
        Reason.UNREACHABLE,
        Reason.BUSY,
        Reason.HELPS_ALREADY,
    }
)
"""The rules that a dispatcher cannot override: what a crew can and may do, its hours, one active order, being heard of."""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A crew that can be sent: how long it drives from where it last was, since when it is on duty, whether the work would
    outlast its shift (reckoned from its depot, as the choice is).
    """

    crew: str
    drive_ms: int
    since: int
    past_shift: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Excluded:
    """A crew that cannot be sent, the rules that say so, and when to look again though nothing is heard.

    `all_the_same` is the crew as a candidate, for whoever may override those rules.
    """

    reasons: tuple[Reason, ...]
    until: int | None
    all_the_same: Candidate

    @property
    def crew(self) -> str:
        """Return the crew."""
        return self.all_the_same.crew

    @property
    def forbidden(self) -> Reason | None:
        """Return the first of the rules that a dispatcher cannot override, if one is among them."""
        return next((reason for reason in self.reasons if reason in SAFETY), None)


class Standing:
    """A crew as it stands now: what keeps it from any work is worked out once for all jobs of a turn."""

    def __init__(self, crew: Crew, duty: Duty, roster: Roster, now: int) -> None:
        self._crew, self._duty, self._roster, self._now = crew, duty, roster, now
        self.shift = shift_at(crew, roster.zone, now)
        self.since = on_duty_since(duty, self.shift, now)
        self.reasons = tuple(_kept_from_work(crew, duty, self.shift, roster, now))

    def judge(self, job: Job) -> Candidate | Excluded:
        """Return the crew as a candidate for this job, or the rules that exclude it, the most lasting one first."""
        crew, ask = self._crew, demands_of(job)
        depot, travel = self._roster.home(crew.id).place, self._roster.travel
        ends = self._now + travel.drive_ms(depot, job.place) + ask.expected_ms
        declined = next((until for name, until in job.declined if name == crew.id and until > self._now), None)
        reasons = _unqualified(crew, ask, self._roster)
        if job.assists is not None and job.assists == self._duty.order:
            reasons.append(Reason.HELPS_ALREADY)
        if declined is not None:
            reasons.append(Reason.DECLINED)
        if ends > self.since + MOST_ON_DUTY_MS:
            reasons.append(Reason.HOURS_UP)
        reasons += self.reasons
        past_shift = self.shift is not None and ends > self.shift.end
        candidate = Candidate(crew.id, travel.drive_ms(self._duty.place or depot, job.place), self.since, past_shift)
        if not reasons:
            return candidate
        return Excluded(tuple(reasons), self._look_again(reasons, declined), candidate)

    def _look_again(self, reasons: list[Reason], declined: int | None) -> int | None:
        times = [declined]
        if Reason.HOURS_UP in reasons or Reason.OFF_SHIFT in reasons:
            times.append(self._next_shift)
        if Reason.HOURS_UP in reasons:
            duty = self._duty
            times.append(None if duty.worked_until is None else duty.worked_until + REST_MS)
            times.append(None if duty.signed_on is None else duty.signed_on + SIGN_ON_HOLDS_MS)
        return min((at for at in times if at is not None and at > self._now), default=None)

    @functools.cached_property
    def _next_shift(self) -> int | None:
        return next_shift(self._crew, self._roster.zone, self._now)


def _unqualified(crew: Crew, ask: Demands, roster: Roster) -> list[Reason]:
    on_record = roster.on_record(roster.region_of(crew.id))
    reasons = []
    if crew.skills.isdisjoint(ask.skills):
        reasons.append(Reason.SKILL_MISSING)
    if not crew.certificates.issuperset(on_record.intersection(ask.certificates)):
        reasons.append(Reason.CERTIFICATE_MISSING)
    if not crew.kit.issuperset(on_record.intersection(ask.kit)):
        reasons.append(Reason.KIT_MISSING)
    if crew.visiting and crew.guide is None:
        reasons.append(Reason.NO_GUIDE)
    return reasons


def _kept_from_work(crew: Crew, duty: Duty, shift: Span | None, roster: Roster, now: int) -> list[Reason]:
    if duty.order is not None:
        return [Reason.BUSY]
    by_state = {"unreachable": Reason.UNREACHABLE, "offDuty": Reason.OFF_DUTY, "onBreak": Reason.ON_BREAK}
    if duty.state in by_state:
        return [by_state[duty.state]]
    said = signed_on(duty, now)
    if crew.shifts and shift is None and (said is None or not is_called_in(crew, roster.zone, said)):
        return [Reason.OFF_SHIFT]
    return []

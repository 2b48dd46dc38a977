"""Who can be sent to a job, and the rule that keeps each of the others from it. Skills and hours are never broken."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from services.dispatch.demands import demands_of
from services.dispatch.hours import is_called_in, next_shift, on_duty_since, on_duty_until, shift_at, signed_on
from services.dispatch.reasons import Reason
from services.dispatch.rules import DEFAULTS

if TYPE_CHECKING:
    from services.dispatch.demands import Demands
    from services.dispatch.entities import Duty, Job
    from services.dispatch.roster import Crew, Roster
    from services.dispatch.rules import Rules

SAFETY = frozenset(
    {
        Reason.SKILL_MISSING,
        Reason.CERTIFICATE_MISSING,
        Reason.LONE_WORKER,
        Reason.AREA_FORBIDDEN,
        Reason.SAFETY_HELD,
        Reason.HOURS_UP,
        Reason.OFF_DUTY,
        Reason.UNREACHABLE,
        Reason.BUSY,
        Reason.HELPS_ALREADY,
    }
)
"""The rules that a dispatcher cannot override: what a crew can and may do, and where, its hours, one active order, being heard
of, and work that is held because of safety.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A crew that can be sent: how long it drives from where it last was, since when it is on duty, whether the work would
    outlast its shift (reckoned from its depot, or from where it is if that is farther).
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

    def __init__(self, crew: Crew, duty: Duty, roster: Roster, now: int, rules: Rules = DEFAULTS) -> None:
        self._crew, self._duty, self._roster, self._now, self._rules = crew, duty, roster, now, rules
        self.shift = shift_at(crew, roster.zone, now)
        self.since = on_duty_since(duty, self.shift, now, rules)
        self.until = on_duty_until(duty, self.since, rules)
        self.reasons = tuple(self._kept_from_work())
        self._fits: dict[tuple[str, str | None, bool, str], tuple[Demands, list[Reason]]] = {}

    def judge(self, job: Job) -> Candidate | Excluded:
        """Return the crew as a candidate for this job, or the rules that exclude it, the most lasting one first."""
        crew = self._crew
        depot, travel = self._roster.home(crew.id).place, self._roster.travel
        drive_ms = travel.drive_ms(self._duty.place or depot, job.place)
        ends = self._now + max(drive_ms, travel.drive_ms(depot, job.place)) + self._fit(job)[0].expected_ms
        reasons = [*self.kept_from(job, ends), *self.reasons]
        past_shift = self.shift is not None and ends > self.shift.end
        candidate = Candidate(crew.id, drive_ms, self.since, past_shift)
        if not reasons:
            return candidate
        return Excluded(tuple(reasons), self._look_again(reasons, self._declined_until(job)), candidate)

    def kept_from(self, job: Job, ends: int) -> list[Reason]:
        """Return the rules that keep the crew from a job that would end at a time; what it does now is left out of that."""
        crew, reasons = self._crew, list(self._fit(job)[1])
        if crew.barred and any(barred.covers(job.place) for barred in crew.barred):
            reasons.append(Reason.AREA_FORBIDDEN)
        if job.held_for_safety:
            reasons.append(Reason.SAFETY_HELD)
        if crew.id in job.forbidden:
            reasons.append(Reason.PAIR_FORBIDDEN)
        if job.assists is not None and job.assists == self._duty.order:
            reasons.append(Reason.HELPS_ALREADY)
        if job.declined and self._declined_until(job) is not None:
            reasons.append(Reason.DECLINED)
        if ends > self.until:
            reasons.append(Reason.HOURS_UP)
        return reasons

    def _declined_until(self, job: Job) -> int | None:
        return next((until for name, until in job.declined if name == self._crew.id and until > self._now), None)

    def _look_again(self, reasons: list[Reason], declined: int | None) -> int | None:
        times = [declined]
        if Reason.HOURS_UP in reasons or Reason.OFF_SHIFT in reasons:
            times.append(self._next_shift)
        if Reason.HOURS_UP in reasons:
            duty = self._duty
            times.append(None if duty.worked_until is None else duty.worked_until + self._rules.rest_ms)
            times.append(None if duty.signed_on is None else duty.signed_on + self._rules.sign_on_holds_ms)
        return min((at for at in times if at is not None and at > self._now), default=None)

    @functools.cached_property
    def _next_shift(self) -> int | None:
        return next_shift(self._crew, self._roster.zone, self._now)

    def _fit(self, job: Job) -> tuple[Demands, list[Reason]]:
        """Return what a job asks for, and what of that the crew lacks; of jobs of one kind it is found out once."""
        kind = (job.work.value, job.skill, job.hazard is None, job.device_class)
        if kind not in self._fits:
            ask = demands_of(job, self._rules)
            self._fits[kind] = ask, _unqualified(self._crew, ask, self._roster)
        return self._fits[kind]

    def _kept_from_work(self) -> list[Reason]:
        crew, duty, now = self._crew, self._duty, self._now
        if duty.order is not None:
            return [Reason.BUSY]
        by_state = {"unreachable": Reason.UNREACHABLE, "offDuty": Reason.OFF_DUTY, "onBreak": Reason.ON_BREAK}
        if duty.state in by_state:
            return [by_state[duty.state]]
        said = signed_on(duty, now, self._rules)
        called_in = said is not None and is_called_in(crew, self._roster.zone, said)
        if crew.shifts and self.shift is None and not called_in:
            return [Reason.OFF_SHIFT]
        return []


def _unqualified(crew: Crew, ask: Demands, roster: Roster) -> list[Reason]:
    on_record = roster.on_record(roster.region_of(crew.id))
    reasons = []
    if crew.skills.isdisjoint(ask.skills):
        reasons.append(Reason.SKILL_MISSING)
    if not crew.certificates.issuperset(on_record.intersection(ask.certificates)):
        reasons.append(Reason.CERTIFICATE_MISSING)
    if not crew.kit.issuperset(on_record.intersection(ask.kit)):
        reasons.append(Reason.KIT_MISSING)
    if crew.members < ask.members:
        reasons.append(Reason.LONE_WORKER)
    if crew.visiting and crew.guide is None:
        reasons.append(Reason.NO_GUIDE)
    return reasons

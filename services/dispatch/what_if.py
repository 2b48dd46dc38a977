"""What would come of it: the plan with a change, beside the plan without it. Nothing that is decided is touched. Pure.

Both sides are planned from the same routes, with the same number of moves, and each may take the other's plan over where that
is better for it: what differs is what the change does, not luck. More freedom never shows as a loss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from schemas.events import Id, OrderWork
from services.dispatch.entities import Duty, Job, hazard_job
from services.dispatch.plan import CrewAt, Plan, Scene, Search, basis_of, replan
from services.dispatch.plan_moves import policy_of
from services.dispatch.plan_scene import Region, first_weight, scene_of
from services.dispatch.roster import Crew

Routes: TypeAlias = Mapping[str, Sequence[str]]

UNTIL_S = 12 * 3600
"""Minutes without power are counted for so long from now; work for which nobody can go counts to the end."""
MOVES = 20_000
NEVER = 1 << 40
"""A time that does not come, seconds."""
WORTH_SAYING_MS = 5 * 60_000
_MOST_SAID = 30
_HELP = "assist:what-if"


class NoSuchChange(Exception):
    """The change names what the region does not have, or leaves out what it needs; the argument is a code."""


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change to try: `crews` more crews at a depot, which have these skills and may do all that the region's own may; a depot
    closed; an incident or a danger first, held, with a second crew; a crew sent to it, or forbidden it.
    """

    kind: Literal["crews", "depotClosed", "first", "hold", "secondCrew", "assign", "forbid"]
    crews: Annotated[int, Meta(ge=1, le=50)] = 2
    depot: Id | None = None
    skills: Annotated[list[Id], Meta(max_length=20)] = msgspec.field(default_factory=lambda: ["line", "service"])
    crew: Id | None = None
    incident: Id | None = None
    hazard: Id | None = None

    @property
    def job(self) -> str:
        """Return the job that is meant; empty: none is."""
        return self.incident or "" if self.hazard is None else hazard_job(self.hazard)


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan means: customer-minutes without power in the next twelve hours, customers to whom no crew can go, dangers that
    are reached late, crews that are planned with.
    """

    customer_minutes: int
    customers_without_crew: int
    hazards_late: int
    crews: int


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of work, by the incident or the danger that it is about."""

    job: str
    incident: str | None
    hazard: str | None
    customers: int


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """A crew that would do something else next."""

    crew: str
    before: Goal | None
    after: Goal | None


class Shifted(msgspec.Struct, frozen=True, kw_only=True):
    """An incident or danger that would be done at another time, milliseconds; None: nobody can go. Positive minutes: later."""

    goal: Goal
    before_ms: int | None
    after_ms: int | None
    minutes: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The plan without the change and with it: whose next work differs, and what is done sooner or later, the most people first."""

    before: Side
    after: Side
    orders: list[Turned]
    shifted: list[Shifted]


def what_if(region: Region, routes: Routes, change: Change, moves: int = MOVES) -> Comparison:
    """Return what a change would do to the plan of a region. Raises `NoSuchChange` with a code."""
    trial = Trial(region, routes, moves)
    return trial.compare(change)


class Trial:
    """A region's plan as it would be without any change, made once for all changes that are tried."""

    def __init__(self, region: Region, routes: Routes, moves: int = MOVES) -> None:
        self._region, self._moves = region, moves
        self._jobs = {job.id: job for job in region.jobs}
        self._scene = scene_of(region, {name: region.standing(name) for name in region.roster.crews_of(region.region)})
        self._seed = basis_of(self._scene)
        self._routes = self._searched(self._scene, routes).routes

    def compare(self, change: Change) -> Comparison:
        """Return what a change would do. Raises `NoSuchChange` with a code."""
        scene = self._changed(change)
        ways = [self._routes, self._searched(scene, self._routes).routes]
        before, without = self._best(self._scene, ways)
        if change.kind == "first":
            after, with_it = self._told(scene, ways[1])
        else:
            after, with_it = self._best(scene, ways)
        return Comparison(
            before=without,
            after=with_it,
            orders=self._turned((self._scene, before), (scene, after)),
            shifted=self._shifted((self._scene, before), (scene, after)),
        )

    def cost(self, change: Change) -> int:
        """Return how many customer-minutes a change would cost; negative: it would save them."""
        compared = self.compare(change)
        return compared.after.customer_minutes - compared.before.customer_minutes

    def _searched(self, scene: Scene, routes: Routes) -> Plan:
        return replan(scene, routes, self._how(self._moves), self._seed)

    def _how(self, moves: int) -> Search:
        return dataclasses.replace(policy_of(self._region.rules).search, moves=moves)

    def _told(self, scene: Scene, routes: Routes) -> tuple[Plan, Side]:
        """Return a plan of just these routes, and what it means: turning costs nothing more once it is decided."""
        crews = [
            self._turning(crew)
            if crew.doing is not None and not crew.pinned and next(iter(routes.get(crew.id, ())), None) != crew.doing
            else crew
            for crew in scene.crews
        ]
        plan = replan(dataclasses.replace(scene, crews=crews), routes, self._how(0), self._seed)
        return plan, self._side(scene, plan)

    def _turning(self, crew: CrewAt) -> CrewAt:
        return dataclasses.replace(crew, doing=None, pinned=False)

    def _best(self, scene: Scene, ways: Sequence[Routes]) -> tuple[Plan, Side]:
        told = [self._told(scene, way) for way in ways]
        return min(told, key=lambda one: (one[1].hazards_late, one[1].customer_minutes))

    def _side(self, scene: Scene, plan: Plan) -> Side:
        done, seconds, without = _done(scene, plan), 0, 0
        planned = {group.visits[0] for group in scene.groups}
        for group in scene.groups:
            job = self._jobs.get(group.visits[0])
            if job is None or job.assists is not None:
                continue
            switched = min(job.switchable[0], job.customers)
            customers = job.customers - switched if group.switched_s is None else switched
            ends = [_power_s(visit, group.switched_s, done, plan) for visit in group.visits]
            seconds += customers * min(UNTIL_S, max(ends))
            without += customers if max(ends) >= NEVER else 0
        for job in self._region.jobs:
            if job.hazard is None and job.assists is None and job.id not in planned:
                seconds += job.customers * UNTIL_S
                without += job.customers
        late = sum(
            visit.due_s is not None and visit.crew is None and plan.reached_s.get(visit.id, UNTIL_S) > visit.due_s
            for visit in scene.visits
        )
        return Side(
            customer_minutes=seconds // 60, customers_without_crew=without, hazards_late=late, crews=len(scene.crews)
        )

    # ------------------------------------------------------------------------------------------------------ the change

    def _changed(self, change: Change) -> Scene:
        match change.kind:
            case "crews":
                return self._with_crews(change)
            case "depotClosed":
                return self._without_depot(change)
            case "secondCrew":
                return self._with_help(change)
            case "assign":
                return self._sent(change)
            case "first":
                return self._first(change)
            case _:
                return self._kept_away(change)

    def _with_crews(self, change: Change) -> Scene:
        region = self._region
        depot = region.roster.depots.get(change.depot or "")
        if depot is None:
            raise NoSuchChange("unknownDepot")
        record = region.roster.on_record(region.region)
        home = dataclasses.replace(depot, region=region.region)
        more = [
            Crew(f"+{number}", depot.id, frozenset(change.skills), record, record, members=2)
            for number in range(1, change.crews + 1)
        ]
        hosting = dataclasses.replace(region, roster=region.roster.hosting((crew, home) for crew in more))
        return scene_of(hosting, {name: hosting.standing(name) for name in hosting.roster.crews_of(region.region)})

    def _without_depot(self, change: Change) -> Scene:
        scene = self._scene
        if change.depot not in self._region.roster.depots:
            raise NoSuchChange("unknownDepot")
        can = scene.can.copy()
        crews = []
        for row, crew in enumerate(scene.crews):
            closed = crew.depot == change.depot
            can[row] &= not closed
            crews.append(self._turning(crew) if closed and crew.doing is not None else crew)
        return dataclasses.replace(scene, can=can, crews=crews)

    def _with_help(self, change: Change) -> Scene:
        job, region = self._named(change), self._region
        fresh = msgspec.structs.replace(
            job, id=_HELP, work=OrderWork.ASSIST, assists=job.order or _HELP, upstream=None, state="waiting", order=None
        )
        helped = dataclasses.replace(region, jobs=[*region.jobs, fresh])
        return scene_of(helped, {name: helped.standing(name) for name in helped.roster.crews_of(region.region)})

    def _first(self, change: Change) -> Scene:
        job = self._named(change)
        groups = [
            dataclasses.replace(group, weight=group.weight + first_weight()) if group.visits[0] == job.id else group
            for group in self._scene.groups
        ]
        return dataclasses.replace(self._scene, groups=groups)

    def _kept_away(self, change: Change) -> Scene:
        """Return the scene in which a crew, or nobody (`hold`), goes to some work; to hold it stops nobody who is under way."""
        scene, column = self._scene, self._column(self._scene, self._named(change).id)
        can, crews = scene.can.copy(), list(scene.crews)
        if change.kind == "hold":
            can[:, column] = False
            return dataclasses.replace(scene, can=can)
        row = self._row(scene, change.crew)
        can[row, column] = False
        if crews[row].doing == scene.visits[column].id:
            crews[row] = self._turning(crews[row])
        return dataclasses.replace(scene, can=can, crews=crews)

    def _sent(self, change: Change) -> Scene:
        """Return the scene in which a crew leaves what it does and drives to some work, whatever else it could do."""
        job, scene, region = self._named(change), self._scene, self._region
        if change.crew not in region.roster.crews_of(region.region):
            raise NoSuchChange("unknownCrew")
        if all(crew.id != change.crew for crew in scene.crews):
            duty = region.duties.get(change.crew) or Duty(id=change.crew)
            called = msgspec.structs.replace(duty, state="available", signed_on=region.now)
            region = dataclasses.replace(region, duties={**region.duties, change.crew: called})
            scene = scene_of(region, {name: region.standing(name) for name in region.roster.crews_of(region.region)})
        row, column = self._row(scene, change.crew), self._column(scene, job.id)
        at_work, can, crews = scene.visits[column].crew, scene.can.copy(), list(scene.crews)
        if at_work == change.crew:
            return scene
        visits = [
            dataclasses.replace(visit, crew=None, left_s=0)
            if visit.crew == change.crew or (number == column and visit.crew is not None)
            else visit
            for number, visit in enumerate(scene.visits)
        ]
        for number, crew in enumerate(crews):
            if crew.id == at_work:
                crews[number] = dataclasses.replace(crew, on_site=False, free_s=0)
            elif crew.doing == job.id and number != row:
                crews[number] = self._turning(crew)
        crews[row] = dataclasses.replace(crews[row], free_s=0, on_site=False, doing=job.id, pinned=True)
        can[row, column] = True
        return dataclasses.replace(scene, can=can, crews=crews, visits=visits)

    def _named(self, change: Change) -> Job:
        job = self._jobs.get(change.job)
        if job is None:
            raise NoSuchChange("unknownWork")
        return job

    @staticmethod
    def _column(scene: Scene, job: str) -> int:
        found = next((number for number, visit in enumerate(scene.visits) if visit.id == job), None)
        if found is None:
            raise NoSuchChange("notPlanned")
        return found

    @staticmethod
    def _row(scene: Scene, crew: str | None) -> int:
        found = next((number for number, each in enumerate(scene.crews) if each.id == crew), None)
        if found is None:
            raise NoSuchChange("unknownCrew")
        return found

    # --------------------------------------------------------------------------------------------------- what differs

    def _goal(self, job: str | None) -> Goal | None:
        known = self._jobs.get(job or "")
        if known is None:
            return None
        return Goal(job=known.id, incident=known.incident, hazard=known.hazard, customers=known.customers)

    def _turned(self, before: tuple[Scene, Plan], after: tuple[Scene, Plan]) -> list[Turned]:
        was, would = _next(*before), _next(*after)
        return [
            Turned(crew=crew, before=self._goal(was.get(crew)), after=self._goal(would.get(crew)))
            for crew in sorted({*was, *would})
            if was.get(crew) != would.get(crew)
        ]

    def _shifted(self, before: tuple[Scene, Plan], after: tuple[Scene, Plan]) -> list[Shifted]:
        was, would, now = _done(*before), _done(*after), self._region.now
        found = []
        for job in self._region.jobs:
            old, new = was.get(job.id), would.get(job.id)
            late = min(UNTIL_S, UNTIL_S if new is None else new) - min(UNTIL_S, UNTIL_S if old is None else old)
            goal = self._goal(job.id)
            if goal is None or job.assists is not None or abs(late) * 1000 < WORTH_SAYING_MS:
                continue
            ends = [None if end is None else now + 1000 * end for end in (old, new)]
            found.append(Shifted(goal=goal, before_ms=ends[0], after_ms=ends[1], minutes=round(late / 60)))
        found.sort(key=lambda each: (-abs(each.minutes) * max(1, each.goal.customers), each.goal.job))
        return found[:_MOST_SAID]


def _done(scene: Scene, plan: Plan) -> dict[str, int]:
    """Return when each visit is finished, seconds from now: also those at which somebody is at work."""
    return {**plan.finished_s, **{visit.id: visit.left_s for visit in scene.visits if visit.crew is not None}}


def _power_s(visit: str, switched_s: int | None, done: Mapping[str, int], plan: Plan) -> int:
    """Return when a visit lets its customers have power, seconds from now: repaired, or before that fed from elsewhere."""
    end = done.get(visit)
    if end is None:
        return NEVER
    return end if switched_s is None else min(end, plan.reached_s.get(visit, 0) + switched_s)


def _next(scene: Scene, plan: Plan) -> dict[str, str]:
    """Return what each crew does or drives to next."""
    at_work = {visit.crew: visit.id for visit in scene.visits if visit.crew is not None}
    goals = {crew.id: at_work.get(crew.id) or next(iter(plan.routes.get(crew.id, ())), None) for crew in scene.crews}
    return {crew: goal for crew, goal in goals.items() if goal is not None}

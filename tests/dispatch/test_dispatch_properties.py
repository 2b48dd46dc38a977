from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import (
    ClearanceSet,
    CrewAssigned,
    CrewLeft,
    CrewReported,
    CrewState,
    CrewVisiting,
    DispatchMode,
    Event,
    FaultFound,
    HazardKind,
    HazardReported,
    HazardState,
    HoursExtended,
    IncidentState,
    ModeSet,
    OrderChanged,
    OrderRevoked,
    PairForbidden,
    Place,
    SecondCrewAsked,
    WorkHeld,
    WorkPlanned,
    WorkPrioritised,
)
from schemas.ids import derived
from services.clock import to_ms
from services.dispatch.demands import demands_of
from services.dispatch.eligibility import Candidate, Standing
from services.dispatch.entities import ACTIVE, NEEDS_CREW, UNDER_WAY, Duty, Job, Order, hazard_job
from services.dispatch.expecting import WORTH_KEEPING_MS
from services.dispatch.oddities import oddities
from services.dispatch.planned import Planned
from services.dispatch.reasons import Reason
from services.dispatch.roster import REGION, Barred, Roster
from services.dispatch.rules import DispatchRulesSet, Rules, RulesSaid, standing_rules
from services.dispatch.sending import WHY_NOBODY
from services.dispatch.stage import DispatchStage
from services.dispatch.visitors import Visitor, with_visitors
from services.engine.turn import Fact
from tests.dispatch.desk import crew_of, daily, hazard_changed, incident_changed, order_id, roster
from tests.stage_script import DAY, StageScript

CREWS = (
    crew_of("W1", "line", certificates="HV-switching"),
    crew_of("W2", "service"),
    crew_of("E1", "line", "service", shifts=daily("05:00", "13:00")),
    dataclasses.replace(crew_of("E2", "line", "service"), members=1, barred=(Barred(Place(11.0, 48.0), 1_000),)),
)
MODES = (DispatchMode.NEAREST_DEPOT, DispatchMode.PLAN)
STRICT = Rules(
    reserve_for_hazards=False,
    two_crews=("breaker",),
    clearance_for=("breaker", "fuse"),
    answer_within_s=300,
    call_again_s=60,
)
GUEST = f"visit.{REGION}.HILLS-1"
NAMES = (*(crew.id for crew in CREWS), GUEST)
ROSTER = roster(*CREWS)
FAR_AHEAD_MS = 1 << 50
LONG_AGO, FAR_AHEAD = (dt.datetime(year, 6, 1, tzinfo=dt.UTC) for year in (2000, 2099))
INCIDENTS = ("I-1", "I-2", "I-3")
HAZARDS = ("H-1", "H-2")
START_MIN = 6 * 60


@dataclasses.dataclass(frozen=True)
class Tick:
    """What is taken in one tick, `after_s` seconds after the one before."""

    after_s: int
    events: tuple[Event, ...]


def orders_of(name: str) -> list[str]:
    """Return the ids of the first orders for an incident or hazard."""
    if name in INCIDENTS:
        return [order_id(name, attempt) for attempt in (1, 2, 3)]
    opened_by = derived("hazardChanged", name, 1)
    return [derived("order", hazard_job(name), opened_by, attempt) for attempt in (1, 2, 3)]


WORK = (*INCIDENTS, *HAZARDS)
ORDERS = (*(order for name in WORK for order in orders_of(name)), "never-given")
PLACES = st.sampled_from([Place(11.0, 48.0), Place(11.2, 48.0), Place(11.39, 48.0)])


@st.composite
def days(draw: st.DrawFn) -> list[Tick]:
    """Draw a day of incidents, hazards, crews that say whatever crews may say, and a dispatcher who decides anything."""
    revisions: Counter[str] = Counter()
    ticks, second = [], START_MIN * 60
    for number in range(draw(st.integers(1, 14))):
        after = draw(st.sampled_from([0, 1, 30, 120, 299, 300, 301, 900, 1800, 20_000, 100_000]))
        second += after
        made = (_event(draw, second, f"{number}-{place}", revisions) for place in range(draw(st.integers(0, 4))))
        ticks.append(Tick(after, tuple(made)))
    return ticks


def _event(draw: st.DrawFn, second: int, name: str, revisions: Counter[str]) -> Event:
    at = DAY + dt.timedelta(seconds=second)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    kind = draw(st.sampled_from(["work", "work", "crew", "crew", "crew", "act", "visit"]))
    if kind == "visit":
        visit: dict[str, Any] = {"id": f"visit-{name}", "at": at, "region": REGION, "crew": GUEST, "by": "ann"}
        come = CrewVisiting(
            **visit,
            place=draw(PLACES),
            skills=["line"],
            guide=draw(st.sampled_from([None, "W2"])),
            until=draw(st.sampled_from([None, at + dt.timedelta(minutes=20)])),
        )
        return draw(st.sampled_from([come, come, CrewLeft(**visit)]))
    work = draw(st.sampled_from(WORK))
    if kind == "crew":
        status = draw(st.sampled_from(sorted(CrewState)))
        return CrewReported(
            id=f"said-{name}",
            at=draw(
                st.sampled_from([at, at - dt.timedelta(seconds=5), at - dt.timedelta(seconds=400), LONG_AGO, FAR_AHEAD])
            ),
            crew=draw(st.sampled_from(NAMES)),
            status=status,
            order=draw(st.sampled_from([*orders_of(work), None])),
            found=draw(st.sampled_from([None, "FUSE-1"])),
            place=draw(st.sampled_from([None, Place(11.1, 48.1)])),
            estimate=draw(st.sampled_from([None, at + dt.timedelta(hours=1), LONG_AGO, FAR_AHEAD])),
            hazard=draw(st.sampled_from([None, HazardKind.WIRE_DOWN])),
            skill=draw(st.sampled_from([None, "line", "diving"])),
        )
    named: dict[str, Any] = {"incident": work} if work in INCIDENTS else {"hazard": work}
    if kind == "act":
        base: dict[str, Any] = {"id": f"act-{name}", "at": at, "region": REGION, "by": "ann"}
        actions = (
            CrewAssigned(**base, **named, crew=draw(st.sampled_from([*NAMES, "X9"]))),
            OrderRevoked(**base, order=draw(st.sampled_from(ORDERS))),
            WorkHeld(**base, **named, held=draw(st.booleans()), safety=draw(st.booleans())),
            PairForbidden(**base, **named, crew=draw(st.sampled_from([*NAMES, "X9"])), forbidden=draw(st.booleans())),
            WorkPrioritised(**base, **named, first=draw(st.booleans())),
            SecondCrewAsked(**base, **named, wanted=draw(st.booleans())),
            HoursExtended(
                **base,
                crew=draw(st.sampled_from([*NAMES, "X9"])),
                until=draw(st.sampled_from([at + dt.timedelta(hours=20), at, LONG_AGO, FAR_AHEAD])),
            ),
            ClearanceSet(**base, order=draw(st.sampled_from(ORDERS)), given=draw(st.booleans())),
            ModeSet(**base, mode=draw(st.sampled_from([None, *DispatchMode]))),
        )
        return draw(st.sampled_from(actions))
    revisions[work] += 1
    if work in HAZARDS:
        state = draw(st.sampled_from(sorted(HazardState)))
        return hazard_changed(work, revisions[work], state, at=clock, place=draw(PLACES))
    return incident_changed(
        work,
        revisions[work],
        draw(st.sampled_from(sorted(IncidentState))),
        at=clock,
        place=draw(PLACES),
        device=draw(st.sampled_from(["FUSE-1", "FUSE-2"])),
        upstream=draw(st.sampled_from([None, *INCIDENTS])),
        device_class=draw(st.sampled_from(["breaker", "fuse", "transformer"])),
        life_support=draw(st.sampled_from([0, 1])),
    )


def played(
    ticks: list[Tick], mode: DispatchMode = DispatchMode.PLAN, *, backwards: bool = False, resumed: bool = False
) -> StageScript:
    script = StageScript(DispatchStage(ROSTER), REGION, resumed=resumed)
    rules = msgspec.structs.replace(STRICT, mode=mode)
    script.hear_facts(Fact(script.now, "rules", DispatchRulesSet(rules=rules)))
    script.settle()
    now = script.now + START_MIN * 60_000
    for tick in ticks:
        now += tick.after_s * 1000
        script.go_to(now)
        script.hear(*(reversed(tick.events) if backwards else tick.events))
        script.settle()
        check(script, ticks)
    script.go_to(now + 10 * STRICT.answer_within_ms)
    check(script, ticks)
    return script


def roster_of(script: StageScript) -> Roster:
    """Return the roster with the crews that visit now."""
    here = [each for _, each in sorted(script.entities["visitor"].items()) if isinstance(each, Visitor)]
    return with_visitors(ROSTER, REGION, tuple(here))


def allowed_until(ticks: list[Tick], crew: str) -> int:
    """Return until when a dispatcher ever let a crew work."""
    events = [event for tick in ticks for event in tick.events]
    until = [to_ms(event.until) for event in events if isinstance(event, HoursExtended) and event.crew == crew]
    return max(until, default=0)


def now_by(script: StageScript) -> Rules:
    """Return what the region dispatches by now."""
    said = script.entities["rules"].get(REGION)
    assert said is None or isinstance(said, RulesSaid)
    return standing_rules(said)


def check(script: StageScript, ticks: list[Tick]) -> None:
    orders = [order for order in script.entities["order"].values() if isinstance(order, Order)]
    jobs = {job.id: job for job in script.entities["job"].values() if isinstance(job, Job)}
    duties = {duty.id: duty for duty in script.entities["crew"].values() if isinstance(duty, Duty)}
    here = roster_of(script)
    active = [order for order in orders if order.state in ACTIVE]
    leading = [(order.incident, order.hazard) for order in active if order.assists is None]
    assert max(Counter(order.crew for order in active).values(), default=0) <= 1
    assert max(Counter(leading).values(), default=0) <= 1
    assert {(order.crew, order.id) for order in active} == {(d.id, d.order) for d in duties.values() if d.order}
    assert {(order.job, order.id) for order in active} == {(j.id, j.order) for j in jobs.values() if j.order}
    assert {order.crew for order in active} <= here.crews.keys()
    for order in orders:
        skills = ROSTER.crews[order.crew].skills if order.crew in ROSTER.crews else {"line"}
        assert not skills.isdisjoint(order.skills)
        hours_up = max(order.on_duty_since + STRICT.most_on_duty_ms, allowed_until(ticks, order.crew))
        assert (order.ended_at or order.sent_at) <= hours_up
        if order.crew == "E2":
            assert order.assists or order.hazard or "service" in order.skills
            assert order.place != Place(11.0, 48.0)
        times = (order.sent_at, order.accepted_at, order.enroute_at, order.arrived_at, order.ended_at)
        assert sorted(each for each in times if each is not None) == [each for each in times if each is not None]
        assert (order.ended_at is None) == (order.state in ACTIVE)
    holds = {order.id: order for order in active}
    for duty in duties.values():
        order_of = holds.get(duty.order or "")
        odd = oddities(duty, order_of, script.now)
        assert ("jumped" in odd) == (order_of is not None and order_of.reason == Reason.CREW_JUMPED)
    for job in jobs.values():
        assert (job.state == "ordered") <= (job.order is not None)
        under_way = next((order for order in active if order.job == job.id and order.state in UNDER_WAY), None)
        assert under_way is None or under_way.crew not in job.forbidden
        assert not (
            job.held_for_safety and {order.job: order for order in active if order.state in UNDER_WAY}.get(job.id)
        )
        if job.assists is None:
            assert (job.state == "over") == (job.standing not in NEEDS_CREW)
        if job.state == "waiting":
            reasons = {e.reason for e in script.journal if (e.subject, e.to) == (job.id, "waiting")}
            assert reasons & WHY_NOBODY
            standings = [
                Standing(crew, duties.get(crew.id, Duty(id=crew.id)), here, script.now, STRICT)
                for crew in here.crews.values()
            ]
            judged = [each.judge(job) for each in standings]
            may_go = [each for each in judged if isinstance(each, Candidate)]
            assert job.held_by or not may_go or is_planned(script, job, may_go)


def is_planned(script: StageScript, job: Job, may_go: list[Candidate]) -> bool:
    """Answer whether a plan has a reason to let work wait beside crews that may go.

    It has none but a storm, advice that nobody has taken yet, or a crew that will be done with the work before any of these.
    """
    mode = now_by(script).mode
    if mode is DispatchMode.NEAREST_DEPOT:
        return False
    plan = script.entities["plan"][REGION]
    assert isinstance(plan, Planned)
    expected = next((each for each in plan.expected if each.job == job.id), None)
    assert expected is not None, "a plan forgets no work that somebody can do"
    if mode is DispatchMode.ADVISE or plan.storm:
        return True
    idle = [each for each in may_go if each.crew not in {crew for crew, _ in plan.routes}]
    soonest = min((script.now + each.drive_ms for each in idle), default=FAR_AHEAD_MS)
    return soonest + demands_of(job, STRICT).expected_ms >= expected.done - WORTH_KEEPING_MS


@given(days())
@settings(deadline=None, max_examples=100)
@pytest.mark.parametrize("mode", MODES)
def test_no_crew_and_no_work_ever_has_two_orders_and_nothing_waits_beside_a_crew_that_may_go(
    mode: DispatchMode, ticks: list[Tick]
) -> None:
    script = played(ticks, mode)
    ids = [emission.event.id for emission in script.emitted] + [entry.id for entry in script.journal]
    assert len(ids) == len(set(ids))
    noted = {(entry.subject, entry.to, entry.reason) for entry in script.journal if entry.subject_kind == "order"}
    for emission in script.emitted:
        event = emission.event
        if isinstance(event, FaultFound | HazardReported | WorkPlanned):
            continue
        assert isinstance(event, OrderChanged)
        assert (event.order, event.state, event.reason) in noted
    assert all(entry.facts for entry in script.journal)


@given(days())
@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("mode", MODES)
def test_the_order_of_arrival_within_a_tick_changes_no_byte(mode: DispatchMode, ticks: list[Tick]) -> None:
    assert played(ticks, mode).bytes_decided() == played(ticks, mode, backwards=True).bytes_decided()


@given(days())
@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("mode", MODES)
def test_a_worker_that_takes_over_at_any_tick_decides_the_same_bytes(mode: DispatchMode, ticks: list[Tick]) -> None:
    assert played(ticks, mode).bytes_decided() == played(ticks, mode, resumed=True).bytes_decided()


@given(days())
@settings(deadline=None, max_examples=40)
@pytest.mark.parametrize("mode", MODES)
def test_a_status_that_is_said_twice_moves_nothing_twice(mode: DispatchMode, ticks: list[Tick]) -> None:
    def again(event: Event) -> tuple[Event, ...]:
        return (
            (event, msgspec.structs.replace(event, id=f"{event.id}-again"))
            if isinstance(event, CrewReported)
            else (event,)
        )

    doubled = [Tick(tick.after_s, tuple(e for event in tick.events for e in again(event))) for tick in ticks]
    once, twice = played(ticks, mode), played(doubled, mode)
    orders = [[e.event for e in script.emitted if isinstance(e.event, OrderChanged)] for script in (once, twice)]
    assert orders[0] == orders[1]

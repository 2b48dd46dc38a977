from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import CrewReported, CrewState, Event, IncidentState, OrderChanged, Place
from schemas.ids import derived
from services.dispatch.entities import ACTIVE, Duty, Job, Order
from services.dispatch.stage import REGION, DispatchStage
from services.dispatch.waiting import ANSWER_WITHIN_MS
from tests.dispatch.desk import incident_changed, roster
from tests.stage_script import DAY, StageScript

CREWS = ("W1", "W2", "E1")
INCIDENTS = ("I-1", "I-2", "I-3", "I-4")
START_MIN = 6 * 60


@dataclasses.dataclass(frozen=True)
class Tick:
    """What is taken in one tick, `after_s` seconds after the one before."""

    after_s: int
    events: tuple[Event, ...]


def order_id(incident: str, attempt: int) -> str:
    return derived("order", incident, attempt)


@st.composite
def days(draw: st.DrawFn) -> list[Tick]:
    """Draw a day of incidents and crews that say whatever crews may say, of orders that exist or do not."""
    revisions: Counter[str] = Counter()
    ticks, second = [], START_MIN * 60
    for number in range(draw(st.integers(1, 14))):
        after = draw(st.sampled_from([0, 1, 30, 120, 299, 300, 301, 900, 1800]))
        second += after
        at = DAY + dt.timedelta(seconds=second)
        events: list[Event] = []
        for place in range(draw(st.integers(0, 4))):
            if draw(st.booleans()):
                incident = draw(st.sampled_from(INCIDENTS))
                revisions[incident] += 1
                events.append(
                    incident_changed(
                        incident,
                        revisions[incident],
                        draw(st.sampled_from(sorted(IncidentState))),
                        at=f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}",
                        place=Place(draw(st.sampled_from([11.0, 11.2, 11.39])), 48.0),
                        device=draw(st.sampled_from(["FUSE-1", "FUSE-2"])),
                        upstream=draw(st.sampled_from([None, *INCIDENTS])),
                    )
                )
            else:
                about = order_id(draw(st.sampled_from(INCIDENTS)), draw(st.integers(1, 3)))
                events.append(
                    CrewReported(
                        id=f"said-{number}-{place}",
                        at=at - dt.timedelta(seconds=draw(st.sampled_from([0, 5, 400]))),
                        crew=draw(st.sampled_from(CREWS)),
                        status=draw(st.sampled_from(sorted(CrewState))),
                        order=draw(st.sampled_from([about, about, about, None])),
                        found=draw(st.sampled_from([None, "FUSE-1"])),
                    )
                )
        ticks.append(Tick(after, tuple(events)))
    return ticks


def played(ticks: list[Tick], *, backwards: bool = False, resumed: bool = False) -> StageScript:
    script = StageScript(DispatchStage(roster(*CREWS)), REGION, resumed=resumed)
    now = script.now + START_MIN * 60_000
    for tick in ticks:
        now += tick.after_s * 1000
        script.go_to(now)
        script.hear(*(reversed(tick.events) if backwards else tick.events))
        script.settle()
        check(script)
    script.go_to(now + 10 * ANSWER_WITHIN_MS)
    check(script)
    return script


def check(script: StageScript) -> None:
    orders = [order for order in script.entities["order"].values() if isinstance(order, Order)]
    jobs = {job.id: job for job in script.entities["job"].values() if isinstance(job, Job)}
    duties = {duty.id: duty for duty in script.entities["crew"].values() if isinstance(duty, Duty)}
    active = [order for order in orders if order.state in ACTIVE]
    assert max(Counter(order.crew for order in active).values(), default=0) <= 1
    assert max(Counter(order.incident for order in active).values(), default=0) <= 1
    assert {(order.crew, order.id) for order in active} == {(d.id, d.order) for d in duties.values() if d.order}
    assert {(order.incident, order.id) for order in active} == {(j.id, j.order) for j in jobs.values() if j.order}
    idle = {crew for crew in CREWS if crew not in duties or duties[crew].state == "available"}
    for job in jobs.values():
        assert (job.state == "ordered") <= (job.order is not None)
        assert (job.state == "over") == (
            job.incident_state
            in {IncidentState.RESTORED, IncidentState.CLOSED, IncidentState.MERGED, IncidentState.DISMISSED}
        )
        if job.state == "waiting":
            asked = {crew for crew, until in job.declined if until > script.now}
            assert idle <= asked
            assert "noCrewIdle" in {e.reason for e in script.journal if (e.subject, e.to) == (job.id, "waiting")}


@given(days())
@settings(deadline=None, max_examples=150)
def test_no_crew_and_no_incident_ever_has_two_orders_and_nobody_waits_beside_an_idle_crew(ticks: list[Tick]) -> None:
    script = played(ticks)
    ids = [emission.event.id for emission in script.emitted] + [entry.id for entry in script.journal]
    assert len(ids) == len(set(ids))
    noted = {(entry.subject, entry.to, entry.reason) for entry in script.journal if entry.subject_kind == "order"}
    for emission in script.emitted:
        event = emission.event
        assert isinstance(event, OrderChanged)
        assert (event.order, event.state, event.reason) in noted
    assert all(entry.facts for entry in script.journal)


@given(days())
@settings(deadline=None, max_examples=60)
def test_the_order_of_arrival_within_a_tick_changes_no_byte(ticks: list[Tick]) -> None:
    assert played(ticks).bytes_decided() == played(ticks, backwards=True).bytes_decided()


@given(days())
@settings(deadline=None, max_examples=60)
def test_a_worker_that_takes_over_at_any_tick_decides_the_same_bytes(ticks: list[Tick]) -> None:
    assert played(ticks).bytes_decided() == played(ticks, resumed=True).bytes_decided()


@given(days())
@settings(deadline=None, max_examples=60)
def test_a_status_that_is_said_twice_moves_nothing_twice(ticks: list[Tick]) -> None:
    def again(event: Event) -> tuple[Event, ...]:
        return (
            (event, msgspec.structs.replace(event, id=f"{event.id}-again"))
            if isinstance(event, CrewReported)
            else (event,)
        )

    doubled = [Tick(tick.after_s, tuple(e for event in tick.events for e in again(event))) for tick in ticks]
    once, twice = played(ticks), played(doubled)
    assert [e.event for e in once.emitted] == [e.event for e in twice.emitted]

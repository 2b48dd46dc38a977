"""No fact that decodes may stop a stage: each is answered with a reason, and what comes behind it is decided all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from schemas.codec import encode
from schemas.events import IncidentChanged, OutageReported
from schemas.topics import consumed_by
from services.clock import from_ms
from services.engine import clock
from services.engine.deciding import Deciding
from services.engine.replaying import replay_shard
from services.engine.turn import Fact, Unplaced
from services.outages.report import LocatedReport
from services.reports.locating import locate
from services.reports.store import insert
from tests.hostile.correlate_course import CORRELATE, DISRUPTIVE, FIRST, NETWORK
from tests.hostile.course import Course, Heard, Insane, Played, event_at
from tests.hostile.dispatch_course import DISPATCH
from tests.hostile.escalate_course import ESCALATE
from tests.hostile.notify_course import NOTIFY
from tests.hostile.world_course import WORLD
from tests.outages.town import device_id

if TYPE_CHECKING:
    from services.engine.taking import Connection

COURSES = {
    "correlate": CORRELATE,
    "dispatch": DISPATCH,
    "escalate": ESCALATE,
    "notify": NOTIFY,
    "world": WORLD,
}
EACH = [
    pytest.param(course, insane, id=f"{name}: {insane.name}")
    for name, course in COURSES.items()
    for insane in course.insane
]
EITHER_WAY = pytest.mark.parametrize("together", [False, True], ids=["a turn before", "in the same turn"])


@pytest.mark.parametrize("name", COURSES)
def test_the_story_itself_comes_to_something(name: str) -> None:
    played = Played(COURSES[name])
    played.fits_storage()
    assert len(played.journal) >= 5
    assert played.parked == []


def test_the_facts_about_the_first_incident_name_one_that_there_is() -> None:
    assert FIRST in {entry.subject for entry in Played(CORRELATE).journal}


@EITHER_WAY
@pytest.mark.parametrize(("course", "insane"), EACH)
def test_what_comes_behind_an_insane_fact_is_decided_as_without_it(
    course: Course, insane: Insane, *, together: bool
) -> None:
    played = Played(course, insane, together=together)
    played.fits_storage()
    assert played.decided(insane) == Played(course).decided(insane)


@EITHER_WAY
@pytest.mark.parametrize(("course", "insane"), EACH)
def test_an_insane_fact_is_answered_with_a_reason_or_parked(course: Course, insane: Insane, *, together: bool) -> None:
    played = Played(course, insane, together=together)
    assert played.parked == ([insane.parked] * len(insane.facts) if insane.parked else [])
    answered = set() if insane.parked or insane.unheard else {fact.id for fact in insane.facts}
    assert played.answered(insane) == answered


@EITHER_WAY
@pytest.mark.parametrize("insane", DISRUPTIVE, ids=lambda insane: insane.name)
def test_what_upsets_one_feeder_is_answered_and_leaves_the_other_alone(insane: Insane, *, together: bool) -> None:
    played = Played(CORRELATE, insane, together=together)
    played.fits_storage()
    assert played.answered(insane) == {fact.id for fact in insane.facts}
    assert _second_feeder(played) == _second_feeder(Played(CORRELATE))


def _second_feeder(played: Played) -> list[IncidentChanged]:
    events = [emission.event for emission in played.emitted]
    found = [event for event in events if isinstance(event, IncidentChanged) and event.device == device_id("F2")]
    assert found
    return found


ALL_AT_ONCE = [pytest.param(course, course.insane, id=name) for name, course in COURSES.items()]
ALL_AT_ONCE.append(pytest.param(CORRELATE, DISRUPTIVE, id="correlate, upset"))


@pytest.mark.parametrize(("course", "insane"), ALL_AT_ONCE)
async def test_storage_holds_whatever_was_decided(
    connection: Connection, course: Course, insane: tuple[Insane, ...]
) -> None:
    """Everything insane in one storm on a real database, one after another; and a replay decides the same."""
    await clock.found(connection, exercise=course.exercise, topic_prefix="")
    stage = course.stage()
    await clock.make_shards(connection, stage.name, stage.shards())
    deciding = Deciding(stage, course.store(), exercise=course.exercise)
    steps: list[tuple[int, tuple[Heard, ...]]] = []
    for number, (now, facts) in enumerate(course.story):
        steps += [(now, one.facts) for one in insane if one.before == number]
        steps.append((now, facts))
    tick = 0
    for number, (now, facts) in enumerate(steps):
        for fact in facts:
            await _store(connection, deciding, fact, f"{number}-", tick)
        while True:
            wake = await connection.fetchval(
                "SELECT wake_at_ms FROM turns WHERE stage = $1 AND shard = $2", stage.name, course.shard
            )
            if wake is None or wake > now or number == 0:
                break
            tick += 1
            await deciding.decide(connection, course.shard, tick, wake)
        tick += 1
        await deciding.decide(connection, course.shard, tick, now)
    undecided = "SELECT count(*) FROM undecided WHERE stage = $1 AND shard = $2"
    assert await connection.fetchval(undecided, stage.name, course.shard) == 0
    replayed = await replay_shard(connection, course.stage(), course.store(), course.shard, exercise=course.exercise)
    assert replayed == (tick, [])


async def _store(connection: Connection, deciding: Deciding, heard: Heard, prefix: str, tick: int) -> None:
    """Store a fact as its keeper would; the many called `x` get names of their own."""
    name = prefix + heard.id if len(heard.id) == 1 else heard.id
    if isinstance(heard, Fact):
        assert isinstance(heard.what, LocatedReport)
        event = OutageReported(
            id=name, at=from_ms(heard.at), kind=heard.what.kind, customer=heard.what.customer, exercise=False
        )
        await insert(connection, [(event, locate(event, NETWORK, heard.at))], tick)
        return
    try:
        shard = deciding.stage.shard_of(heard)
    except Unplaced:
        return
    topic = next(topic for topic in consumed_by(deciding.stage.name) if type(heard) in topic.events)
    await connection.execute(
        "INSERT INTO inbox (stage, id, shard, at_ms, tick, topic, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        deciding.stage.name,
        name,
        shard,
        event_at(heard),
        tick,
        topic.name,
        _renamed(heard, name),
    )


def _renamed(event: Any, name: str) -> bytes:
    fields = {field: getattr(event, field) for field in event.__struct_fields__}
    return encode(type(event)(**{**fields, "id": name}))

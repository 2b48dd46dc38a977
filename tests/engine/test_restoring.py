"""The hold after a restoration: nothing is claimed, orphans are passed over, and the release tells three kinds apart."""

from __future__ import annotations

import pytest

from schemas.codec import encode
from schemas.events import CrewReported, CrewState
from schemas.topics import CREW_STATUS
from services.clock import from_ms
from services.engine import clock, effects, restoring
from services.engine.restoring import Known, Orphan, Reached
from services.engine.taking import Connection, InboxKeeper, Message, Taking

NOW = 1_772_388_000_000


@pytest.fixture
async def restored(connection: Connection) -> Connection:
    """A database that was just restored, at tick 10, with a text due before, one due tomorrow, one done, one in mid-attempt."""
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=NOW)
    await connection.execute("UPDATE clock SET n = 10")
    await restoring.begin(connection, from_ms(NOW))
    for key, state, due in (
        ("past", "due", NOW - 1),
        ("tomorrow", "due", NOW + 86_400_000),
        ("done", "done", NOW - 9),
        ("middle", "attempting", NOW - 5),
    ):
        await _effect(connection, key, state, due, 5)
    return connection


async def _effect(connection: Connection, key: str, state: str, due: int, tick: int) -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, state) VALUES ($1, 'text', 'notify', 'A', $2, $3,
               '{}', $4)""",
        key,
        tick,
        due,
        state,
    )


async def _states(connection: Connection) -> dict[str, tuple[str, str | None]]:
    rows = await connection.fetch("SELECT key, state, reason FROM effects")
    return {row["key"]: (row["state"], row["reason"]) for row in rows}


async def test_nothing_is_claimed_before_it_was_compared_nor_while_it_is_held(restored: Connection) -> None:
    assert await effects.claim(restored, "text", "g", 10) == (0, [])
    await restoring.hold(restored, [], [])
    await _effect(restored, "new", "due", NOW, 9)
    assert await effects.claim(restored, "text", "g", 10) == (0, [])
    states = await _states(restored)
    assert states["past"] == states["new"] == states["tomorrow"] == ("due", restoring.HELD)
    assert states["done"] == ("done", None)


async def test_the_release_tells_apart_what_cannot_what_may_and_what_may_under_another_key(
    restored: Connection,
) -> None:
    await restoring.hold(restored, [], [])
    await restored.execute("UPDATE clock SET n = 20, now_ms = $1", NOW + restoring.SETTLES_MS)
    await _effect(restored, "again", "due", NOW + 1_000, 12)
    await _effect(restored, "againTomorrow", "due", NOW + 86_400_000, 12)
    released = await restoring.release(restored)
    assert (released.go_on, released.asked, released.unknown) == (1, 1, 2)
    assert await _states(restored) == {
        "done": ("done", None),
        "middle": ("attempting", None),
        "past": ("attempting", restoring.ASKED),
        "tomorrow": ("due", None),
        "again": ("unknown", restoring.MAY_HAVE_LEFT),
        "againTomorrow": ("unknown", restoring.MAY_HAVE_LEFT),
    }
    _, stuck = await effects.stuck(restored, "text")
    assert [attempt.key for attempt in stuck] == ["middle", "past"]
    # What the provider never got is due again, and now it is claimed.
    await effects.settle(restored, NOW, [("past", None)])
    _, claimed = await effects.claim(restored, "text", "g", 10)
    assert [attempt.key for attempt in claimed] == ["past"]
    with pytest.raises(LookupError):
        await restoring.release(restored)


async def test_it_cannot_be_released_while_something_is_open(restored: Connection) -> None:
    assert await restoring.open_points(restored) == ["it was not compared with Kafka yet: start the installation first"]
    with pytest.raises(LookupError):
        await restoring.release(restored)
    known = (await restoring.known(restored))[CREW_STATUS.name, 0]
    assert known == Known(0, 0)
    await restoring.hold(restored, [Reached(topic=CREW_STATUS.name, part=0, known=known, first=0, end=2)], [])
    assert await restoring.open_points(restored) == [
        "2 messages of crew.status/0 were not taken by dispatch yet",
        "timers that began before the loss may run for 900 s more",
    ]
    await restored.execute("UPDATE clock SET now_ms = $1", NOW + restoring.SETTLES_MS)
    await _taking().take(restored, [_message(0), _message(1)])
    assert await restoring.open_points(restored) == []
    await restored.execute("UPDATE clock SET n = 13")
    assert await restoring.open_points(restored) == ["2 facts are not decided yet"]


async def test_an_orphan_is_passed_over_and_what_others_said_is_taken(restored: Connection) -> None:
    orphan = Orphan(
        topic=CREW_STATUS.name,
        part=0,
        offset=1,
        event_id="e1",
        event_type="crew.reported.v1",
        source="dispatch",
        key="C1",
        event_at=None,
        wall_at=from_ms(NOW),
    )
    reached = Reached(topic=CREW_STATUS.name, part=0, known=Known(0, 0), first=0, end=3)
    await restoring.hold(restored, [reached], [orphan])
    assert await _taking().take(restored, [_message(n) for n in range(3)]) == 3
    assert [row["id"] for row in await restored.fetch("SELECT id FROM inbox ORDER BY id")] == ["e0", "e2"]
    assert await restored.fetchval("SELECT next_offset FROM progress") == 3
    assert await restored.fetchval("SELECT count(*) FROM parked") == 0
    assert await restoring.orphans(restored) == [orphan]


async def test_a_hold_is_begun_once_and_a_later_restoration_is_another_one(restored: Connection) -> None:
    await restoring.hold(restored, [], [])
    await restoring.hold(restored, [], [])
    await restoring.begin(restored, None)
    standing = await restoring.standing(restored)
    assert standing is not None
    assert (standing.id, standing.state, standing.held_at_ms) == (1, "held", NOW)
    await restoring.release(restored)
    assert await restoring.standing(restored) is None
    await restoring.begin(restored, None)
    again = await restoring.standing(restored)
    assert again is not None
    assert again.state == "restored"


def _taking() -> Taking:
    return Taking("dispatch", InboxKeeper("dispatch", lambda _: "R"), exercise=False)


def _message(offset: int) -> Message:
    event = CrewReported(id=f"e{offset}", at=from_ms(NOW), crew="C1", status=CrewState.AVAILABLE)
    return Message(topic=CREW_STATUS.name, part=0, offset=offset, key=b"C1", headers=(), body=encode(event))

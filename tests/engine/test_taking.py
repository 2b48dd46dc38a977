"""Take: nothing is lost, nothing counts twice, bad input is kept and does not stop the good."""

from __future__ import annotations

import asyncpg
import pytest

from schemas.codec import encode
from schemas.events import Event
from services.engine import outbox, parked
from services.engine.taking import Connection, Fenced, Gap, InboxKeeper, Taking
from tests.engine.toy import Toy, message, said


async def _inbox(connection: Connection) -> list[tuple[str, str, int]]:
    rows = await connection.fetch("SELECT id, shard, tick FROM inbox ORDER BY id")
    return [(row["id"], row["shard"], row["tick"]) for row in rows]


async def test_facts_are_stored_with_the_shard_and_the_tick(house: Connection, taking: Taking) -> None:
    assert await taking.take(house, [message(0, said("A", 1)), message(1, said("Z", 1))]) == 2
    assert await _inbox(house) == [("A-1", "left", 1), ("Z-1", "right", 1)]
    assert await house.fetchval("SELECT next_offset FROM progress WHERE stage = 'toy'") == 2


async def test_redelivered_offsets_and_copies_of_an_event_count_once(house: Connection, taking: Taking) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    assert await taking.take(house, [message(0, said("A", 1)), message(1, said("A", 1)), message(2, said("A", 2))]) == 2
    assert await _inbox(house) == [("A-1", "left", 1), ("A-2", "left", 1)]


async def test_another_event_under_a_known_id_is_parked_also_within_a_batch(house: Connection, taking: Taking) -> None:
    first, other = said("A", 1), said("A", 1, why="break")
    await taking.take(house, [message(0, first), message(1, other)])
    await taking.take(house, [message(2, b" " + encode(first)), message(3, other), message(4, said("A", 2))])
    assert await _inbox(house) == [("A-1", "left", 1), ("A-2", "left", 1)]
    found = {one.offset: (one.reason, one.event_id) for one in await parked.listed(house)}
    assert found == {1: ("sameIdOtherContent", "A-1"), 3: ("sameIdOtherContent", "A-1")}


async def test_missing_offsets_are_not_skipped(house: Connection, taking: Taking) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    with pytest.raises(Gap) as gap:
        await taking.take(house, [message(5, said("A", 6))])
    assert (gap.value.wanted, gap.value.got) == (1, 5)
    assert await _inbox(house) == [("A-1", "left", 1)]


async def test_whoever_was_overtaken_writes_nothing_and_can_go_on(house: Connection, taking: Taking) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    other = Taking("toy", InboxKeeper("toy", Toy().shard_of), exercise=True)
    await other.take(house, [message(1, said("A", 2))])
    with pytest.raises(Fenced):
        await taking.take(house, [message(1, said("A", 2))])
    assert await taking.take(house, [message(1, said("A", 2)), message(2, said("A", 3))]) == 1
    assert [row[0] for row in await _inbox(house)] == ["A-1", "A-2", "A-3"]


async def test_several_partitions_are_taken_in_one_transaction(house: Connection, taking: Taking) -> None:
    read = taking.read(
        [
            [message(0, said("A", 1)), message(1, said("A", 2))],
            [message(0, said("Z", 1), part=1), message(1, said("A", 1), part=1)],
        ]
    )
    assert await taking.store(house, read) == 4
    assert [row[0] for row in await _inbox(house)] == ["A-1", "A-2", "Z-1"], (
        "the copy on the other partition counts once"
    )
    assert [tuple(row) for row in await house.fetch("SELECT part, next_offset FROM progress ORDER BY part")] == [
        (0, 2),
        (1, 2),
    ]
    assert await house.fetchval("SELECT count(DISTINCT xmin::text) FROM inbox") == 1
    assert await taking.store(house, read) == 0


async def test_what_is_missing_in_one_partition_keeps_the_others_from_being_taken_without_it(
    house: Connection, taking: Taking
) -> None:
    with pytest.raises(Gap):
        await taking.store(house, taking.read([[message(0, said("A", 1))], [message(3, said("Z", 1), part=1)]]))
    assert await _inbox(house) == []
    other = Taking("toy", InboxKeeper("toy", Toy().shard_of), exercise=True)
    await other.take(house, [message(0, said("Z", 1), part=1)])
    both = taking.read(
        [[message(0, said("A", 1))], [message(0, said("Z", 1), part=1), message(1, said("Z", 2), part=1)]]
    )
    with pytest.raises(Fenced):
        await taking.store(house, both)
    assert [row[0] for row in await _inbox(house)] == ["Z-1"], "of a batch that was overtaken nothing is written"
    assert await taking.store(house, both) == 2
    assert [row[0] for row in await _inbox(house)] == ["A-1", "Z-1", "Z-2"]


async def test_a_good_message_behind_the_poison_is_taken(house: Connection, taking: Taking) -> None:
    bodies: list[Event | bytes] = [
        b"{",
        said("X", 1),
        said("A", 1, after_s=7 * 86_400),
        said("A", 2, exercise=False),
        said("A", 3),
    ]
    await taking.take(house, [message(offset, body) for offset, body in enumerate(bodies)])
    assert await _inbox(house) == [("A-3", "left", 1)]
    found = {one.offset: (one.reason, one.event_id) for one in await parked.listed(house)}
    assert found == {
        0: ("malformed", "named"),
        1: ("unknownCrew", "X-1"),
        2: ("future", "A-1"),
        3: ("exerciseMismatch", "A-2"),
    }


async def test_parked_bytes_are_kept_copied_and_sent_once_more_on_request(house: Connection, taking: Taking) -> None:
    await taking.take(house, [message(0, b"\x00{not json")])
    (one,) = await parked.listed(house)
    assert (one.body, one.headers, one.key) == (b"\x00{not json", (("ce_id", "named"),), b"key")
    (copy,) = await outbox.unsent(house, 10)
    assert (copy.topic, copy.body) == ("dead.letters", b"\x00{not json")
    assert ("lamplighter_reason", b"malformed") in copy.headers
    assert await parked.requeue(house, one.id)
    assert not await parked.requeue(house, one.id)
    again = (await outbox.unsent(house, 10))[1]
    assert (again.topic, again.key, again.body) == ("crew.status", b"key", b"\x00{not json")
    assert await parked.requeue(house, "nothing") is False


async def test_a_take_that_fails_half_way_leaves_no_trace(house: Connection, taking: Taking) -> None:
    await house.execute("ALTER TABLE inbox ADD CONSTRAINT no_b CHECK (id <> 'A-2')")
    with pytest.raises(asyncpg.CheckViolationError):
        await taking.take(house, [message(0, said("A", 1)), message(1, said("A", 2))])
    assert await _inbox(house) == []
    await house.execute("ALTER TABLE inbox DROP CONSTRAINT no_b")
    assert await taking.take(house, [message(0, said("A", 1)), message(1, said("A", 2))]) == 2


async def test_the_body_is_kept_as_it_came(house: Connection, taking: Taking) -> None:
    spaced = encode(said("A", 1)).replace(b'","', b'", "')
    await taking.take(house, [message(0, spaced)])
    assert await house.fetchval("SELECT body FROM inbox") == spaced

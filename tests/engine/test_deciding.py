"""Decide: later than taken, once, fenced, and the same again in replay."""

from __future__ import annotations

import msgspec
import pytest

from services.engine import clock, rulebook
from services.engine.deciding import Deciding, InboxStore, Outdated
from services.engine.replaying import decided_by_earlier_rules, replay_shard
from services.engine.taking import Connection, Fenced, Taking
from services.engine.turn import Stage, Store, Turn
from tests.engine.toy import START_MS, Heard, Toy, message, said


async def _advance(connection: Connection, n: int, seconds: int = 0) -> None:
    await connection.execute("UPDATE clock SET n = $1, now_ms = $2", n, START_MS + seconds * 1000)


async def test_a_fact_is_decided_only_at_a_later_tick(house: Connection, taking: Taking, deciding: Deciding) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    assert await clock.due_turns(house, ["toy"]) == []
    await _advance(house, 2)
    (due,) = await clock.due_turns(house, ["toy"])
    assert (due.shard, due.n, due.now) == ("left", 2, START_MS)
    outcome = await deciding.decide(house, "left", 2, START_MS)
    assert outcome is not None
    assert outcome.entities == {("heard", "A"): Heard(id="A", times=1, last="A-1")}
    assert await clock.due_turns(house, ["toy"]) == []
    assert await deciding.decide(house, "left", 2, START_MS) is None


async def test_facts_are_sorted_by_event_time_then_id(house: Connection, taking: Taking, deciding: Deciding) -> None:
    late, early, twin = said("A", 1, after_s=9), said("A", 3, after_s=1), said("A", 2, after_s=1)
    await taking.take(house, [message(0, late), message(1, early), message(2, twin)])
    outcome = await deciding.decide(house, "left", 2, START_MS)
    assert outcome is not None
    assert [entry.facts for entry in outcome.journal] == [("A-2",), ("A-3",), ("A-1",)]


async def test_a_wake_up_is_due_without_a_fact_and_holds_for_one_turn(
    house: Connection, taking: Taking, deciding: Deciding
) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    await deciding.decide(house, "left", 2, START_MS)
    await _advance(house, 3, seconds=60)
    assert [turn.shard for turn in await clock.due_turns(house, ["toy"])] == ["left"]
    await deciding.decide(house, "left", 3, START_MS + 60_000)
    await _advance(house, 4, seconds=120)
    assert await clock.due_turns(house, ["toy"]) == []


async def test_a_worker_whose_turn_was_taken_by_another_writes_nothing(
    house: Connection, taking: Taking, deciding: Deciding
) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    await deciding.decide(house, "left", 2, START_MS)
    other = Deciding(Toy(), InboxStore("toy"), exercise=True)
    await taking.take(house, [message(1, said("A", 2))])
    await other.decide(house, "left", 3, START_MS)
    await taking.take(house, [message(2, said("A", 3))])
    with pytest.raises(Fenced):
        await deciding.decide(house, "left", 4, START_MS)
    assert await house.fetchval("SELECT count(*) FROM ticks WHERE n = 4") == 0
    outcome = await deciding.decide(house, "left", 4, START_MS)
    assert outcome is not None
    assert outcome.entities["heard", "A"] == Heard(id="A", times=3, last="A-3")


async def _import(connection: Connection) -> int:
    """Make a new version of the utility the current one."""
    await connection.execute("UPDATE utility_version SET current = false")
    version: int = await connection.fetchval(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current)
           VALUES (gen_random_uuid()::text, 'Toy', 'UTC', '', true) RETURNING version"""
    )
    return version


async def test_a_stage_of_an_older_version_decides_no_more(house: Connection, taking: Taking) -> None:
    old = Deciding(Toy(), InboxStore("toy"), exercise=True, version=await _import(house))
    await taking.take(house, [message(0, said("A", 1))])
    assert await old.decide(house, "left", 2, START_MS) is not None
    new = Deciding(Toy(), InboxStore("toy"), exercise=True, version=await _import(house))
    await taking.take(house, [message(1, said("A", 2))])
    with pytest.raises(Outdated):
        await old.decide(house, "left", 3, START_MS)
    assert await house.fetchval("SELECT ticked_to FROM turns WHERE shard = 'left'") == 2
    assert await new.decide(house, "left", 3, START_MS) is not None
    versions = await house.fetch("SELECT version FROM ticks ORDER BY n")
    assert [row["version"] for row in versions] == sorted({row["version"] for row in versions})
    asked: list[int | None] = []

    async def as_of(version: int | None) -> tuple[Stage, Store]:
        asked.append(version)
        return Toy(), InboxStore("toy")

    replayed = await replay_shard(house, Toy(), InboxStore("toy"), "left", exercise=True, as_of=as_of)
    assert replayed == (2, [])
    assert asked == [row["version"] for row in versions]


async def test_a_rule_that_raises_leaves_no_trace(house: Connection, taking: Taking, deciding: Deciding) -> None:
    await taking.take(house, [message(0, said("A", 1)), message(1, said("A", 2, why="break"))])
    with pytest.raises(RuntimeError, match="the rule is broken"):
        await deciding.decide(house, "left", 2, START_MS)
    assert await house.fetchval("SELECT count(*) FROM journal") == 0
    assert await house.fetchval("SELECT count(*) FROM undecided") == 2
    assert await house.fetchval("SELECT ticked_to FROM turns WHERE shard = 'left'") == 0


async def test_replay_gives_the_same_decisions_and_names_what_was_changed(
    house: Connection, taking: Taking, deciding: Deciding
) -> None:
    for number in range(1, 6):
        await taking.take(house, [message(number - 1, said("A", number, after_s=number))])
        await _advance(house, number + 1, seconds=number)
        await deciding.decide(house, "left", number + 1, START_MS + number * 1000)
    assert await replay_shard(house, Toy(), InboxStore("toy"), "left", exercise=True) == (5, [])
    await house.execute("UPDATE journal SET reason = 'other' WHERE tick = 3")
    await house.execute('UPDATE entity SET body = \'{"id":"A","times":9,"last":"A-5"}\'')
    _, differences = await replay_shard(house, Toy(), InboxStore("toy"), "left", exercise=True)
    assert [(one.n, one.part) for one in differences] == [(3, "journal"), (6, "entities")]


class Repeating(Toy):
    """Notes the same transition of everybody whenever it hears anything."""

    def decide(self, turn: Turn) -> None:
        if turn.facts:
            turn.note(("crew", "anybody"), "heard", "said")


async def test_a_transition_that_happens_again_at_the_same_instant_is_one_entry_and_replays(
    house: Connection, taking: Taking
) -> None:
    deciding = Deciding(Repeating(), InboxStore("toy"), exercise=True)
    for number in (1, 2):
        await taking.take(house, [message(number - 1, said("A", number))])
        await _advance(house, number + 1)
        await deciding.decide(house, "left", number + 1, START_MS)
    assert await house.fetchval("SELECT count(*) FROM journal WHERE subject = 'anybody'") == 1
    assert await replay_shard(house, Repeating(), InboxStore("toy"), "left", exercise=True) == (2, [])


class Namesakes(Toy):
    """Keeps what it hears of anybody under one name."""

    def decide(self, turn: Turn) -> None:
        standing = turn.get(Heard, "anybody")
        for fact in turn.facts:
            turn.put(Heard(id="anybody", times=1 + (standing.times if standing else 0), last=fact.id))


async def test_what_two_shards_call_by_one_name_is_two_things(house: Connection, taking: Taking) -> None:
    for number, crews in enumerate((("A", "N"), ("B", "O"))):
        for place, crew in enumerate(crews):
            await taking.take(house, [message(2 * number + place, said(crew, 1))])
        for shard in ("right", "left"):
            await Deciding(Namesakes(), InboxStore("toy"), exercise=True).decide(house, shard, number + 2, START_MS)
        await _advance(house, number + 2)
    stored = await house.fetch(
        "SELECT shard, body ->> 'last' AS last, body ->> 'times' AS times FROM entity ORDER BY 1"
    )
    assert [tuple(row) for row in stored] == [("left", "B-1", "2"), ("right", "O-1", "2")]


async def test_the_clock_never_falls_back_when_it_is_set_anew(house: Connection) -> None:
    await clock.set_running(house, now_ms=START_MS, speed=1000.0, step_s=0.001)
    before = await clock.standing(house)
    assert before is not None
    assert before.mode == "running"
    await clock.set_running(house, now_ms=0, speed=1.0, step_s=0.5)
    after = await clock.standing(house)
    assert after is not None
    assert after.n > before.n
    assert after.now_ms >= before.now_ms


async def test_a_database_is_founded_for_one_purpose(house: Connection) -> None:
    await clock.found(house, exercise=True, topic_prefix="test.")
    with pytest.raises(clock.WrongInstance, match="another installation"):
        await clock.found(house, exercise=False, topic_prefix="test.")


async def test_a_new_edition_of_the_rules_leaves_old_decisions_alone_and_replays_its_own(
    house: Connection, taking: Taking, deciding: Deciding, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taking.take(house, [message(0, said("A", 1)), message(1, said("B", 2))])
    await deciding.decide(house, "left", 2, START_MS)
    monkeypatch.setitem(rulebook.EDITIONS, "toy", 2)

    class NewToy(Toy):
        """Counts double."""

        def decide(self, turn: Turn) -> None:
            super().decide(turn)
            for heard in turn.all(Heard, lambda each: each.last in {fact.id for fact in turn.facts}):
                turn.put(msgspec.structs.replace(heard, times=heard.times * 2))

    assert await replay_shard(house, NewToy(), InboxStore("toy"), "left", exercise=True) == (0, [])
    assert await decided_by_earlier_rules(house) == 1
    # As an earlier program wrote it, which nothing touches afterwards.
    await house.execute("""UPDATE entity SET body = '{"last":"B-2",  "times":1, "id":"B"}' WHERE id = 'B'""")
    new = Deciding(NewToy(), InboxStore("toy"), exercise=True)
    for number in (3, 4):
        await taking.take(house, [message(number - 1, said("A", number))])
        await _advance(house, number, seconds=number)
        await new.decide(house, "left", number, START_MS + number * 1000)
    assert await house.fetchval("SELECT count(*) FROM replay_base") == 1
    assert await replay_shard(house, NewToy(), InboxStore("toy"), "left", exercise=True) == (2, [])
    assert await decided_by_earlier_rules(house) == 1
    _, differences = await replay_shard(house, Toy(), InboxStore("toy"), "left", exercise=True)
    assert {one.part for one in differences} == {"outcome", "entities"}

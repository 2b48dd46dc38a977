"""Effects: due later than decided, attempted once, expired, put back, looked into."""

from __future__ import annotations

import re

import pytest

from services.engine import effects
from services.engine.deciding import Deciding
from services.engine.gateway import Result
from services.engine.taking import Connection, Taking
from services.engine.turn import Turn
from tests.engine.toy import START_MS, message, said


@pytest.fixture
async def pinged(house: Connection, taking: Taking, deciding: Deciding) -> Connection:
    """A database in which the toy stage decided two effects at tick 2."""
    await taking.take(house, [message(0, said("A", 1)), message(1, said("B", 1))])
    await deciding.decide(house, "left", 2, START_MS)
    await house.execute("UPDATE clock SET n = 2")
    return house


async def _states(connection: Connection) -> dict[str, tuple[str, str | None]]:
    rows = await connection.fetch("SELECT key, state, reason FROM effects ORDER BY key")
    return {row["key"]: (row["state"], row["reason"]) for row in rows}


async def test_an_effect_is_not_done_at_the_tick_that_decided_it(pinged: Connection) -> None:
    assert await effects.claim(pinged, "ping", "drill:ping", 10) == (0, [])
    await pinged.execute("UPDATE clock SET n = 3")
    now, attempts = await effects.claim(pinged, "ping", "drill:ping", 10)
    assert now == START_MS
    assert [(attempt.key, attempt.body) for attempt in attempts] == [
        ("ping:A", b'{"crew":"A"}'),
        ("ping:B", b'{"crew":"B"}'),
    ]
    assert await effects.claim(pinged, "ping", "drill:ping", 10) == (0, [])


async def test_what_became_of_attempts_is_written_with_reason_and_time(pinged: Connection) -> None:
    await pinged.execute("UPDATE clock SET n = 3")
    now, _ = await effects.claim(pinged, "ping", "drill:ping", 10)
    done = Result(state="done", reason="accepted", reference="R1")
    later = Result(state="later", reason="throttled", retry_after_ms=5_000)
    await effects.settle(pinged, now, [("ping:A", done), ("ping:B", later)])
    assert await _states(pinged) == {"ping:A": ("done", "accepted"), "ping:B": ("due", "throttled")}
    assert await effects.claim(pinged, "ping", "drill:ping", 10) == (0, [])
    await pinged.execute("UPDATE clock SET n = 4, now_ms = now_ms + 5000")
    _, attempts = await effects.claim(pinged, "ping", "drill:ping", 10)
    assert [attempt.key for attempt in attempts] == ["ping:B"]


async def test_an_effect_past_its_expiry_is_not_done(pinged: Connection) -> None:
    await pinged.execute("UPDATE clock SET n = 3, now_ms = now_ms + 600000")
    _, attempts = await effects.claim(pinged, "ping", "drill:ping", 10)
    assert attempts == []
    assert await _states(pinged) == {"ping:A": ("expired", "pastExpiry"), "ping:B": ("expired", "pastExpiry")}


async def test_an_attempt_without_an_outcome_is_found_and_can_be_put_back(pinged: Connection) -> None:
    await pinged.execute("UPDATE clock SET n = 3")
    await effects.claim(pinged, "ping", "drill:ping", 10)
    now, attempts = await effects.stuck(pinged, "ping")
    assert [attempt.key for attempt in attempts] == ["ping:A", "ping:B"]
    await effects.settle(pinged, now, [("ping:A", None)])
    assert await _states(pinged) == {"ping:A": ("due", "notHandedOver"), "ping:B": ("attempting", None)}


async def _due(connection: Connection, key: str, *, priority: int, due_at: int = START_MS, kind: str = "text") -> None:
    await connection.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, priority)
           VALUES ($1, $2, 's', 'a', 0, $3, '{}', $4)""",
        key,
        kind,
        due_at,
        priority,
    )


async def _claimed(connection: Connection, limit: int, kind: str = "text") -> list[str]:
    _, attempts = await effects.claim(connection, kind, "drill:g", limit)
    return [attempt.key for attempt in attempts]


async def test_of_what_is_due_the_most_urgent_goes_first_then_the_oldest(house: Connection) -> None:
    for key, priority, due_at in (
        ("late", 3, START_MS),
        ("old", 3, START_MS - 9),
        ("danger", 0, START_MS),
        ("tomorrow", 0, START_MS + 86_400_000),
        ("broadcast", 7, START_MS - 99),
    ):
        await _due(house, key, priority=priority, due_at=due_at)
    assert await _claimed(house, 2) == ["danger", "old"]
    assert await _claimed(house, 9) == ["late", "broadcast"]


async def test_a_claim_looks_at_nothing_but_what_it_takes(house: Connection) -> None:
    await house.execute(
        """INSERT INTO effects (key, kind, stage, shard, tick, due_at_ms, body, priority)
           SELECT 'k' || n, 'text', 's', 'a', 0, $1::bigint + CASE WHEN n % 2 = 0 THEN 0 ELSE 86400000 END, '{}', n % 8
           FROM generate_series(1, 50000) n""",
        START_MS,
    )
    await house.execute("ANALYZE effects")
    async with house.transaction():
        texts = True
        plan = await house.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {effects._CLAIM}", "text", "drill:g", 50, texts)
    found = "\n".join(row[0] for row in plan)
    assert "effects_due" in found
    scans = [line for line in found.splitlines() if "Seq Scan on effects" in line and "never executed" not in line]
    assert scans == []
    assert all(int(rows) <= 50 for rows in re.findall(r"effects_due on effects f .*rows=(\d+)", found)), found


async def test_while_somebody_has_stopped_all_texts_none_leaves_and_calls_do(house: Connection) -> None:
    await _due(house, "text", priority=0)
    await _due(house, "call", priority=5, kind="call")
    await house.execute(
        "INSERT INTO notice_stop (id, scope, area, since_ms, by_user, why) VALUES ('s', 'all', '', 1, 'u', 'w')"
    )
    assert await _claimed(house, 9) == []
    assert await _claimed(house, 9, "call") == ["call"]
    assert (await _states(house))["text"] == ("due", "textsStopped")
    await house.execute("UPDATE notice_stop SET until_ms = 2, ended_by = 'u'")
    assert await _claimed(house, 9) == ["text"]


async def test_what_no_gateway_could_take_expires(house: Connection) -> None:
    await _due(house, "over", priority=3)
    await _due(house, "call", priority=3, kind="call")
    await _due(house, "open", priority=3)
    await house.execute(
        "UPDATE effects SET expires_at_ms = CASE key WHEN 'open' THEN $1::bigint + 1 ELSE $1 END", START_MS
    )
    assert await effects.expire(house, effects.NOTICES, 10) == 1
    assert await _states(house) == {
        "over": ("expired", "pastExpiry"),
        "call": ("due", None),
        "open": ("due", None),
    }


async def test_what_was_unknown_is_resolved_once_somebody_knows(house: Connection) -> None:
    for key in ("there", "nowhere", "done"):
        await _due(house, key, priority=3)
    await house.execute("UPDATE effects SET state = 'unknown', reason = 'noLookUp', done_at_ms = 1 WHERE key <> 'done'")
    found = Result(state="done", reason="foundByQuery", reference="R1")
    await effects.resolve(house, START_MS, [("there", found), ("nowhere", None), ("done", found)])
    assert await _states(house) == {
        "there": ("done", "foundByQuery"),
        "nowhere": ("due", "notHandedOver"),
        "done": ("due", None),
    }


async def test_an_older_notice_that_waits_behind_others_is_still_recalled(
    house: Connection, taking: Taking, deciding: Deciding
) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    await deciding.decide(house, "left", 2, START_MS)
    for n, later, state in ((3, 0, "due"), (4, 1_000, "superseded")):
        entities = Turn(shard="left", now=START_MS + later, facts=[], entities={})
        entities.recall("ping:A")
        async with house.transaction():
            await deciding._write(house, entities, n)
        assert (await _states(house))["ping:A"][0] == state, "what is due at this very time is being done"

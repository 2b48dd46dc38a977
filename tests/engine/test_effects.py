"""Effects: due later than decided, attempted once, expired, put back, looked into."""

from __future__ import annotations

import pytest

from services.engine import effects
from services.engine.deciding import Deciding
from services.engine.gateway import Result
from services.engine.taking import Connection, Taking
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
    assert await _states(pinged) == {"ping:A": ("due", None), "ping:B": ("attempting", None)}

"""Whoever waits is woken once what he waits for stands, and no commit is made less lasting for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from services.engine.deciding import Deciding
from services.engine.taking import Connection, Taking
from services.engine.waking import wake
from tests.engine.toy import START_MS, message, said


async def _heard(connection: Connection) -> Counter[str]:
    """Listen; what was heard is in the counter after the next answer of the server."""
    heard: Counter[str] = Counter()

    def hear(_connection: Any, _pid: int, channel: str, _payload: object) -> None:
        heard[channel] += 1

    for channel in ("moved", "outbox"):
        await connection.add_listener(channel, hear)
    return heard


async def test_a_turn_wakes_who_waits_for_it_and_the_relay_where_it_said_something(
    house: Connection, taking: Taking, deciding: Deciding
) -> None:
    await taking.take(house, [message(0, said("A", 1))])
    heard = await _heard(house)
    outcome = await deciding.decide(house, "left", 2, START_MS)
    await asyncio.sleep(0)
    assert outcome is not None
    assert heard == Counter({"moved": 1, **({"outbox": 1} if outcome.events else {})})


async def test_within_a_transaction_the_wake_up_comes_with_its_commit_which_reaches_the_disk(house: Connection) -> None:
    heard = await _heard(house)
    async with house.transaction():
        await wake(house, "moved", "outbox")
        assert await house.fetchval("SHOW synchronous_commit") == "on"
        await asyncio.sleep(0)
        assert heard == Counter()
    await asyncio.sleep(0)
    assert heard == Counter({"moved": 1, "outbox": 1})


async def test_a_wake_up_leaves_the_session_as_it_was(house: Connection) -> None:
    await wake(house, "moved")
    assert await house.fetchval("SHOW synchronous_commit") == "on"

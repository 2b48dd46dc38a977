"""Questions that many ask at once are one query, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from streams.together import MOST, Together


async def test_what_comes_while_a_query_runs_is_one_query_more() -> None:
    batches: list[list[int]] = []
    going_on = asyncio.Event()

    async def ask(numbers: Sequence[int]) -> list[int]:
        batches.append(list(numbers))
        await going_on.wait()
        return [-number for number in numbers]

    together = Together[int, int](ask)
    first = asyncio.create_task(together.one(0))
    while not batches:
        await asyncio.sleep(0)
    others = [asyncio.create_task(together.one(number)) for number in range(1, MOST + 3)]
    await asyncio.sleep(0)
    going_on.set()
    assert await first == 0
    assert await asyncio.gather(*others) == [-number for number in range(1, MOST + 3)]
    assert [len(batch) for batch in batches] == [1, MOST, 2]


async def test_everybody_in_a_batch_is_told_what_went_wrong_and_the_next_batch_is_asked() -> None:
    async def ask(numbers: Sequence[int]) -> list[int]:
        if 1 in numbers:
            raise LookupError("one")
        return list(numbers)

    together = Together[int, int](ask)
    wrong = [asyncio.create_task(together.one(number)) for number in (1, 2)]
    for task in wrong:
        with pytest.raises(LookupError, match="one"):
            await task
    assert await together.one(3) == 3

"""Running a rule while its transaction is open: one at a time in a process, and a long one beside the event loop.

PostgreSQL ends a session that is halted within a transaction (`database.pool`), so that whoever sleeps holds nothing up. A rule
that reckons for long is no sleeper: meanwhile its session says so, and so do those that wait for their turn behind it.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from services.engine.taking import Connection
from services.engine.turn import Fact, Turn

SAYS_SO_S: Final = 2.0
MANY, LARGE = 100, 50_000
"""More facts than this, or more bytes in them, may take a rule long."""

_encoder = msgspec.json.Encoder()
_LOCKS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = weakref.WeakKeyDictionary()


async def ruled(
    connection: Connection, rule: Callable[[Turn], None], turn: Turn, *, says_so_s: float = SAYS_SO_S
) -> None:
    """Have a turn decided by its rule, within the caller's transaction on `connection`. Raises what the rule raises."""
    loop = asyncio.get_running_loop()
    lock = _LOCKS.setdefault(loop, asyncio.Lock())
    acquiring = asyncio.ensure_future(lock.acquire())
    try:
        await _awaited(connection, acquiring, says_so_s)
    except BaseException:  # also a cancellation: whoever waits for the lock must not keep it
        if not acquiring.cancel():
            lock.release()
        raise
    try:
        if _may_take_long(turn.facts):
            await _awaited(connection, loop.run_in_executor(None, rule, turn), says_so_s)
        else:
            rule(turn)
    finally:
        lock.release()


async def _awaited(connection: Connection, work: asyncio.Future[Any], says_so_s: float) -> None:
    """Wait for work, telling PostgreSQL every so often that this session lives."""
    while not work.done():
        await asyncio.wait([work], timeout=says_so_s)
        if not work.done():
            await connection.execute("SELECT 1")
    work.result()


def _may_take_long(facts: Sequence[Fact]) -> bool:
    return len(facts) > MANY or sum(len(_encoder.encode(fact.what)) for fact in facts) > LARGE

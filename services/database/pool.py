"""Connections to PostgreSQL and the wake-ups that come over them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import asyncpg

COMMAND_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 10.0
LOCK_RETRY_S = 0.2

_SESSION = {"idle_in_transaction_session_timeout": "8000"}
"""A process that is halted in the middle of a transaction must not hold its locks for ever, milliseconds."""

LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,  # what a session ended by the server's administrator may look like to the one in it
)
"""What is raised when PostgreSQL is away: infrastructure, not a fault of the data."""


UNUSABLE = (
    *LOST,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.TooManyConnectionsError,
)
"""What is raised when a server cannot be used at all: away, or it refuses our name, password or database. Not what it says of
our statements: that is a mistake of ours and must be loud."""


_POOLS: list[asyncpg.Pool[asyncpg.Record]] = []
"""The pools of this process; those that were closed are left out when another one is opened."""


async def connect(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """Return one connection. Raises what `LOST` names when the server is away."""
    return await asyncpg.connect(
        dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S, server_settings=_SESSION
    )


async def create_pool(dsn: str, size: int) -> asyncpg.Pool[asyncpg.Record]:
    """Return a pool of exactly `size` connections, opened at once."""
    made = await asyncpg.create_pool(
        dsn,
        min_size=size,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=_SESSION,
    )
    _POOLS[:] = [*(each for each in _POOLS if not each.is_closing()), made]
    return made


def connections() -> dict[str, int]:
    """Return how many connections of this process's pools are `used` and `idle`."""
    size = sum(each.get_size() for each in _POOLS if not each.is_closing())
    idle = sum(each.get_idle_size() for each in _POOLS if not each.is_closing())
    return {"used": size - idle, "idle": idle}


async def ready(dsn: str) -> None:
    """Return when the server answers and is out of recovery. Raises what `LOST` names, or `RuntimeError` in recovery."""
    connection = await connect(dsn)
    try:
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            raise RuntimeError("PostgreSQL is still in recovery")
    finally:
        await connection.close()


class Pool(Protocol):
    """A pool of connections."""

    def acquire(self) -> Any:
        """Return an asynchronous context manager that lends a connection."""


class Wakeups:
    """Empty wake-ups from NOTIFY on some channels. A wake-up may be spurious; whoever is woken looks for itself."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self._event = asyncio.Event()
        self._lost = False

    @classmethod
    async def listen(cls, dsn: str, *channels: str) -> Wakeups:
        """Listen on these channels with a connection of its own; the first `wait` returns at once."""
        wakeups = cls(await connect(dsn))
        wakeups.connection.add_termination_listener(wakeups._on_lost)
        for channel in channels:
            await wakeups.connection.add_listener(channel, wakeups._on_notify)
        wakeups._event.set()
        return wakeups

    def _on_notify(self, *_: Any) -> None:
        self._event.set()

    def _on_lost(self, *_: Any) -> None:
        self._lost = True
        self._event.set()

    def wake(self) -> None:
        """Wake the waiter from within this process."""
        self._event.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when woken or after the time-out. Raises `ConnectionError` when the connection was lost."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()
        if self._lost:
            raise ConnectionError("the connection that listens for wake-ups was lost")

    async def close(self) -> None:
        """Stop listening."""
        self.connection.remove_termination_listener(self._on_lost)
        await self.connection.close()


@contextlib.asynccontextmanager
async def exclusively(
    dsn: str, lock: int, *, on_wait: Callable[[], None], on_lost: Callable[[], None]
) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Give a connection that holds the advisory lock `lock` while the block lasts: one process in this database does this work.

    Waits while another holds it, calling `on_wait` once. When the connection is lost, and with it the lock, `on_lost` is called
    at once: another process may begin, so this one must not go on.
    """
    connection = await connect(dsn)

    def lost(_: Any) -> None:
        on_lost()

    try:
        waiting = False
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):
            if not waiting:
                waiting = True
                on_wait()
            await asyncio.sleep(LOCK_RETRY_S)
        connection.add_termination_listener(lost)
        yield connection
    finally:
        connection.remove_termination_listener(lost)
        await connection.close()

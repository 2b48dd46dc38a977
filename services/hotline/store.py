"""All SQL of the hotline room beyond the engine's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

    from services.engine.taking import Connection


async def read_accounts(connection: asyncpg.Connection[Any]) -> dict[str, str]:
    """Return every hotline account and the customer it belongs to."""
    rows = await connection.fetch("SELECT account, customer FROM hotline_account ORDER BY account")
    return {row["account"]: row["customer"] for row in rows}


@dataclasses.dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls placed so far, outages of large customers whose contact acknowledged, and those still being called for."""

    placed: int
    acknowledged: int
    calling: int


async def count_calls(connection: Connection) -> CallCounts:
    """Return how the calls to the contacts of large customers fare."""
    row = await connection.fetchrow(
        """SELECT (SELECT count(*) FROM hotline_call WHERE state = 'done') AS placed,
                  count(*) FILTER (WHERE state = 'acknowledged' OR EXISTS (
                      SELECT FROM journal j
                      WHERE j.stage = 'escalate' AND j.subject = outage AND j.became = 'acknowledged')) AS acknowledged,
                  count(*) FILTER (WHERE state = 'calling') AS calling
           FROM hotline_escalation"""
    )
    assert row is not None, "an aggregate without groups has one row"
    return CallCounts(row["placed"], row["acknowledged"], row["calling"])


class Contacts:
    """The phones of the accounts' contacts, read anew for each call."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def phone_of(self, account: str) -> str | None:
        """Return the phone of an account's contact; None when there is no such account."""
        phone: str | None = await self._pool.fetchval(
            "SELECT contact_phone FROM hotline_account WHERE account = $1", account
        )
        return phone

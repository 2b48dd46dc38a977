"""A utility with three hotline accounts in a database, as scripts of the hotline need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from services.access import store as access
from services.engine import clock
from services.hotline.stage import EscalateStage
from services.hotline.store import read_accounts

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]

ACCOUNTS = ("DAIRY", "FARM", "MILL")


async def import_accounts(connection: Connection, digest: str = "d1", phone: str = "+99901111111") -> int:
    """Import a version: MILL holds C-1 and C-4 and has two contacts, DAIRY C-2 and FARM C-3 have one each."""
    await connection.execute("UPDATE utility_version SET current = false WHERE current")
    version: int = await connection.fetchval(
        """INSERT INTO utility_version (digest, name, time_zone, attribution, current, languages)
           VALUES ($1, 'Town', 'Europe/Berlin', 'made up', true, '{en,zh}') RETURNING version""",
        digest,
    )
    await connection.execute(
        """INSERT INTO customer (version, customer, node, transformer, feeder, level, class, active, meter)
           SELECT $1, 'C-' || n, 'N', 'T', 'F', 'LV', 'large', true, 'M-' || n FROM generate_series(1, 4) n""",
        version,
    )
    await connection.executemany(
        "INSERT INTO hotline_account (version, account, name, language) VALUES ($1, $2, $2, $3)",
        [(version, "MILL", ""), (version, "DAIRY", "zh"), (version, "FARM", "")],
    )
    await connection.executemany(
        "INSERT INTO hotline_premise (version, account, customer) VALUES ($1, $2, $3)",
        [(version, "MILL", "C-1"), (version, "DAIRY", "C-2"), (version, "FARM", "C-3"), (version, "MILL", "C-4")],
    )
    await connection.executemany(
        """INSERT INTO hotline_contact (version, account, contact, name, phone, rank, wait_s, language)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        [
            (version, "MILL", "K-1", "Miller", phone, 1, 60, "en"),
            (version, "MILL", "K-2", "Maid", "+99902222222", 2, 60, ""),
            (version, "DAIRY", "K-1", "Cheese", "+99903333333", 1, 120, ""),
            (version, "FARM", "K-1", "Farmer", "+99904444444", 1, 120, ""),
        ],
    )
    await connection.execute(
        "INSERT INTO hotline_roster VALUES ($1, 'MILL', 'K-2', 1, '08:00', '17:00'), ($1, 'MILL', 'K-2', 7, '00:00', '00:00')",
        version,
    )
    return version


async def begin(connection: Connection, *, exercise: bool = False, now_ms: int = 0) -> EscalateStage:
    """Import the accounts, found the instance, set its clock; return the stage with its turns made."""
    await import_accounts(connection)
    await clock.found(connection, exercise=exercise, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=now_ms)
    stage = EscalateStage(*await read_accounts(connection))
    await clock.make_shards(connection, stage.name, stage.shards())
    return stage


async def key_for(connection: Connection, account: str | None, *scopes: str) -> str:
    """Make an access key of an account."""
    return await access.create(connection, "test", scopes or ("hotline",), account)

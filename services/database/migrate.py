"""Migrations: numbered SQL files, forward only, each in one transaction, each with its checksum on record."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import importlib.resources
import re

import asyncpg

from services.database.pool import connect

PATIENCE_S = 3_600.0
"""A migration may take so long: it may have years of rows to rewrite."""
_LOCK = 7_240_001
_NAME = re.compile(r"\A(\d{4})_[a-z0-9_]+\.sql\Z")


class UnknownSchema(Exception):
    """The database is not at a schema that this program knows."""


@dataclasses.dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name, its SQL."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the SQL."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return all migrations in order. Raises `UnknownSchema` when numbers are missing or doubled."""
    folder = importlib.resources.files("services.database") / "migrations"
    found = [
        Migration(int(match[1]), entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _NAME.match(entry.name))
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise UnknownSchema("migration numbers must run 1, 2, 3 ... without gaps or twins")
    return found


async def migrate(dsn: str) -> list[str]:
    """Apply what is missing; return the names of what was applied. A second starter waits for the first.

    Raises `UnknownSchema` when a newer program ran here or an applied file was changed afterwards.
    """
    connection = await connect(dsn)
    try:
        # Polling: a session that blocks inside pg_advisory_lock() holds a snapshot, which an index built
        # concurrently by the first starter would wait for, for ever.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return await _apply_missing(connection)
    finally:
        await connection.close()


async def _apply_missing(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    await connection.execute(
        """CREATE TABLE IF NOT EXISTS schema_migration (
            number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now())"""
    )
    applied = await _applied(connection)
    known = migrations()
    _check(applied, known)
    done = []
    for migration in known[len(applied) :]:
        async with connection.transaction():
            await connection.execute(migration.sql, timeout=PATIENCE_S)
            await connection.execute(
                "INSERT INTO schema_migration (number, name, digest) VALUES ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.digest,
            )
        done.append(migration.name)
    return done


async def newest(dsn: str) -> str | None:
    """Return the name of the newest migration that was applied; None in a database without any."""
    connection = await connect(dsn)
    try:
        if not await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL"):
            return None
        applied = await _applied(connection)
    finally:
        await connection.close()
    return applied[-1][0] if applied else None


async def verify(dsn: str) -> None:
    """Return when the database is exactly at this program's schema. Raises `UnknownSchema` otherwise."""
    connection = await connect(dsn)
    try:
        if not await connection.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL"):
            raise UnknownSchema("the database is empty: run `lamplighter migrate`")
        applied = await _applied(connection)
    finally:
        await connection.close()
    known = migrations()
    _check(applied, known)
    if len(applied) < len(known):
        raise UnknownSchema(f"the database lacks {known[len(applied)].name}: run `lamplighter migrate`")


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> list[tuple[str, str]]:
    rows = await connection.fetch("SELECT name, digest FROM schema_migration ORDER BY number")
    return [(row["name"], row["digest"]) for row in rows]


def _check(applied: list[tuple[str, str]], known: list[Migration]) -> None:
    if len(applied) > len(known):
        raise UnknownSchema(f"a newer program ran here: the database has {applied[-1][0]}, unknown to this one")
    for (name, digest), migration in zip(applied, known, strict=False):
        if (name, digest) != (migration.name, migration.digest):
            raise UnknownSchema(f"{migration.name} differs from what was applied as {name}")

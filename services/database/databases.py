"""Whole databases: made fresh, made from a migrated template, dropped, named in a DSN."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from services.database.migrate import migrate
from services.database.pool import connect

_NAME = re.compile(r"\A[a-z][a-z0-9_]{0,62}\Z")


def named(dsn: str, database: str) -> str:
    """Return the DSN of another database on the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


def name_in(dsn: str) -> str:
    """Return the name of the database in a DSN; empty when it names none."""
    return urlsplit(dsn).path.strip("/")


async def exists(admin_dsn: str, database: str) -> bool:
    """Say whether the server has this database."""
    connection = await connect(admin_dsn)
    try:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database))
    finally:
        await connection.close()


async def empty(dsn: str) -> bool:
    """Say whether nothing was made in this database yet: no table, no view."""
    connection = await connect(dsn)
    try:
        return not await connection.fetchval(
            """SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE c.relkind IN ('r', 'p', 'v', 'm')
                                AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast'))"""
        )
    finally:
        await connection.close()


async def create(admin_dsn: str, database: str, *, template: str | None = None) -> str:
    """Make a database, from a template if one is named, and return its DSN. Raises `ValueError` for an unsafe name."""
    for name in (database, template or database):
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is no name for a database")
    connection = await connect(admin_dsn)
    try:
        source = f' TEMPLATE "{template}"' if template else ""
        await connection.execute(f'CREATE DATABASE "{database}"{source}')
    finally:
        await connection.close()
    return named(admin_dsn, database)


async def drop(admin_dsn: str, database: str) -> None:
    """Drop a database, ending its connections; no error when there is none."""
    if not _NAME.match(database):
        raise ValueError(f"{database!r} is no name for a database")
    connection = await connect(admin_dsn)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    finally:
        await connection.close()


async def ensure(admin_dsn: str, database: str) -> str:
    """Return the DSN of a database that exists and is migrated."""
    if not await exists(admin_dsn, database):
        await create(admin_dsn, database)
    dsn = named(admin_dsn, database)
    await migrate(dsn)
    return dsn

"""The versions of a utility's folder in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.network.tables import BranchKind, GridTables, Tier
from services.roads import store as roads
from services.utility.contents import ABOUT, GRID, TABLES, Table, UtilityFolder, sorted_rows
from services.utility.in_use import Resting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncpg import Connection, Record

_STORED_IN = {
    "feeders": "utility_feeder",
    "nodes": "utility_node",
    "branches": "utility_branch",
    "customers": "customer",
    "regions": "utility_region",
    "depots": "depot",
    "crews": "crew",
    "shifts": "crew_shift",
    "accounts": "hotline_account",
    "premises": "hotline_premise",
    "contacts": "hotline_contact",
    "rosters": "hotline_roster",
    "agreements": "service_agreement",
    "windows": "planned_window",
    "holidays": "bank_holiday",
    "channels": "notice_contact",
    "quiet_hours": "quiet_hours",
}
_COLUMN_OF = {"customer_class": "class"}
_ELSEWHERE = "phones"
"""The field of a customer that has a table of its own."""


class NoUtilityError(LookupError):
    """No utility folder was imported into this database yet."""


async def save(connection: Connection[Any], folder: UtilityFolder) -> int:
    """Store the folder as the current version and return its number; all of it or nothing.

    Content that is stored already gets no new version: its old one becomes the current one again. What happens in the
    database meanwhile is not asked about: that is `importing.apply`.
    """
    digest = folder.digest
    async with connection.transaction():
        # Two imports at once would both find that they are new.
        await hold_versions(connection)
        await connection.execute("UPDATE utility_version SET current = false WHERE current AND digest <> $1", digest)
        known = await connection.fetchval(
            "UPDATE utility_version SET current = true WHERE digest = $1 RETURNING version", digest
        )
        if known is not None:
            return int(known)
        places = ", ".join(f"${number}" for number in range(1, len(ABOUT) + 2))
        version: int = await connection.fetchval(
            f"INSERT INTO utility_version (digest, {', '.join(ABOUT)}, current)"  # noqa: S608 - names of our own
            f" VALUES ({places}, true) RETURNING version",
            digest,
            *folder.about.values(),
        )
        for table in TABLES:
            fields = [name for name in table.fields if name != _ELSEWHERE]
            rows = folder.rows(table)
            records = ((version, *(getattr(row, name) for name in fields)) for row in rows)
            await connection.copy_records_to_table(
                _STORED_IN[table.name], records=records, columns=["version", *(_COLUMN_OF.get(f, f) for f in fields)]
            )
        await connection.copy_records_to_table(
            "customer_phone", records=_phones(version, folder), columns=["version", "customer", "phone", "rank"]
        )
        if folder.roads is not None:
            await roads.keep(connection, version, folder.roads)
    return version


def _phones(version: int, folder: UtilityFolder) -> Iterator[tuple[int, str, str, int]]:
    for row in folder.grid.customers:
        for rank, phone in enumerate(row.phones, start=1):
            yield version, row.customer, phone, rank


async def load(connection: Connection[Any]) -> UtilityFolder:
    """Return the current version as one snapshot, or as the caller's transaction sees it. Raises NoUtilityError."""
    if connection.is_in_transaction():
        return await current(connection)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await current(connection)


async def current(connection: Connection[Any]) -> UtilityFolder:
    """Return the current version within the caller's transaction, its roads by what is said of them. Raises NoUtilityError."""
    about = await connection.fetchrow(f"SELECT version, {', '.join(ABOUT)} FROM utility_version WHERE current")  # noqa: S608
    if about is None:
        raise NoUtilityError("no utility folder was imported into this database")
    number = about["version"]
    tables: dict[str, Any] = {
        table.name: _rows(table, await connection.fetch(_select(table), number)) for table in TABLES
    }
    said: dict[str, Any] = {name: tuple(about[name]) if name == "languages" else about[name] for name in ABOUT}
    grid = GridTables(**{table.name: tables.pop(table.name) for table in GRID})
    return UtilityFolder(**said, grid=grid, **tables, roads=await roads.current(connection))


async def make_current(connection: Connection[Any], version: int) -> None:
    """Make a stored version the current one, in the caller's transaction. Raises NoUtilityError for an unknown one."""
    await connection.execute("UPDATE utility_version SET current = false WHERE current AND version <> $1", version)
    if await connection.execute("UPDATE utility_version SET current = true WHERE version = $1", version) != "UPDATE 1":
        raise NoUtilityError(f"this database has no version {version} of the utility")


_READ: dict[tuple[str, str], Any] = {
    ("branches", "kind"): BranchKind,
    ("customers", "tier"): Tier,
    **{("crews", field): tuple for field in ("skills", "certificates", "kit", "barred")},
    ("windows", "isolates"): tuple,
    ("channels", "moments"): tuple,
    ("customers", _ELSEWHERE): tuple,
}
"""How a value of the database becomes that of a row, where the two differ."""


def _rows(table: Table, records: list[Record]) -> tuple[Any, ...]:
    readers = [(number, _READ[table.name, f]) for number, f in enumerate(table.fields) if (table.name, f) in _READ]
    made = []
    for record in records:
        values = list(record)
        for number, reader in readers:
            values[number] = reader(values[number])
        made.append(table.row(*values))
    return sorted_rows(table, made)


def _select(table: Table) -> str:
    # Every name comes from the tables above, never from outside.
    fields = [name for name in table.fields if name != _ELSEWHERE]
    columns = [_quoted(_COLUMN_OF.get(name, name)) for name in fields]
    stored = _STORED_IN[table.name]
    if _ELSEWHERE not in table.fields:
        return f"SELECT {', '.join(columns)} FROM {stored} WHERE version = $1"  # noqa: S608
    columns.insert(table.fields.index(_ELSEWHERE), "coalesce(p.phones, '{}') AS phones")
    return f"""
        SELECT {", ".join(columns)} FROM {stored} LEFT JOIN (
            SELECT customer, array_agg(phone ORDER BY rank) AS phones FROM customer_phone WHERE version = $1
            GROUP BY customer) p USING (customer)
        WHERE version = $1"""  # noqa: S608


def _quoted(column: str) -> str:
    return f'"{column}"'


async def hold_versions(connection: Connection[Any]) -> None:
    """Let no other import begin before the caller's transaction ends."""
    await connection.execute("LOCK TABLE utility_version IN SHARE ROW EXCLUSIVE MODE")


async def hold_turns(connection: Connection[Any]) -> None:
    """Wait for the turns that are being decided, and let no other be decided before the caller's transaction ends."""
    await connection.execute("LOCK TABLE turns IN SHARE MODE")


async def wake(connection: Connection[Any]) -> None:
    """Tell everybody who listens, when the caller's transaction commits, that another version is current."""
    await connection.execute("SELECT pg_notify('utility', '')")


async def is_exercise(connection: Connection[Any]) -> bool:
    """Answers whether this database belongs to an exercise."""
    return bool(await connection.fetchval("SELECT exercise FROM instance"))


async def begun_windows(connection: Connection[Any]) -> set[str]:
    """Return the planned work that was started, or is over."""
    rows = await connection.fetch("""SELECT "window" FROM work_window WHERE state <> 'announced'""")
    return {row["window"] for row in rows}


RESTING = """
    SELECT 'incident ' || id AS what, ARRAY[device] AS devices, '{}'::text[] AS customers, NULL AS crew, NULL AS account,
           NULL AS "window"
    FROM incident WHERE state IN ('predicted', 'confirmed', 'partiallyRestored', 'restored')
    UNION ALL
    SELECT 'hazard ' || id, ARRAY[device], '{}', NULL, NULL, NULL FROM hazard WHERE state = 'reported' AND device IS NOT NULL
    UNION ALL
    SELECT 'planned work ' || "window", isolates, '{}', NULL, NULL, "window"
    FROM work_window WHERE state NOT IN ('announced', 'over', 'cancelled')
    UNION ALL
    SELECT 'the outage since ' || to_char(to_timestamp((body ->> 'since')::bigint / 1000) AT TIME ZONE 'UTC',
                                          'YYYY-MM-DD"T"HH24:MI"Z"'),
           '{}', ARRAY[id], NULL, NULL, NULL
    FROM entity WHERE stage = 'correlate' AND kind = 'out'
    UNION ALL
    SELECT 'a report that nothing explains yet', ARRAY[body ->> 'device'],
           CASE WHEN kind = 'pending' THEN ARRAY[id] ELSE '{}' END, NULL, NULL, NULL
    FROM entity WHERE stage = 'correlate' AND kind IN ('pending', 'hint')
    UNION ALL
    SELECT 'report ' || r.id, CASE WHEN r.device IS NULL THEN '{}' ELSE ARRAY[r.device] END,
           CASE WHEN r.customer IS NULL THEN '{}' ELSE ARRAY[r.customer] END, NULL, NULL, NULL
    FROM report_batch b JOIN report r ON (r.batch, r.shard) = (b.number, b.shard)
    WHERE b.decided IS NULL
    UNION ALL
    SELECT 'order ' || "order", CASE WHEN device IS NULL THEN '{}' ELSE ARRAY[device] END, '{}', crew, NULL, NULL
    FROM crew_order WHERE active
    UNION ALL
    SELECT 'the escalation of outage ' || outage, '{}', ARRAY[customer], NULL, account, NULL
    FROM hotline_escalation WHERE state <> 'over'"""
"""Everything open with what it rests on: what, devices, customers, crew, account, window."""


async def resting(connection: Connection[Any]) -> list[Resting]:
    """Return everything open, with what it rests on."""
    return [
        Resting(
            what=row["what"],
            devices=tuple(row["devices"]),
            customers=tuple(row["customers"]),
            crew=row["crew"],
            account=row["account"],
            window=row["window"],
        )
        for row in await connection.fetch(RESTING)
    ]

"""The versions of a utility's folder in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.network.tables import BranchKind, BranchRow, CustomerRow, FeederRow, GridTables, NodeRow
from services.utility.folder import UtilityFolder

if TYPE_CHECKING:
    from asyncpg import Connection

_TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("utility_feeder", ("feeder", "name", "substation", "source_node", "lon", "lat")),
    ("utility_node", ("node", "lon", "lat")),
    (
        "utility_branch",
        (
            "id",
            "kind",
            "from_node",
            "to_node",
            "normally_closed",
            "phases",
            "length_m",
            "type_code",
            "rating",
            "feeder",
        ),
    ),
    (
        "customer",
        ("customer", "node", "transformer", "feeder", "level", "class", "active", "connected_on", "meter", "phone"),
    ),
)


class NoUtilityError(LookupError):
    """No utility folder was imported into this database yet."""


async def save(connection: Connection[Any], folder: UtilityFolder) -> int:
    """Store the folder as the current version and return its number; all of it or nothing.

    Content that is stored already gets no new version: its old one becomes the current one again.
    """
    digest = folder.digest
    grid = folder.grid
    async with connection.transaction():
        # Two imports at once would both find that they are new.
        await connection.execute("LOCK TABLE utility_version IN SHARE ROW EXCLUSIVE MODE")
        await connection.execute("UPDATE utility_version SET current = false WHERE current AND digest <> $1", digest)
        known = await connection.fetchval(
            "UPDATE utility_version SET current = true WHERE digest = $1 RETURNING version", digest
        )
        if known is not None:
            return int(known)
        version: int = await connection.fetchval(
            "INSERT INTO utility_version (digest, name, time_zone, attribution, current)"
            " VALUES ($1, $2, $3, $4, true) RETURNING version",
            digest,
            folder.name,
            folder.time_zone,
            folder.attribution,
        )
        for (table, columns), rows in zip(
            _TABLES, (grid.feeders, grid.nodes, grid.branches, grid.customers), strict=True
        ):
            await connection.copy_records_to_table(
                table, records=((version, *row) for row in rows), columns=["version", *columns]
            )
    return version


async def load(connection: Connection[Any]) -> UtilityFolder:
    """Return the current version. Raises NoUtilityError when there is none."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        about = await connection.fetchrow(
            "SELECT version, name, time_zone, attribution FROM utility_version WHERE current"
        )
        if about is None:
            raise NoUtilityError("no utility folder was imported into this database")
        feeders, nodes, branches, customers = [
            await connection.fetch(_SELECTS[table], about["version"]) for table, _ in _TABLES
        ]
    return UtilityFolder(
        name=about["name"],
        time_zone=about["time_zone"],
        attribution=about["attribution"],
        grid=GridTables.of(
            [FeederRow(*row) for row in feeders],
            [NodeRow(*row) for row in nodes],
            [BranchRow(id_, BranchKind(kind), *rest) for id_, kind, *rest in branches],
            [CustomerRow(*row) for row in customers],
        ),
    )


# Both names come from the table above, never from outside.
_SELECTS = {
    table: f"SELECT {', '.join(columns)} FROM {table} WHERE version = $1"  # noqa: S608
    for table, columns in _TABLES
}

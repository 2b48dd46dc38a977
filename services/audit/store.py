"""The SQL of the audit: every rule on one snapshot, with the broker's ends beside the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.audit.rule import AuditRule

Found = tuple[int, list[dict[str, Any]]]


async def in_one_snapshot(
    connection: asyncpg.Connection[asyncpg.Record], rules: Sequence[AuditRule], ends: Mapping[tuple[str, int], int]
) -> list[Found]:
    """Return (rows checked, violations) of every rule, in the order of the rules."""
    await connection.execute(
        """CREATE TEMPORARY TABLE IF NOT EXISTS broker_end (topic text, part integer, end_offset bigint);
           TRUNCATE broker_end"""
    )
    await connection.copy_records_to_table(
        "broker_end", records=[(topic, part, end) for (topic, part), end in sorted(ends.items())]
    )
    found: list[Found] = []
    async with connection.transaction(isolation="repeatable_read"):
        for rule in rules:
            checked = int(await connection.fetchval(rule.checked_sql))
            found.append((checked, [dict(row) for row in await connection.fetch(rule.violations_sql)]))
    return found

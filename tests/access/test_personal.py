"""Every column that may hold something personal is known to, or is known not to."""

from __future__ import annotations

from services.access.personal import COLUMNS, impersonal
from services.engine.taking import Connection

_COLUMNS = """
SELECT CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname || '.' || a.attname AS name
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type e ON e.oid = t.typelem
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'
  AND a.attnum > 0 AND NOT a.attisdropped
  AND coalesce(nullif(t.typname, '_text'), e.typname) IN ('text', 'varchar', 'bpchar', 'json', 'jsonb', 'bytea')
"""


async def test_of_every_column_of_text_it_is_known_whether_it_is_personal(connection: Connection) -> None:
    there = {row["name"] for row in await connection.fetch(_COLUMNS)}
    assert there - set(COLUMNS) - impersonal() == set(), (
        "name these in services/access/personal.py, with what ends them, or in impersonal_columns.txt"
    )
    assert (set(COLUMNS) | impersonal()) - there == set(), "there are no such columns any more"
    assert set(COLUMNS) & impersonal() == set()

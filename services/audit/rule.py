"""The shape of an audit rule: SQL that counts what it looked at, and SQL that names what breaks the promise."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule:
    """One promise, checked on the data.

    `checked_sql` returns one integer, the number of rows looked at. `violations_sql` returns one row for each violation, with
    the ids that name it; no row means that the promise holds.
    """

    name: str
    promise: str
    checked_sql: str
    violations_sql: str

"""The SQL of what the console shows of an incident's estimate: the interval, what it rests on, how often it was changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """When power is expected back. In eight cases of ten it is from `low_ms` to `high_ms`; None: too little is known of the past.

    `basis` is what the promise rests on, `stage` how far the work had come when the interval was reckoned, `rests_on` from how
    many measurements of the past it comes; `changes` is how often the promise was changed.
    """

    basis: str
    low_ms: int | None
    median_ms: int | None
    high_ms: int | None
    stage: str | None
    rests_on: int | None
    changes: int


async def restoration(connection: Connection, incident: str) -> Restoration | None:
    """Return when power is expected back at an incident; None for an unknown id."""
    row = await connection.fetchrow(
        """SELECT estimate_basis AS basis, low_ms, median_ms, high_ms, estimate_stage AS stage, rests_on,
                  greatest(0, (SELECT count(*) FROM incident_estimate e WHERE e.incident = i.id) - 1) AS changes
           FROM incident i WHERE id = $1""",
        incident,
    )
    return None if row is None else Restoration(**row)

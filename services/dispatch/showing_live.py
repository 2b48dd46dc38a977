"""The SQL of what the console's sheets show of dispatch beside the board: orders."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from services.engine.showing import SINCE

if TYPE_CHECKING:
    from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShownOrder:
    """A row of the table of all orders. Times are milliseconds; `ended_at_ms` is None while it binds its crew."""

    order: str
    crew: str
    job: str
    incident: str | None
    hazard: str | None
    device: str | None
    lon: float
    lat: float
    work: str
    assists: str | None
    state: str
    reason: str
    sent_at_ms: int
    arrival_estimate_ms: int
    enroute_at_ms: int | None
    arrived_at_ms: int | None
    ended_at_ms: int | None
    completion_estimate_ms: int | None
    changed_at_ms: int
    cause: str | None
    answer_until_ms: int | None = None


_ORDER = ", ".join(f'"{field.name}"' for field in dataclasses.fields(ShownOrder))


async def orders(connection: Connection, floor: str | None, ended_since_ms: int) -> list[ShownOrder]:
    """Return the orders that are new since a floor, of those that are active, ended after a time, or of an open incident."""
    rows = await connection.fetch(
        f"""SELECT {_ORDER} FROM dispatch_order WHERE (ended_at_ms IS NULL OR ended_at_ms > $2) AND {SINCE}
            UNION
            SELECT {_ORDER} FROM dispatch_order
            WHERE ended_at_ms <= $2 AND incident IN (
                SELECT id FROM incident WHERE state IN ('predicted', 'confirmed', 'partiallyRestored', 'restored'))
              AND {SINCE}""",  # noqa: S608 - the module's own text
        floor,
        ended_since_ms,
    )
    return [ShownOrder(**row) for row in rows]

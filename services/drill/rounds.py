"""How long each round of lockstep took, kept for the report; durations are real time and decide nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True)
class Round:
    """One tick of a clock in lockstep.

    `settled_ms`: real time from the clock's move to this tick until all was settled. `whole_ms`: until the clock's next move,
    with the publishing of what the world says next.
    """

    n: int
    now_ms: int
    settled_ms: float
    whole_ms: float


async def keep(connection: Connection, rounds: Sequence[Round]) -> None:
    """Write rounds; one that is there already stays."""
    await connection.execute(
        """INSERT INTO drill.round (n, now_ms, settled_ms, whole_ms)
           SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::double precision[], $4::double precision[])
           ON CONFLICT DO NOTHING""",
        [each.n for each in rounds],
        [each.now_ms for each in rounds],
        [each.settled_ms for each in rounds],
        [each.whole_ms for each in rounds],
    )


async def kept(connection: Connection) -> list[Round]:
    """Return all rounds in order."""
    return [
        Round(*row)
        for row in await connection.fetch("SELECT n, now_ms, settled_ms, whole_ms FROM drill.round ORDER BY n")
    ]

"""The SQL of what the console shows of belief: what may have failed, how that moved, what it rests on, how it fared."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from services.engine.taking import Connection
from services.outages.arguing import Heard, Known, Stand, Truth
from services.outages.entities import Hypothesis
from services.outages.showing_incident import Standing

MOST_BELIEFS = 50
"""So many rankings of an incident are shown at most."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What was believed to have failed from `at_ms` on (milliseconds), the likeliest first."""

    at_ms: int
    ranked: tuple[Hypothesis, ...]


async def beliefs(connection: Connection, incident: str) -> list[Believed]:
    """Return the latest rankings of an incident, the last one first."""
    rows = await connection.fetch(
        """SELECT from_ms, array_agg(device ORDER BY rank) AS devices, array_agg(permille ORDER BY rank) AS permilles
           FROM incident_hypothesis WHERE incident = $1 GROUP BY from_ms ORDER BY from_ms DESC LIMIT $2""",
        incident,
        MOST_BELIEFS,
    )
    return [
        Believed(
            at_ms=row["from_ms"],
            ranked=tuple(Hypothesis(*pair) for pair in zip(row["devices"], row["permilles"], strict=True)),
        )
        for row in rows
    ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What had failed, and what was believed of it: in the last ranking before somebody saw it, and in the first.

    Times are milliseconds. A rank is None where it was not among the hypotheses.
    """

    device: str
    known_by: str
    known_at_ms: int
    last_rank: int | None
    last_permille: int
    first_rank: int | None
    first_permille: int


async def score(connection: Connection, incident: str) -> Scored | None:
    """Return how belief fared; None while power is not back, or as long as nobody saw what failed."""
    row = await connection.fetchrow(
        """SELECT device, known_by, known_at_ms, last_rank, last_permille, first_rank, first_permille
           FROM incident_score WHERE incident = $1""",
        incident,
    )
    return None if row is None else Scored(**row)


async def known(
    connection: Connection, incident: Standing, customers: Sequence[str], devices: Sequence[str], now_ms: int
) -> Known:
    """Return what is known about an incident among these customers and devices.

    Power is known for certain from a meter or a customer since it began. Of one that is over, nothing counts that came later.
    """
    until_ms = now_ms + 1 if incident.restored_at_ms is None else incident.restored_at_ms
    heard = await connection.fetch(
        """SELECT customer, kind = 'lastGasp' AS by_meter, min(at_ms) AS at_ms FROM report
           WHERE holder = $1 AND customer IS NOT NULL AND kind IN ('call', 'text', 'lastGasp') GROUP BY 1, 2 ORDER BY 1, 2""",
        incident.id,
    )
    told = await connection.fetch(
        """SELECT id, kind, body ->> 'holder' AS holder FROM entity
           WHERE stage = 'correlate' AND shard = $1 AND id = ANY ($2::text[])
             AND (kind = 'out' OR (kind = 'supplied' AND (body ->> 'since')::bigint >= $3 AND (body ->> 'since')::bigint < $4)
                  OR (kind = 'unanswered' AND (body ->> 'at')::bigint >= $3 AND (body ->> 'at')::bigint < $4))""",
        incident.area,
        list(customers),
        incident.started_at_ms,
        until_ms,
    )
    # Who was out under it and has power back since does not speak against it.
    held = await connection.fetch(
        """SELECT customer FROM interruption
           WHERE NOT voided AND id IN (SELECT interruption FROM interruption_part WHERE holder = $1)""",
        incident.id,
    )
    stands = await connection.fetch(
        "SELECT device, closed, source, at_ms FROM device_position WHERE area = $1 AND device = ANY ($2::text[]) AND at_ms < $3",
        incident.area,
        list(devices),
        until_ms,
    )
    seen: str | None = await connection.fetchval("SELECT known_by FROM incident_known WHERE incident = $1", incident.id)
    out = {row["id"]: row["holder"] for row in told if row["kind"] == "out"}
    powered = {row["id"] for row in told if row["kind"] == "supplied"}
    return Known(
        began_ms=incident.started_at_ms,
        now_ms=until_ms,
        heard=tuple(Heard(**row) for row in heard),
        powered=frozenset(powered - out.keys() - {row["customer"] for row in held}),
        unanswered=frozenset(row["id"] for row in told if row["kind"] == "unanswered"),
        elsewhere=frozenset(customer for customer, holder in out.items() if holder != incident.id),
        stands={row["device"]: Stand(closed=row["closed"], source=row["source"], at_ms=row["at_ms"]) for row in stands},
        truth=None if seen is None else Truth(device=incident.device, by=seen),
    )

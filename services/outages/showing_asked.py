"""What the console shows of questions: who was asked about an incident whether power is on, and which devices that tells apart."""

from __future__ import annotations

import dataclasses

from services.engine.taking import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuestion:
    """A question, by `meter` or `text`: the answer tells `device` from `other`; None: from anything else."""

    key: str
    at_ms: int
    by: str
    customer: str
    meter: str
    device: str
    other: str | None
    reason: str


async def asked_about(connection: Connection, incident: str) -> list[ShownQuestion]:
    """Return the questions about an incident, in the order of time."""
    rows = await connection.fetch(
        """SELECT q.key, q.at_ms, q.by, q.customer, q.meter, q.device, q.other, j.reason
           FROM question q JOIN journal j ON j.subject_kind = 'question' AND j.subject = q.key AND j.stage = 'correlate'
           WHERE q.incident = $1 ORDER BY q.at_ms, q.key""",
        incident,
    )
    return [ShownQuestion(**row) for row in rows]

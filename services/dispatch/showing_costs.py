"""What is read to say what an assignment would cost: the work, the crews of its region, and what they have in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from services.dispatch.costs import Cost, costs
from services.dispatch.entities import Job, hazard_job
from services.dispatch.showing import ORDER_BODY, as_order, read_crews

if TYPE_CHECKING:
    from services.engine.taking import Connection


class NoSuchWork(Exception):
    """The dispatch stage knows no such incident or hazard."""


class WorkIsOver(Exception):
    """Nobody is needed there any more: an assignment would be refused."""


async def clock_now(connection: Connection) -> int:
    """Return the time of the clock, milliseconds. Raises ConnectionError in a database whose clock was not set yet."""
    now: int | None = await connection.fetchval("SELECT now_ms FROM tick()")
    if now is None:
        raise ConnectionError("the clock of this database was not set yet")
    return now


async def assignment_costs(
    connection: Connection, *, incident: str | None = None, hazard: str | None = None
) -> list[Cost]:
    """Return what it would cost to send each crew of its region to an incident or a hazard, best first.

    Raises `NoSuchWork` and `WorkIsOver`.
    """
    name = incident if hazard is None else hazard_job(hazard)
    row = await connection.fetchrow(
        "SELECT shard, body FROM entity WHERE stage = 'dispatch' AND kind = 'job' AND id = $1", name
    )
    if row is None:
        raise NoSuchWork(name)
    job = msgspec.json.decode(row["body"], type=Job)
    if job.state == "over":
        raise WorkIsOver(name)
    crews = await read_crews(connection)
    orders = [as_order(row) for row in await connection.fetch(_ACTIVE)]
    waiting = await connection.fetch(
        "SELECT id, customers_out FROM incident WHERE id = ANY ($1::text[])", [order.incident for order in orders]
    )
    now = await clock_now(connection)
    out = {each["id"]: each["customers_out"] for each in waiting}
    region = row["shard"]
    return costs(job, crews.driving(region), region, crews.duties, orders, out, now, crews.rules_of(region))


_ACTIVE = f"SELECT {ORDER_BODY} AS body FROM dispatch_order o WHERE o.ended_at_ms IS NULL"  # noqa: S608 - our own words

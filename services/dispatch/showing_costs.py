"""What is read to say what an assignment would cost: the work, the crews of its region, and what they have in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from services.dispatch.costs import Cost, costs
from services.dispatch.entities import Job, hazard_job
from services.dispatch.showing import ORDER_BODY, as_order, read_crews
from services.dispatch.showing_plan import NoSuchWork, read_region
from services.dispatch.what_if import Change, NoSuchChange, Trial

__all__ = ["NoSuchWork", "WorkIsOver", "assignment_costs", "clock_now"]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.dispatch.plan_scene import Region
    from services.engine.taking import Connection


_MOST_TRIED = 12
"""For how many crews it is reckoned what the plan would lose: a person waits for the list."""


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
    found = costs(job, crews.driving(region), region, crews.duties, orders, out, now, crews.rules_of(region))
    state, standing = await read_region(connection, crews, region, now)
    return await asyncio.to_thread(_with_minutes, found, state, dict(standing.routes), job)


def _with_minutes(found: list[Cost], state: Region, routes: Mapping[str, tuple[str, ...]], job: Job) -> list[Cost]:
    """Return the costs with what the plan would lose by each of the first crews that may go."""
    trial = Trial(state, routes)
    lost: dict[str, int] = {}
    for cost in [each for each in found if each.forbidden is None][:_MOST_TRIED]:
        change = Change(kind="assign", crew=cost.crew, incident=job.incident, hazard=job.hazard)
        try:
            lost[cost.crew] = trial.cost(change)
        except NoSuchChange:
            continue
    return [msgspec.structs.replace(cost, customer_minutes=lost.get(cost.crew)) for cost in found]


_ACTIVE = f"SELECT {ORDER_BODY} AS body FROM dispatch_order o WHERE o.ended_at_ms IS NULL"  # noqa: S608 - our own words

"""The SQL of what switching stands on: the fault, how switches stand and stood, and what must not be fed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from services.engine.taking import Connection
from services.network.places import Place
from services.switching.executed import Change, stood_before
from services.switching.faulted import Danger, Fault, Situation
from services.switching.reasons import Reason


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An incident as switching looks at it: why nothing can be proposed (None: something can), and what is known around it."""

    area: str
    device: str
    refused: Reason | None
    situation: Situation
    changes: Sequence[Change]


async def seen(connection: Connection, incident: str, behind: str | None) -> Seen | None:
    """Return what is known about an incident; None for an unknown id. Read it within one transaction."""
    row = await connection.fetchrow(
        """SELECT i.area, i.device, i.state, i.phases, i.started_at_ms, coalesce((e.body ->> 'whole')::boolean, true) AS whole
           FROM incident i
           LEFT JOIN entity e ON e.stage = 'correlate' AND e.shard = i.area AND e.kind = 'incident' AND e.id = i.id
           WHERE i.id = $1""",
        incident,
    )
    if row is None:
        return None
    area, device = row["area"], row["device"]
    positions = await connection.fetch(
        "SELECT device, closed, open_phases, poles FROM device_position WHERE area = $1 ORDER BY device", area
    )
    stands = {each["device"]: each["closed"] for each in positions}
    single = [each["device"] for each in positions if not each["poles"]]
    changes = await _changes(connection, area, single, row["started_at_ms"])
    last = {each.device: each.closed for each in changes}
    situation = Situation(
        fault=Fault(device, stands_open=not last.get(device, False)),
        stood=stood_before(stands, changes),
        stands=stands,
        behind=behind,
        faults=await _other_faults(connection, area, incident, device, stands),
        dangers=await _dangers(connection, area),
        isolates=await _isolates(connection, area),
        withheld=await _withheld(connection),
        open_phases={each["device"]: each["open_phases"] for each in positions if each["open_phases"]},
    )
    refused = _refused(row["state"], row["phases"], whole=row["whole"])
    return Seen(area=area, device=device, refused=refused, situation=situation, changes=changes)


def _refused(state: str, phases: str, *, whole: bool) -> Reason | None:
    if state == "predicted":
        return Reason.NOT_YET_CONFIRMED
    if state not in {"confirmed", "partiallyRestored"}:
        return Reason.OVER
    if phases:
        return Reason.SOME_PHASES_ONLY
    return None if whole else Reason.SINGLE_CUSTOMERS


async def _changes(connection: Connection, area: str, devices: Sequence[str], since_ms: int) -> list[Change]:
    """Return which of these devices were told to stand another way, since a time (milliseconds), in the order of time."""
    rows = await connection.fetch(
        """SELECT subject, became, now_ms FROM journal
           WHERE subject_kind = 'position' AND subject = ANY ($2::text[]) AND now_ms >= $3
             AND stage = 'correlate' AND shard = $1 AND became IN ('open', 'closed')
           ORDER BY now_ms, tick, ctid  -- as one turn noted them""",
        area,
        list(devices),
        since_ms,
    )
    return [Change(device=each["subject"], closed=each["became"] == "closed", at_ms=each["now_ms"]) for each in rows]


async def _other_faults(
    connection: Connection, area: str, incident: str, device: str, stands: Mapping[str, bool]
) -> tuple[Fault, ...]:
    """Return the other devices of the area that have failed with all that is behind them."""
    rows = await connection.fetch(
        """SELECT DISTINCT i.device, (e.body ->> 'switched')::boolean AS switched
           FROM incident i JOIN entity e ON e.stage = 'correlate' AND e.shard = i.area AND e.kind = 'incident' AND e.id = i.id
           WHERE i.area = $1 AND i.id <> $2 AND i.device <> $3 AND i.state IN ('predicted', 'confirmed', 'partiallyRestored')
             AND (e.body ->> 'whole')::boolean ORDER BY i.device, switched""",
        area,
        incident,
        device,
    )
    closed = {each["device"]: bool(each["switched"]) and stands.get(each["device"], False) for each in rows}
    return tuple(Fault(each, stands_open=not closed[each]) for each in sorted(closed))


async def _dangers(connection: Connection, area: str) -> tuple[Danger, ...]:
    rows = await connection.fetch(
        "SELECT device, lon, lat FROM hazard WHERE area = $1 AND state = 'reported' ORDER BY reported_at_ms, id", area
    )
    return tuple(Danger(each["device"], Place(each["lon"], each["lat"])) for each in rows)


async def _isolates(connection: Connection, area: str) -> frozenset[str]:
    """Return the devices that isolate planned work under way, or complete and not yet proven to be over."""
    rows = await connection.fetch(
        "SELECT unnest(isolates) AS device FROM work_window WHERE area = $1 AND state IN ('active', 'verifying')", area
    )
    return frozenset(each["device"] for each in rows)


async def _withheld(connection: Connection) -> dict[str, Reason]:
    """Return the devices at which somebody works under a clearance, or that a dispatcher holds because of safety."""
    cleared = await connection.fetch(
        """SELECT DISTINCT device FROM dispatch_order
           WHERE device IS NOT NULL AND clearance IN ('given', 'taken') AND (clearance = 'taken' OR ended_at_ms IS NULL)"""
    )
    held = await connection.fetch(
        """SELECT DISTINCT body ->> 'device' AS device FROM entity
           WHERE stage = 'dispatch' AND kind = 'job' AND (body ->> 'held_for_safety')::boolean
             AND body ->> 'held_by' IS NOT NULL AND body ->> 'state' <> 'over' AND body ->> 'device' IS NOT NULL"""
    )
    withheld = {each["device"]: Reason.SAFETY_HOLD for each in held}
    return withheld | {each["device"]: Reason.AWAITS_CLEARANCE for each in cleared}

"""Every estimate of an incident is kept as it was told: by the store of the inference, and from events of before."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING

from schemas.events import IncidentState
from services.outages.entities import Basis, EstimateBasis, Incident
from services.outages.records import IncidentRow
from services.outages.store import CorrelateStore

if TYPE_CHECKING:
    from tests.measures.written import Connection

MINUTE = 60_000


def row(revision: int, estimate: int, basis: EstimateBasis) -> IncidentRow:
    """Return an incident as a turn leaves it."""
    incident = Incident(
        id="I1",
        device="D1",
        region="R1",
        state=IncidentState.CONFIRMED,
        reason="r",
        whole=True,
        basis=Basis.METER,
        opened_at=0,
        started_at=0,
        estimate=estimate,
        estimate_basis=basis,
        revision=revision,
    )
    return IncidentRow(incident=incident, restored_at=None, region="R1", feeder="F1", device_class="fuse")


async def kept(connection: Connection) -> list[tuple[object, ...]]:
    """Return what is kept, in the order in which it was told."""
    return [
        tuple(each)
        for each in await connection.fetch(
            "SELECT revision, from_ms, estimate_ms, basis FROM incident_estimate ORDER BY incident, revision"
        )
    ]


async def test_the_first_estimate_and_each_change_are_kept(connection: Connection) -> None:
    store = CorrelateStore()
    told = [
        (1, 90 * MINUTE, EstimateBasis.DEVICE, 1_000),
        (2, 90 * MINUTE, EstimateBasis.DEVICE, 2_000),  # something else changed
        (3, 120 * MINUTE, EstimateBasis.CREW, 3_000),
        (4, 90 * MINUTE, EstimateBasis.DISPATCHER, 3_000),  # in the same instant, and back to what it was
    ]
    for tick, (revision, estimate, basis, now) in enumerate(told):
        await store.save(connection, "A1", tick, now, [row(revision, estimate, basis)])
    assert await kept(connection) == [
        (1, 1_000, 90 * MINUTE, "device"),
        (3, 3_000, 120 * MINUTE, "crew"),
        (4, 3_000, 90 * MINUTE, "dispatcher"),
    ]


async def test_what_was_told_before_there_was_a_history_comes_from_the_events(connection: Connection) -> None:
    await CorrelateStore().save(connection, "A1", 1, 1, [row(9, 5 * MINUTE, EstimateBasis.CREW)])
    await connection.execute("DELETE FROM incident_estimate")
    told = [
        (1, "I1", "1970-01-01T01:30:00Z"),
        (2, "I1", "1970-01-01T01:30:00Z"),
        (3, "I1", "1970-01-01T02:00:00.250000Z"),
    ]
    gone = [(1, "I2", "1970-01-01T01:30:00Z")]
    for revision, incident, estimate in told + gone:
        event = {
            "type": "outage.incidentChanged.v1",
            "at": f"1970-01-01T00:0{revision}:00Z",
            "incident": incident,
            "revision": revision,
            "estimate": estimate,
        }
        await connection.execute(
            """INSERT INTO outbox (id, stage, shard, tick, topic, key, headers, body)
               VALUES ($1, 'correlate', 'A1', 1, 'outage.incidents', 'A1', '[]', $2)""",
            f"{incident}-{revision}",
            json.dumps(event).encode(),
        )
    await connection.execute(_filling())
    assert await kept(connection) == [
        (1, MINUTE, 90 * MINUTE, "unknown"),
        (3, 3 * MINUTE, 120 * MINUTE + 250, "unknown"),
    ]


def _filling() -> str:
    """Return the statement of the migration that fills the table from what was published."""
    folder = importlib.resources.files("services.database") / "migrations"
    sql = (folder / "0021_measures_in_full.sql").read_text(encoding="utf-8")
    (statement,) = [each for each in sql.split(";\n") if "INSERT INTO incident_estimate" in each]
    return statement

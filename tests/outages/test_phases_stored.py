"""What of single phases, and of what contradicts a dispatcher, lies in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.events import DeviceStateReported, IncidentConfirmed, StateSource, SwitchPosition
from schemas.topics import DEVICE_STATES
from services.clock import from_ms
from services.outages import showing
from services.outages.audit import RULES
from services.outages.reasons import Reason
from services.outages.stage import CorrelateStage
from services.outages.store import CorrelateStore
from tests.outages.storm import Storm
from tests.outages.town import device_id, phased
from tests.stage_script import moment, ms, play, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]


def pole_opened(at: str, phases: str, source: StateSource = StateSource.SCADA) -> DeviceStateReported:
    return DeviceStateReported(
        id=f"state-{phases}-{source}",
        at=moment(at),
        device=device_id("R1"),
        position=SwitchPosition.OPEN,
        source=source,
        phases=phases,
    )


async def test_open_poles_and_whom_they_take_out_lie_in_the_tables(connection: Connection) -> None:
    heard = [
        (DEVICE_STATES, pole_opened("06:00", "A")),
        (DEVICE_STATES, pole_opened("06:00", "B", StateSource.COMMAND)),
    ]
    ticks = [(ms("06:00:05"), heard), (ms("06:01:05"), [])]
    await play(connection, CorrelateStage(phased(), {}), ticks, CorrelateStore())
    position = await connection.fetchrow("SELECT device, closed, open_phases, poles FROM device_position")
    assert position is not None
    assert tuple(position) == ("switch:R1", True, "A", 1)
    found = await showing.incidents(connection, None, 0)
    assert [(each.device, each.phases, each.contradicted, each.customers_out) for each in found] == [
        ("switch:R1", "A", None, 3)
    ]
    assert await violations(connection, RULES) == {}


async def test_what_contradicts_a_dispatcher_lies_in_the_tables(connection: Connection) -> None:
    storm = Storm()
    storm.at("06:00:40").gasp(*storm.everybody("L1"), lost="06:00")
    incident = storm.at("06:03").incident("L1")
    word = IncidentConfirmed(
        id="w-1", at=from_ms(storm.now), area="A1", incident=incident.id, by="ann", device=device_id("L1")
    )
    storm.say(word)
    storm.at("06:05").state("L1", "closed", at="06:05")
    storm.at("06:06")
    for tick, ((now, _), records) in enumerate(zip(storm.turns, storm.records, strict=True)):
        async with connection.transaction():
            await CorrelateStore().save(connection, "A1", tick, now, records)
    found = {each.device: each for each in await showing.incidents(connection, None, 0)}
    assert found["switch:L1"].contradicted == Reason.CONTRADICTED_BY_TELEMETRY
    assert found["switch:L1"].fixed

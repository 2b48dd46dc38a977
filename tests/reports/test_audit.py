"""Each rule of reports holds on what intake wrote, and names the row when the data is damaged.

Those of reports that were decided are tried with the inference, whose state they look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from schemas.events import OutageReported, ReportKind
from schemas.topics import OUTAGE_REPORTS
from services.access import store as access
from services.access.keys import id_of
from services.engine import clock, outbox
from services.engine.taking import Message, Taking
from services.reports.audit import RULES
from services.reports.store import ReportKeeper
from tests.reports.hamlet import PREMISES, hamlet
from tests.stage_script import moment, ms, violations

if TYPE_CHECKING:
    import asyncpg

    Connection: TypeAlias = asyncpg.Connection[Any]

DAMAGE = {
    "reportDecided": "UPDATE turns SET ticked_to = 9 WHERE stage = 'correlate'",
    "batchDecidedLater": "UPDATE report_batch SET decided = tick + 1",
    "batchHoldsItsReports": "UPDATE report SET batch = NULL WHERE id = 'phone'",
    "unlocatedForAReason": "UPDATE report SET reason = 'because' WHERE id = 'unknown'",
    "edgeReportTaken": "DELETE FROM report WHERE id = 'unknown'",
    "namesakeParked": "UPDATE parked SET event_id = 'other' WHERE event_id = 'phone'",
}


async def heard(connection: Connection) -> None:
    """Accept reports over HTTP, publish them, and take them: one is unknown, one ambiguous, one another's namesake."""
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    await clock.make_shards(connection, "correlate", ["A1"])
    for customer in (None, "T1-2"):
        key_id = str(id_of(await access.create(connection, "call centre", ["reports:write"])))
        events = [
            OutageReported(id="phone", at=moment("06:00"), kind=ReportKind.CALL, phone="+4915511", customer=customer),
            OutageReported(id="unknown", at=moment("06:00"), kind=ReportKind.CALL, customer="NOBODY"),
        ]
        await access.accept(connection, key_id, None, OUTAGE_REPORTS, events)
    rows = await outbox.unsent(connection, 10)
    await outbox.mark_sent(connection, [row.id for row in rows], {(OUTAGE_REPORTS.name, 0): len(rows)})
    taking = Taking("intake", ReportKeeper(hamlet(), PREMISES), exercise=False)
    messages = [Message(row.topic, 0, offset, row.key, (), row.body) for offset, row in enumerate(rows)]
    assert await violations(connection, RULES) == {}
    await taking.take(connection, messages)


async def test_what_was_heard_keeps_every_promise(connection: Connection) -> None:
    await heard(connection)
    assert await violations(connection, RULES) == {}
    assert await connection.fetchval("SELECT count(*) FROM parked") == 1
    assert await connection.fetchval("SELECT state FROM report WHERE id = 'phone'") == "ambiguous"


async def test_a_damaged_report_is_named_by_its_rule(connection: Connection) -> None:
    await heard(connection)
    for rule, damage in DAMAGE.items():
        damaging = connection.transaction()
        await damaging.start()
        await connection.execute(damage)
        found = await violations(connection, RULES)
        await damaging.rollback()
        assert rule in found
    for damage in (
        "UPDATE report_batch SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"phone\"', '\"x\"'), 'UTF8')",
        "UPDATE report_batch SET reports = reports + 1",
        "DELETE FROM report_batch",
    ):
        damaging = connection.transaction()
        await damaging.start()
        await connection.execute(damage)
        found = await violations(connection, RULES)
        await damaging.rollback()
        assert "batchHoldsItsReports" in found, damage
    await connection.execute("UPDATE report SET candidates = '[]' WHERE id = 'phone'")
    assert await violations(connection, RULES) == {"unlocatedForAReason": [["phone", "ambiguous", "severalPremises"]]}

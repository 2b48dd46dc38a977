from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import encode
from schemas.events import HotlineReported, ReportKind
from schemas.topics import HOTLINE_REPORTS
from services.engine import clock, direct, outbox
from services.engine.deciding import inbox_facts
from services.engine.taking import InboxKeeper, Message, Taking
from tests.stage_script import moment, ms

if TYPE_CHECKING:
    from services.engine.taking import Connection

EVENT = HotlineReported(id="r-1", at=moment("06:00"), account="MILL", kind=ReportKind.CALL)


async def test_a_fact_taken_directly_is_stamped_with_the_tick_and_decided_at_a_later_one(
    connection: Connection,
) -> None:
    await clock.set_lockstep(connection, now_ms=ms("06:00"))
    await connection.execute("UPDATE clock SET n = 7")
    assert await direct.take_directly(connection, "escalate", "MILL", HOTLINE_REPORTS, EVENT)
    assert await inbox_facts(connection, "escalate", "MILL", 7) == []
    (fact,) = await inbox_facts(connection, "escalate", "MILL", 8)
    assert (fact.at, fact.id, fact.what) == (ms("06:00"), "r-1", EVENT)


async def test_the_copy_that_comes_by_kafka_is_dropped(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:00"))
    await direct.take_directly(connection, "escalate", "MILL", HOTLINE_REPORTS, EVENT)
    assert not await direct.take_directly(connection, "escalate", "MILL", HOTLINE_REPORTS, EVENT)
    taking = Taking("escalate", InboxKeeper("escalate", lambda _: "MILL"), exercise=False)
    assert await taking.take(connection, [Message(HOTLINE_REPORTS.name, 0, 0, None, (), encode(EVENT))]) == 1
    assert await connection.fetchval("SELECT count(*) FROM inbox") == 1
    assert await connection.fetchval("SELECT count(*) FROM parked") == 0


async def test_what_is_published_stands_in_the_outbox_once_under_a_name_that_is_no_stages(
    connection: Connection,
) -> None:
    await clock.set_lockstep(connection, now_ms=ms("06:00"))
    assert await direct.publish(connection, "hotline", HOTLINE_REPORTS, "MILL", EVENT)
    assert not await direct.publish(connection, "hotline", HOTLINE_REPORTS, "MILL", EVENT)
    (row,) = await outbox.unsent(connection, 10)
    assert (row.topic, row.key, row.body) == ("hotline.reports", b"MILL", encode(EVENT))
    assert dict(row.headers)["ce_source"] == b"/lamplighter/hotline"

"""What a stage decides must fit into the tables, also when names collide and times lie far back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import encode
from schemas.events import ReportKind, WorkStarted
from schemas.topics import CREW_STATUS, HOTLINE_PRIORITY, MAINTENANCE_NOTICES
from services.dispatch.stage import DispatchStage
from services.engine import clock
from services.engine.taking import InboxKeeper, Message, Taking
from services.hotline.accounts import Account
from services.hotline.stage import EscalateStage
from services.notices.moments import Moment, NoticeDecided
from tests.dispatch.desk import roster
from tests.hostile.course import Played
from tests.hostile.dispatch_course import said
from tests.hostile.escalate_course import out
from tests.hostile.notify_course import NOTIFY, changed, order
from tests.hotline.ladder import ONE, ZONE
from tests.outages.played import Morning
from tests.outages.town import device_id
from tests.stage_script import moment, ms, play

if TYPE_CHECKING:
    from services.engine.taking import Connection

DAY_MS = 86_400_000


async def test_two_accounts_may_be_told_of_outages_of_one_name(connection: Connection) -> None:
    both = [(HOTLINE_PRIORITY, out("mill", "06:00")), (HOTLINE_PRIORITY, out("dairy", "06:00", account="DAIRY"))]
    stage = EscalateStage([Account(id=name, contacts=ONE) for name in ("MILL", "DAIRY")], ZONE)
    await play(connection, stage, [(ms("06:00"), both), (ms("06:02"), [])])
    calls = await connection.fetch("SELECT account, outage, attempt FROM hotline_call ORDER BY account, attempt")
    assert [tuple(row) for row in calls] == [
        ("DAIRY", "O-1", 1),
        ("DAIRY", "O-1", 2),
        ("MILL", "O-1", 1),
        ("MILL", "O-1", 2),
    ]
    assert await connection.fetchval("SELECT array_agg(account ORDER BY account) FROM hotline_escalation") == [
        "DAIRY",
        "MILL",
    ]


def test_who_is_out_twice_under_one_incident_is_told_of_the_crew_twice() -> None:
    played = Played(NOTIFY)
    for at, facts in (
        ("09:00", (changed("a", "09:00", "I-9", 1, "predicted", out=["T11-1"]),)),
        ("09:10", (order("b", "09:10", "enroute", "I-9", order="first"),)),
        ("09:15", (order("done", "09:15", "done", "I-9", order="first"),)),
        ("09:20", (changed("c", "09:20", "I-9", 2, "restored", restored=["T11-1"]),)),
        ("09:25", (changed("d", "09:25", "I-9", 3, "partiallyRestored", out=["T11-1"]),)),
        ("09:30", (order("e", "09:30", "enroute", "I-9", order="second"),)),
    ):
        played.go_to(ms(at))
        played.take(*facts)
        played.settle()
    played.fits_storage()
    told = [
        record.moment
        for outcome in played.outcomes
        for record in outcome.records
        if isinstance(record, NoticeDecided) and record.incident == "I-9"
    ]
    assert told == [
        Moment.POWER_OUT,
        Moment.INFORM_DISPATCHED,
        Moment.POWER_RESTORED,
        Moment.POWER_OUT,
        Moment.INFORM_DISPATCHED,
    ]


async def test_of_two_facts_with_one_id_the_first_is_taken(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    stage = DispatchStage(roster("W1"))
    taking = Taking(stage.name, InboxKeeper(stage.name, stage.shard_of), exercise=False)
    first, second, good = (
        said("x", "W1", "available", "06:00"),
        said("x", "W1", "offDuty", "06:01"),
        said("y", "W1", "available", "06:02"),
    )
    bodies = [encode(event) for event in (first, second, second, good)]
    batch = [Message(CREW_STATUS.name, 0, offset, None, (), body) for offset, body in enumerate(bodies)]
    await taking.take(connection, batch[:2])
    await taking.take(connection, batch[2:])
    rows = await connection.fetch("SELECT id, body FROM inbox ORDER BY id")
    assert [tuple(row) for row in rows] == [("x", bodies[0]), ("y", bodies[3])]


async def test_work_begun_before_an_outage_that_is_forgotten_fits_into_the_ledger(connection: Connection) -> None:
    """A notice of work days ago may reach back behind an interruption of which only the ledger knows."""
    played = Morning(connection)
    await played.begin()
    for kind, at in ((ReportKind.LAST_GASP, "06:00"), (ReportKind.POWER_RESTORED, "07:00")):
        await played.report(kind, *played.network.customers_behind(device_id("T31")), at=at)
        await played.decide(at)
        await played.decide(f"{at}:59")
        await played.decide(at.replace(":00", ":01:40"))
    await _after(played, days=1, clock="07:30")
    await _after(played, days=2, clock="08:00")
    await played.say(
        MAINTENANCE_NOTICES, WorkStarted(id="late", at=moment("05:00"), window="W-9", isolates=[device_id("L3")])
    )
    await _after(played, days=2, clock="08:01")
    begun = await connection.fetch("SELECT customer FROM interruption WHERE end_ms IS NULL ORDER BY customer")
    assert [row["customer"] for row in begun] == list(played.network.customers_behind(device_id("L3")))


async def _after(played: Morning, *, days: int, clock: str) -> None:
    played.tick += 1
    await played._deciding.decide(played.connection, "A1", played.tick, ms(clock) + days * DAY_MS)

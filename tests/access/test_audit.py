"""Each rule of access holds on what was accepted, and names the row when the data is damaged."""

from __future__ import annotations

from schemas.events import OutageReported, ReportKind
from schemas.topics import OUTAGE_REPORTS
from services.access import store
from services.access.audit import RULES
from services.access.keys import id_of
from services.engine import clock
from services.engine.taking import Connection
from tests.stage_script import moment, ms, violations

_KEPT_IN_CLEAR = "'lk_' || key_id || '_secret'"
DAMAGE = {
    "keysStayHashed": (
        f"UPDATE access_key SET secret_sha256 = {_KEPT_IN_CLEAR}",
        f"UPDATE access_key SET name = {_KEPT_IN_CLEAR}",
        f"UPDATE edge_request SET idempotency_key = {_KEPT_IN_CLEAR}",
    ),
    "acceptedIsPublished": (
        "DELETE FROM outbox",
        "UPDATE outbox SET body = body || ' '",
        "UPDATE outbox SET topic = 'hotline.reports'",
    ),
    "requestAcceptedWhole": ("DELETE FROM edge_event",),
}


async def test_each_rule_holds_and_names_what_was_damaged(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    key_id = str(id_of(await store.create(connection, "call centre", ["reports:write"])))
    event = OutageReported(id="r-1", at=moment("06:00"), kind=ReportKind.CALL, customer="C-1")
    await store.accept(connection, key_id, "night-1", OUTAGE_REPORTS, [event])
    assert await violations(connection, RULES) == {}
    for rule, damages in DAMAGE.items():
        for damage in damages:
            damaging = connection.transaction()
            await damaging.start()
            await connection.execute(damage)
            found = await violations(connection, RULES)
            await damaging.rollback()
            assert set(found) == {rule}, damage
            assert key_id in found[rule][0]


async def test_a_key_in_what_was_sent_with_it_is_found(connection: Connection) -> None:
    await clock.found(connection, exercise=False, topic_prefix="")
    await clock.set_lockstep(connection, now_ms=ms("06:30"))
    shown = await store.create(connection, "call centre", ["reports:write"])
    event = OutageReported(id="r-1", at=moment("06:00"), kind=ReportKind.CALL, customer="C-1", words=f"key {shown}")
    await store.accept(connection, str(id_of(shown)), None, OUTAGE_REPORTS, [event])
    assert await violations(connection, RULES) == {"keysStayHashed": [[id_of(shown), "outbox"]]}
